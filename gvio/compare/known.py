"""What a comparator may know, and how it completes what it does not know."""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from gvio.compare.disaggregate import disaggregate, disaggregate_city
from gvio.errors import ModelError
from gvio.ledger.sums import Sums
from gvio.types import BoolArray, FloatArray, Month

YEAR = 12


@dataclasses.dataclass(frozen=True, eq=False)
class CompareInput:
    """One fold as a comparator sees it. T months, D districts.

    Attributes:
        months: T consecutive months.
        area_ids: D districts.
        sums: The figures visible in this fold, over these districts and months.
        city_monthly: (T,) the city's public single-month totals, NaN where not public.
        district_light: (D, T) summed light of the district's factories, NaN unseen.
        features: (D, T, K) urban/rural and city statistics, NaN unseen.
        origin: Index of the last month before the forecast; months beyond it are predicted.
        held_out: (D,) districts whose figures must not be used, or None.
    """

    months: tuple[Month, ...]
    area_ids: tuple[str, ...]
    sums: Sums
    city_monthly: FloatArray
    district_light: FloatArray
    features: FloatArray
    origin: int
    held_out: BoolArray | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Known:
    """`districts` (D, T) best-known months, NaN unknown; `labelled` (D,) whether a district has any; `city` (T,) > 0,
    as public, else its own seasonal naive; `city_public` (T,) the same, NaN where not public; `fallback` (D, T) > 0 for
    districts without any figure: the city, less what the others usually have, by shares of light."""

    districts: FloatArray
    labelled: BoolArray
    city: FloatArray
    city_public: FloatArray
    fallback: FloatArray


@functools.lru_cache(maxsize=4)  # folds run side by side, and each of a fold's comparators asks the same
def best_known(given: CompareInput) -> Known:
    """Monthly values, the city's path, and a fallback for districts without any figure; shared by all who ask.

    Raises:
        ModelError: Neither a district nor the city has a figure, or arrays do not fit the sums.
    """
    _require_shapes(given)
    districts = disaggregate(given.sums)
    districts[:, given.origin + 1 :] = np.nan  # beyond the origin a district is predicted, never copied
    if given.held_out is not None:
        districts[given.held_out] = np.nan
    labelled: BoolArray = np.asarray(np.isfinite(districts).any(axis=1))
    share = light_shares(given.district_light)
    city = np.where(np.isfinite(given.city_monthly), given.city_monthly, disaggregate_city(given.sums))
    public = city
    if not np.isfinite(city).any():
        city = _city_of_labelled(districts, labelled, share)
    path = seasonal_fill(city[None])[0]
    known = Known(districts, labelled, path, public, _unlabelled_shares(districts, labelled, city, share) * path)
    for values in vars(known).values():
        values.flags.writeable = False
    return known


def complete(known: Known, path: FloatArray) -> FloatArray:
    """`path` (D, T) with the known months put in, and the fallback where a district has no figure at all."""
    filled = np.where(np.isfinite(known.districts), known.districts, path)
    return np.where(known.labelled[:, None], filled, known.fallback)


def seasonal_fill(series: FloatArray) -> FloatArray:
    """Fill gaps with the value 12 months before, again and again; then 12 months after; then the nearest earlier or
    later value: (N, T) → (N, T). A row without any value stays NaN."""
    out = series.astype(np.float64)
    for t in range(YEAR, out.shape[1]):
        out[:, t] = np.where(np.isnan(out[:, t]), out[:, t - YEAR], out[:, t])
    for t in range(out.shape[1] - YEAR - 1, -1, -1):
        out[:, t] = np.where(np.isnan(out[:, t]), out[:, t + YEAR], out[:, t])
    return last_fill(out)


def last_fill(series: FloatArray) -> FloatArray:
    """Fill gaps with the last value before, at the start with the first value after: (N, T) → (N, T)."""
    return _carry(_carry(series)[:, ::-1])[:, ::-1]


def light_shares(light: FloatArray) -> FloatArray:
    """Every district's share of the light per month, (D, T) > 0, summing to 1 over districts.

    A month without light takes the neighbouring month's; a district never seen counts like the dimmest other, a
    region never seen is shared evenly.
    """
    filled = last_fill(np.where(light > 0, light, np.nan))
    dimmest = np.nanmin(filled) if np.isfinite(filled).any() else 1.0
    filled = np.where(np.isnan(filled), dimmest, filled)
    share: FloatArray = filled / filled.sum(axis=0)
    return share


def _carry(series: FloatArray) -> FloatArray:
    index = np.where(np.isfinite(series), np.arange(series.shape[1]), 0)
    return np.take_along_axis(series, np.maximum.accumulate(index, axis=1), axis=1)


def _city_of_labelled(districts: FloatArray, labelled: BoolArray, share: FloatArray) -> FloatArray:
    """No figure of the city: the labelled districts' total, scaled up by their share of the light."""
    if not labelled.any():
        hint = "Wait for the first figure, or evaluate a later origin."
        raise ModelError("no figure of any district or of the city is visible", where="comparators", hint=hint)
    total: FloatArray = seasonal_fill(districts[labelled]).sum(axis=0) / share[labelled].sum(axis=0)
    return total


def _unlabelled_shares(districts: FloatArray, labelled: BoolArray, city: FloatArray, light: FloatArray) -> FloatArray:
    """(D, T) share of the city for districts without figures: what the others leave, divided by light.

    The others' part of the city is taken over all months in which it is known, so that noise of single months does not
    enter; it is used down to a tenth of what light alone gives.
    """
    both = np.isfinite(districts[labelled]).all(axis=0) & np.isfinite(city)
    if not labelled.any() or labelled.all() or not both.any():
        return light
    left = 1.0 - districts[labelled][:, both].sum() / city[both].sum()
    among = light[~labelled].sum(axis=0)
    share: FloatArray = light / among * np.maximum(left, among / 10)
    return share


def _require_shapes(given: CompareInput) -> None:
    shape = (given.sums.n_areas, given.sums.n_months)
    for name, values in (("district_light", given.district_light), ("features", given.features)):
        if values.shape[:2] != shape:
            hint = "Build both from the same districts and months."
            raise ModelError(
                f"{name} has shape {values.shape}, the sums are over {shape}", where="comparators", hint=hint
            )
    if given.city_monthly.shape != shape[1:]:
        what = f"city_monthly has shape {given.city_monthly.shape}, the sums are over {shape[1]} months"
        raise ModelError(what, where="comparators", hint="Give one value or NaN per month.")
