"""Checks of everything that comes in and goes out, and the one gate that decides."""
