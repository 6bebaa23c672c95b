"""Which pixels are industry, and how bright they are."""

import numpy as np
import pytest
from scipy import sparse

from gvio.errors import ModelError
from gvio.kept import KeptAnswers
from gvio.map import industry
from gvio.map.industry import industry_terms, own_light, place_factories


def lit(months: int, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    """Two factories in an even city: (T, y, x) radiance and their flat pixels."""
    rng = np.random.default_rng(seed)
    radiance = 3 + 0.1 * rng.standard_normal((months, 20, 20))
    radiance[:, 5, 5] += 20
    radiance[:, 12, 14] += 60
    return radiance, np.array([5 * 20 + 5, 12 * 20 + 14])


def test_own_light_is_what_lies_above_the_city():
    radiance, pixels = lit(12)
    light = own_light(radiance, pixels, np.ones((2, 12)), np.full(12, 2019))
    np.testing.assert_array_equal(light, np.repeat(light[:, :1], 12, axis=1))
    assert light[1, 0] / light[0, 0] == pytest.approx(3, rel=0.2)


def test_later_light_does_not_redraw_earlier_years():
    radiance, pixels = lit(48)
    years, count = np.repeat([2019, 2020, 2021, 2022], 12), np.ones((2, 48))
    changed = radiance.copy()
    changed[24:] *= 3
    before, after = (own_light(each, pixels, count, years) for each in (radiance, changed))
    np.testing.assert_array_equal(before[:, :36], after[:, :36])
    assert (after[:, 36:] > before[:, 36:]).all(), "2022 is read from the years before it"


def test_the_light_of_years_that_a_month_does_not_change_is_found_again(tmp_path, monkeypatch):
    radiance, pixels = lit(40)
    years, count = np.repeat([2019, 2020, 2021, 2022], 12)[:40], np.ones((2, 40))
    kept, asked = KeptAnswers(tmp_path), []
    real = industry.deblend_factories
    monkeypatch.setattr(industry, "deblend_factories", lambda *given: asked.append(1) or real(*given))
    before = own_light(radiance[:39], pixels, count[:, :39], years[:39], kept)
    assert len(asked) == 4
    after = own_light(radiance, pixels, count, years, kept)
    assert len(asked) == 4, "a further month of 2022 is read from the years before it"
    np.testing.assert_array_equal(after[:, :39], before)
    np.testing.assert_array_equal(after, own_light(radiance, pixels, count, years))
    del asked[:]
    own_light(np.where((np.arange(40) == 30)[:, None, None], 2 * radiance, radiance), pixels, count, years, kept)
    assert len(asked) == 1, "other light of 2021 is in the image of 2022"
    own_light(radiance, pixels, 2 * count, years, kept)
    assert len(asked) == 1 + 4, "other factories"


def test_light_that_was_not_seen_has_no_say():
    radiance, pixels = lit(24)
    gaps = np.where(np.random.default_rng(2).random(radiance.shape) < 0.5, np.nan, radiance)
    gaps[3] = np.nan
    years, count = np.repeat([2019, 2020], 12), np.ones((2, 24))
    full, holed = (own_light(each, pixels, count, years) for each in (radiance, gaps))
    np.testing.assert_allclose(holed, full, rtol=0.05)


def test_light_follows_the_number_of_working_factories():
    radiance, pixels = lit(12)
    count = np.ones((2, 12))
    count[0, :6], count[1, 6:] = 2, 0
    light = own_light(radiance, pixels, count, np.full(12, 2019))
    assert light[0, 0] == pytest.approx(2 * light[0, 6])
    np.testing.assert_array_equal(light[1, 6:], 0)


def test_factory_beyond_its_border_goes_to_its_own_districts_most_covered_pixel():
    owner = np.array([[0, 0, 1, 1]])
    footprint = sparse.csr_array(np.array([[0.2, 0.7, 0.0, 0.0], [0.0, 0.0, 0.9, 0.1], [0.0, 0.0, 0.0, 0.0]]))
    place = place_factories(np.zeros(3, int), np.array([2, 3, 3]), np.array([0, 1, 0]), owner, footprint)
    np.testing.assert_array_equal(place.toarray(), [[0, 1, 0, 0], [0, 0, 0, 1], [0, 0, 0, 0]])


def test_terms_count_active_factories_of_districts():
    owner = np.array([[0, -1], [1, 1]])
    radiance = np.array([[[4.0, 9.0], [-2.0, 9.0]], [[6.0, 9.0], [-1.0, 9.0]]], dtype=np.float32)
    place = sparse.csr_array(np.array([[1.0, 0, 0, 0], [1.0, 0, 0, 0], [0, 1.0, 0, 0], [0, 0, 1.0, 0]]))
    active = np.array([[True, True], [False, True], [True, True], [True, True]])
    terms = industry_terms(radiance, owner, place, np.array([1.0, 2.0, 1.0, 1.0]), active, 2, np.full(2, 2019))
    np.testing.assert_array_equal(terms.pixels, [0, 2])  # the factory outside every district is left out
    np.testing.assert_array_equal(terms.district, [0, 1])
    np.testing.assert_allclose(terms.count, [[1, 3], [1, 1]])
    np.testing.assert_array_equal(terms.light, own_light(radiance, terms.pixels, terms.count, np.full(2, 2019)))
    assert (terms.light >= 0).all(), "negative radiance is noise"
    np.testing.assert_allclose(terms.on_grid(np.array([7.0, 8.0])), [[7, np.nan], [8, 0]])


def test_factories_on_no_pixel_of_a_district_are_refused():
    owner = np.full((2, 2), -1)
    place = sparse.csr_array(np.array([[1.0, 0, 0, 0]]))
    with pytest.raises(ModelError, match="none of 1 factories lies on a pixel of a district"):
        industry_terms(np.ones((1, 2, 2)), owner, place, np.ones(1), np.ones((1, 1), bool), 1, np.array([2019]))
