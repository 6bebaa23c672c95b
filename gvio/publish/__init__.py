"""From products to a release: bytes, names and manifests, computed without touching a disk."""
