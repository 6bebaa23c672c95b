"""Square patches round pixels, and means over the square rings of such a patch: indexed gathers."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from gvio.types import FloatArray, IntArray


def gather_patches(cube: FloatArray, rows: IntArray, cols: IntArray, size: int) -> FloatArray:
    """Cut a patch of every channel (or month) round every pixel; beyond the grid the edge is repeated.

    Args:
        cube: (C, y, x) channels or (T, y, x) months.
        rows: (N,) pixel rows inside the grid.
        cols: (N,) pixel columns inside the grid.
        size: Side in pixels, odd, so that the pixel is the centre `[..., size // 2, size // 2]`.

    Returns:
        (N, C, size, size), contiguous, of the cube's dtype.
    """
    half = size // 2
    padded = np.pad(cube, ((0, 0), (half, half), (half, half)), mode="edge")
    windows = sliding_window_view(padded, (size, size), axis=(1, 2))
    return np.ascontiguousarray(np.moveaxis(windows[:, rows, cols], 0, 1))


def ring_of(size: int) -> IntArray:
    """(size, size) ring of every pixel of a patch: 0 its centre, k the pixels k steps from it."""
    steps = np.abs(np.arange(size) - size // 2)
    return np.maximum(steps[:, None], steps[None])


def patch_rings(image: FloatArray, rows: IntArray, cols: IntArray, size: int) -> FloatArray:
    """What `gather_patches` cuts, as means over its rings: an eighth of the numbers at five pixels.

    Args:
        image: (y, x) of one month or channel.
        rows: (N,) pixel rows inside the grid.
        cols: (N,) pixel columns inside the grid.
        size: Side in pixels, odd.

    Returns:
        (N, 1 + size // 2) of the image's dtype: the pixel itself, then its rings.
    """
    half, ring = size // 2, ring_of(size)
    padded = np.pad(image, half, mode="edge")
    found = np.zeros((1 + half, len(rows)), image.dtype)
    for (down, along), k in np.ndenumerate(ring):
        found[k] += padded[rows + down, cols + along]
    return np.ascontiguousarray((found / np.bincount(ring.ravel()).astype(image.dtype)[:, None]).T)
