"""The months of a region lived one by one on a clock of its own: what the system would have told."""
