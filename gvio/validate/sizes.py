"""How large each district's industry looks by its factories and by their light, for the figures to be compared with."""

from __future__ import annotations

import numpy as np
from scipy import ndimage

from gvio.ledger.cross_section import DistrictSizes
from gvio.types import BoolArray, FloatArray, IntArray, LightStack

AROUND_PX = 11  # side of the square that a factory's surroundings are taken from


def district_sizes(
    stack: LightStack, owner: IntArray, footprint_pixels: BoolArray, district: IntArray, weight: FloatArray, n: int
) -> DistrictSizes:
    """Factories, weights and light of every district.

    Args:
        stack: Months of radiance (month, y, x), nW cm⁻² sr⁻¹, NaN where nothing was observed.
        owner: (y, x) int, district index, −1 outside every district.
        footprint_pixels: (y, x) bool, pixels that carry factories.
        district: (F,) int, district index of every factory.
        weight: (F,) float64, ≥ 0: 1 where the pack gives none, times the share of the months in which it works.
        n: Number of districts.
    """
    excess = _excess(stack, owner, footprint_pixels)
    inside = footprint_pixels & (owner >= 0) & np.isfinite(excess)
    light = np.bincount(owner[inside], excess[inside], minlength=n)
    seen = np.bincount(owner[inside], minlength=n) > 0
    number = np.bincount(district, minlength=n).astype(np.float64)
    weights = np.bincount(district, weight, minlength=n).astype(np.float64)
    return DistrictSizes(number, weights, np.where(seen, light, np.nan))


def _excess(stack: LightStack, owner: IntArray, footprint_pixels: BoolArray) -> FloatArray:
    """(y, x) mean radiance above the mean of the pixels around that carry no factory; NaN where either is unknown."""
    seen = np.isfinite(stack.radiance)
    months = seen.sum(axis=0)
    total = np.where(seen, stack.radiance, 0).sum(axis=0, dtype=np.float64)
    mean = np.divide(total, months, out=np.full(total.shape, np.nan), where=months > 0)
    ground = ~footprint_pixels & (owner >= 0) & np.isfinite(mean)
    share = ndimage.uniform_filter(ground.astype(np.float64), AROUND_PX)
    around = ndimage.uniform_filter(np.where(ground, mean, 0.0), AROUND_PX)
    # The running sums of the filter leave 1e-16 where there is nothing.
    return np.asarray(mean - np.divide(around, share, out=np.full(share.shape, np.nan), where=share > 1e-6))
