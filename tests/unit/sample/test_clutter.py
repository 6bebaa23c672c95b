"""Clutter is learned away from factories and taken off at them, as far as their pixels show it."""

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
from scipy import ndimage

from gvio.grid.tiles import Tile
from gvio.sample.clutter import Clutter, expected_share, fit_clutter, ring_weights, without_clutter
from gvio.sample.rings import away_from, like_factories
from gvio.sample.surroundings import Surroundings, city_means, surroundings

T, SIDE = 60, 40
ROWS, COLS = np.array([10, 10, 25, 30]), np.array([10, 11, 28, 12])
AWAY = away_from(ROWS, COLS, (SIDE, SIDE))
SEEN = np.full((T, SIDE, SIDE), 0.8, np.float32)
MEAN = np.full((SIDE, SIDE), 2.0)
EVERYWHERE = np.arange(SIDE * SIDE)


@dataclasses.dataclass(frozen=True)
class Given:
    """Anomalies that are there: (T, y, x)."""

    change: np.ndarray
    validity: np.ndarray

    @property
    def shape(self) -> tuple[int, int, int]:
        return self.change.shape

    def of_tile(self, tile: Tile) -> Iterator[tuple[np.ndarray, np.ndarray]]:
        for change, validity in zip(self.change, self.validity, strict=True):
            yield change[tile.window].astype(np.float32), validity[tile.window]

    def at(self, pixels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        change, validity = (part.reshape(len(part), -1)[:, pixels] for part in (self.change, self.validity))
        return change.astype(np.float32), validity


def everywhere(change: np.ndarray, validity: np.ndarray, away: np.ndarray = AWAY) -> np.ndarray:
    """(1 + R, T, y, x) surroundings of all pixels."""
    given = Given(change, validity)
    found = surroundings(given, away, city_means(given, away), EVERYWHERE)
    city = np.broadcast_to(found.city[None, :, None], (1, *found.rings.shape[1:]))
    return np.concatenate([city, found.rings]).reshape(-1, *change.shape)


def learned(
    change: np.ndarray, seen: np.ndarray = SEEN, mean: np.ndarray = MEAN, away: np.ndarray = AWAY
) -> tuple[Clutter, Surroundings]:
    """Clutter of all pixels, its images (y, x), and the surroundings it was learned from."""
    given = Given(change, seen)
    around = surroundings(given, away, city_means(given, away), EVERYWHERE)
    examples = like_factories(mean, away, mean[ROWS, COLS])
    rings = ring_weights(*given.at(examples), around.of(examples))
    clutter = fit_clutter(*given.at(EVERYWHERE), around, rings, expected_share(mean, away).ravel())
    return clutter, around


def left_over(change: np.ndarray, clutter: Clutter, around: Surroundings) -> np.ndarray:
    flat = change.reshape(len(change), -1).astype(np.float32)
    return without_clutter(flat, clutter, around).reshape(change.shape)


def image(values: np.ndarray) -> np.ndarray:
    return values.reshape(SIDE, SIDE)


def field(seed: int, width: float) -> np.ndarray:
    """(T, y, x) smooth clutter of standard deviation 0.2."""
    rng = np.random.default_rng(seed)
    smooth = ndimage.gaussian_filter(rng.standard_normal((T, SIDE, SIDE)), (0, width, width), mode="wrap")
    return 0.2 * smooth / smooth.std()


def city(seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.broadcast_to(0.2 * rng.standard_normal((T, 1, 1)), (T, SIDE, SIDE))


def noise(seed: int, size: float = 0.02) -> np.ndarray:
    return size * np.random.default_rng(seed).standard_normal((T, SIDE, SIDE))


def at_factories(values: np.ndarray) -> np.ndarray:
    return values[..., ROWS, COLS]


def test_pixels_that_a_factory_blooms_into_are_not_away():
    assert not AWAY[ROWS, COLS].any()
    assert not AWAY[10, 8]
    assert not AWAY[12, 10]
    assert AWAY[10, 7]
    assert AWAY.sum() > SIDE**2 - 4 * 13


def test_a_pixel_does_not_count_for_itself_nor_do_its_neighbours():
    y, x = np.mgrid[:SIDE, :SIDE]
    near = (y - 20) ** 2 + (x - 20) ** 2 <= 4
    around = everywhere(near[None].astype(np.float32), SEEN[:1])
    assert around[2, 0, 20, 20] < 0.02, "what little there is comes from the city, a fifth of a percent"
    assert around[2, 0, 20, 24] > 0.05


@pytest.mark.parametrize("seen", [0.8, 0.05])
def test_rings_are_means_over_what_was_seen_away_from_factories(seen: float):
    validity = np.full((1, SIDE, SIDE), seen, np.float32)
    around = everywhere(np.full((1, SIDE, SIDE), 0.3, np.float32), validity)
    np.testing.assert_allclose(around, 0.3, rtol=1e-5)
    lit = np.where(AWAY, 0.3, 99.0)[None]
    np.testing.assert_allclose(everywhere(lit, validity), 0.3, rtol=1e-4, err_msg="factories have no say")


def test_a_month_without_light_has_no_surroundings():
    assert not everywhere(np.zeros((2, SIDE, SIDE)), np.zeros((2, SIDE, SIDE))).any()


def test_local_clutter_is_expected_from_the_ring_and_a_citys_from_all():
    local, _ = learned(field(0, 5.0) + noise(1))
    assert local.rings[0] < 0.1 < 0.7 < local.rings[-1]
    common, _ = learned(city(0) + noise(1, 0.3))
    assert common.rings.sum() == pytest.approx(1.0, abs=0.15)
    assert common.rings[0] > 0.6, "where pixels are noisy and move together, all of them tell best"


def test_most_of_the_clutter_at_factories_goes_and_the_factories_signal_stays():
    signal = 0.1 * np.sin(np.arange(T) / 5.0)
    change = field(2, 5.0) + noise(3)
    change[:, ROWS, COLS] += signal[:, None]
    left = at_factories(left_over(change, *learned(change))) - signal[:, None]
    assert left.std() < 0.5 * at_factories(field(2, 5.0)).std()


def test_a_pixel_that_is_mostly_factory_shows_little_of_the_surroundings():
    change = field(4, 6.0) + noise(5)
    shows = np.array([1.0, 1.0, 0.2, 0.2])
    change[:, ROWS, COLS] = shows * at_factories(field(4, 6.0)) + at_factories(noise(5))
    background = image(learned(change)[0].background)[ROWS, COLS]
    np.testing.assert_allclose(background, shows, atol=0.25)


def test_where_steps_say_nothing_brightness_says_what_the_background_is():
    mean = MEAN.copy()
    mean[ROWS[2], COLS[2]] = 2.0 + np.log(4.0)
    background = image(learned(np.zeros_like(SEEN), mean=mean)[0].background)
    assert background[ROWS[2], COLS[2]] == pytest.approx(0.25, rel=0.01)
    assert background[20, 20] == pytest.approx(1.0, rel=0.01)


def test_the_spread_is_of_one_month_about_its_surroundings():
    clutter, _ = learned(city(6) + noise(7, 0.1))
    assert np.median(clutter.spread) == pytest.approx(0.114, rel=0.1)


def test_trends_that_agree_by_chance_do_not_make_a_background():
    trend = np.linspace(-0.5, 0.5, T)[:, None, None]
    change = np.broadcast_to(trend, (T, SIDE, SIDE)) + city(8) + noise(9)
    change = change.copy()
    change[:, ROWS, COLS] = at_factories(np.broadcast_to(trend, change.shape)) + at_factories(noise(9))
    assert (image(learned(change)[0].background)[ROWS, COLS] < 0.3).all()


@pytest.mark.parametrize("validity", [0.0, 0.8])
def test_light_never_seen_or_that_never_changes_is_left_as_it_is(validity: float):
    change, seen = np.zeros_like(SEEN), np.full_like(SEEN, validity)
    mean = np.full((SIDE, SIDE), np.nan) if validity == 0 else MEAN
    clutter, around = learned(change, seen, mean)
    np.testing.assert_array_equal(clutter.rings, [1.0, 0.0, 0.0])
    assert all(np.isfinite(part).all() for part in (clutter.background, clutter.spread))
    assert not left_over(change, clutter, around).any()


def test_a_region_full_of_factories_has_no_examples_and_no_surroundings():
    nowhere = np.zeros_like(AWAY)
    clutter, around = learned(field(0, 5.0), away=nowhere)
    np.testing.assert_array_equal(clutter.rings, [1.0, 0.0, 0.0])
    np.testing.assert_allclose(left_over(field(0, 5.0), clutter, around), field(0, 5.0), rtol=1e-6)
