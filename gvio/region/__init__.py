"""Region packs: what a person who adds a region writes."""
