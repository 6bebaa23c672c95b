"""Scores of estimates against official figures."""
