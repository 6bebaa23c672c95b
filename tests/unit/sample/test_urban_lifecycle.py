import numpy as np
import pytest

from gvio.sample.lifecycle import active_months, openings
from gvio.sample.urban import derive_urban, otsu_threshold
from gvio.types import Month, month_range


def test_the_threshold_splits_two_clear_classes() -> None:
    rng = np.random.default_rng(5)
    values = np.concatenate([rng.normal(0, 0.3, 4000), rng.normal(3, 0.3, 1000)])
    assert 0.9 < otsu_threshold(values) < 2.1


def test_the_threshold_equals_an_exhaustive_search() -> None:
    values = np.random.default_rng(6).gamma(2.0, 1.0, 500)

    def between(threshold: float) -> float:
        low, high = values[values < threshold], values[values >= threshold]
        return len(low) * len(high) * (low.mean() - high.mean()) ** 2

    best = max(between(v) for v in np.unique(values)[1:])
    assert between(otsu_threshold(values)) == pytest.approx(best, rel=1e-3)


@pytest.mark.parametrize("values", [[2.0], [2.0, 2.0], [0.1, np.nextafter(0.1, 1.0)]])
def test_uniform_values_have_nothing_above_the_threshold(values: list[float]) -> None:
    assert otsu_threshold(np.array(values)) == max(values)


def bright_square(months: int) -> np.ndarray:
    light = np.random.default_rng(8).lognormal(0, 0.2, (months, 12, 12)).astype(np.float32)
    light[:, 3:7, 3:7] += 40.0
    return light


def test_the_bright_square_is_urban_under_clouds_too() -> None:
    light = bright_square(6)
    light[np.random.default_rng(9).random(light.shape) < 0.4] = np.nan
    wanted = np.zeros((12, 12), np.float32)
    wanted[3:7, 3:7] = 1
    got = derive_urban(light)
    np.testing.assert_array_equal(got, np.where(np.isfinite(light).any(axis=0), wanted, 0))
    assert got.dtype == np.float32


def test_later_months_do_not_change_the_mask() -> None:
    light = bright_square(30)
    changed = light.copy()
    changed[24:] = 500.0
    np.testing.assert_array_equal(derive_urban(light), derive_urban(changed))


def test_months_without_light_do_not_draw_later_ones_into_the_mask() -> None:
    """Two of the first two years are missing: months after them still do not count."""
    light = bright_square(30)
    light[[3, 20]] = np.nan
    changed = light.copy()
    changed[24:] = 500.0
    np.testing.assert_array_equal(derive_urban(light), derive_urban(changed))


def test_a_series_that_begins_dark_takes_the_first_month_that_was_seen() -> None:
    light = bright_square(30)
    light[:26] = np.nan
    changed = light.copy()
    changed[27:] = 500.0
    assert derive_urban(light)[4, 4] == 1
    np.testing.assert_array_equal(derive_urban(light), derive_urban(changed))


@pytest.mark.parametrize("fill", [np.nan, 3.0])
def test_unseen_or_uniform_light_has_no_town(fill: float) -> None:
    assert not derive_urban(np.full((2, 4, 4), fill, np.float32)).any()


def test_a_factory_works_from_its_opening_to_its_closing_month() -> None:
    months = list(month_range(Month(2019, 2), Month(2019, 5)))
    active = active_months([Month(2019, 3), None, float("nan")], [None, Month(2019, 4), None], months)
    np.testing.assert_array_equal(active, [[0, 1, 1, 1], [1, 1, 1, 0], [1, 1, 1, 1]])


def test_openings_are_log_changes_of_the_working_weight_about_their_mean():
    weight = np.array([1.0, 3.0, 2.0])
    active = np.array([[1, 1, 1, 1], [0, 0, 1, 1], [0, 1, 1, 1]], dtype=bool)
    found = openings(weight, active, np.array([0, 0, 1]), 3)
    np.testing.assert_allclose(found[0], np.log(4) * np.array([-0.5, -0.5, 0.5, 0.5]))
    np.testing.assert_array_equal(found[1:], 0.0)  # never another weight; a month without any factory is no change
