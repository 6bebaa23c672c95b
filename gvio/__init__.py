"""gvio: from the light of the night to a monthly map of industrial output."""
