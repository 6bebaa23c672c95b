"""The official archives of night light: what they hold, and bringing it here whole and verified."""
