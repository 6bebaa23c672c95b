"""Best-known monthly values from mixed sums: direct figures first, then what longer sums leave over.

This serves the comparators, which need a table of months. The model itself never sees it: it learns from the sums.
"""

from __future__ import annotations

import numpy as np

from gvio.ledger.sums import Sums
from gvio.types import FloatArray, IntArray

CITY = -1
MIN_REST = 0.1
"""A rest below this part of its fair share of the sum is rounding or revision, not output."""


def disaggregate(sums: Sums) -> FloatArray:
    """Monthly values of every district, (D, T) float64 > 0, NaN where no figure determines them.

    Sums are taken from the shortest to the longest. Of each, what its months already known do not explain is spread
    over the others, by the city's monthly profile where the city is known, else evenly. Differences of year-to-date
    rows, joint January–February rows and annual rows all follow from this one rule. A sum whose rest is negative or
    nearly zero (a year-to-date that falls, a revision) is not used.
    """
    profile = monthly_profile(disaggregate_city(sums))
    return np.stack([_spread(sums, _rows_of(sums, d), profile) for d in range(sums.n_areas)])


def disaggregate_city(sums: Sums) -> FloatArray:
    """The city's monthly values from its own rows, (T,) float64 > 0, NaN where no figure determines them."""
    return _spread(sums, _rows_of(sums, CITY), np.ones(sums.n_months))


def monthly_profile(city: FloatArray) -> FloatArray:
    """Weights for spreading over months: the city where known, else the mean of its neighbours in time; (T,) > 0."""
    known = np.flatnonzero(np.isfinite(city))
    if not known.size:
        return np.ones(len(city))
    return np.interp(np.arange(len(city)), known, city[known])


def _rows_of(sums: Sums, area: int) -> IntArray:
    """Rows of an area from the shortest period to the longest; of equal periods direct figures before year-to-date."""
    rows = np.flatnonzero(sums.area == area)
    length = sums.end[rows] - sums.start[rows]
    return rows[np.lexsort((rows, sums.cumulative[rows], length))]


def _spread(sums: Sums, rows: IntArray, profile: FloatArray) -> FloatArray:
    out = np.full(sums.n_months, np.nan)
    for value, start, end in zip(*(part[rows].tolist() for part in (sums.values, sums.start, sums.end)), strict=True):
        inside, weight = out[start : end + 1], profile[start : end + 1]
        unknown = np.isnan(inside)
        if not unknown.any():  # most rows: a year to date whose months are known
            continue
        rest, shares = value - np.where(unknown, 0.0, inside).sum(), weight[unknown]
        if rest > MIN_REST * (value * shares.sum() / weight.sum()):
            inside[unknown] = rest * shares / shares.sum()
    return out
