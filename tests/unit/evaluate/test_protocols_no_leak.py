"""What a protocol withholds cannot move its prediction by a bit: hidden figures and light are altered and nothing may
change. What may be used: light up to the end of a forecast's horizon, and, as used, the city's figures up to there.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from evaluate_region import FIRST, JANUARY, PARAMS, SAMPLES, TRUE, T, altered, other_light

from gvio.compare import learned
from gvio.evaluate.districts import groups_of, leave_districts_out
from gvio.evaluate.fit_request import fit_anew
from gvio.evaluate.fold import compare_input
from gvio.evaluate.protocols import leave_one_year_out, origins, rolling_origin
from gvio.ledger.sums import Sums
from gvio.model.normalisation import fit_normalisation
from gvio.model.panel import build_panel
from gvio.sample.urban import URBAN_MONTHS
from gvio.scoreboard.names import CITY_PUBLIC, GONG2025, LEFT_OUT, NO_LIGHT, OURS, PLAIN
from gvio.train.fit import Fitted, fit_model
from gvio.types import BoolArray

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit_model(SAMPLES, TRUE.sums, T, PARAMS.model, PARAMS.sample.patch_px)


@pytest.fixture(scope="module")
def origin_folds():
    return rolling_origin(TRUE, fit_anew)


def _same(one, two, scored: BoolArray) -> None:
    assert set(one.predicted) == set(two.predicted)
    for name, predicted in one.predicted.items():
        np.testing.assert_array_equal(predicted[scored], two.predicted[name][scored], err_msg=name)
    np.testing.assert_array_equal(one.sd[scored], two.sd[scored])


def test_blind_predictions_depend_on_no_later_figure(origin_folds) -> None:
    (before,) = origin_folds["rolling_origin_blind"]
    (after,) = rolling_origin(altered(lambda _area, t: t >= JANUARY), fit_anew)["rolling_origin_blind"]
    assert before.scored.sum() == 2 * 12
    assert not np.array_equal(before.truth[before.scored], after.truth[before.scored])
    _same(before, after, before.scored)


def test_as_used_predictions_depend_on_no_later_figure_of_a_district(origin_folds) -> None:
    (before,) = origin_folds["rolling_origin_as_used"]
    later = rolling_origin(altered(lambda area, t: area != "CITY" and t >= JANUARY), fit_anew)
    (after,) = later["rolling_origin_as_used"]
    _same(before, after, before.scored)


def test_as_used_predictions_do_follow_the_citys_figures(origin_folds) -> None:
    (before,) = origin_folds["rolling_origin_as_used"]
    later = rolling_origin(altered(lambda area, t: area == "CITY" and t >= JANUARY), fit_anew)
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
    hidden = altered(lambda _area, t: t in year)
    after = next(f for f in leave_one_year_out(hidden, fitted) if f.name == "2019")
    assert before.scored.sum() == 2 * 12
    _same(before, after, before.scored)


def test_districts_left_out_never_see_their_own_figures(fitted) -> None:
    before, after = (leave_districts_out(m, fitted) for m in (TRUE, altered(lambda area, _t: area == "A")))
    for name in (LEFT_OUT, CITY_PUBLIC):
        assert before[name][0].scored[0].all()
        assert not before[name][0].scored[1].any()
        _same(before[name][0], after[name][0], before[name][0].scored)


def test_districts_left_out_see_the_citys_figures_only_where_they_are_public(fitted) -> None:
    before, after = (leave_districts_out(m, fitted) for m in (TRUE, altered(lambda area, _t: area == "CITY")))
    _same(before[LEFT_OUT][0], after[LEFT_OUT][0], before[LEFT_OUT][0].scored)
    scored = before[CITY_PUBLIC][0].scored
    ours = [found[CITY_PUBLIC][0].predicted[OURS][scored] for found in (before, after)]
    assert (ours[1] > 1.5 * ours[0]).all()


def test_the_network_learns_from_no_figure() -> None:
    """So a district whose figures are withheld needs no network of its own."""
    everything = np.ones(len(TRUE.sums.values), dtype=bool)
    other = altered(lambda area, _t: area == "A")
    assert not np.array_equal(other.sums.values, TRUE.sums.values)
    assert _same_weights(other.request(everything, T).fit(), TRUE.request(everything, T).fit())


def _same_weights(one: Fitted, two: Fitted) -> bool:
    pairs = zip(one.ensemble.members, two.ensemble.members, strict=True)
    return all(torch.equal(a.weights[name], b.weights[name]) for a, b in pairs for name in a.weights)


@pytest.mark.parametrize(("areas", "folds", "groups"), [(1, 4, 0), (2, 4, 2), (8, 4, 8), (9, 4, 4), (60, 5, 5)])
def test_every_district_is_left_out_once(areas: int, folds: int, groups: int) -> None:
    evaluate = PARAMS.evaluate.model_copy(update={"district_folds": folds})
    samples = dataclasses.replace(SAMPLES, area_ids=tuple(map(str, range(areas))))
    params = PARAMS.model_copy(update={"evaluate": evaluate})
    found = list(groups_of(dataclasses.replace(TRUE, samples=samples, params=params)))
    assert len(found) == groups
    assert (np.sum(found, axis=0) == 1).all() or not groups, "a single district has nobody to learn from"


def test_rolling_origin_asks_the_other_networks_and_what_light_is_worth(origin_folds) -> None:
    assert {OURS, PLAIN, GONG2025, NO_LIGHT} < set(origin_folds["rolling_origin_blind"][0].predicted)


def test_the_citys_interval_is_asked_only_where_its_figures_are_withheld(origin_folds) -> None:
    (blind,), (used,) = origin_folds["rolling_origin_blind"], origin_folds["rolling_origin_as_used"]
    assert used.city is None
    assert blind.city.scored.sum() == 12
    assert np.isfinite(blind.city.sd[blind.city.scored]).all()
    assert blind.last_known == JANUARY - 1
    assert (blind.origin, blind.january) == (FIRST + JANUARY, FIRST + JANUARY)


def _sums_until(last: int) -> Sums:
    """Figures of districts up to a month."""
    sums = TRUE.sums
    keep = sums.end <= last
    parts = {name: getattr(sums, name)[keep] for name in ("G", "values", "area", "start", "end", "cumulative")}
    return dataclasses.replace(sums, **parts, published=tuple(np.array(sums.published, dtype=object)[keep]))


def test_origins_are_fixed_by_the_calendar() -> None:
    assert origins(TRUE) == [JANUARY]
    assert origins(dataclasses.replace(TRUE, sums=_sums_until(T - 1))) == [JANUARY]
    assert origins(dataclasses.replace(TRUE, sums=_sums_until(T - 2))) == []
    longer = dataclasses.replace(SAMPLES, months=tuple(FIRST + t for t in range(T + 10)))
    assert origins(dataclasses.replace(TRUE, samples=longer)) == [JANUARY]


def test_no_origin_lies_in_the_months_that_a_derived_urban_mask_has_seen() -> None:
    derived = dataclasses.replace(SAMPLES, urban_derived=True)
    assert JANUARY < URBAN_MONTHS
    assert origins(dataclasses.replace(TRUE, samples=derived)) == []


HORIZON = 6
SHORT = PARAMS.model_copy(update={"evaluate": PARAMS.evaluate.model_copy(update={"horizon_months": HORIZON})})
END = JANUARY + HORIZON


def test_predictions_depend_on_nothing_after_their_horizon() -> None:
    """Other light, clouds, openings and figures, the city's too, after the horizon's end: no model moves by a bit."""
    before = rolling_origin(dataclasses.replace(TRUE, params=SHORT), fit_anew)
    after = rolling_origin(altered(lambda _area, t: t >= END, END, SHORT), fit_anew)
    for name, (fold,) in before.items():
        assert fold.scored.sum() == 2 * HORIZON
        assert fold.scored.shape == (2, T)
        _same(fold, after[name][0], fold.scored)
        assert np.isnan(fold.predicted[OURS][:, END:]).all()


def test_training_depends_on_no_light_and_no_figure_after_the_origin() -> None:
    """The request is the same to the last bit, and so is the model: other months cannot enter."""
    changed = altered(lambda _area, t: t >= JANUARY, JANUARY)
    requests = [m.request(m.sums.end < JANUARY, JANUARY) for m in (TRUE, changed)]
    assert requests[0].key == requests[1].key
    assert _same_weights(requests[0].fit(), requests[1].fit())
    seen = altered(lambda _area, _t: False, JANUARY - 1)
    assert seen.request(seen.sums.end < JANUARY, JANUARY).key != requests[0].key


def test_features_of_a_month_depend_on_no_later_light() -> None:
    """Ours and the comparators': what is seen of months up to one is the same whatever is seen of later ones."""
    month = JANUARY + 3  # of the forecast: training ended before
    train = np.arange(T) < JANUARY
    normalisation = fit_normalisation(SAMPLES, train, 5)
    changed = other_light(month + 1)
    one, two = (build_panel(s, normalisation, PARAMS.sample.patch_px, 5) for s in (SAMPLES, changed))
    for name in ("dynamic", "around"):
        np.testing.assert_array_equal(getattr(one, name)[:, : month + 1], getattr(two, name)[:, : month + 1])
    nothing = np.full(T, np.nan)
    given = [
        compare_input(dataclasses.replace(TRUE, samples=s), TRUE.sums, nothing, JANUARY - 1) for s in (SAMPLES, changed)
    ]
    for name in ("features", "district_light"):
        np.testing.assert_array_equal(*(getattr(g, name)[:, : month + 1] for g in given))
    np.testing.assert_array_equal(*(learned._zonal(g)[:, : month + 1] for g in given))
