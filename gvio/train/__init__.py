"""Optimise the SA-CNN on published sums."""
