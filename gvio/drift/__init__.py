"""Drift: does the present still look like what the model was trained on, and do its errors stay what it says."""
