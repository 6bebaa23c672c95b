"""Origins between Januaries: one model, more figures; a figure after an origin changes no forecast and no factor."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from evaluate_region import AREAS, JANUARY, PARAMS, SAMPLES, TRUE, T, altered

from gvio.evaluate.interval_calibration import learn_table, residuals_of
from gvio.evaluate.later_origins import STEP, later_origins
from gvio.evaluate.protocols import rolling_origin
from gvio.scoreboard.names import AS_USED, BLIND, OURS
from gvio.train.fit import Fitted, fit_model

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    seen = TRUE.sums.end < JANUARY
    assert seen.any()
    return fit_model(SAMPLES, TRUE.sums, JANUARY, PARAMS.model, PARAMS.sample.patch_px)


def found(material, fitted, **options):
    return later_origins(material, lambda _request: fitted, **options)


def test_origins_lie_between_januaries_and_end_with_the_figures(fitted) -> None:
    folds = found(TRUE, fitted)
    names = [f"2020-01+{k}" for k in (STEP, 2 * STEP)]
    assert [fold.name for fold in folds[AS_USED]] == names
    assert [fold.name for fold in folds[BLIND]] == names
    for k, fold in zip((STEP, 2 * STEP), folds[BLIND], strict=True):
        assert np.flatnonzero(fold.scored.any(axis=0)).tolist() == list(range(JANUARY + k, T))
        assert fold.city is not None
        assert fold.city.scored.sum() == T - JANUARY - k
    assert all(fold.city is None for fold in folds[AS_USED])
    assert [f.name for f in found(TRUE, fitted, first=0)[AS_USED]] == ["2020-01+0", *names]


def test_a_series_without_a_january_to_begin_at_has_no_later_origins(fitted) -> None:
    strict = PARAMS.model_copy(update={"evaluate": PARAMS.evaluate.model_copy(update={"min_train_months": 26})})
    assert found(dataclasses.replace(TRUE, params=strict), fitted) == {AS_USED: [], BLIND: []}


def test_the_same_model_is_asked_for_as_by_the_rolling_origin(fitted) -> None:
    """So that a cache has it, though the rolling origin works on a series that is cut at its horizon."""
    asked = {later_origins: [], rolling_origin: []}
    for protocol, keys in asked.items():

        def fit(request, keys=keys):
            keys.append((request.key, request.trained))
            return fitted if request.statistics else request.fit()

        protocol(dataclasses.replace(TRUE, params=SHORT), fit)
    assert asked[later_origins] == asked[rolling_origin][:1]
    assert asked[later_origins][0][1] == SAMPLES.months[JANUARY - 1]


def test_a_fold_says_its_origin_and_its_january(fitted) -> None:
    fold = found(TRUE, fitted)[BLIND][0]
    assert (str(fold.origin), str(fold.january)) == (f"2020-{1 + STEP:02d}", "2020-01")
    assert fold.last_known == JANUARY + STEP - 1


HORIZON = 6
SHORT = PARAMS.model_copy(update={"evaluate": PARAMS.evaluate.model_copy(update={"horizon_months": HORIZON})})


def test_forecasts_depend_on_nothing_after_their_horizon(fitted) -> None:
    end = JANUARY + STEP + HORIZON
    before = found(dataclasses.replace(TRUE, params=SHORT), fitted)
    after = found(altered(lambda _area, t: t >= end, end, SHORT), fitted)
    for protocol in (AS_USED, BLIND):
        one, two = before[protocol][0], after[protocol][0]
        assert one.scored.sum() == 2 * HORIZON
        np.testing.assert_array_equal(one.predicted[OURS][one.scored], two.predicted[OURS][one.scored])
        np.testing.assert_array_equal(one.sd[one.scored], two.sd[one.scored])
    np.testing.assert_array_equal(before[BLIND][0].city.predicted, after[BLIND][0].city.predicted)


def test_forecasts_depend_on_no_figure_after_their_origin(fitted) -> None:
    first = JANUARY + STEP
    before = found(TRUE, fitted)
    after = found(altered(lambda _area, t: t >= first), fitted)
    districts_only = found(altered(lambda area, t: area in AREAS and t >= first), fitted)
    for protocol, other in ((BLIND, after), (AS_USED, districts_only)):
        one, two = before[protocol][0], other[protocol][0]
        np.testing.assert_array_equal(one.predicted[OURS][one.scored], two.predicted[OURS][one.scored])
        np.testing.assert_array_equal(one.sd[one.scored], two.sd[one.scored])
        assert not np.array_equal(one.truth[one.scored], two.truth[one.scored])


def test_a_figure_after_a_day_cannot_change_the_factors_of_that_day(fitted) -> None:
    """Factors as of August 2020: figures from August on may say what they like."""
    day = JANUARY + 7
    tables = []
    for material in (TRUE, altered(lambda area, t: area in AREAS and t >= day)):
        residuals = residuals_of(found(material, fitted, first=0))
        known = residuals.take(residuals.end < day)
        tables.append(learn_table(known))
        assert (known.end < day).all()
    assert tables[0] is not None
    assert tables[0] == tables[1]
    residuals = residuals_of(found(altered(lambda area, t: area in AREAS and t >= day), fitted, first=0))
    assert learn_table(residuals) != tables[0]
