"""The light's own word without a network: last year's shares, moved by what the light's shares did since."""

from __future__ import annotations

from gvio.compare.known import CompareInput, best_known, complete, light_shares, seasonal_fill
from gvio.compare.naive import last_known, trailing_mean
from gvio.types import FloatArray

WEIGHT = 0.5
"""Set by hand, once, on an earlier prototype: how much of a change of light shares is taken for one of output shares.
Whoever sets it by hand must know how good the light is; a model has to learn it."""


def light_share_change(given: CompareInput) -> FloatArray:
    """Last year's shares × (share of light / its mean over that year)^`WEIGHT` × the city's total: (D, T) > 0.

    Raises:
        ModelError: As for `best_known`.
    """
    known = best_known(given)
    history = complete(known, seasonal_fill(known.districts))
    light = light_shares(given.district_light)
    last = last_known(known.districts)
    moved = trailing_mean(history / history.sum(axis=0), last) * (light / trailing_mean(light, last)) ** WEIGHT
    return complete(known, moved / moved.sum(axis=0) * known.city)
