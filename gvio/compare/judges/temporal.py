"""Temporal disaggregation: a district's months from its published sums and an indicator, and on beyond the last sum.

Chow & Lin (1971), Rev. Econ. Stat. 53:372–375; Litterman (1983), J. Bus. Econ. Stat. 1:169–173; Denton (1971), J. Am.
Stat. Assoc. 66:99–102; as the package `tempdisagg` has them. The sums are the rows of the ledger as they are, of any
length and overlap. The indicator is the district's summed light of a year, with the city's season: single months of
light move by several times what output does, and its season is another one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import numpy as np

from gvio.compare.forecast import Forecast, light_of_a_year, to_city
from gvio.compare.known import YEAR, CompareInput, Known, best_known, complete, last_fill, seasonal_fill
from gvio.types import FloatArray

_MAX_LOG_STEP = 1.0  # beyond a factor e outside of what was known it is an accident
_UNKNOWN = 0.3  # standard deviation of the logarithm of a month about which the method says nothing
_METHODS: Mapping[str, str] = {
    "chow-lin": "chow_lin_opt_estimation",
    "litterman": "litterman_opt_estimation",
    "denton": "denton_estimation",
}


def disaggregated(given: CompareInput, method: str) -> Forecast:
    """Months by one method, reconciled to the city where it is public: path (D, T) > 0, no distribution.

    A district with fewer than three figures, or whose regression fails, has its seasonal naive.

    Args:
        given: The fold.
        method: `chow-lin`, `litterman` or `denton`.

    Raises:
        ModelError: As for `best_known`.
    """
    from tempdisagg.model.models_handler import ModelsHandler

    known = best_known(given)
    path = seasonal_fill(known.districts)
    sd = np.full(path.shape, _UNKNOWN)
    indicator = light_of_a_year(given) * city_season(given, known)
    estimation: Callable[..., Mapping[str, Any] | None] = getattr(ModelsHandler(), _METHODS[method])
    sums = given.sums
    for d in np.flatnonzero(known.labelled):
        rows = np.flatnonzero((sums.area == d) & (sums.end <= given.origin))
        if len(rows) >= 3:
            month = np.arange(sums.n_months)
            covers = (sums.start[rows, None] <= month) & (month <= sums.end[rows, None])
            found = estimation(sums.values[rows], indicator[d], covers.astype(np.float64))
            path[d] = _bounded(found, path[d], known.districts[d])
            if found is not None:
                sd[d] = _spread(found, covers.astype(np.float64)) / path[d]
    return to_city(known, complete(known, path), np.clip(sd, 1e-3, _UNKNOWN))


def _spread(found: Mapping[str, Any], covers: FloatArray) -> FloatArray:
    """(T,) standard deviation of the months given the sums, the regression's coefficient taken as known."""
    inverse, errors = np.linalg.pinv(found["vcov"]), found["residuals"].ravel()
    variance = errors @ inverse @ errors / max(len(errors) - 1, 1)
    reach = found["Q"] @ covers.T
    left = np.diag(found["Q"]) - np.einsum("tn,nm,tm->t", reach, inverse, reach)
    spread: FloatArray = np.sqrt(np.maximum(variance * left, 0.0))
    return spread


def city_season(given: CompareInput, known: Known) -> FloatArray:
    """(T,) the city's usual month of the year over its usual month, from what is public up to the origin; mean 1."""
    public = known.city_public[: given.origin + 1]
    level = _year_around(last_fill(public[None])[0]) if np.isfinite(public).any() else np.ones(len(public))
    number = np.array([m.month for m in given.months])
    ratio = public / level
    usual = np.ones(YEAR + 1)
    for m in range(1, YEAR + 1):
        seen = ratio[(number[: len(ratio)] == m) & np.isfinite(ratio)]
        usual[m] = np.median(seen) if len(seen) else 1.0
    season: FloatArray = usual[number] / usual[1:].mean()
    return season


def _year_around(series: FloatArray) -> FloatArray:
    """Mean of the (up to) twelve months around each month: (T,) → (T,)."""
    running = np.concatenate([[0.0], np.cumsum(series)])
    first = np.clip(np.arange(len(series)) - YEAR // 2, 0, max(len(series) - YEAR, 0))
    last = np.minimum(first + YEAR, len(series))
    mean: FloatArray = (running[last] - running[first]) / (last - first)
    return mean


def _bounded(found: Mapping[str, Any] | None, otherwise: FloatArray, figures: FloatArray) -> FloatArray:
    values = np.asarray(otherwise if found is None else found["y_hat"], dtype=np.float64).ravel()
    if not np.isfinite(values).all():
        return otherwise
    seen = figures[np.isfinite(figures)]
    return np.clip(values, seen.min() * np.exp(-_MAX_LOG_STEP), seen.max() * np.exp(_MAX_LOG_STEP))


chow_lin = partial(disaggregated, method="chow-lin")
litterman = partial(disaggregated, method="litterman")
denton = partial(disaggregated, method="denton")
