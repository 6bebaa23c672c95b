"""What a protocol withholds cannot move its prediction by a bit: hidden figures are altered and nothing may change."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable

import numpy as np
import pandas as pd
import pytest
import torch
from affine import Affine
from odc.geo.geobox import GeoBox
from scipy.sparse import csr_array

from gvio.config import EvaluateParams, ModelParams, Params
from gvio.evaluate.protocols import Material, leave_districts_out, leave_one_year_out, origins, rolling_origin
from gvio.evaluate.scores import OURS
from gvio.ledger.rows import COLUMNS, Ledger
from gvio.ledger.sums import Sums, official_monthly, sums_matrix
from gvio.sample.samples import Samples
from gvio.sample.statistics import STATISTIC_NAMES
from gvio.train.fit import Fitted, fit_model
from gvio.types import BoolArray, Month

FIRST, T, AREAS = Month(2018, 10), 27, ("A", "B")
JANUARY = Month(2020, 1) - FIRST
PARAMS = Params(
    model=ModelParams(epochs=1, seeds=1, hyper_months=24, channels=1),
    evaluate=EvaluateParams(origins=1, members=1, district_folds=2, horizon_months=12, min_train_months=13),
)


@pytest.fixture(autouse=True, scope="module")
def _one_thread():
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


def _samples() -> Samples:
    rng = np.random.default_rng(3)
    side, n = 12, 4
    row, col, district = np.array([2, 4, 8, 9]), np.array([2, 3, 9, 8]), np.array([0, 0, 1, 1])
    statistics = rng.normal(1, 0.1, (2, T, 4))
    return Samples(
        months=tuple(FIRST + t for t in range(T)),
        area_ids=AREAS,
        factory_ids=tuple("wxyz"),
        categories=("",) * n,
        radii_m=(500.0, 1000.0),
        geobox=GeoBox((side, side), Affine(1 / 240, 0, 121.0, 0, -1 / 240, 31.5), "EPSG:4326"),
        district=district,
        weight=np.ones(n),
        row=row,
        col=col,
        active=np.ones((n, T), dtype=bool),
        light=rng.lognormal(2, 0.1, (2, n, T)),
        seen=np.ones((2, n, T)),
        background=np.ones((n, T)),
        footprint=csr_array((np.ones(n), (np.arange(n), row * side + col)), shape=(n, side * side)),
        statistics=statistics,
        city_statistics=statistics.mean(axis=0),
        statistic_names=STATISTIC_NAMES,
        radiance=rng.lognormal(1, 0.3, (T, side, side)).astype(np.float32),
        observations=np.full((T, side, side), 5, np.uint16),
        owner=np.repeat([[0] * 6 + [1] * 6], side, axis=0).astype(np.int16),
        urban=np.zeros((side, side), np.float32),
        density=rng.gamma(1, 1, (side, side)).astype(np.float32),
        regimes=("r",) * T,
        urban_derived=False,
    )


SAMPLES = _samples()


def _ledger(factor: Callable[[str, int], float] = lambda _area, _t: 1.0) -> Ledger:
    """Every area's every month; `factor` alters figures."""
    rng = np.random.default_rng(5)
    y = {area: size * np.exp(0.1 * rng.standard_normal(T)) for area, size in (("A", 30.0), ("B", 10.0))}
    y["CITY"] = y["A"] + y["B"]
    rows = [
        (area, (FIRST + t).ordinal, (FIRST + t).ordinal, y[area][t] * factor(area, t), "current")
        for area in ("CITY", *AREAS)
        for t in range(T)
    ]
    frame = pd.DataFrame(rows, columns=["area_id", "start", "end", "value", "kind"])
    return Ledger(frame.assign(published=dt.date(2021, 1, 1), series="", source="")[list(COLUMNS)])


def _material(ledger: Ledger) -> Material:
    sums = sums_matrix(ledger, AREAS, "CITY", SAMPLES.months)
    official, _ = official_monthly(ledger, AREAS, "CITY", SAMPLES.months)
    return Material(SAMPLES, sums, official[-1], PARAMS)


def _altered(hidden: Callable[[str, int], bool]) -> Material:
    return _material(_ledger(lambda area, t: 3.0 if hidden(area, t) else 1.0))


def _make(_name: str, make: Callable[[], Fitted]) -> Fitted:
    return make()


TRUE = _material(_ledger())


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit_model(SAMPLES, TRUE.sums, T, PARAMS.model, PARAMS.sample.patch_px)


@pytest.fixture(scope="module")
def origin_folds():
    return rolling_origin(TRUE, _make)


def _same(one, two, scored: BoolArray) -> None:
    assert set(one.predicted) == set(two.predicted)
    for name, predicted in one.predicted.items():
        np.testing.assert_array_equal(predicted[scored], two.predicted[name][scored], err_msg=name)
    np.testing.assert_array_equal(one.sd[scored], two.sd[scored])


def test_blind_predictions_depend_on_no_later_figure(origin_folds) -> None:
    (before,) = origin_folds["rolling_origin_blind"]
    (after,) = rolling_origin(_altered(lambda _area, t: t >= JANUARY), _make)["rolling_origin_blind"]
    assert before.scored.sum() == 2 * 12
    assert not np.array_equal(before.truth[before.scored], after.truth[before.scored])
    _same(before, after, before.scored)


def test_as_used_predictions_depend_on_no_later_figure_of_a_district(origin_folds) -> None:
    (before,) = origin_folds["rolling_origin_as_used"]
    later = rolling_origin(_altered(lambda area, t: area != "CITY" and t >= JANUARY), _make)
    (after,) = later["rolling_origin_as_used"]
    _same(before, after, before.scored)


def test_as_used_predictions_do_follow_the_citys_figures(origin_folds) -> None:
    (before,) = origin_folds["rolling_origin_as_used"]
    later = rolling_origin(_altered(lambda area, t: area == "CITY" and t >= JANUARY), _make)
    (after,) = later["rolling_origin_as_used"]
    for name in (OURS, "last-year-shares"):
        assert not np.array_equal(before.predicted[name][before.scored], after.predicted[name][before.scored])


def test_every_model_of_a_fold_is_scored_on_the_same_figures(origin_folds) -> None:
    for (fold,) in origin_folds.values():
        for name, predicted in fold.predicted.items():
            assert np.isfinite(predicted[fold.scored]).all(), name


def test_a_year_left_out_never_sees_its_own_figures(fitted) -> None:
    year = {t for t in range(T) if (FIRST + t).year == 2019}
    before = next(f for f in leave_one_year_out(TRUE, fitted) if f.name == "2019")
    hidden = _altered(lambda _area, t: t in year)
    after = next(f for f in leave_one_year_out(hidden, fitted) if f.name == "2019")
    assert before.scored.sum() == 2 * 12
    _same(before, after, before.scored)


def test_districts_left_out_never_see_their_own_figures(fitted) -> None:
    first = leave_districts_out(TRUE, _make, fitted.ensemble.hyper)[0]
    after = leave_districts_out(_altered(lambda area, _t: area == "A"), _make, fitted.ensemble.hyper)[0]
    assert first.scored[0].all()
    assert not first.scored[1].any()
    _same(first, after, first.scored)


def _sums_until(last: int) -> Sums:
    """Figures of districts up to a month."""
    sums = TRUE.sums
    keep = sums.end <= last
    parts = {name: getattr(sums, name)[keep] for name in ("G", "values", "area", "start", "end", "cumulative")}
    return dataclasses.replace(sums, **parts, published=tuple(np.array(sums.published, dtype=object)[keep]))


def test_origins_are_fixed_by_the_calendar() -> None:
    assert origins(SAMPLES.months, _sums_until(T - 1), PARAMS.evaluate) == [JANUARY]
    assert origins(SAMPLES.months, _sums_until(T - 2), PARAMS.evaluate) == []
    longer = tuple(FIRST + t for t in range(T + 10))
    assert origins(longer, TRUE.sums, PARAMS.evaluate) == [JANUARY]
