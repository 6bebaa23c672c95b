"""What a protocol withholds cannot move its prediction by a bit: hidden figures are altered and nothing may change."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from evaluate_region import FIRST, JANUARY, PARAMS, SAMPLES, TRUE, T, altered, make

from gvio.evaluate.blocks import seen_pixels
from gvio.evaluate.districts import blocks_of, hide, leave_districts_out
from gvio.evaluate.protocols import leave_one_year_out, origins, rolling_origin
from gvio.ledger.sums import Sums
from gvio.scoreboard.names import CITY_PUBLIC, GONG2025, LEFT_OUT, NO_LIGHT, OURS, PLAIN
from gvio.train.fit import Fitted, fit_model
from gvio.types import BoolArray

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit_model(SAMPLES, TRUE.sums, T, PARAMS.model, PARAMS.sample.patch_px)


@pytest.fixture(scope="module")
def origin_folds():
    return rolling_origin(TRUE, make)


def _same(one, two, scored: BoolArray) -> None:
    assert set(one.predicted) == set(two.predicted)
    for name, predicted in one.predicted.items():
        np.testing.assert_array_equal(predicted[scored], two.predicted[name][scored], err_msg=name)
    np.testing.assert_array_equal(one.sd[scored], two.sd[scored])


def test_blind_predictions_depend_on_no_later_figure(origin_folds) -> None:
    (before,) = origin_folds["rolling_origin_blind"]
    (after,) = rolling_origin(altered(lambda _area, t: t >= JANUARY), make)["rolling_origin_blind"]
    assert before.scored.sum() == 2 * 12
    assert not np.array_equal(before.truth[before.scored], after.truth[before.scored])
    _same(before, after, before.scored)


def test_as_used_predictions_depend_on_no_later_figure_of_a_district(origin_folds) -> None:
    (before,) = origin_folds["rolling_origin_as_used"]
    later = rolling_origin(altered(lambda area, t: area != "CITY" and t >= JANUARY), make)
    (after,) = later["rolling_origin_as_used"]
    _same(before, after, before.scored)


def test_as_used_predictions_do_follow_the_citys_figures(origin_folds) -> None:
    (before,) = origin_folds["rolling_origin_as_used"]
    later = rolling_origin(altered(lambda area, t: area == "CITY" and t >= JANUARY), make)
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
    hyper = fitted.ensemble.hyper
    before, after = (leave_districts_out(m, make, hyper) for m in (TRUE, altered(lambda area, _t: area == "A")))
    for name in (LEFT_OUT, CITY_PUBLIC):
        assert before[name][0].scored[0].all()
        assert not before[name][0].scored[1].any()
        _same(before[name][0], after[name][0], before[name][0].scored)


def test_districts_left_out_see_the_citys_figures_only_where_they_are_public(fitted) -> None:
    hyper = fitted.ensemble.hyper
    before, after = (leave_districts_out(m, make, hyper) for m in (TRUE, altered(lambda area, _t: area == "CITY")))
    _same(before[LEFT_OUT][0], after[LEFT_OUT][0], before[LEFT_OUT][0].scored)
    scored = before[CITY_PUBLIC][0].scored
    ours = [found[CITY_PUBLIC][0].predicted[OURS][scored] for found in (before, after)]
    assert (ours[1] > 1.5 * ours[0]).all()


def test_districts_left_out_are_hidden_with_all_their_factories_see() -> None:
    for d, block in enumerate(blocks_of(TRUE)):
        assert block.hidden[SAMPLES.row[SAMPLES.district == d], SAMPLES.col[SAMPLES.district == d]].all()


def test_training_never_sees_hidden_pixels() -> None:
    """Other light at hidden pixels leaves the weights as they were; other light beside them does not."""
    own = SAMPLES.district == 0
    hidden = seen_pixels(SAMPLES.row[own], SAMPLES.col[own], SAMPLES.owner.shape, 2)
    flare = np.random.default_rng(0).lognormal(1, 1, SAMPLES.radiance.shape).astype(np.float32)
    inside, outside = (np.where(where, flare, SAMPLES.radiance) for where in (hidden, ~hidden))
    first, second, third = (
        fit_model(
            hide(dataclasses.replace(SAMPLES, radiance=light), hidden),
            TRUE.sums,
            T,
            PARAMS.model,
            PARAMS.sample.patch_px,
        )
        for light in (SAMPLES.radiance, inside, outside)
    )
    assert _same_weights(first, second)
    assert not _same_weights(first, third)


def _same_weights(one: Fitted, two: Fitted) -> bool:
    pairs = zip(one.ensemble.members, two.ensemble.members, strict=True)
    return all(torch.equal(a.weights[name], b.weights[name]) for a, b in pairs for name in a.weights)


def test_rolling_origin_asks_the_other_networks_and_what_light_is_worth(origin_folds) -> None:
    assert {OURS, PLAIN, GONG2025, NO_LIGHT} < set(origin_folds["rolling_origin_blind"][0].predicted)


def test_the_citys_interval_is_asked_only_where_its_figures_are_withheld(origin_folds) -> None:
    (blind,), (used,) = origin_folds["rolling_origin_blind"], origin_folds["rolling_origin_as_used"]
    assert used.city is None
    assert blind.city.scored.sum() == 12
    assert np.isfinite(blind.city.sd[blind.city.scored]).all()
    assert blind.origin == JANUARY - 1


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
