"""Rings around a pixel: pixels near it and away from factories, without those that a factory blooms into."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from gvio.types import BoolArray, FloatArray, IntArray

SCALES_PX = (6.0, 2.0)  # of the rings round a pixel, largest first
_GLOW_PX = 2  # factory light blooms this far
_CUT = 3.0  # standard deviations at which a ring ends
_MASS = 2.0  # fully seen pixels that the next larger ring counts for
_FEWEST, _MOST = 50, 4000  # examples
_DIMMEST = 0.25  # quantile of the light of factories' pixels below which a pixel is no example for them


def away_from(rows: IntArray, cols: IntArray, shape: tuple[int, int]) -> BoolArray:
    """(y, x) pixels that no factory, at pixels `rows`, `cols` (F,), blooms into."""
    dark = np.ones(shape, dtype=bool)
    dark[rows, cols] = False
    return np.asarray(ndimage.distance_transform_edt(dark) > _GLOW_PX)


def like_factories(mean: FloatArray, away: BoolArray, usual: FloatArray) -> IntArray:
    """Flat indices of pixels `away` (y, x) about as bright as factories' are, at most 4000, evenly taken.

    Args:
        mean: (y, x) mean of log light, NaN never seen.
        away: (y, x) from `away_from`.
        usual: (N,) mean log light at factories; where too few pixels are as bright, all count.
    """
    known, usual = away & np.isfinite(mean), usual[np.isfinite(usual)]
    bright = known & (np.nan_to_num(mean, nan=-np.inf) >= (np.quantile(usual, _DIMMEST) if len(usual) else -np.inf))
    chosen = np.flatnonzero(bright if bright.sum() >= _FEWEST else known)
    return np.asarray(chosen[:: max(1, -(-len(chosen) // _MOST))])


def ring_means(values: FloatArray, mass: FloatArray) -> FloatArray:
    """(1 + R, y, x) mean of all pixels, then of every pixel's rings, weighted by `mass` (y, x); no pixel counts for
    itself, and a ring of little mass takes the next larger one's mean. `values` (y, x) are finite.
    """
    weighed = values * mass
    total = float(mass.sum(dtype=np.float64))
    whole = float(weighed.sum(dtype=np.float64)) / total if total > 0 else 0.0
    found: list[FloatArray] = [np.full(values.shape, whole, values.dtype)]
    for scale in SCALES_PX:
        weight = np.maximum(_ring(mass, scale), 0)  # rounding leaves sums of nothing a little below it
        found.append((_ring(weighed, scale) + _MASS * found[-1]) / (weight + _MASS))
    return np.stack(found)


def _ring(values: FloatArray, scale: float) -> FloatArray:
    """(y, x) sums of `values` by a Gaussian of height one without its middle, into which a factory would bloom."""
    reach = int(_CUT * scale + 0.5)
    y, x = np.mgrid[-_GLOW_PX : _GLOW_PX + 1, -_GLOW_PX : _GLOW_PX + 1]
    line = np.exp(-0.5 * (np.arange(-reach, reach + 1) / scale) ** 2)
    square = y**2 + x**2
    middle = np.where(square <= _GLOW_PX**2, np.exp(-square / (2 * scale**2)), 0.0)
    whole = ndimage.correlate1d(values, line, axis=0, mode="constant")
    whole = ndimage.correlate1d(whole, line, axis=1, mode="constant")
    return np.asarray(whole - ndimage.correlate(values, middle, mode="constant"))
