"""What a run is asked, what it works on, what its stages hand to each other, and the one order of work."""
