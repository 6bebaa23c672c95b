"""Judges whose libraries take seconds to load: reconciled smoothing, boosted trees."""

import numpy as np
import pytest
from compare_ledgers import ORIGIN, T, few_labels, fold, monthly, output, row

from gvio.compare.judges.boosted import boosted
from gvio.compare.judges.smoothing import auto_ets
from gvio.compare.known import best_known
from gvio.compare.naive import seasonal_naive

pytestmark = pytest.mark.slow


@pytest.fixture(params=["smoothing", "boosted"])
def judge(request):
    for library in {"smoothing": ("statsforecast", "hierarchicalforecast"), "boosted": ("gpboost",)}[request.param]:
        pytest.importorskip(library)
    return {"smoothing": auto_ets, "boosted": boosted}[request.param]


def test_figures_stay_districts_sum_to_the_city_and_doubt_is_positive(judge):
    y = output()
    found = judge(fold(monthly(y), y, city=y.sum(axis=0)))
    np.testing.assert_allclose(found.path[:, : ORIGIN + 1], y[:, : ORIGIN + 1])
    np.testing.assert_allclose(found.path.sum(axis=0), y.sum(axis=0), rtol=1e-3)
    assert (found.sd > 0).all()
    assert np.abs(np.log(found.path / y)[:, ORIGIN + 1 :]).mean() < 0.25


def test_blind_doubt_grows_with_the_months(judge):
    y = output()
    rows = monthly(y) + [row("CITY", t, t, y[:, t].sum()) for t in range(ORIGIN + 1)]
    found = judge(fold(rows, y))
    assert (found.sd[:, -1] > found.sd[:, ORIGIN + 1]).all()


def test_no_figure_after_the_origin_and_no_later_light_is_looked_at(judge):
    y = output()
    wrong, later = y.copy(), 2 * y**1.5
    wrong[:, ORIGIN + 1 :] *= 3
    later[:, ORIGIN + 7 :] *= 2
    first = judge(fold(monthly(y, last=T - 1), y)).path
    np.testing.assert_array_equal(judge(fold(monthly(wrong, last=T - 1), y)).path, first)
    changed = judge(fold(monthly(y), y, district_light=later)).path
    np.testing.assert_allclose(changed[:, : ORIGIN + 7], first[:, : ORIGIN + 7])


def test_gaps_in_light_and_few_figures_are_lived_with(judge):
    y = output()
    rng = np.random.default_rng(1)
    rows = few_labels(y)
    light = np.where(rng.random((3, T)) < 0.5, np.nan, y)
    found = judge(fold(rows, y, district_light=light, features=np.full((3, T, 2), np.nan)))
    assert np.isfinite(found.path).all()
    assert (found.path > 0).all()
    assert np.isfinite(found.sd).all()


def test_with_nothing_to_learn_from_it_is_the_seasonal_naive(judge):
    y = output()
    few = fold(monthly(y, last=5), y)
    assert np.isnan(best_known(few).city_public).all()
    np.testing.assert_allclose(judge(few).path, seasonal_naive(few))
