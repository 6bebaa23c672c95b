"""Forecasts without a model. The third is the one that matches real use: districts' shares times the public total."""

from __future__ import annotations

import numpy as np

from gvio.compare.known import YEAR, CompareInput, best_known, complete, last_fill, seasonal_fill
from gvio.types import FloatArray, IntArray


def seasonal_naive(given: CompareInput) -> FloatArray:
    """Every unknown month is the same month a year before: (D, T) > 0.

    Raises:
        ModelError: As for `best_known`.
    """
    known = best_known(given)
    return complete(known, seasonal_fill(known.districts))


def persistence(given: CompareInput) -> FloatArray:
    """Every unknown month is the last known one, without season: (D, T) > 0.

    Raises:
        ModelError: As for `best_known`.
    """
    known = best_known(given)
    return complete(known, last_fill(known.districts))


def last_year_shares(given: CompareInput) -> FloatArray:
    """Districts' shares in the last 12 known months × the city's public total: (D, T) > 0.

    Where the city is not public, its own seasonal naive. Shares of all districts are made to sum to 1, because the
    city is the union of the districts.

    Raises:
        ModelError: As for `best_known`.
    """
    known = best_known(given)
    history = complete(known, seasonal_fill(known.districts))
    trailing = trailing_mean(history / history.sum(axis=0), last_known(known.districts))
    return complete(known, trailing / trailing.sum(axis=0) * known.city)


def trailing_mean(series: FloatArray, last: IntArray) -> FloatArray:
    """Mean of the `YEAR` months before each month, but never of months after `last` (N,): (N, T) → (N, T).

    Near the start of the series the first `YEAR` months.
    """
    window = min(YEAR, series.shape[1])
    running = np.cumsum(np.pad(series, ((0, 0), (1, 0))), axis=1)
    months = np.arange(series.shape[1])
    end = np.clip(np.minimum(months[None, :] - 1, last[:, None]) + 1, window, None)
    total = np.take_along_axis(running, end, axis=1) - np.take_along_axis(running, end - window, axis=1)
    mean: FloatArray = total / window
    return mean


def last_known(districts: FloatArray) -> IntArray:
    """(D,) index of the last known month; a district without any (its shares come from light) has all of them."""
    n_months = districts.shape[1]
    finite = np.isfinite(districts)
    last = n_months - 1 - finite[:, ::-1].argmax(axis=1)
    out: IntArray = np.where(finite.any(axis=1), last, n_months - 1)
    return out
