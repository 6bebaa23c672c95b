"""Which pixels are industry, and how bright they are."""

import numpy as np
import pytest
from scipy import sparse

from gvio.errors import ModelError
from gvio.map.industry import industry_terms, place_factories, trailing_mean


def test_trailing_mean_uses_only_the_window_and_skips_missing_months():
    values = np.array([[1.0, 3.0, np.nan, 5.0, 100.0]])
    np.testing.assert_allclose(trailing_mean(values, 2), [[1.0, 2.0, 3.0, 5.0, 52.5]])


def test_unseen_window_falls_back_to_the_past_then_to_the_future_then_to_zero():
    values = np.array([[2.0, 4.0, np.nan, np.nan, 9.0], [np.nan, np.nan, 7.0, 7.0, 7.0], [np.nan] * 5])
    filled = trailing_mean(values, 1)
    np.testing.assert_allclose(filled, [[2, 4, 3, 3, 9], [7, 7, 7, 7, 7], [0, 0, 0, 0, 0]])


def test_later_light_does_not_change_earlier_means():
    values = np.random.default_rng(1).gamma(2.0, 5.0, (4, 30))
    changed = values.copy()
    changed[:, 20:] *= 3
    np.testing.assert_array_equal(trailing_mean(values, 12)[:, :20], trailing_mean(changed, 12)[:, :20])


def test_factory_beyond_its_border_goes_to_its_own_districts_most_covered_pixel():
    owner = np.array([[0, 0, 1, 1]])
    footprint = sparse.csr_array(np.array([[0.2, 0.7, 0.0, 0.0], [0.0, 0.0, 0.9, 0.1], [0.0, 0.0, 0.0, 0.0]]))
    place = place_factories(np.zeros(3, int), np.array([2, 3, 3]), np.array([0, 1, 0]), owner, footprint)
    np.testing.assert_array_equal(place.toarray(), [[0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]])


def test_terms_count_active_factories_and_clip_negative_light():
    owner = np.array([[0, -1], [1, 1]])
    radiance = np.array([[[4.0, 9.0], [-2.0, 9.0]], [[6.0, 9.0], [-1.0, 9.0]]], dtype=np.float32)
    place = sparse.csr_array(np.array([[1.0, 0, 0, 0], [1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 0]]))
    active = np.array([[True, True], [False, True], [True, True], [True, True]])
    terms = industry_terms(radiance, owner, place, np.array([1.0, 2.0, 1.0, 1.0]), active, n_districts=2)
    np.testing.assert_array_equal(terms.pixels, [0, 2])  # the factory outside every district is left out
    np.testing.assert_array_equal(terms.district, [0, 1])
    np.testing.assert_allclose(terms.count, [[1, 3], [1, 1]])
    np.testing.assert_allclose(terms.light, [[4, 5], [0, 0]])
    np.testing.assert_allclose(terms.bright, [[2, 3 * np.sqrt(5)], [0, 0]])
    np.testing.assert_allclose(terms.on_grid(np.array([7.0, 8.0])), [[7, np.nan], [8, 0]])


def test_factories_on_no_pixel_of_a_district_are_refused():
    owner = np.full((2, 2), -1)
    place = sparse.csr_array(np.array([[1.0, 0, 0, 0]]))
    with pytest.raises(ModelError, match="none of 1 factories lies on a pixel of a district"):
        industry_terms(np.ones((1, 2, 2)), owner, place, np.ones(1), np.ones((1, 1), bool), 1)
