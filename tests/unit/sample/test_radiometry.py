"""What happens on the way to the sensor is told from pixels away from factories, and as far as these share in it."""

import numpy as np
import pytest

from gvio.sample.anomaly import LOG_OFFSET
from gvio.sample.radiometry import fast_part, radiometric_change, shared_part, sky_at, sky_pixels

T, SHAPE = 40, (30, 30)
RNG = np.random.default_rng(0)
RADIANCE = RNG.lognormal(1.0, 1.0, SHAPE)
MEAN = np.log(RADIANCE + LOG_OFFSET)
SEEN = np.full((T, *SHAPE), 0.8, np.float32)
EVERYWHERE = np.ones(SHAPE, bool)
ONE = ["a"] * T  # processing, always the same


def monthly(seed: int, size: float) -> np.ndarray:
    """(T, 1, 1) monthly values without a slow part."""
    return size * np.random.default_rng(seed).standard_normal((T, 1, 1))


def sky_of(change: np.ndarray, seen: np.ndarray, mean: np.ndarray, away: np.ndarray) -> np.ndarray:
    """(T, y, x) what sky and sensor do."""
    pixels = sky_pixels(mean, away)
    at = (part.reshape(len(part), -1)[:, pixels] for part in (change, seen))
    return sky_at(radiometric_change(*at, mean.ravel()[pixels], ONE), mean)


def test_a_gain_moves_all_pixels_alike():
    gain = monthly(1, 0.1)
    change = gain + 0.02 * RNG.standard_normal((T, *SHAPE))
    found = sky_of(change, SEEN, MEAN, EVERYWHERE)
    expected = fast_part(gain[:, :, 0], ONE)[:, :, None]
    np.testing.assert_allclose(found - found[0], np.broadcast_to(expected - expected[0], found.shape), atol=0.01)


def test_added_light_moves_the_dim_more():
    added = np.abs(monthly(2, 0.1))
    change = np.log(RADIANCE + LOG_OFFSET + added) - MEAN
    left = change - sky_of(change, SEEN, MEAN, EVERYWHERE)
    dim = np.quantile(RADIANCE, 0.2) > RADIANCE
    assert np.diff(left, axis=0)[:, dim].std() < 0.4 * np.diff(change, axis=0)[:, dim].std()
    assert np.diff(left, axis=0)[:, ~dim].std() < 0.4 * np.diff(change, axis=0)[:, ~dim].std()


def test_factories_and_pixels_never_seen_have_no_say():
    away = EVERYWHERE.copy()
    away[5, 5] = False
    mean = MEAN.copy()
    mean[7, 7] = np.nan
    change = np.broadcast_to(monthly(3, 0.1), SEEN.shape).copy()
    loud = change.copy()
    loud[:, 5, 5] += 50
    loud[:, 7, 7] += 50
    one, two = (sky_of(each, SEEN, mean, away) for each in (change, loud))
    np.testing.assert_array_equal(one, two)
    assert np.isfinite(one).all()


def test_a_month_that_was_not_seen_has_no_sky():
    seen, change = SEEN.copy(), np.broadcast_to(monthly(4, 0.1), SEEN.shape).copy()
    seen[9], change[9] = 0, 0
    assert not sky_of(change, seen, MEAN, EVERYWHERE)[9].any()


def test_what_grows_over_years_is_not_the_sky():
    years = np.arange(60)[:, None] / 12
    season = 0.2 * np.sin(2 * np.pi * years)
    np.testing.assert_allclose(fast_part(season, ["a"] * 60), season, atol=1e-12)
    grown = fast_part(0.05 * years, ["a"] * 60)
    np.testing.assert_allclose(grown[:12], 0.05 * years[:12], atol=1e-12)
    np.testing.assert_allclose(grown[12:, 0], grown[11, 0], atol=1e-12)


def test_no_later_month_counts_for_the_slow_part():
    found = np.random.default_rng(5).standard_normal((40, 2))
    np.testing.assert_allclose(fast_part(found[:25], ONE[:25]), fast_part(found, ONE)[:25], atol=1e-12)


@pytest.mark.parametrize("shared", [0.0, 0.5, 1.0])
def test_how_far_factories_share_in_the_sky_is_found(shared: float):
    rng, n = np.random.default_rng(6), 50
    share, sky = rng.uniform(0.3, 0.9, n), np.repeat(0.1 * rng.standard_normal((T, 1)), n, axis=1)
    clutter = 0.05 * rng.standard_normal((T, n))
    change = (1 - share) * (sky + clutter) + share * shared * sky + 0.03 * rng.standard_normal((T, n))
    assert shared_part(change, np.full((T, n), 0.8), sky, share) == pytest.approx(shared, abs=0.12)


def test_without_a_sky_factories_share_in_nothing():
    nothing = np.zeros((T, 5))
    assert shared_part(nothing, np.ones((T, 5)), nothing, np.full(5, 0.5)) == 0.0


def test_the_step_between_two_regimes_is_the_sensor_s():
    step = np.where(np.arange(60)[:, None] >= 30, 0.1, 0.0)
    regimes = ["a"] * 29 + [""] + ["b"] * 30
    np.testing.assert_allclose(fast_part(step, regimes), step, atol=1e-12)
    assert np.abs(fast_part(step, ["a"] * 60)[42:]).max() < 1e-12, "unrecorded it is taken for streets within a year"


def test_growth_goes_on_over_a_change_of_regime():
    grown = 0.05 * np.arange(60)[:, None] / 12
    fast = fast_part(grown, ["a"] * 30 + ["b"] * 30)
    np.testing.assert_allclose(np.diff(fast[41:, 0]), 0, atol=1e-12)


def test_the_dim_are_not_read_where_there_are_brighter_ones():
    """Their light grows by less than its reciprocal says; the rest would be read as a gain."""
    away = EVERYWHERE.copy()
    bright = np.median(RADIANCE) < RADIANCE
    away[bright & (RNG.random(SHAPE) < 0.3)] = False
    change = np.broadcast_to(monthly(7, 0.1), SEEN.shape).copy()
    wild = np.where(np.quantile(RADIANCE, 0.3) > RADIANCE, 9.0, change)
    one, two = (sky_of(each, SEEN, MEAN, away) for each in (change, wild))
    np.testing.assert_array_equal(one, two)
