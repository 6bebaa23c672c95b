"""Tiles of a region: the unit in which light is worked on, so that no step needs all of it at once.

The lattice of tiles belongs to the region's grid alone. Whoever works on them, one after another or side by side, in
this order or another, adds up the same numbers in the same order.
"""

from __future__ import annotations

import dataclasses
from itertools import pairwise

import numpy as np

from gvio.types import IntArray

TILE_PX = 240
"""About as many pixels a side: a degree of the products' grid. A region up to half as large again is one tile."""


@dataclasses.dataclass(frozen=True)
class Tile:
    """Rows and columns of a grid, half open."""

    top: int
    bottom: int
    left: int
    right: int

    @property
    def window(self) -> tuple[slice, slice]:
        """To index an array (…, y, x) with, behind an ellipsis."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def grown(self, reach: int, shape: tuple[int, int]) -> Tile:
        """With `reach` pixels more on every side, as far as the grid goes."""
        bottom, right = min(self.bottom + reach, shape[0]), min(self.right + reach, shape[1])
        return Tile(max(self.top - reach, 0), bottom, max(self.left - reach, 0), right)

    def members(self, pixels: IntArray, width: int) -> IntArray:
        """Positions, in `pixels` (N,) flat indices of a grid of this `width`, of those that lie in the tile."""
        row, col = np.divmod(pixels, width)
        inside = (row >= self.top) & (row < self.bottom) & (col >= self.left) & (col < self.right)
        return np.flatnonzero(inside)


def tiles_of(shape: tuple[int, int], side: int = TILE_PX) -> tuple[Tile, ...]:
    """Tiles of about `side` pixels, as equal as can be, that cover a grid of this shape, row by row."""
    rows, cols = (np.linspace(0, n, max(1, round(n / side)) + 1).round().astype(int).tolist() for n in shape)
    return tuple(Tile(top, bottom, left, right) for top, bottom in pairwise(rows) for left, right in pairwise(cols))
