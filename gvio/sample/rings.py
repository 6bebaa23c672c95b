"""Rings round a pixel: what lies near it and away from factories, without what a factory blooms into."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from gvio.types import BoolArray, FloatArray, IntArray

_GLOW_PX = 2  # factory light blooms this far
_CUT = 3.0  # standard deviations at which a ring ends


def away_from(rows: IntArray, cols: IntArray, shape: tuple[int, int]) -> BoolArray:
    """(y, x) pixels that no factory, at pixels `rows`, `cols` (F,), blooms into."""
    dark = np.ones(shape, dtype=bool)
    dark[rows, cols] = False
    return np.asarray(ndimage.distance_transform_edt(dark) > _GLOW_PX)


def ring(values: FloatArray, scale: float) -> FloatArray:
    """(y, x) sums of `values` by a Gaussian of height one without its middle, into which a factory would bloom."""
    reach = int(_CUT * scale + 0.5)
    y, x = np.mgrid[-_GLOW_PX : _GLOW_PX + 1, -_GLOW_PX : _GLOW_PX + 1]
    line = np.exp(-0.5 * (np.arange(-reach, reach + 1) / scale) ** 2)
    square = y**2 + x**2
    middle = np.where(square <= _GLOW_PX**2, np.exp(-square / (2 * scale**2)), 0.0)
    whole = ndimage.correlate1d(values, line, axis=0, mode="constant")
    whole = ndimage.correlate1d(whole, line, axis=1, mode="constant")
    return np.asarray(whole - ndimage.correlate(values, middle, mode="constant"))
