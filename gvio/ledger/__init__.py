"""Official figures as sums over areas and months."""
