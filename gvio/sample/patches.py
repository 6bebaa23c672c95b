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


def patch_pixels(rows: IntArray, cols: IntArray, shape: tuple[int, ...], size: int) -> IntArray:
    """(size, size, N) flat indices of the pixels of every patch that `gather_patches` cuts, of a grid of this shape."""
    steps = np.arange(size)[:, None] - size // 2
    row, col = (np.clip(at + steps, 0, side - 1) for at, side in zip((rows, cols), shape, strict=True))
    return np.asarray(row[:, None] * shape[1] + col[None])


def ring_means_at(values: FloatArray, positions: IntArray) -> FloatArray:
    """Means over the rings of patches: an eighth of the numbers that five pixels a side have.

    Args:
        values: (T, N) at pixels.
        positions: (q, q, U) of every patch's pixels among the N.

    Returns:
        (U, T, 1 + q // 2) of the values' dtype: the pixel itself, then its rings.
    """
    ring = ring_of(len(positions))
    found = np.zeros((1 + len(positions) // 2, len(values), positions.shape[2]), values.dtype)
    for place, k in np.ndenumerate(ring):
        found[k] += np.take(values, positions[place], axis=1)
    found /= np.bincount(ring.ravel()).astype(values.dtype)[:, None, None]
    return np.ascontiguousarray(found.transpose(2, 1, 0))
