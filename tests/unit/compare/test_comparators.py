"""The comparators: what each one says, and that none of them ever breaks."""

import dataclasses
import warnings
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from compare_ledgers import AREAS, ORIGIN, T, few_labels, fold, monthly, output, row
from hypothesis import given as examples
from hypothesis import settings
from hypothesis import strategies as st

from gvio.compare.known import best_known, last_fill, light_shares, seasonal_fill
from gvio.compare.learned import random_forest, ridge
from gvio.compare.naive import last_year_shares, persistence, seasonal_naive
from gvio.compare.table import COMPARATORS, predict_all, require_positive
from gvio.errors import ModelError
from gvio.scoreboard.names import NAIVE


def test_seasonal_naive_repeats_the_year_before_the_origin():
    y = output()
    path = seasonal_naive(fold(monthly(y), y))
    np.testing.assert_allclose(path[:, : ORIGIN + 1], y[:, : ORIGIN + 1])
    np.testing.assert_allclose(path[:, ORIGIN + 1 :], y[:, ORIGIN - 11 : ORIGIN + 1])


def test_persistence_stays_at_the_last_month():
    y = output()
    path = persistence(fold(monthly(y), y))
    np.testing.assert_allclose(path[:, ORIGIN + 1 :], np.repeat(y[:, [ORIGIN]], T - ORIGIN - 1, axis=1))


def test_last_years_shares_follow_the_public_city():
    y = output()
    city = 3 * y.sum(axis=0)
    path = last_year_shares(fold(monthly(y), y, city))
    monthly_shares = y[:, ORIGIN - 11 : ORIGIN + 1] / y[:, ORIGIN - 11 : ORIGIN + 1].sum(axis=0)
    for t in range(ORIGIN + 1, T):
        assert path[:, t].sum() == pytest.approx(city[t])
    np.testing.assert_allclose(path[:, ORIGIN + 1] / city[ORIGIN + 1], monthly_shares.mean(axis=1))
    np.testing.assert_allclose(path[:, -1] / city[-1], monthly_shares.mean(axis=1))  # shares do not drift on


def test_last_years_shares_use_the_citys_own_naive_where_it_is_not_public():
    y = output()
    rows = monthly(y) + [row("CITY", t, t, y[:, t].sum()) for t in range(ORIGIN + 1)]
    path = last_year_shares(fold(rows, y))
    np.testing.assert_allclose(path[:, ORIGIN + 1 :].sum(axis=0), y[:, ORIGIN - 11 : ORIGIN + 1].sum(axis=0))


def test_figures_beyond_the_origin_are_never_copied():
    y = output()
    seen, blind = fold(monthly(y, last=T - 1), y), fold(monthly(y), y)
    for name, predict in COMPARATORS.items():
        np.testing.assert_allclose(predict(seen), predict(blind), err_msg=name)


def test_ridge_learns_what_light_says():
    y = output(seed=3)
    given = fold(monthly(y), y)
    error = [np.abs(np.log(p[:, ORIGIN + 1 :] / y[:, ORIGIN + 1 :])).mean() for p in (ridge(given), persistence(given))]
    assert error[0] < 0.2 * error[1]


def test_ridge_with_little_history_is_the_seasonal_naive():
    y = output()
    few = monthly(y, last=11)
    np.testing.assert_allclose(ridge(fold(few, y)), seasonal_naive(fold(few, y)))


def test_ridge_does_not_run_away_when_light_does():
    y = output()
    light = 2 * y**1.5
    light[0, -1] *= 1e9
    path = ridge(fold(monthly(y), y, district_light=light))
    assert path[0, -1] <= np.e * y[0, : ORIGIN + 1].max() * (1 + 1e-9)


def test_forest_predicts_a_district_without_figures_from_its_zone():
    y = output()
    y[2] = y[1]  # a twin of the second district, in light and output, that publishes nothing
    rows = [r for r in monthly(y) if r["area_id"] != "D2"]
    path = random_forest(fold(rows, y))
    assert np.abs(np.log(path[2, : ORIGIN + 1] / y[2, : ORIGIN + 1])).mean() < 0.1


def test_forest_repeats_itself_and_falls_back_without_labels():
    y = output()
    given = fold(monthly(y), y)
    np.testing.assert_array_equal(random_forest(given), random_forest(given))
    few = fold([row("CITY", 0, 11, 1200.0)], y)
    np.testing.assert_allclose(random_forest(few).sum(axis=0), 100.0)


def test_district_without_figures_gets_what_the_others_leave_of_the_city():
    y = output()
    rows = [r for r in monthly(y) if r["area_id"] == "D0"]
    path = seasonal_naive(fold(rows, y, city=y.sum(axis=0)))
    left = 1 - y[0, : ORIGIN + 1].sum() / y[:, : ORIGIN + 1].sum()
    np.testing.assert_allclose(path[1:].sum(axis=0), left * y.sum(axis=0))
    light = 2 * y**1.5
    np.testing.assert_allclose(path[1] / path[2], light[1] / light[2])


def test_contradicting_city_leaves_a_tenth_of_the_light_share():
    y = output()
    rows = [r for r in monthly(y) if r["area_id"] != "D2"]
    path = seasonal_naive(fold(rows, y, city=0.5 * y.sum(axis=0)))
    share = light_shares(2 * y**1.5)[2]
    np.testing.assert_allclose(path[2], share / 10 * 0.5 * y.sum(axis=0))


def test_held_out_district_is_not_looked_at():
    y = output()
    held = np.array([False, True, False])
    wrong = y.copy()
    wrong[1] *= 100
    for name in COMPARATORS:
        paths = [
            COMPARATORS[name](fold(monthly(values), y, city=y.sum(axis=0), held_out=held)) for values in (y, wrong)
        ]
        np.testing.assert_allclose(paths[0][1], paths[1][1], err_msg=name)


def test_no_city_scales_the_known_districts_by_light():
    y = output()
    y[1:] = y[0]
    rows = [r for r in monthly(y) if r["area_id"] == "D0"]
    path = seasonal_naive(fold(rows, y))
    np.testing.assert_allclose(path[1, : ORIGIN + 1], y[0, : ORIGIN + 1])


@settings(max_examples=25, deadline=None)
@examples(st.integers(0, 2**31), st.floats(0, 1), st.booleans(), st.booleans())
def test_every_naive_forecast_is_finite_and_positive_on_any_ledger(seed, dark, with_city, held):
    rng = np.random.default_rng(seed)
    y = output(seed)
    spans = [(0, 11), (12, 13), (14, 14), (12, 17), (24, 35), (30, 30), (36, 38), (36, 41)]
    chosen = rng.permutation(len(spans))[: rng.integers(1, len(spans))]
    rows = [
        row(AREAS[rng.integers(3)], *spans[i], float(rng.lognormal(3, 2)), ["current", "cumulative"][i % 2])
        for i in chosen
    ]
    rows += [row("CITY", 0, 11, 500.0)] if with_city or held else []
    light = np.where(rng.random((3, T)) < dark, np.nan, y)
    mask = np.array([True, False, False]) if held else None
    given = fold(rows, y, district_light=light, held_out=mask)
    for path in predict_all(given, names=NAIVE).values():
        assert path.shape == (3, T)


@pytest.mark.parametrize("dark", [0.0, 0.3, 1.0])
def test_learned_comparators_survive_missing_light_and_few_labels(dark):
    y = output()
    rng = np.random.default_rng(1)
    rows = few_labels(y)
    light = np.where(rng.random((3, T)) < dark, np.nan, y)
    features = np.where(rng.random((3, T, 2)) < dark, np.nan, 1.0)
    seen = []
    given = fold(rows, y, district_light=light, features=features)
    paths = predict_all(given, lambda *a: seen.append(a))
    assert list(paths) == list(COMPARATORS)
    assert seen[-1] == ("compare", len(COMPARATORS), len(COMPARATORS))


def test_fills_go_back_a_year_then_forward_then_nearest():
    series = np.full((2, 30), np.nan)
    series[0, 3], series[0, 14] = 1.0, 2.0
    filled = seasonal_fill(series)
    assert (filled[0, 15], filled[0, 27], filled[0, 26], filled[0, 2]) == (1.0, 1.0, 2.0, 2.0)
    assert filled[0, 0] == 2.0  # nothing a year before or after: the nearest later value
    assert filled[0, 13] == 1.0  # … or the nearest earlier one
    assert np.isnan(filled[1]).all()
    np.testing.assert_allclose(last_fill(np.array([[np.nan, 5.0, np.nan]])), 5.0)


def test_shares_of_light_survive_the_dark():
    light = np.array([[4.0, np.nan], [np.nan, np.nan], [0.0, 1.0]])
    np.testing.assert_allclose(light_shares(light), [[4 / 6, 4 / 6], [1 / 6, 1 / 6], [1 / 6, 1 / 6]])
    np.testing.assert_allclose(light_shares(np.full((4, 2), np.nan)), 0.25)


def test_nothing_known_at_all_is_refused():
    y = output()
    with pytest.raises(ModelError, match="no figure of any district or of the city is visible"):
        best_known(fold([], y))


def test_arrays_of_other_shapes_are_refused():
    y = output()
    good = fold(monthly(y), y)
    with pytest.raises(ModelError, match=r"district_light has shape \(2, 60\), the sums are over \(3, 60\)"):
        best_known(dataclasses.replace(good, district_light=np.ones((2, T))))
    with pytest.raises(ModelError, match=r"city_monthly has shape \(59,\), the sums are over 60 months"):
        best_known(dataclasses.replace(good, city_monthly=np.ones(T - 1)))


@pytest.mark.parametrize("bad", [np.nan, 0.0, -1.0, np.inf])
def test_forecast_that_is_no_output_is_refused(bad):
    with pytest.raises(ModelError, match="comparator x: 1 of 4 values are not finite and positive"):
        require_positive("x", np.array([[1.0, 2.0], [3.0, bad]]))


def test_what_is_known_is_taken_apart_once_for_all_comparators(monkeypatch):
    from gvio.compare import known as module

    calls, taken_apart = [], module.disaggregate
    monkeypatch.setattr(module, "disaggregate", lambda sums: calls.append(sums) or taken_apart(sums))
    y = output()
    asked = fold(monthly(y), y)
    predict_all(asked)
    assert len(calls) == 1
    assert not module.best_known(asked).districts.flags.writeable, "it is shared"


def test_forests_side_by_side_leave_the_filters_of_warnings_as_they_were():
    """scikit-learn sets them for every tree, and they belong to the process, not to a thread."""
    before = list(warnings.filters)
    given = [fold(monthly(output(seed)), output(seed)) for seed in range(6)]
    with ThreadPoolExecutor(3) as pool:
        list(pool.map(random_forest, given))
    assert warnings.filters == before
