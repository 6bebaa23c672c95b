"""A comparator's answer with its own doubt, and how districts are made to sum to a city that is public."""

from __future__ import annotations

import dataclasses

import numpy as np

from gvio.compare.known import YEAR, CompareInput, Known, last_fill
from gvio.types import FloatArray

_LEAST = 0.1  # of what a district would have by proportion: no reconciliation takes more
_RECENT = 3  # months whose correction is carried on
_ALIKE = 0.5  # correlation of districts' errors: what the city does unforeseen, most of them do


@dataclasses.dataclass(frozen=True, eq=False)
class Forecast:
    """`path` (D, T) output > 0; `sd` (D, T) > 0 standard deviation of its logarithm, None: it gives none."""

    path: FloatArray
    sd: FloatArray | None = None


def to_city(known: Known, path: FloatArray, sd: FloatArray | None = None) -> Forecast:
    """Districts that sum to the city in every month in which it is public; the others stay as they are.

    Conditioned on the total, which is reconciliation by minimum trace where the total is certain (Wickramasuriya et al.
    2019, JASA 114:804–819): errors are as large as `sd` says, or in proportion to output, and of two districts they
    correlate by a half. Known months of a district are figures, and are not moved.

    Args:
        known: What is known of the fold.
        path: (D, T) > 0.
        sd: (D, T) of the logarithm, or None.
    """
    told = np.isfinite(known.city_public)
    size = np.where(np.isfinite(known.districts), 0.0, path if sd is None else path * sd)
    with_total = size * (_ALIKE * size.sum(axis=0) + (1 - _ALIKE) * size)  # (D, T) covariance with the total
    total = with_total.sum(axis=0)
    weight = np.divide(with_total, total, out=np.zeros_like(path), where=total > 0)
    now = path.sum(axis=0)
    missing = np.where(told, known.city_public - now, 0.0)
    moved = np.maximum(path + weight * missing, _LEAST * np.where(told, known.city_public / now, 1.0) * path)
    moved = carried_on(known, path, moved)
    if sd is None:
        return Forecast(moved)
    explained = np.divide(with_total * weight, size**2, out=np.zeros_like(path), where=size > 0)
    return Forecast(moved, sd * np.sqrt(np.maximum(np.where(told, 1 - explained, 1.0), 0.01)))


def carried_on(known: Known, path: FloatArray, moved: FloatArray) -> FloatArray:
    """`moved` (D, T), where months after the city's last public one keep how far the last three public months before
    them moved districts that had no figure there: what the city told of them stays true for a while."""
    told = np.flatnonzero(np.isfinite(known.city_public))
    out = moved.copy()
    if not len(told) or told[-1] + 1 >= path.shape[1]:
        return out
    last = told[-_RECENT:]
    free = ~np.isfinite(known.districts[:, last])
    log_ratio = np.where(free, np.log(moved[:, last] / path[:, last]), 0.0)
    shift = log_ratio.sum(axis=1) / np.maximum(free.sum(axis=1), 1)
    after = slice(told[-1] + 1, None)
    figure = np.isfinite(known.districts[:, after])
    out[:, after] = np.where(figure, moved[:, after], moved[:, after] * np.exp(shift)[:, None])
    return out


def city_ahead(known: Known) -> FloatArray:
    """(T,) the city: as public; after its last public month the same month a year before, times the change over a year
    of the last three public months."""
    public, out = known.city_public, known.city.copy()
    told = np.flatnonzero(np.isfinite(public))
    if not len(told) or told[-1] < YEAR:
        return out
    last = told[told >= YEAR][-_RECENT:]
    growth = float(np.mean(np.log(out[last] / out[last - YEAR])))
    out[told[-1] + 1 :] *= np.exp(growth)
    return out


def light_of_a_year(given: CompareInput) -> FloatArray:
    """(D, T) > 0 mean of the district's summed light over the twelve months that end with each; gaps take the month
    before, then the first one after; 1 in a district that was never seen."""
    light = last_fill(np.where(given.district_light > 0, given.district_light, np.nan))
    light = np.where(np.isfinite(light), light, 1.0)
    window = min(YEAR, light.shape[1])
    running = np.cumsum(np.pad(light, ((0, 0), (1, 0))), axis=1)
    end = np.clip(np.arange(light.shape[1]) + 1, window, None)
    mean: FloatArray = (running[:, end] - running[:, end - window]) / window
    return mean
