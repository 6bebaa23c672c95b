"""Digits that a grid is published with: the error of a pixel, sums of districts, order, what compresses."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from gvio.map.digits import RELATIVE_ERROR, round_pixels, round_shares


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.floats(0.0, 6.0), st.integers(1, 400), st.floats(1e-30, 1e12))
def test_a_pixel_is_off_by_a_thousandth_and_a_sum_by_nothing(seed, spread, pixels, scale):
    rng = np.random.default_rng(seed)
    district = rng.integers(0, 5, pixels)
    values = rng.lognormal(0, spread, pixels) * scale * (rng.random(pixels) < 0.9)
    rounded = round_shares(values, district)
    assert (np.abs(rounded - values) <= RELATIVE_ERROR * values * (1 + 1e-6)).all()
    np.testing.assert_array_equal(rounded, rounded.astype(np.float32).astype(np.float64))
    for d in range(5):
        np.testing.assert_allclose(rounded[district == d].sum(), values[district == d].sum(), rtol=2e-7)


def test_most_pixels_of_a_district_have_ten_binary_digits():
    values = np.random.default_rng(2).lognormal(0, 1.0, 5000)
    rounded = round_shares(values, np.arange(5000) % 10).astype(np.float32)
    short = rounded.view(np.uint32) % 2**13 == 0
    assert short.mean() > 0.98


def test_a_pixel_that_vanishes_beside_its_district_keeps_its_digits():
    values = np.array([3.3e-18, 1.0, 5e20, 0.0])
    rounded = round_shares(values, np.zeros(4, dtype=np.int64))
    np.testing.assert_allclose(rounded, values, rtol=RELATIVE_ERROR)
    assert rounded[3] == 0.0


def test_limits_keep_their_order_and_nothing_stays_nothing():
    values = np.sort(np.random.default_rng(3).lognormal(0, 4, 2000))
    rounded = round_pixels(values)
    assert (np.diff(rounded) >= 0).all()
    assert (np.abs(rounded - values) <= RELATIVE_ERROR * values).all()
    assert (rounded.astype(np.float32).view(np.uint32) % 2**14 == 0).all()
    np.testing.assert_array_equal(round_pixels(np.array([0.0, np.nan])), [0.0, np.nan])
    np.testing.assert_array_equal(round_shares(np.zeros(3), np.zeros(3, dtype=np.int64)), np.zeros(3))
