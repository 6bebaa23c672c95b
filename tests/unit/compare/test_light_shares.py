"""Last year's shares moved by the light's: nothing where light says nothing, the right way where it says something."""

import numpy as np
from compare_ledgers import AREAS, FIRST, month_sums, row

from gvio.compare.known import CompareInput
from gvio.compare.light_shares import WEIGHT, light_share_change
from gvio.compare.naive import last_year_shares

T, ORIGIN = 48, 23


def _given(light: np.ndarray) -> CompareInput:
    """Even districts of a steady city; their figures end at the origin."""
    rows = [row(area, t, t, 10.0) for area in AREAS for t in range(ORIGIN + 1)]
    return CompareInput(
        months=tuple(FIRST + t for t in range(T)),
        area_ids=AREAS,
        sums=month_sums(rows, T),
        city_monthly=np.full(T, 30.0),
        district_light=light,
        features=np.zeros((3, T, 1)),
        origin=ORIGIN,
    )


def test_steady_light_leaves_last_years_shares():
    given = _given(np.repeat([[5.0], [2.0], [9.0]], T, axis=1))
    np.testing.assert_allclose(light_share_change(given), last_year_shares(given))


def test_a_rise_of_light_moves_its_share_by_the_weight():
    light = np.full((3, T), 4.0)
    light[0, ORIGIN + 1 :] *= 2
    path = light_share_change(_given(light))
    share = np.array([2 / 4, 1 / 4, 1 / 4]) / np.array([1 / 3, 1 / 3, 1 / 3])
    moved = share**WEIGHT
    np.testing.assert_allclose(path[:, -1], 30 * moved / moved.sum())  # a year of it is seen by then
    np.testing.assert_allclose(path.sum(axis=0), 30.0)
    assert path[0, ORIGIN + 1] < path[0, ORIGIN + 6] < path[0, -1]


def test_months_before_the_origin_are_the_figures():
    light = np.random.default_rng(0).lognormal(0, 1, (3, T))
    np.testing.assert_allclose(light_share_change(_given(light))[:, : ORIGIN + 1], 10.0)
