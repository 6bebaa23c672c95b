"""Tiles: they cover a region once, and how light is cut changes no byte of what is made of it."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest

from gvio.grid.tiles import Tile, tiles_of
from gvio.sample import surroundings as module
from gvio.sample.anomaly import SeenAnomalies, training_mean
from gvio.sample.rings import away_from
from gvio.sample.surroundings import Surroundings, city_means, surroundings

SHAPE, T = (70, 90), 3


@pytest.mark.parametrize("shape", [(1, 1), (240, 360), (359, 361), (70, 1000)])
def test_tiles_cover_every_pixel_once(shape: tuple[int, int]) -> None:
    count = np.zeros(shape, int)
    for tile in tiles_of(shape):
        count[tile.window] += 1
        assert max(tile.bottom - tile.top, tile.right - tile.left) <= 360
    assert (count == 1).all()


def test_a_grown_tile_ends_where_the_grid_does() -> None:
    assert Tile(0, 10, 20, 30).grown(5, (12, 40)) == Tile(0, 12, 15, 35)


def test_members_are_the_pixels_inside() -> None:
    pixels = np.array([0, 11, 12, 25, 39])
    assert Tile(1, 3, 1, 4).members(pixels, 10).tolist() == [1, 2]


@pytest.fixture(scope="module")
def lit() -> SeenAnomalies:
    rng = np.random.default_rng(1)
    radiance = rng.lognormal(1, 0.5, (T, *SHAPE)).astype(np.float32)
    count = rng.integers(0, 6, radiance.shape).astype(np.uint16)
    months = np.arange(T)
    mean = training_mean(radiance, count, months)
    return SeenAnomalies(radiance, count, months, mean, rng.normal(0, 0.1, (T, 2)))


def seen_of(anomalies: SeenAnomalies, away: np.ndarray, pixels: np.ndarray) -> Surroundings:
    return surroundings(anomalies, away, city_means(anomalies, away), pixels)


def test_which_pixels_are_asked_for_and_what_lies_outside_a_tiles_reach_changes_nothing(
    lit: SeenAnomalies, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tile knows its own light and as much round it as a ring reaches; whoever asks for more pixels gets the same."""
    monkeypatch.setattr(module, "tiles_of", lambda shape: tiles_of(shape, 30))
    away = away_from(np.array([10, 50]), np.array([20, 70]), SHAPE)
    every = np.arange(SHAPE[0] * SHAPE[1])
    whole = seen_of(lit, away, every)
    some = every[np.random.default_rng(2).random(len(every)) < 0.1]
    few = seen_of(lit, away, some)
    np.testing.assert_array_equal(few.rings, whole.rings[..., some])
    np.testing.assert_array_equal(few.city, whole.city)
    seen = list[Tile]()

    class Watched(SeenAnomalies):
        def of_tile(self, tile: Tile) -> Iterator[tuple[np.ndarray, np.ndarray]]:
            seen.append(tile)
            return super().of_tile(tile)

    watched = Watched(**{field.name: getattr(lit, field.name) for field in dataclasses.fields(lit)})
    seen_of(watched, away, np.array([0]))
    assert seen[-1] == Tile(0, 30 + 5 + 18, 0, 30 + 18), "only the tile of the pixel, and what its rings reach"


def test_a_region_in_tiles_is_the_region_in_one_piece_up_to_rounding(
    lit: SeenAnomalies, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = away_from(np.array([10, 50]), np.array([20, 70]), SHAPE)
    every = np.arange(SHAPE[0] * SHAPE[1])
    one = seen_of(lit, away, every)
    monkeypatch.setattr(module, "tiles_of", lambda shape: tiles_of(shape, 30))
    many = seen_of(lit, away, every)
    np.testing.assert_allclose(many.city, one.city, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(many.rings, one.rings, rtol=1e-4, atol=1e-5)
