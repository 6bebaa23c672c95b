"""Square patches round pixels: one indexed gather, no loop."""

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
