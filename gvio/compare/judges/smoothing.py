"""AutoETS of every district and of the city, made to sum by minimum trace.

Exponential smoothing in state space (Hyndman & Khandakar 2008, J. Stat. Softw. 27(3)), as `statsforecast` has it, of
log output with a season and no trend: over two years a trend of its own does harm (docs/measurements/judges-tried.md);
reconciliation by MinTrace with a shrunk covariance (Wickramasuriya et al. 2019, JASA 114:804–819), as
`hierarchicalforecast` has it. It looks at no light.
"""

from __future__ import annotations

import dataclasses
import functools

import numpy as np

from gvio.compare.forecast import Forecast, carried_on
from gvio.compare.known import YEAR, CompareInput, best_known, complete, seasonal_fill
from gvio.types import FloatArray

_FEWEST = 2 * YEAR + 1  # months: two seasons and one
_CERTAIN = 1e-3  # of its usual error: a city that is public is a forecast that hardly errs
_LEAST = 0.1  # of what the district's own model says: no reconciliation takes more
_NO_MODEL = 0.2  # standard deviation of the logarithm where there are too few months for a model


@dataclasses.dataclass(frozen=True, eq=False)
class _Smoothed:
    """`mean`, `sd` (T,) of log output: fitted over history, forecast beyond; `errors` (T,) of history, NaN beyond."""

    mean: FloatArray
    sd: FloatArray
    errors: FloatArray


def auto_ets(given: CompareInput) -> Forecast:
    """Every district's own model, reconciled: path and sd (D, T).

    A series with less than two years and a month has its seasonal naive.

    Raises:
        ModelError: As for `best_known`.
    """
    known = best_known(given)
    each = [_smoothed(row) for row in known.districts]
    city = _smoothed(known.city_public)
    own, total = np.exp(np.stack([one.mean for one in each])), np.exp(city.mean)
    told = np.isfinite(known.city_public)
    total = np.where(told, np.where(told, known.city_public, 0.0), total)
    base = np.concatenate([total[None], own])
    sd = np.stack([city.sd, *(one.sd for one in each)])
    errors = base * np.stack([city.errors, *(one.errors for one in each)])
    path, spread = own.copy(), sd[1:].copy()
    ahead = np.arange(own.shape[1]) > given.origin
    for certain in (True, False):
        months = ahead & (told == certain)
        if months.any() and known.labelled.all():
            path[:, months], spread[:, months] = _reconciled(base[:, months], sd[:, months], errors, certain=certain)
    path = carried_on(known, own, np.maximum(path, _LEAST * own))
    return Forecast(complete(known, path), np.clip(spread, 1e-3, None))


def _smoothed(series: FloatArray) -> _Smoothed:
    n = len(series)
    known = np.flatnonzero(np.isfinite(series))
    if len(known) < _FEWEST:
        filled = seasonal_fill(series[None])[0] if len(known) else np.ones(n)
        return _Smoothed(np.log(filled), np.full(n, _NO_MODEL), np.full(n, np.nan))
    first, last = known[0], known[-1]
    history = np.log(seasonal_fill(series[None])[0][first : last + 1])
    fitted, mean, spread = _ets(history.tobytes(), n - 1 - int(last))
    sd = np.full(n, float(np.std(history - fitted)))
    sd[last + 1 :] = spread
    whole = np.concatenate([np.full(first, fitted[0]), fitted, mean])
    errors = np.full(n, np.nan)
    errors[first : last + 1] = history - fitted
    return _Smoothed(whole, sd, errors)


@functools.lru_cache(maxsize=256)  # blind and as used ask for the same districts
def _ets(history: bytes, ahead: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Fitted (n,), forecast (ahead,) and its standard deviation (ahead,) of log output."""
    from statsforecast.models import AutoETS

    series = np.frombuffer(history).copy()
    model = AutoETS(season_length=YEAR, model="ANA").fit(series)
    fitted = np.asarray(model.predict_in_sample()["fitted"], dtype=np.float64)
    if not ahead:
        return fitted, np.empty(0), np.empty(0)
    found = model.predict(ahead, level=[80])
    half = (np.asarray(found["hi-80"]) - np.asarray(found["lo-80"])) / 2
    return fitted, np.asarray(found["mean"], dtype=np.float64), half / 1.2815515655446004


def _reconciled(
    base: FloatArray, sd: FloatArray, errors: FloatArray, *, certain: bool
) -> tuple[FloatArray, FloatArray]:
    """Districts' path and log standard deviation (D, t), from those of city and districts, the city first (D + 1, t).

    Args:
        base: Forecasts of output.
        sd: Of their logarithms.
        errors: (D + 1, T) in-sample errors of output, NaN outside.
        certain: Whether the first row is the public city.
    """
    from hierarchicalforecast.methods import MinTrace

    n = len(base) - 1
    shown = np.isfinite(errors).all(axis=0)
    seen = errors[:, shown]
    if certain:
        seen = seen * np.array([_CERTAIN, *np.ones(n)])[:, None]
    summing = np.concatenate([np.ones((1, n)), np.eye(n)])
    if seen.shape[1] < YEAR:
        return base[1:], sd[1:]
    found = MinTrace(method="mint_shrink").fit(summing, base, np.zeros_like(seen), -seen)
    path = found.P @ base
    correlation = found.W / np.sqrt(np.outer(np.diag(found.W), np.diag(found.W)))
    wide = base * sd
    if certain:
        wide = wide * np.array([_CERTAIN, *np.ones(n)])[:, None]
    variance = np.einsum("ij,jt,jk,kt,ik->it", found.P, wide, correlation, wide, found.P)
    return path, np.sqrt(np.maximum(variance, 0.0)) / np.maximum(path, _LEAST * base[1:])
