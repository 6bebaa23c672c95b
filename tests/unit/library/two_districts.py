"""Where the two districts of the published region lie: their borders run along pixels, 24 by 24 of them."""

from __future__ import annotations

STEP = 1 / 240
NORTH, EAST, WEST = 31.0 - 4 * STEP, 120.0 + 24 * STEP, 120.0  # the grid's first four rows belong to nobody
MIDDLE, SOUTH = 120.0 + 12 * STEP, 31.0 - 24 * STEP
NAMES = {"east": "The East", "west": "The West", "CITY": "Testland"}
