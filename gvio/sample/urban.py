"""An urban mask from the light itself, for packs that bring none."""

from __future__ import annotations

import numpy as np

from gvio.sample.anomaly import log_light
from gvio.types import BoolArray, FloatArray

URBAN_MONTHS = 24
"""Months at the start of the series that the mask is derived from: long enough to fill clouds, and it never changes
when a month arrives. No origin of an evaluation may lie within them (`gvio.evaluate.protocols`)."""

_BINS = 256


def derive_urban(radiance: FloatArray) -> FloatArray:
    """1 where the mean log light of the first 24 months lies above its Otsu threshold, else 0.

    Where nothing was seen in them, the next month that was seen counts.

    Args:
        radiance: (T, y, x) nW cm⁻² sr⁻¹, NaN = not observed.

    Returns:
        (y, x) float32; 0 where never seen and everywhere when the light is uniform.
    """
    lit = np.flatnonzero(np.isfinite(radiance).any(axis=(1, 2)))
    light = log_light(radiance[lit[(lit < URBAN_MONTHS) | (lit == lit[:1])]])
    seen = np.isfinite(light)
    count = seen.sum(axis=0)
    mean = np.where(seen, light, 0.0).sum(axis=0) / np.maximum(count, 1)
    known: BoolArray = count > 0
    if not known.any():
        return np.zeros(known.shape, np.float32)
    return np.asarray(known & (mean > otsu_threshold(mean[known])), dtype=np.float32)


def otsu_threshold(values: FloatArray) -> float:
    """The threshold that maximises the variance between the two classes (Otsu 1979, IEEE Trans. SMC 9:62).

    Args:
        values: (N,) finite, N ≥ 1.

    Returns:
        The upper edge of the last bin of the lower class; the maximum when all values are equal.
    """
    low, high = float(values.min()), float(values.max())
    # Equal up to rounding: a histogram over such a range has no width.
    if high - low <= 1e-9 * max(abs(low), abs(high), 1.0):
        return high
    counts, edges = np.histogram(values, bins=_BINS, range=(low, high))
    centres = (edges[:-1] + edges[1:]) / 2
    below, sum_below = np.cumsum(counts)[:-1], np.cumsum(counts * centres)[:-1]
    above, sum_above = counts.sum() - below, (counts * centres).sum() - sum_below
    # Both classes hold at least one value: the extremes lie in the first and the last bin.
    between = below * above * (sum_below / below - sum_above / above) ** 2
    return float(edges[1:-1][np.argmax(between)])
