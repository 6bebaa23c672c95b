"""Trends of districts, of squares and of pixels, in per cent of their own mean a year, with their significance.

Pure. Pixels are as published in `trends.tif`; districts and squares are computed by the same method (seasonal
Theil–Sen slope and Mann–Kendall test, `gvio.map.trends`) from their sums, since a slope of a sum is no sum of slopes.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
from odc.geo.geobox import GeoBox

from gvio.grid.blocks import block_pixels, block_sums
from gvio.map.bands import TREND_BANDS
from gvio.report.detail import Detail, block_geobox
from gvio.types import BoolArray, FloatArray, IntArray

SIGNIFICANT = 0.05
LEAST_MONTHS = 24


@dataclasses.dataclass(frozen=True, eq=False)
class TrendMap:
    """On a grid: `percent` (y, x) a year of the mean, `p_value` (y, x); both NaN where there is no industry."""

    percent: FloatArray
    p_value: FloatArray
    geobox: GeoBox

    @property
    def significant(self) -> BoolArray:
        """(y, x) where p is below `SIGNIFICANT`."""
        return np.asarray(np.nan_to_num(self.p_value, nan=1.0) < SIGNIFICANT)


def pixel_trends(bands: FloatArray, geobox: GeoBox) -> TrendMap:
    """Of `trends.tif`: bands (3, y, x) in the order of `TREND_BANDS`."""
    relative, p_value = (np.asarray(bands[TREND_BANDS.index(b)], np.float64) for b in ("relative_slope", "p_value"))
    return TrendMap(100.0 * relative, p_value, geobox)


def square_trends(series: FloatArray, pixels: IntArray, geobox: GeoBox, detail: Detail) -> TrendMap:
    """Of squares of kilometres, from the output of their pixels.

    Args:
        series: (T, P) of consecutive months.
        pixels: (P,) flat indices on the grid; no other pixel has output.
        geobox: The grid.
        detail: Size of the squares.

    Raises:
        ModelError: A value is not finite.
    """
    if detail.km is None:
        raise ValueError("pixels are published, not computed")
    side = block_pixels(geobox, detail.km)
    full = np.zeros((len(series), geobox.shape[0] * geobox.shape[1]))
    full[:, pixels] = series
    sums = block_sums(full.reshape(-1, *geobox.shape), side)
    grid = block_geobox(geobox, (sums.shape[1], sums.shape[2]), side)
    flat = sums.reshape(len(sums), -1)
    there = np.flatnonzero(flat.any(axis=0))
    percent, p_value = _trends(flat[:, there].T)
    found = np.full((2, flat.shape[1]), np.nan)
    found[:, there] = percent, p_value
    percent, p_value = found.reshape(2, *sums.shape[1:])
    return TrendMap(percent, p_value, grid)


def area_trends(estimates: pd.DataFrame) -> pd.DataFrame:
    """Of every area of `estimates`: indexed by area_id, columns percent and p_value; NaN with too few months."""
    table = estimates.pivot(index="area_id", columns="month", values="estimate").sort_index(axis=1)
    percent, p_value = _trends(table.to_numpy(dtype=np.float64))
    return pd.DataFrame({"percent": percent, "p_value": p_value}, index=table.index)


def _trends(series: FloatArray) -> tuple[FloatArray, FloatArray]:
    from gvio.map.trends import seasonal_trends  # brings SciPy, which the first sight of a page need not wait for

    found = seasonal_trends(series)
    return 100.0 * found.relative, found.p_value
