"""Judges: what holds for each, whatever its library. Those that are slow to load are in test_judges_loaded.py."""

import numpy as np
import pytest
from compare_ledgers import ORIGIN, T, few_labels, fold, monthly, output, row

from gvio.compare.forecast import Forecast, to_city
from gvio.compare.judges import factors, table
from gvio.compare.judges.factors import dynamic_factors
from gvio.compare.judges.table import ask_judges, installed, libraries, missing
from gvio.compare.judges.temporal import chow_lin, city_season, denton, litterman
from gvio.compare.known import best_known
from gvio.compare.naive import seasonal_naive
from gvio.scoreboard.names import AUTO_ETS, BOOSTED, CHOW_LIN, DYNAMIC_FACTORS, JUDGES

FAST = {"chow-lin": chow_lin, "litterman": litterman, "denton": denton, "dynamic-factors": dynamic_factors}


@pytest.fixture(params=FAST)
def judge(request):
    if request.param != DYNAMIC_FACTORS:
        pytest.importorskip("tempdisagg")
    return FAST[request.param]


def test_figures_stay_districts_sum_to_the_city_and_doubt_is_positive(judge):
    y = output()
    found = judge(fold(monthly(y), y, city=y.sum(axis=0)))
    np.testing.assert_allclose(found.path[:, : ORIGIN + 1], y[:, : ORIGIN + 1])
    np.testing.assert_allclose(found.path.sum(axis=0), y.sum(axis=0), rtol=1e-6)
    assert (found.sd > 0).all()
    assert np.abs(np.log(found.path / y)[:, ORIGIN + 1 :]).mean() < 0.25


def test_no_figure_after_the_origin_is_looked_at(judge):
    y = output()
    wrong = y.copy()
    wrong[:, ORIGIN + 1 :] *= 3
    paths = [judge(fold(monthly(values, last=T - 1), y)).path for values in (y, wrong)]
    np.testing.assert_array_equal(*paths)


def test_light_of_a_month_moves_no_earlier_one(judge):
    y = output()
    later = 2 * y**1.5
    later[:, ORIGIN + 7 :] *= 2
    given = [fold(monthly(y), y), fold(monthly(y), y, district_light=later)]
    hits = factors._learned.cache_info().hits
    paths = [judge(one).path[:, : ORIGIN + 7] for one in given]
    if judge is dynamic_factors:  # it smooths, as ours does: the same parameters, and a release re-reads its past
        assert factors._learned.cache_info().hits > hits
        paths = [path[:, : ORIGIN + 1] for path in paths]
    np.testing.assert_allclose(*paths)


@pytest.mark.parametrize("dark", [0.3, 1.0])
def test_gaps_in_light_and_few_figures_are_lived_with(judge, dark):
    y = output()
    rng = np.random.default_rng(1)
    rows = few_labels(y)
    light = np.where(rng.random((3, T)) < dark, np.nan, y)
    found = judge(fold(rows, y, district_light=light, features=np.full((3, T, 2), np.nan)))
    assert np.isfinite(found.path).all()
    assert (found.path > 0).all()
    assert np.isfinite(found.sd).all()


def test_with_nothing_to_learn_from_it_is_the_seasonal_naive(judge):
    y = output()
    given = fold([row("D0", 0, 11, 1200.0), row("CITY", 0, 11, 4000.0)], y)
    known = best_known(given)
    np.testing.assert_allclose(judge(given).path, to_city(known, seasonal_naive(given)).path)


def test_a_district_held_out_is_not_looked_at(judge):
    y = output()
    wrong = y.copy()
    wrong[1] *= 100
    held = np.array([False, True, False])
    paths = [judge(fold(monthly(v), y, city=y.sum(axis=0), held_out=held)).path for v in (y, wrong)]
    np.testing.assert_allclose(paths[0][1], paths[1][1])


def test_what_is_missing_to_the_city_goes_where_doubt_is_and_doubt_shrinks():
    y = output()
    given = fold(monthly(y), y, city=1.1 * y.sum(axis=0))
    path = seasonal_naive(given)
    sd = np.full(path.shape, 0.01)
    sd[1] = 0.3
    found = to_city(best_known(given), path, sd)
    moved = np.log(found.path / path)[:, ORIGIN + 1 :]
    np.testing.assert_allclose(found.path[:, ORIGIN + 1 :].sum(axis=0), 1.1 * y.sum(axis=0)[ORIGIN + 1 :])
    assert (np.abs(moved[1]) > 10 * np.abs(moved[[0, 2]])).all()
    assert (found.sd[1, ORIGIN + 1 :] < 0.3).all()
    np.testing.assert_array_equal(found.path[:, : ORIGIN + 1], path[:, : ORIGIN + 1])
    blind = to_city(best_known(fold(monthly(y), y)), path, sd)
    np.testing.assert_array_equal(blind.path[:, ORIGIN + 1 :], path[:, ORIGIN + 1 :])


def test_a_district_is_never_taken_below_a_tenth_of_its_part():
    y = output()
    given = fold(monthly(y), y, city=0.2 * y.sum(axis=0))
    sd = np.full(y.shape, 1e-3)
    sd[2] = 5.0
    found = to_city(best_known(given), y, sd)
    assert (found.path > 0).all()


def test_the_season_of_the_city_is_its_public_months():
    t = np.arange(T)
    city = 100 * (1 + 0.3 * np.sin(t * np.pi / 6)) * 1.01**t
    y = output()
    given = fold(monthly(y), y, city=city)
    season = city_season(given, best_known(given))
    np.testing.assert_allclose(season[:12], season[12:24])
    assert np.corrcoef(season, 1 + 0.3 * np.sin(t * np.pi / 6))[0, 1] > 0.99
    assert season[:12].mean() == pytest.approx(1.0)


def test_absent_libraries_are_named_and_nothing_fails(monkeypatch):
    monkeypatch.setattr(table.importlib.util, "find_spec", lambda name: None if name != "statsmodels" else object())
    assert installed() == (DYNAMIC_FACTORS,)
    assert missing() == tuple(name for name in JUDGES if name != DYNAMIC_FACTORS)
    assert [library.partition("==")[0] for library in libraries()] == ["statsmodels"]
    y = output()
    assert set(ask_judges(fold(monthly(y), y))) == {DYNAMIC_FACTORS}


def test_a_library_that_fails_leaves_its_judge_out(monkeypatch):
    def failing(_given):
        raise RuntimeError("of a foreign library")

    def senseless(given):
        return Forecast(np.full((3, T), np.nan))

    y = output()
    given = fold(monthly(y), y)
    monkeypatch.setattr(table, "_MODELS", {AUTO_ETS: failing, BOOSTED: senseless, CHOW_LIN: seasonal_naive_forecast})
    found = ask_judges(given, (AUTO_ETS, BOOSTED, CHOW_LIN))
    assert set(found) == {CHOW_LIN}


def seasonal_naive_forecast(given):
    path = seasonal_naive(given)
    return Forecast(path, np.full(path.shape, 0.1))
