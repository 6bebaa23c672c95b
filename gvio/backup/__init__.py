"""The whole state in one folder and back: published store, databases, the files of the registry."""
