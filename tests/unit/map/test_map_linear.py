"""The linear relation: slopes, windows, left-out districts, raking, grids."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gvio.config import MapParams
from gvio.errors import ModelError
from gvio.map.bands import BANDS
from gvio.map.digits import RELATIVE_ERROR
from gvio.map.grids import estimate_series, map_months
from gvio.map.industry import Industry
from gvio.map.linear import Relation, fit_relation, pooled_months, predict_left_out, raw_map
from gvio.map.raking import rake_pixels, spread_districts
from gvio.map.uncertainty import Z80, allocation_sigma, most_likely_sigma, pixel_interval


def world(seed: int = 0, n_districts: int = 6, n_months: int = 30, a: float = 2.0, b: float = 0.5) -> tuple:
    """Industry in vertical stripes with output exactly a · count + b · light, and the district sums."""
    rng = np.random.default_rng(seed)
    owner = np.repeat(np.arange(n_districts), 4)[None, :].repeat(10, axis=0)
    owner[0] = -1
    inside = np.flatnonzero(owner.ravel() >= 0)
    pixels = np.sort(rng.choice(inside, 70, replace=False))
    count = np.repeat(rng.integers(1, 4, 70).astype(float)[:, None], n_months, axis=1)
    light = rng.gamma(2.0, 10.0, (70, 1)) * rng.uniform(0.9, 1.1, (70, n_months))
    industry = Industry(pixels, owner.ravel()[pixels], count, light, owner, n_districts)
    output = a * industry.count + b * industry.light
    return industry, output, industry.by_district(output)


def test_slopes_are_found_when_districts_differ():
    industry, _, estimates = world(n_districts=6)
    many = np.tile(estimates, (4000, 1))  # many districts: the prior's few districts of evidence are outweighed
    count, light = (np.tile(industry.by_district(x), (4000, 1)) for x in (industry.count, industry.light))
    relation = fit_relation(count, light, many)
    assert relation.per_factory == pytest.approx(2.0, rel=0.05)
    assert relation.per_light == pytest.approx(0.5, rel=0.05)


def test_level_is_exact_and_slopes_are_never_negative():
    industry, _, estimates = world()
    noisy = estimates * np.random.default_rng(3).lognormal(0, 0.8, (len(estimates), 1))
    count, light = industry.by_district(industry.count), industry.by_district(industry.light)
    relation = fit_relation(count, light, noisy)
    assert min(relation.per_factory, relation.per_light) >= 0
    assert relation.apply(count, light).sum() == pytest.approx(noisy.sum(), rel=1e-12)


def test_darkness_leaves_the_count_alone_to_explain():
    relation = fit_relation(np.array([[2.0], [4.0]]), np.zeros((2, 1)), np.array([[6.0], [12.0]]))
    assert relation == Relation(pytest.approx(3.0), 0.0)


def test_no_output_gives_the_zero_relation():
    assert fit_relation(np.ones((2, 3)), np.ones((2, 3)), np.zeros((2, 3))) == Relation(0.0, 0.0)


@pytest.mark.parametrize("bad", [np.nan, -1.0, np.inf])
def test_estimates_that_are_no_output_are_refused(bad):
    estimates = np.ones((2, 3))
    estimates[1, 2] = bad
    with pytest.raises(ModelError, match=r"estimates \(1, 2\): 1 estimates are negative or not finite"):
        fit_relation(np.ones((2, 3)), np.ones((2, 3)), estimates)


@pytest.mark.parametrize(("t", "expected"), [(0, (0, 24)), (23, (0, 24)), (24, (1, 25)), (95, (72, 96))])
def test_pooled_months_end_at_the_month_except_at_the_start(t, expected):
    window = pooled_months(t, 96, 24)
    assert (window.start, window.stop) == expected


def test_pool_longer_than_the_series_takes_all_of_it():
    assert pooled_months(3, 5, 24) == slice(0, 5)


def test_left_out_district_never_sees_its_own_figures():
    industry, _, estimates = world()
    count, light = industry.by_district(industry.count), industry.by_district(industry.light)
    before = predict_left_out(count, light, estimates)
    estimates[2] *= 50
    after = predict_left_out(count, light, estimates)
    np.testing.assert_array_equal(before[2], after[2])
    assert not np.allclose(before[3], after[3])


def test_single_district_cannot_be_left_out():
    assert np.isnan(predict_left_out(np.ones((1, 2)), np.ones((1, 2)), np.ones((1, 2)))).all()


def test_raw_map_uses_the_pooled_months_only():
    industry, _, estimates = world()
    changed = estimates.copy()
    changed[:, :10] *= 7
    np.testing.assert_array_equal(raw_map(industry, estimates, 29, 12)[0], raw_map(industry, changed, 29, 12)[0])


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 2**31), st.floats(1e-6, 1e9))
def test_raking_is_exact_and_survives_float32(seed, scale):
    rng = np.random.default_rng(seed)
    industry, _, _ = world(seed)
    raw = rng.lognormal(0, 2, 70)
    estimates = rng.lognormal(0, 2, 6) * scale
    raked, by_district = rake_pixels(raw, industry, estimates)
    grid, factor = industry.on_grid(raked), spread_districts(by_district, industry)
    for d in range(6):
        inside = industry.owner == d
        assert grid[inside].sum() == pytest.approx(estimates[d], rel=1e-9)
        assert grid.astype(np.float32)[inside].astype(np.float64).sum() == pytest.approx(estimates[d], rel=1e-6)
        assert np.unique(factor[inside]).size == 1
    assert np.isnan(grid[industry.owner < 0]).all()
    assert np.isnan(factor[industry.owner < 0]).all()
    flat = grid.ravel()[industry.pixels]
    np.testing.assert_allclose(flat, raw * factor.ravel()[industry.pixels], rtol=1e-9)


def test_district_whose_linear_map_is_zero_shares_evenly():
    industry, _, _ = world()
    raw = np.where(industry.district == 1, 0.0, 1.0)
    raked, factor = rake_pixels(raw, industry, np.full(6, 12.0))
    n = (industry.district == 1).sum()
    np.testing.assert_allclose(raked[industry.district == 1], 12.0 / n)
    assert np.isnan(factor[1])
    assert np.isfinite(np.delete(factor, 1)).all()


def test_output_without_any_factory_pixel_is_refused():
    industry, _, _ = world(n_districts=6)
    wider = Industry(industry.pixels, industry.district, industry.count, industry.light, industry.owner, 7)
    with pytest.raises(ModelError, match="district 6 has output 5 and no pixel with a factory"):
        rake_pixels(np.ones(70), wider, np.array([1.0, 1, 1, 1, 1, 1, 5]))
    raked, _ = rake_pixels(np.ones(70), wider, np.array([1.0, 1, 1, 1, 1, 1, 0]))
    assert raked.sum() == pytest.approx(6.0)


def test_grids_hold_the_promises_of_every_band():
    industry, _, estimates = world()
    seen: list[tuple[str, int, int]] = []
    months = [0, 12, 29]
    limits = (estimates * 0.8, estimates * 1.3)
    grids = list(map_months(industry, estimates, *limits, months, MapParams(), lambda *a: seen.append(a)))
    assert seen == [("map", 1, 3), ("map", 2, 3), ("map", 3, 3)]
    for t, grid in zip(months, grids, strict=True):
        assert (grid.shape, grid.dtype) == ((len(BANDS), *industry.owner.shape), np.float32)
        estimate, lower, upper, raw, adjustment = grid.astype(np.float64)
        inside = industry.owner >= 0
        assert (np.isfinite(grid) == inside).all()
        assert ((lower <= estimate) & (estimate <= upper))[inside].all()
        np.testing.assert_allclose(raw[inside] * adjustment[inside], estimate[inside], rtol=2 * RELATIVE_ERROR)
        empty = np.setdiff1d(np.flatnonzero(inside.ravel()), industry.pixels)
        assert (grid.reshape(5, -1)[:4, empty] == 0).all()
        for d in range(6):
            assert estimate[industry.owner == d].sum() == pytest.approx(estimates[d, t], rel=1e-6)


def test_the_series_that_trends_are_made_of_is_the_band_before_rounding():
    industry, _, estimates = world()
    every = range(estimates.shape[1])
    grids = map_months(industry, estimates, estimates * 0.8, estimates * 1.3, every, MapParams())
    published = np.stack([grid[0].ravel()[industry.pixels] for grid in grids], axis=1)
    np.testing.assert_allclose(estimate_series(industry, estimates, MapParams()), published, rtol=RELATIVE_ERROR)


def test_grids_refuse_estimates_of_other_months():
    industry, _, estimates = world()
    short = estimates[:, :-1]
    with pytest.raises(ModelError, match=r"estimates of shape \(6, 29\), expected \(6, 30\)"):
        estimate_series(industry, short, MapParams())
    with pytest.raises(ModelError, match=r"estimates of shape \(6, 29\), expected \(6, 30\)"):
        map_months(industry, short, short, short, [0], MapParams())


def test_grids_refuse_a_bound_that_is_not_finite():
    industry, _, estimates = world()
    upper = estimates * 2
    upper[0, 0] = np.nan
    with pytest.raises(ModelError, match="1 estimates are negative or not finite"):
        map_months(industry, estimates, estimates, upper, [0], MapParams())


def test_only_pixel_of_a_district_has_the_districts_interval():
    industry = Industry(np.array([0]), np.array([0]), np.ones((1, 1)), np.ones((1, 1)), np.zeros((1, 2), int), 1)
    lower, upper = pixel_interval(
        industry, np.array([10.0]), np.array([10.0]), np.array([8.0]), np.array([13.0]), sigma=1.2
    )
    np.testing.assert_allclose((lower[0], upper[0]), (8.0, 13.0))


def test_interval_covers_lognormal_pixels():
    rng = np.random.default_rng(5)
    n, months = 200, 50
    industry = Industry(np.arange(n), np.zeros(n, int), np.ones((n, 1)), np.ones((n, 1)), np.zeros((1, n), int), 1)
    hits = []
    for _ in range(months):
        truth = rng.lognormal(0, 1.0, n)
        raked, _ = rake_pixels(np.ones(n), industry, np.array([truth.sum()]))
        total = np.array([truth.sum()])
        lower, upper = pixel_interval(industry, raked, total, total, total, sigma=1.0)
        hits.append((lower <= truth) & (truth <= upper))
    assert np.mean(hits) == pytest.approx(0.8, abs=0.02)


def test_sigma_is_what_pixels_alone_explain():
    """Errors that shrink with a district's size are the pixels'; errors alike in large and small districts are not."""
    rng = np.random.default_rng(2)
    inverse_size = rng.uniform(0.02, 0.5, 400)
    pixels = 2.0 * np.sqrt(inverse_size) * rng.standard_normal(400)
    together = 0.8 * rng.standard_normal(400)
    assert most_likely_sigma(pixels, inverse_size) == pytest.approx(2.0, rel=0.15)
    assert most_likely_sigma(together, inverse_size) < 1.1
    few = most_likely_sigma(2.0 * np.sqrt(inverse_size[:4]), inverse_size[:4])
    assert 1.0 < few < 1.7
    assert most_likely_sigma(np.empty(0), np.empty(0)) == pytest.approx(1.0)


def test_a_relation_that_fits_districts_well_is_believed_for_pixels():
    industry, output, estimates = world()
    assert 0.2 <= allocation_sigma(industry, estimates, output[:, 0]) <= 1.0
    assert pytest.approx(1.2816, abs=1e-4) == Z80
