"""Trends: seasonal Theil–Sen slope and seasonal Mann–Kendall significance, vectorised over series.

Hirsch, Slack & Smith (1982), Water Resources Research 18(1):107–121: only pairs of the same calendar month are
compared, so the season cancels. The significance takes years as independent; estimates are smoother than that, so
read p as optimistic.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.special import ndtr

from gvio.errors import ModelError
from gvio.map.bands import TREND_BANDS as TREND_BANDS
from gvio.map.industry import Industry
from gvio.types import FloatArray

_SERIES_AT_ONCE = 512  # bounds the pair table: 512 series × 20 years × 12 months is about 10 MB


@dataclasses.dataclass(frozen=True, eq=False)
class Trends:
    """Per series (N,) float64: `slope` per year in the series' unit, `relative` slope / mean, `p_value` in [0, 1].

    NaN where the series is shorter than two periods; `relative` is NaN where the mean is 0.
    """

    slope: FloatArray
    relative: FloatArray
    p_value: FloatArray


def seasonal_trends(values: FloatArray, period: int = 12) -> Trends:
    """Trends of consecutive monthly series.

    With `period` 1 this is the plain Theil–Sen slope (per step) and Mann–Kendall test.

    Args:
        values: (N, T) finite.
        period: Steps in a year; slopes are per period.

    Raises:
        ModelError: A value is not finite.
    """
    if not np.isfinite(values).all():
        what = f"{int((~np.isfinite(values)).sum())} values of the series are not finite"
        raise ModelError(what, where="trends", hint="Trends need every month of the estimates.")
    parts = [_trends(values[i : i + _SERIES_AT_ONCE], period) for i in range(0, max(len(values), 1), _SERIES_AT_ONCE)]
    slope, p_value = (np.concatenate([part[k] for part in parts]) for k in (0, 1))
    mean = values.mean(axis=1) if values.size else np.zeros(len(values))
    relative = np.divide(slope, mean, out=np.full(len(values), np.nan), where=mean != 0)
    return Trends(slope, relative, p_value)


def trend_bands(industry: Industry, series: FloatArray) -> FloatArray:
    """Trends of the industry pixels as the bands of `TREND_BANDS`: (3, y, x) float32, NaN where there is no industry.

    Args:
        industry: The pixels.
        series: (P, T) raked output of consecutive months.

    Raises:
        ModelError: A value is not finite.
    """
    trends = seasonal_trends(series)
    grid = np.full((3, industry.owner.size), np.nan, dtype=np.float32)
    grid[:, industry.pixels] = np.stack([trends.slope, trends.relative, trends.p_value])
    return grid.reshape(3, *industry.owner.shape)


def _trends(values: FloatArray, period: int) -> tuple[FloatArray, FloatArray]:
    n, length = values.shape
    if length < 2 * period:
        return np.full(n, np.nan), np.full(n, np.nan)
    first, second = np.triu_indices(length, k=1)
    same = (second - first) % period == 0
    first, second = first[same], second[same]
    difference = values[:, second] - values[:, first]
    slope = np.median(difference / ((second - first) / period), axis=1)
    score = np.sign(difference).sum(axis=1)
    return slope, _two_sided(score, _variance(values, period))


def _variance(values: FloatArray, period: int) -> FloatArray:
    """Variance of the Kendall score under no trend, with the correction for ties, summed over the seasons."""
    total = np.zeros(len(values))
    for season in range(period):
        x = np.sort(values[:, season::period], axis=1)
        n = x.shape[1]
        total += n * (n - 1) * (2 * n + 5) / 18.0 - _ties(x)
    return total


def _ties(ordered: FloatArray) -> FloatArray:
    """Σ t(t−1)(2t+5)/18 over groups of t equal values of each sorted row."""
    n = ordered.shape[1]
    starts = np.ones(ordered.shape, dtype=bool)
    starts[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    group = np.cumsum(starts, axis=1) - 1 + n * np.arange(len(ordered))[:, None]
    size = np.bincount(group.ravel(), minlength=ordered.size).reshape(ordered.shape).astype(np.float64)
    correction: FloatArray = (size * (size - 1) * (2 * size + 5)).sum(axis=1) / 18.0
    return correction


def _two_sided(score: FloatArray, variance: FloatArray) -> FloatArray:
    """Significance of the score, with the continuity correction; 1 where every value is tied."""
    z = np.divide(np.maximum(np.abs(score) - 1, 0), np.sqrt(variance), out=np.zeros(len(score)), where=variance > 0)
    p: FloatArray = 2 * ndtr(-z)
    return p
