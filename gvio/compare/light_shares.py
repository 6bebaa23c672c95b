"""The light's own word without a network: last year's shares, moved by what the light's shares did since."""

from __future__ import annotations

import numpy as np

from gvio.compare.known import YEAR, CompareInput, best_known, complete, light_shares, seasonal_fill
from gvio.compare.naive import last_known, trailing_mean
from gvio.types import FloatArray

WEIGHT = 0.5
"""Set by hand, once, on an earlier prototype: how much of a change of light shares is taken for one of output shares.
Whoever sets it by hand must know how good the light is; a model has to learn it."""


def light_share_change(given: CompareInput) -> FloatArray:
    """Last year's shares × (light's share of the last year / that of the last known year)^`WEIGHT` × the city: (D, T).

    Light is taken as the mean of twelve months that end with the one in question: single months of light move by
    several times what output does.

    Raises:
        ModelError: As for `best_known`.
    """
    known = best_known(given)
    history = complete(known, seasonal_fill(known.districts))
    last = last_known(known.districts)
    light = _year_of(light_shares(given.district_light))
    months = np.arange(light.shape[1])
    before = np.take_along_axis(light, np.minimum(months[None, :], last[:, None]), axis=1)
    moved = trailing_mean(history / history.sum(axis=0), last) * (light / before) ** WEIGHT
    return complete(known, moved / moved.sum(axis=0) * known.city)


def _year_of(series: FloatArray) -> FloatArray:
    """Mean of the `YEAR` months that end with each, near the start of the first ones: (N, T) → (N, T)."""
    window = min(YEAR, series.shape[1])
    running = np.cumsum(np.pad(series, ((0, 0), (1, 0))), axis=1)
    end = np.clip(np.arange(series.shape[1]) + 1, window, None)
    mean: FloatArray = (running[:, end] - running[:, end - window]) / window
    return mean
