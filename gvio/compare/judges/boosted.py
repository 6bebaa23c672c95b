"""Gradient-boosted trees with a random path of every district.

Sigrist (2022), J. Mach. Learn. Res. 23(232), as `gpboost` has it: trees of light, statistics and the month, and for
every district a Gaussian process over time. What is modelled is the logarithm of a district's share of the city, so
that its answer follows the city where that is public.
"""

from __future__ import annotations

import functools

import numpy as np

from gvio.compare.forecast import Forecast, city_ahead, light_of_a_year, to_city
from gvio.compare.known import YEAR, CompareInput, Known, best_known, complete, seasonal_fill
from gvio.types import FloatArray

_FEWEST = 3 * YEAR  # known district-months
_NO_MODEL = 0.2  # standard deviation of the logarithm where there are too few months for a model
_ROUNDS = 100
_MAX_LOG_STEP = 1.0  # a share beyond a factor e of last year's is an accident
# Without Newton's step a tree's step depends on the unit of what is modelled, and diverges on small numbers.
_TREES = {"learning_rate": 0.05, "max_depth": 3, "min_data_in_leaf": 10, "leaves_newton_update": True}
_QUIET = {"verbose": -1, "num_threads": 1}


def boosted(given: CompareInput) -> Forecast:
    """Districts' shares by trees and random paths, times the city: path, sd (D, T).

    With less than three years of district-months, or a single district with figures, the seasonal naive.

    Raises:
        ModelError: As for `best_known`.
    """
    known = best_known(given)
    path = seasonal_fill(known.districts)
    sd = np.full(path.shape, _NO_MODEL)
    share = np.log(known.districts / known.city)
    train = np.isfinite(share)
    if train.sum() >= _FEWEST and known.labelled.sum() > 1:
        level = _last_year(share)
        features = _features(given)
        area, month = (np.asarray(part) for part in np.indices(train.shape))
        asked = np.repeat(known.labelled[:, None], train.shape[1], axis=1)
        mean, variance = _boosted(
            np.concatenate([(share - level)[train][:, None], features[train]], axis=1).tobytes(),
            np.stack([area[train], month[train]]).tobytes(),
            features[asked].tobytes(),
            np.stack([area[asked], month[asked]]).tobytes(),
        )
        log_share = np.clip(mean, -_MAX_LOG_STEP, _MAX_LOG_STEP) + level[area[asked], 0]
        path[asked] = np.exp(log_share) * city_ahead(known)[month[asked]]
        sd[asked] = np.sqrt(np.maximum(variance, 0.0) + _doubt_of_city(known)[month[asked]] ** 2)
    return to_city(known, complete(known, path), np.clip(sd, 1e-3, None))


def _last_year(share: FloatArray) -> FloatArray:
    """(D, 1) mean of the last twelve known months; NaN without any."""
    level = np.full((len(share), 1), np.nan)
    for d, row in enumerate(share):
        known = row[np.isfinite(row)]
        if len(known):
            level[d] = known[-YEAR:].mean()
    return level


def _doubt_of_city(known: Known) -> FloatArray:
    """(T,) log standard deviation of the city: 0 where public, else of its usual change over a year."""
    log_city = np.log(known.city_public)
    change = log_city[YEAR:] - log_city[:-YEAR]
    change = change[np.isfinite(change)]
    usual = float(np.sqrt(np.mean(change**2))) if len(change) else 0.0
    return np.where(np.isfinite(log_city), 0.0, usual)


def _features(given: CompareInput) -> FloatArray:
    """(D, T, 3 + K) log light of the month and of its year, each less its mean up to the origin; the month's number;
    statistics. Trees take gaps as they are."""
    past = slice(0, given.origin + 1)
    light = np.log(np.where(given.district_light > 0, given.district_light, np.nan))
    seen = np.isfinite(light[:, past])
    total = np.where(seen, light[:, past], 0.0).sum(axis=1, keepdims=True)
    year = np.log(light_of_a_year(given))
    number = np.array([float(m.month) for m in given.months])
    columns = (
        light - total / np.maximum(seen.sum(axis=1, keepdims=True), 1),
        year - year[:, past].mean(axis=1, keepdims=True),
        np.broadcast_to(number, light.shape),
    )
    return np.concatenate([np.stack(columns, axis=2), given.features], axis=2)


@functools.lru_cache(maxsize=4)
def _boosted(rows: bytes, where: bytes, asked: bytes, asked_where: bytes) -> tuple[FloatArray, FloatArray]:
    """Mean and variance (n,) of log shares; `rows` (m, 1 + K) target and features, `asked` (n, K) features, `where` and
    `asked_where` (2, m or n) district and month."""
    import gpboost

    own, at = (np.frombuffer(part, dtype=np.int64).reshape(2, -1) for part in (where, asked_where))
    table = np.frombuffer(rows).reshape(own.shape[1], -1)
    paths = gpboost.GPModel(
        gp_coords=own[1][:, None].astype(np.float64),
        cov_function="exponential",
        cluster_ids=own[0],
        num_parallel_threads=1,
    )
    data = gpboost.Dataset(table[:, 1:].copy(), table[:, 0].copy())
    trees = gpboost.train(params={**_TREES, **_QUIET}, train_set=data, gp_model=paths, num_boost_round=_ROUNDS)
    found = trees.predict(
        data=np.frombuffer(asked).reshape(at.shape[1], -1),
        gp_coords_pred=at[1][:, None].astype(np.float64),
        cluster_ids_pred=at[0],
        predict_var=True,
        pred_latent=False,
    )
    return np.asarray(found["response_mean"]), np.asarray(found["response_var"])
