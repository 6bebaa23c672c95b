"""Learned comparators on district features: a ridge per district, and a random forest over all of them."""

from __future__ import annotations

import functools

import numpy as np

from gvio.compare.known import CompareInput, best_known, complete, seasonal_fill
from gvio.compare.one_at_a_time import ONE_AT_A_TIME
from gvio.types import FloatArray

MIN_MONTHS = 13
"""A district with fewer known months (a year and one) gets its seasonal naive: slope and season are not separable."""

_ALPHAS = np.logspace(-2, 4, 13)
_TREES = 100
_MAX_LOG_STEP = 1.0  # a prediction may leave the range of the training by a factor e: beyond, it is an accident


def ridge(given: CompareInput) -> FloatArray:
    """Ridge of log output on log summed light, statistics and month, for every district on its own: (D, T) > 0.

    Raises:
        ModelError: As for `best_known`.
    """
    from sklearn.linear_model import RidgeCV  # a second, which a month without an evaluation need not wait
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    known = best_known(given)
    path = seasonal_fill(known.districts)
    table = np.concatenate([_zonal(given), _month_dummies(given)], axis=2)
    for d in np.flatnonzero(np.isfinite(known.districts).sum(axis=1) >= MIN_MONTHS):
        train = np.isfinite(known.districts[d])
        y = np.log(known.districts[d, train])
        fit = make_pipeline(StandardScaler(), RidgeCV(_ALPHAS)).fit(table[d, train], y)
        path[d] = _bounded(fit.predict(table[d]), y)
    return complete(known, path)


def random_forest(given: CompareInput, seed: int = 0) -> FloatArray:
    """Random forest of log output on zonal features and month, pooled over districts: (D, T) > 0.

    A district without figures is predicted from its features, too. Forests do not extrapolate.

    Raises:
        ModelError: As for `best_known`.
    """
    known = best_known(given)
    train = np.isfinite(known.districts)
    if train.sum() < MIN_MONTHS:
        return complete(known, seasonal_fill(known.districts))
    zonal = _zonal(given)
    level = np.broadcast_to(zonal[:, : given.origin + 1].mean(axis=1, keepdims=True), zonal.shape)
    table = np.concatenate([zonal, level, _month_number(given)], axis=2)
    target = np.log(known.districts[train])
    width = table.shape[2]
    path = _forest_path(table[train].tobytes(), target.tobytes(), table.tobytes(), width, seed).reshape(train.shape)
    return np.where(known.labelled[:, None], complete(known, path), path)


@functools.lru_cache(maxsize=4)
def _forest_path(rows: bytes, target: bytes, every: bytes, width: int, seed: int) -> FloatArray:
    """Predictions (N,) for the rows of `every` (N, width) float64; kept, because with and without the city's figures
    the same forest is asked for.
    """
    from sklearn.ensemble import RandomForestRegressor  # as above

    forest = RandomForestRegressor(_TREES, min_samples_leaf=2, n_jobs=1, random_state=seed)
    with ONE_AT_A_TIME:  # every tree sets the filters of warnings
        forest.fit(np.frombuffer(rows).reshape(-1, width), np.frombuffer(target))
        path = np.exp(forest.predict(np.frombuffer(every).reshape(-1, width)))
    path.flags.writeable = False  # shared by all who ask
    return np.asarray(path)


def _zonal(given: CompareInput) -> FloatArray:
    """(D, T, 1 + K) log summed light and statistics; gaps take the district's mean, then the mean of all, then 0.

    Means are of the months up to the origin: no month's features may depend on the light of a later one.
    """
    light = np.log(np.where(given.district_light > 0, given.district_light, np.nan))
    table = np.concatenate([light[:, :, None], given.features], axis=2).astype(np.float64)
    for axes in ((1,), (0, 1)):
        past = table[:, : given.origin + 1]
        seen = np.isfinite(past)
        number = seen.sum(axis=axes, keepdims=True)
        total = np.where(seen, past, 0.0).sum(axis=axes, keepdims=True)
        mean = np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)
        table = np.where(np.isfinite(table), table, mean)
    return np.nan_to_num(table)


def _month_dummies(given: CompareInput) -> FloatArray:
    month = np.array([m.month for m in given.months])
    dummies = (month[:, None] == np.arange(1, 13)).astype(np.float64)
    return np.broadcast_to(dummies, (len(given.area_ids), *dummies.shape))


def _month_number(given: CompareInput) -> FloatArray:
    month = np.array([float(m.month) for m in given.months])[:, None]
    return np.broadcast_to(month, (len(given.area_ids), *month.shape))


def _bounded(log_prediction: FloatArray, log_known: FloatArray) -> FloatArray:
    low, high = log_known.min() - _MAX_LOG_STEP, log_known.max() + _MAX_LOG_STEP
    out: FloatArray = np.exp(np.clip(log_prediction, low, high))
    return out
