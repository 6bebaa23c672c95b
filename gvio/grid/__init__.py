"""Geometry of pixel grids: alignment, windows, areas."""
