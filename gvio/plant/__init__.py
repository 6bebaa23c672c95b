"""Factories that are planted into a region's own light: what the network learns from, without any figure."""
