"""The light that is watched: away from factories, whole under clouds, districts against what all share."""

from __future__ import annotations

import numpy as np
import pytest

from gvio.drift.light import LightSeries, light_series

T, SIDE, D = 48, 24, 4
OWNER = np.repeat(np.arange(D), SIDE // D)[:, None] * np.ones((1, SIDE), dtype=int)
ROWS, COLS = np.array([2, 8, 14, 20]), np.array([12, 12, 12, 12])


def region() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(2)
    ground = rng.lognormal(2, 0.5, (SIDE, SIDE))
    return np.repeat(ground[None], T, axis=0).astype(np.float32), np.full((T, SIDE, SIDE), 9, np.uint16)


def watched(radiance: np.ndarray, observations: np.ndarray) -> LightSeries:
    return light_series(radiance, observations, OWNER.astype(np.int64), ROWS, COLS, D)


def test_output_is_no_drift_of_light() -> None:
    radiance, observations = region()
    for row, col in zip(ROWS, COLS, strict=True):
        radiance[20:, row - 1 : row + 2, col - 1 : col + 2] *= 3  # factories bloom
    found = watched(radiance, observations)
    np.testing.assert_allclose(found.city, 0, atol=1e-6)
    np.testing.assert_allclose(found.districts, 0, atol=1e-6)


def test_clouds_take_no_light_away() -> None:
    radiance, observations = region()
    hidden = np.random.default_rng(3).random(radiance.shape) < 0.4
    radiance[hidden] = np.nan
    np.testing.assert_allclose(watched(radiance, observations).districts, 0, atol=1e-6)
    radiance[7, OWNER == 1] = np.nan
    assert np.isnan(watched(radiance, observations).districts[1, 7])


def test_a_gain_is_the_citys_and_lamps_are_the_districts() -> None:
    radiance, observations = region()
    radiance[30:] *= 1.1
    found = watched(radiance, observations)
    assert np.diff(found.city[0])[29] == pytest.approx(np.log(1.1), abs=1e-6)
    np.testing.assert_allclose(found.districts, 0, atol=1e-6)
    radiance[40:, OWNER == 2] *= 0.8
    steps = np.diff(watched(radiance, observations).districts, axis=1)[:, 39]
    np.testing.assert_allclose(steps, np.log(0.8) * (np.arange(D) == 2), atol=1e-6)


def test_counts_are_watched_as_light_is() -> None:
    radiance, observations = region()
    observations[10:] = 4
    observations[20:, OWNER == 3] = 1
    found = watched(radiance, observations)
    assert np.diff(found.city_counts[0])[9] == pytest.approx(np.log(4.5 / 9.5))
    assert np.flatnonzero(np.abs(np.diff(found.counts, axis=1)) > 0.1).tolist() == [3 * (T - 1) + 19]


def test_months_without_light_are_unknown() -> None:
    radiance, observations = region()
    radiance[5], observations[5] = np.nan, 0
    found = watched(radiance, observations)
    for part in (found.city, found.districts, found.city_counts, found.counts):
        assert np.isnan(part[:, 5]).all()
        assert np.isfinite(np.delete(part, 5, axis=1)).all()


def test_of_two_districts_none_is_against_the_others() -> None:
    radiance, observations = region()
    two = light_series(radiance, observations, (OWNER > 1).astype(np.int64), ROWS, COLS, 2)
    assert np.isnan(two.districts).all()
    assert np.isfinite(two.city).all()
