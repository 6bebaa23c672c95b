import numpy as np
import pytest

from gvio.sample.statistics import STATISTIC_NAMES, fill_gaps, gap_offsets, light_statistics

OWNER = np.repeat([0, 1, -1], 4).reshape(1, 12)
URBAN = np.tile([1, 1, 0, 0], 3).reshape(1, 12)
# Pixels 0 and 2 of every four are near; the others away.
NEAR = np.tile([1.0, 0.0], 6)


def as_seen(radiance: np.ndarray, near: np.ndarray = NEAR, middle: np.ndarray = NEAR):
    return light_statistics(radiance.reshape(-1, 1, 12), OWNER, URBAN, near, middle)


def statistics(radiance: np.ndarray, near: np.ndarray = NEAR, middle: np.ndarray = NEAR):
    """With gaps filled by what all months say."""
    raw = as_seen(radiance, near, middle)
    return fill_gaps(*raw, gap_offsets(*raw, np.ones(len(raw[2]), dtype=bool)))


def test_gaps_stay_gaps_until_a_training_says_how_to_fill_them() -> None:
    radiance = np.ones((2, 12))
    radiance[1, 0] = np.nan
    districts, city, everything = as_seen(radiance)
    assert np.isnan(districts[0, 1, 0])
    assert np.isfinite(districts).sum() == districts.size - 1
    assert np.isfinite(city).all()
    np.testing.assert_allclose(everything, np.log(2))


def test_offsets_are_learned_on_training_months_only() -> None:
    """Twelve months, two of them in part under cloud; then ten months of other light."""
    rng = np.random.default_rng(4)
    light = rng.normal(2, 0.3, (22, 12))
    light[[4, 10], 0] = np.nan
    light[10, 4:8] = np.nan
    other = light.copy()
    other[12:] = rng.normal(3, 1, (10, 12))
    other[12:, 5:9] = np.nan
    train = np.arange(22) < 12
    one, two = (as_seen(np.expm1(values)) for values in (light, other))
    offsets = gap_offsets(*one, train)
    np.testing.assert_array_equal(offsets, gap_offsets(*two, train))
    assert offsets.shape == (3, 3, 4)
    for before, after in zip(fill_gaps(*one, offsets), fill_gaps(*two, offsets), strict=True):
        np.testing.assert_array_equal(before[..., :12, :], after[..., :12, :])
    all_months = gap_offsets(*two, np.ones(22, dtype=bool))
    assert np.abs(fill_gaps(*two, all_months)[0] - fill_gaps(*two, offsets)[0])[:, :12].max() > 0.03, "the old fault"


def test_every_pixel_lands_in_its_district_and_combination() -> None:
    """Four pixels a district, one for each combination, in the order of the names."""
    radiance = np.expm1(np.arange(12.0))
    districts, city = statistics(radiance)
    assert STATISTIC_NAMES == ("urban_near", "urban_away", "rural_near", "rural_away")
    np.testing.assert_allclose(districts[:, 0], [[0, 1, 2, 3], [4, 5, 6, 7]])
    np.testing.assert_allclose(city[0], [2, 3, 4, 5])


def test_negative_radiance_counts_as_dark() -> None:
    districts, _ = statistics(np.full(12, -0.5))
    np.testing.assert_array_equal(districts, 0.0)


def test_the_belt_of_factory_glow_is_neither_near_nor_away() -> None:
    radiance = np.zeros(12)
    radiance[1] = 1000.0
    middle = NEAR.copy()
    middle[1] = 1.0
    districts, _ = statistics(radiance, middle=middle)
    np.testing.assert_array_equal(districts[0, 0], 0.0)


def test_a_cloud_over_one_combination_follows_its_sibling_without_a_jump() -> None:
    """Urban near is one above urban away; when it is hidden it is taken as one above what away does."""
    light = np.tile(np.arange(12.0)[None], (3, 1)) + np.array([[0.0], [1.0], [2.0]])
    radiance = np.expm1(light)
    radiance[2, 0] = np.nan
    districts, _ = statistics(radiance)
    np.testing.assert_allclose(districts[0, :, 0], [0, 1, 2])


def test_a_district_under_cloud_follows_the_city_and_a_city_the_rest() -> None:
    light = np.tile(np.arange(12.0)[None], (3, 1)) + np.array([[0.0], [1.0], [2.0]])
    radiance = np.expm1(light)
    radiance[1, :4] = np.nan
    radiance[2, :8] = np.nan
    districts, city = statistics(radiance)
    assert np.isfinite(districts).all()
    # The city of month 1 is district 1 alone, two above its mean in month 0: the level it is compared at.
    assert districts[0, 1, 0] > districts[0, 0, 0]
    assert np.isfinite(city).all()


@pytest.mark.parametrize("hidden", [[0], [1], [0, 1]])
def test_only_months_without_any_observation_are_nan(hidden: list[int]) -> None:
    radiance = np.ones((3, 12))
    radiance[hidden] = np.nan
    districts, city = statistics(radiance)
    wanted = np.isin(np.arange(3), hidden)
    np.testing.assert_array_equal(np.isnan(city).all(axis=1), wanted)
    np.testing.assert_array_equal(np.isnan(districts), np.broadcast_to(wanted[None, :, None], districts.shape))


def test_a_month_seen_in_the_glow_only_is_not_missing() -> None:
    radiance = np.full(12, np.nan)
    radiance[1] = 5.0
    middle = NEAR.copy()
    middle[1] = 1.0
    districts, city = statistics(radiance, middle=middle)
    assert np.isfinite(districts).all()
    assert np.isfinite(city).all()


def test_a_combination_a_district_does_not_have_is_filled_in_every_month() -> None:
    urban_only = np.ones((1, 12))
    raw = light_statistics(np.ones((2, 1, 12)), OWNER, urban_only, NEAR, NEAR)
    districts, city = fill_gaps(*raw, gap_offsets(*raw, np.ones(2, dtype=bool)))
    np.testing.assert_allclose(districts, np.log(2))
    np.testing.assert_allclose(city, np.log(2))
