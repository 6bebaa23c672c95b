"""Spatial blocks: what a fold is tested on is hidden from its training, pixel by pixel.

Neighbouring factories look at the same pixels. Were a district left out only by its figures, the network would still
have been trained on the very light it is then tested on (Roberts et al. 2017, Ecography 40:913–929).
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterator

import numpy as np

from gvio.types import BoolArray, IntArray


@dataclasses.dataclass(frozen=True, eq=False)
class Block:
    """A spatial fold.

    Attributes:
        districts: (D,) districts that are left out.
        hidden: (y, x) pixels within `reach` of a factory of theirs: no training may look at them.
        reach: Pixels hidden in each direction; less than what a factory sees where too little would be left.
    """

    districts: BoolArray
    hidden: BoolArray
    reach: int


# Of the other districts' factories as many must stay in sight: in a small region everything lies within reach of
# everything, and a network that was shown nothing has nothing to be tested on.
_IN_SIGHT = 0.5


def reach_px(patch_px: int, radius_m: float, pixel_m: float) -> int:
    """Pixels between a factory and the farthest one it sees: half its patch, and a buffer round the patch's edge.

    Args:
        patch_px: Side of the patch, odd.
        radius_m: Largest buffer.
        pixel_m: Shorter side of a pixel in metres.
    """
    return patch_px // 2 + math.ceil(radius_m / pixel_m)


def spatial_blocks(
    row: IntArray, col: IntArray, district: IntArray, shape: tuple[int, int], n_areas: int, groups: int, reach: int
) -> Iterator[Block]:
    """Districts left out in turn, one by one or dealt to `groups`, with the pixels that have to be hidden meanwhile.

    Args:
        row, col: (F,) pixel of every factory.
        district: (F,) its district.
        shape: Of the grid.
        n_areas: D districts.
        groups: Folds at most.
        reach: Pixels a factory sees in each direction (`reach_px`). Halved until half of the other districts' factories
            are left in sight, or only the pixels of the factories themselves are hidden.

    Yields:
        One block per group, in the order of districts; together they leave out every district once. A region of a
        single district has none.
    """
    size = min(n_areas, groups)
    for k in range(size if n_areas > 1 else 0):
        held = np.arange(n_areas) % size == k
        own, within = held[district], reach
        hidden = seen_pixels(row[own], col[own], shape, within)
        while within and hidden[row[~own], col[~own]].sum() > (1 - _IN_SIGHT) * (~own).sum():
            within //= 2
            hidden = seen_pixels(row[own], col[own], shape, within)
        yield Block(held, hidden, within)


def seen_pixels(row: IntArray, col: IntArray, shape: tuple[int, int], reach: int) -> BoolArray:
    """(y, x) pixels within `reach` rows and columns of any of the given ones."""
    corners = np.zeros((shape[0] + 1, shape[1] + 1), dtype=np.int64)
    top, left = np.maximum(row - reach, 0), np.maximum(col - reach, 0)
    bottom, right = np.minimum(row + reach + 1, shape[0]), np.minimum(col + reach + 1, shape[1])
    # a window is +1 at two corners and −1 at the others; running sums count the windows over every pixel
    for at, sign in (((top, left), 1), ((bottom, right), 1), ((top, right), -1), ((bottom, left), -1)):
        np.add.at(corners, at, sign)
    return np.asarray(corners.cumsum(axis=0).cumsum(axis=1)[:-1, :-1] > 0)
