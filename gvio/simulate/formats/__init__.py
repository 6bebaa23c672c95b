"""Writers of the true file formats of night-light products."""
