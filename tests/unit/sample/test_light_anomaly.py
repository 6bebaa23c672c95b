import dataclasses

import numpy as np
import pytest

from gvio.grid.tiles import Tile
from gvio.sample.anomaly import LOG_OFFSET, SeenAnomalies, added_light, log_light, training_mean


def light_of(log: np.ndarray) -> np.ndarray:
    """Radiance of this log light."""
    return (np.exp(log) - LOG_OFFSET).astype(np.float32)


def anomalies(log: np.ndarray, count: np.ndarray, mean: np.ndarray, sky: np.ndarray | None = None) -> SeenAnomalies:
    months = np.arange(len(log))
    return SeenAnomalies(light_of(log), count, months, mean, np.zeros((len(log), 2)) if sky is None else sky)


def test_log_light_is_finite_at_and_below_zero_and_keeps_nan_and_type() -> None:
    light = log_light(np.array([-0.4, 0.0, 0.7, np.nan], np.float32))
    np.testing.assert_allclose(light, [np.log(0.3), np.log(0.3), 0.0, np.nan], atol=1e-6)
    assert light.dtype == np.float32


def test_the_training_mean_weighs_by_observations_and_never_looks_at_other_months() -> None:
    light = light_of(np.array([1.0, 4.0, 50.0, np.nan]).reshape(4, 1, 1))
    n = np.array([3, 1, 50, 9]).reshape(4, 1, 1)
    mean = training_mean(light, n, np.array([0, 1, 3]))
    assert mean[0, 0] == pytest.approx((3 * 1 + 1 * 4) / 4)


def test_a_pixel_never_seen_in_training_has_no_mean_and_no_anomaly() -> None:
    x = np.array([[[np.nan, 1.0]], [[2.0, 3.0]]])
    n = np.ones((2, 1, 2), int)
    mean = training_mean(light_of(x), n, np.array([0]))
    np.testing.assert_allclose(mean, [[np.nan, 1.0]], rtol=1e-6)
    value, validity = anomalies(x, n, mean).at(np.arange(2))
    np.testing.assert_allclose(value, [[0, 0], [0, 2]], atol=1e-6)
    np.testing.assert_allclose(validity, [[0, 0.25], [0, 0.25]])


def test_validity_grows_with_observations_and_is_zero_without() -> None:
    x, n = np.zeros((3, 1, 1)), np.array([0, 3, 27]).reshape(3, 1, 1)
    value, validity = anomalies(x, n, np.zeros((1, 1))).at(np.array([0]))
    np.testing.assert_allclose(validity.ravel(), [0.0, 0.5, 0.9])
    assert (value.dtype, validity.dtype) == (np.float32, np.float32)


def test_the_sky_is_taken_off_what_was_seen_and_moves_the_dim_more() -> None:
    mean = np.array([[0.0, 3.0]])
    n = np.array([[[5, 5]], [[5, 0]]])
    sky = np.array([[0.2, 0.5], [0.2, 0.5]])
    log = np.broadcast_to(mean, n.shape) + sky[:, :1, None] + sky[:, 1:, None] * added_light(mean)
    value, _ = anomalies(log, n, mean, sky).at(np.arange(2))
    np.testing.assert_allclose(value, 0, atol=1e-5)
    raw, _ = anomalies(log, n, mean).at(np.arange(2))
    np.testing.assert_allclose(raw, [[0.35, 0.2 + 0.15 * np.exp(-3)], [0.35, 0]], rtol=1e-4)


def test_a_tile_is_what_its_pixels_are() -> None:
    rng = np.random.default_rng(0)
    log, mean = rng.normal(1, 0.3, (4, 5, 6)), rng.normal(1, 0.3, (5, 6))
    given = anomalies(log, rng.integers(0, 9, log.shape), mean, rng.normal(0, 0.1, (4, 2)))
    whole = [part.reshape(4, 5, 6) for part in given.at(np.arange(30))]
    tile = Tile(1, 4, 2, 6)
    for t, month in enumerate(given.of_tile(tile)):
        for got, expected in zip(month, whole, strict=True):
            np.testing.assert_array_equal(got, expected[(t, *tile.window)])


class Sliced:
    """An array of a store on disk: it gives a window of all months, and nothing else."""

    def __init__(self, values: np.ndarray) -> None:
        self.values, self.shape = values, values.shape

    def __getitem__(self, place: tuple[slice, slice, slice]) -> np.ndarray:
        months, rows, cols = place
        assert months == slice(None)
        assert (type(rows), type(cols)) == (slice, slice)
        return self.values[:, rows, cols]


def test_light_that_can_only_be_read_window_by_window_is_the_same() -> None:
    rng = np.random.default_rng(1)
    light = rng.lognormal(1, 0.3, (3, 400, 390)).astype(np.float32)  # more than one tile
    count, months = rng.integers(0, 9, light.shape), np.array([0, 2])
    pixels = np.sort(rng.choice(400 * 390, 50, replace=False))
    mean = training_mean(light, count, months)
    np.testing.assert_array_equal(training_mean(Sliced(light), Sliced(count), months), mean)
    there = SeenAnomalies(light, count, months, mean, np.zeros((2, 2)))
    read = dataclasses.replace(there, radiance=Sliced(light), observations=Sliced(count))
    for one, two in zip(there.at(pixels), read.at(pixels), strict=True):
        np.testing.assert_array_equal(one, two)
