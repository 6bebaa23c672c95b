"""Comparators: what any model has to beat."""
