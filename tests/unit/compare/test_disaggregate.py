"""Monthly values out of mixed sums."""

import numpy as np
import pytest
from compare_ledgers import AREAS, month_sums, row

from gvio.compare.disaggregate import disaggregate, disaggregate_city, monthly_profile

TRUTH = np.array([10.0, 12, 11, 13, 15, 14, 16, 18, 17, 19, 21, 20])


def only(*rows, months=12):
    return disaggregate(month_sums(rows, months))[0]


def test_direct_months_are_taken_as_they_are():
    np.testing.assert_allclose(only(*(row("D0", m, m, TRUTH[m]) for m in range(12))), TRUTH)


def test_year_to_date_rows_give_their_differences():
    rows = [row("D0", 0, m, TRUTH[: m + 1].sum(), "cumulative") for m in range(12)]
    np.testing.assert_allclose(only(*rows), TRUTH)


def test_joint_january_and_february_are_split_evenly_without_a_city():
    got = only(row("D0", 0, 1, 22.0), row("D0", 2, 2, 11.0))
    np.testing.assert_allclose(got[:3], [11, 11, 11])
    assert np.isnan(got[3:]).all()


def test_longer_sums_follow_the_citys_profile():
    city = [row("CITY", m, m, 10 * TRUTH[m]) for m in range(12)]
    np.testing.assert_allclose(only(row("D0", 0, 11, TRUTH.sum()), *city), TRUTH)


def test_quarters_to_date_and_the_year_agree_with_every_sum():
    rows = [row("D0", 0, e, TRUTH[: e + 1].sum(), "cumulative") for e in (2, 5, 8)] + [row("D0", 0, 11, TRUTH.sum())]
    got = only(*rows)
    for quarter in range(4):
        part = slice(3 * quarter, 3 * quarter + 3)
        assert got[part].sum() == pytest.approx(TRUTH[part].sum())


def test_direct_figure_outranks_the_difference_of_year_to_date_rows():
    """Shanghai 2020: January–November minus January–October is 3530, published November is 3479.41."""
    rows = [row("D0", 0, 9, 30000.0, "cumulative"), row("D0", 0, 10, 33530.0, "cumulative"), row("D0", 10, 10, 3479.41)]
    assert only(*rows)[10] == 3479.41


@pytest.mark.parametrize("second", [99.0, 100.0, 100.05])
def test_year_to_date_that_falls_or_barely_rises_says_nothing(second):
    got = only(row("D0", 0, 0, 100.0, "cumulative"), row("D0", 0, 1, second, "cumulative"))
    assert got[0] == 100.0
    assert np.isnan(got[1])


def test_city_rows_belong_to_the_city_only():
    sums = month_sums([row("CITY", 0, 0, 5.0), row("D1", 0, 0, 3.0)], 2)
    np.testing.assert_allclose(disaggregate_city(sums), [5.0, np.nan])
    got = disaggregate(sums)
    assert got.shape == (len(AREAS), 2)
    assert got[1, 0] == 3.0
    assert np.isnan(np.delete(got.ravel(), 2)).all()


def test_profile_bridges_gaps_of_the_city():
    np.testing.assert_allclose(monthly_profile(np.array([np.nan, 2.0, np.nan, 4.0, np.nan])), [2, 2, 3, 4, 4])
    np.testing.assert_allclose(monthly_profile(np.full(3, np.nan)), 1.0)
