"""Honour official figures exactly, and turn log estimates into estimates with intervals.

The posterior honours figures within their noise. Here a district's public monthly figure replaces the estimate, and
where only the city's is public the other districts are scaled to it. The city is always the sum of its districts.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from gvio.types import FloatArray

# Beyond this factor city and districts contradict each other; scaling would hide it, so the estimates stand.
_MOST_SCALING = 1.5


@dataclasses.dataclass(frozen=True, eq=False)
class Estimates:
    """Estimates in the pack's unit, (D + 1, T), the city last: `estimate`, and bounds per level, `lower[80]`, …"""

    estimate: FloatArray
    lower: dict[int, FloatArray]
    upper: dict[int, FloatArray]


def honour(log_mean: FloatArray, official: FloatArray) -> FloatArray:
    """Estimates (D, T) that equal public monthly figures of districts, and sum to the city's where only that is public.

    Args:
        log_mean: (D, T) log estimate.
        official: (D + 1, T) public single-month figures, NaN where not public; the last row is the city.
    """
    estimate = np.exp(log_mean)
    own = np.isfinite(official[:-1])
    estimate = np.where(own, official[:-1], estimate)
    free = np.where(own, 0.0, estimate).sum(axis=0)
    fixed = np.where(own, estimate, 0.0).sum(axis=0)
    scale = np.divide(official[-1] - fixed, free, out=np.ones(len(free)), where=free > 0)
    usable = np.isfinite(scale) & (scale < _MOST_SCALING) & (scale > 1 / _MOST_SCALING)
    return np.where(own, estimate, estimate * np.where(usable, scale, 1.0))


def with_intervals(estimate: FloatArray, half: Mapping[int, FloatArray]) -> Estimates:
    """Log-symmetric intervals round the figures.

    Args:
        estimate: (D, T) from `honour`.
        half: Half-width of the logarithm per level in percent, (D + 1, T), from `product_half_widths`.
    """
    every = np.concatenate([estimate, estimate.sum(axis=0, keepdims=True)])
    lower = {level: every * np.exp(-width) for level, width in half.items()}
    upper = {level: every * np.exp(width) for level, width in half.items()}
    return Estimates(every, lower, upper)
