"""Placebos: what is shuffled, what stays, and that light without information is asked the same question."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from evaluate_region import JANUARY, PARAMS, SAMPLES, TRUE, T, altered, ledger, material

from gvio.evaluate.fit_request import fit_anew
from gvio.evaluate.placebo import placebo_gains
from gvio.evaluate.shuffles import shuffle_factories, shuffle_months
from gvio.sample.samples import Samples
from gvio.scoreboard.names import TRUE as AS_IT_IS
from gvio.train.fit import estimate, fit_model

pytestmark = pytest.mark.usefixtures("one_thread")


def test_months_move_whole():
    moved = shuffle_months(SAMPLES, np.random.default_rng(0))
    order = [next(t for t in range(T) if (SAMPLES.radiance[t] == image).all()) for image in moved.radiance]
    assert sorted(order) == list(range(T))
    assert order != list(range(T))
    for name, axis in (
        ("statistics", 1),
        ("city_statistics", 0),
        ("region_light", 0),
        ("light", 2),
        ("observations", 0),
    ):
        np.testing.assert_array_equal(getattr(moved, name), np.take(getattr(SAMPLES, name), order, axis=axis))
    assert moved.active is SAMPLES.active


def test_factories_keep_their_district_and_lose_their_light():
    moved = shuffle_factories(SAMPLES, np.random.default_rng(1))
    np.testing.assert_array_equal(moved.district, SAMPLES.district)
    assert sorted(zip(moved.row, moved.col, strict=True)) == sorted(zip(SAMPLES.row, SAMPLES.col, strict=True))
    assert not (moved.row == SAMPLES.row).all()
    for d in range(len(SAMPLES.area_ids)):  # no district keeps its own statistics
        assert not np.array_equal(moved.statistics[d], SAMPLES.statistics[d])


def test_without_light_only_figures_speak():
    """Whatever the network learned, a region nobody looked at gets the same estimate as one with other light."""
    fitted = fit_model(SAMPLES, TRUE.sums, T, TRUE.params.model, TRUE.params.sample.patch_px)
    dark = estimate(fitted, SAMPLES, TRUE.sums, dark=True).mean
    other = estimate(fitted, shuffle_months(SAMPLES, np.random.default_rng(2)), TRUE.sums, dark=True).mean
    np.testing.assert_array_equal(dark, other)
    np.testing.assert_array_equal(dark, estimate(fitted, never_seen(SAMPLES), TRUE.sums).mean)


def never_seen(samples: Samples) -> Samples:
    """The same region in which every image of every month is a gap."""
    seen = ("radiance", "statistics", "city_statistics", "region_light")
    gaps = {name: np.full_like(getattr(samples, name), np.nan) for name in seen}
    return dataclasses.replace(samples, **gaps, observations=np.zeros_like(samples.observations))


def test_gains_are_measured_at_an_origin():
    asked = []

    def fit(request):
        asked.append(request.key)
        return request.fit()

    found = placebo_gains(TRUE, fit)
    assert found.origin == str(SAMPLES.months[JANUARY])
    assert len(set(asked)) == 3
    assert asked[0] == TRUE.request(TRUE.sums.end < JANUARY, JANUARY).key, "the model of the rolling origin"
    assert set(found.gain) == set(found.p_value) == {AS_IT_IS, "months", "factories"}
    assert all(np.isfinite(value) and value <= 1 for value in found.gain.values())


HORIZON = 6
SHORT = PARAMS.model_copy(update={"evaluate": PARAMS.evaluate.model_copy(update={"horizon_months": HORIZON})})


@pytest.mark.slow
def test_nothing_after_the_horizon_is_shuffled_into_a_placebo():
    """Neither light nor figures of later months: gains and tests stay what they were, to the last bit."""
    end = JANUARY + HORIZON
    one = placebo_gains(dataclasses.replace(TRUE, params=SHORT), fit_anew)
    assert one == placebo_gains(altered(lambda _area, t: t >= end, end, SHORT), fit_anew)


def test_one_more_month_is_another_placebo_and_never_the_fit_of_the_old_one():
    """While the horizon is not over, a new month changes what is shuffled; the light as it is stays the same fit."""
    later = PARAMS.model_copy(update={"evaluate": PARAMS.evaluate.model_copy(update={"horizon_months": 24})})
    keys = []
    for n_months in (T - 1, T):
        known = material(ledger(), params=later).until(n_months)
        train = known.sums.end < JANUARY
        shuffled = shuffle_months(known.samples, np.random.default_rng(0))
        keys.append([known.request(train, JANUARY, samples=s).key for s in (known.samples, shuffled)])
    assert keys[0][0] == keys[1][0]
    assert keys[0][1] != keys[1][1]


def test_a_short_series_has_no_placebo():
    short = dataclasses.replace(
        TRUE,
        params=TRUE.params.model_copy(
            update={"evaluate": TRUE.params.evaluate.model_copy(update={"min_train_months": 24})}
        ),
    )
    assert placebo_gains(short, fit_anew) is None
