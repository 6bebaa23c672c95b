"""The command line: reads flags and environment once, calls the run, prints."""
