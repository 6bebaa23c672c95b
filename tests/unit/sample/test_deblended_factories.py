"""Factories' own light is told apart from streets and neighbours, and only as far as the image allows."""

import numpy as np
import pytest
from scipy import ndimage

from gvio.sample.deblend import background, deblend_factories, deblend_once
from gvio.sample.rings import away_from

SHAPE = (48, 60)


def places(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    return np.sort(rng.choice(np.arange(SHAPE[0] * SHAPE[1]), n, replace=False))


def scene(pixels: np.ndarray, light: np.ndarray, *, blur: float = 0.7, rough: float = 0.0, seed: int = 1) -> np.ndarray:
    """Streets of 4 nW, rough by a log-normal factor, and the blurred light of factories."""
    streets = 4.0 * np.exp(rough * np.random.default_rng(seed).standard_normal(SHAPE))
    own = np.zeros(SHAPE)
    own.flat[pixels] = light
    return streets + ndimage.gaussian_filter(own, blur, mode="constant")


def sizes(n: int, seed: int = 2) -> np.ndarray:
    return 30 * np.random.default_rng(seed).lognormal(0, 0.8, n)


def test_light_and_blur_are_found_where_streets_are_even():
    pixels = places(60)
    light = sizes(60)
    found = deblend_factories(scene(pixels, light, blur=0.7), pixels, np.ones(60))
    assert found.blur_px == 0.7
    assert np.corrcoef(found.light, light)[0, 1] > 0.99
    assert found.light.sum() == pytest.approx(light.sum(), rel=0.15)


def test_neighbours_are_told_apart():
    row = SHAPE[1] * 20
    pixels = np.array([row + 20, row + 21, row + 40])
    found = deblend_factories(scene(pixels, np.array([100.0, 0.0, 50.0])), pixels, np.ones(3)).light
    assert found[1] < 0.15 * found[0], "the dark one only stands in the other's light"
    assert found[2] == pytest.approx(50, rel=0.3)


def test_where_streets_are_rough_a_factory_is_taken_for_a_usual_one():
    pixels, light = places(60), sizes(60) / 10
    even = deblend_factories(scene(pixels, light, rough=0.02), pixels, np.ones(60)).light
    rough = deblend_factories(scene(pixels, light, rough=0.6), pixels, np.ones(60)).light
    assert np.std(rough) / np.mean(rough) < 0.5 * np.std(even) / np.mean(even)


def test_what_is_usual_counts_factories():
    pixels, count = places(40), np.tile([1.0, 3.0], 20)
    found = deblend_factories(scene(pixels, 20 * count), pixels, count)
    assert found.usual == pytest.approx(20, rel=0.15)
    assert found.light[count == 3].mean() == pytest.approx(3 * found.light[count == 1].mean(), rel=0.1)


def test_light_is_never_negative_nor_missing():
    pixels, rng = places(60), np.random.default_rng(5)
    image = scene(pixels, np.zeros(60), rough=0.5)
    image[rng.random(SHAPE) < 0.3] = np.nan
    image[:10] = np.nan
    found = deblend_factories(image, pixels, np.ones(60))
    assert np.isfinite(found.light).all()
    assert found.light.min() >= 0
    assert found.light.mean() < 4, "no factory shines here"


def test_an_image_of_which_nothing_was_seen_tells_nothing():
    found = deblend_factories(np.full(SHAPE, np.nan), places(5), np.ones(5))
    np.testing.assert_array_equal(found.light, 0)
    assert found.usual == 0


def test_without_a_pixel_away_from_factories_all_light_is_theirs():
    pixels = np.arange(9)
    found = deblend_factories(np.full((3, 3), 7.0), pixels, np.ones(9))
    assert found.light.sum() == pytest.approx(9 * 7.0, rel=0.5)
    assert np.isfinite(found.light).all()


def test_a_factory_that_does_not_work_yet_sends_nothing():
    pixels = places(30)
    count = np.ones(30)
    count[3] = 0
    assert deblend_factories(scene(pixels, sizes(30)), pixels, count).light[3] == pytest.approx(0, abs=0.1)


def test_background_follows_the_city_and_ignores_factories():
    y = np.linspace(0, 2, SHAPE[0])[:, None]
    streets = np.broadcast_to(3 * np.exp(y), SHAPE).copy()
    pixels = places(30)
    rows, cols = np.unravel_index(pixels, SHAPE)
    lit = streets.copy()
    lit[rows, cols] += 500
    expected, error = background(lit, away_from(rows, cols, SHAPE))
    inner = (slice(6, -6), slice(6, -6))
    np.testing.assert_allclose(expected[inner], streets[inner], rtol=0.1)
    assert error < 0.1


def test_what_was_asked_lately_is_found_again_and_is_the_same():
    pixels, light = places(60), sizes(60)
    image, count = scene(pixels, light), np.ones(60)
    one, two = deblend_once(image, pixels, count), deblend_once(image.copy(), pixels.copy(), count.copy())
    assert one is two
    np.testing.assert_array_equal(one.light, deblend_factories(image, pixels, count).light)
    assert not one.light.flags.writeable, "it is shared"
    assert deblend_once(image, pixels, 2 * count) is not one
