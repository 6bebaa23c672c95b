"""The monthly grid: from district estimates to pixels."""
