"""Rings around a pixel: pixels near it and away from factories, without those that a factory blooms into."""

from __future__ import annotations

import functools
from typing import Any

import numpy as np
from scipy import fft, ndimage

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


def ring_means(values: FloatArray, mass: FloatArray, whole: float) -> FloatArray:
    """(R, y, x) mean of every pixel's rings, weighted by `mass` (y, x); no pixel counts for itself, and a ring of
    little mass takes the next larger one's mean, the largest one the `whole` city's. `values` (y, x) are finite.
    """
    weighed = values * mass
    found: list[FloatArray] = []
    # A ring is symmetric, so both arrays go through the transform as the real and the imaginary part of one.
    padded = _padded(values.shape)
    both = np.zeros(padded, np.result_type(values, np.complex64))
    inside = both[: values.shape[0], : values.shape[1]]
    inside.real, inside.imag = weighed, mass
    spectrum = fft.fft2(both, overwrite_x=True)
    larger: FloatArray = np.asarray(whole, values.dtype)
    for scale in SCALES_PX:
        ring = fft.ifft2(spectrum * _ring_spectrum(padded, scale, spectrum.real.dtype), overwrite_x=True)
        ring = ring[: values.shape[0], : values.shape[1]]
        weight = np.maximum(ring.imag, 0)  # rounding leaves sums of nothing a little below it
        larger = np.asarray((ring.real + _MASS * larger) / (weight + _MASS))
        found.append(larger)
    return np.stack(found)


def weighted_sums(values: FloatArray, mass: FloatArray) -> tuple[float, float]:
    """Sum of `values` weighted by `mass`, and of `mass`: what a mean over a region is added up from."""
    return float((values * mass).sum(dtype=np.float64)), float(mass.sum(dtype=np.float64))


def _padded(shape: tuple[int, ...]) -> tuple[int, int]:
    """A shape of which transforms are fast, with room for the largest ring beyond the edge: nothing wraps round."""
    rows, cols = (fft.next_fast_len(n + REACH_PX) for n in shape)
    return rows, cols


def _reach(scale: float) -> int:
    return int(_CUT * scale + 0.5)


REACH_PX = _reach(max(SCALES_PX))
"""Pixels from a pixel to the farthest one of its rings."""


@functools.lru_cache(maxsize=64)  # tiles at a region's edges have shapes of their own
def _ring_spectrum(shape: tuple[int, int], scale: float, kind: np.dtype[Any]) -> FloatArray:
    """(y, x) transform, real, of a Gaussian of height one without its middle, into which a factory would bloom."""
    away = [np.minimum(np.arange(n), n - np.arange(n)) for n in shape]  # of every place its distance to the first
    y, x = np.meshgrid(*away, indexing="ij")
    square, reach = y**2 + x**2, _reach(scale)
    ring = np.where((np.maximum(y, x) <= reach) & (square > _GLOW_PX**2), np.exp(-square / (2 * scale**2)), 0.0)
    spectrum = np.asarray(fft.fft2(ring).real.astype(kind))
    spectrum.flags.writeable = False  # shared by all callers
    return spectrum
