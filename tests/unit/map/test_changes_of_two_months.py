"""Intervals of changes: exact with a known correlation, never wider than bound against bound, nested."""

from __future__ import annotations

import numpy as np
import pytest

from gvio.map.changes import change_half_widths, changes_table
from gvio.map.official import with_intervals
from gvio.types import Month

T = 14
MONTHS = [Month(2020, 1) + t for t in range(T)]
FULL = np.full((2, T), 0.1)
NOBODY = np.zeros((2, T), dtype=bool)


def lagged(value: float, back: int) -> np.ndarray:
    out = np.full((2, T), value)
    out[:, :back] = np.nan
    return out


@pytest.mark.parametrize(("rho", "wanted"), [(0.0, 0.1 * 2**0.5), (1.0, 0.0), (-1.0, 0.2), (0.5, 0.1)])
def test_the_width_is_that_of_a_difference_of_two_errors(rho: float, wanted: float) -> None:
    got = change_half_widths({80: FULL}, {80: FULL}, lagged(rho, 1), NOBODY, 1)[80]
    assert np.isnan(got[:, 0]).all()
    assert got[:, 1:] == pytest.approx(np.full((2, T - 1), wanted), abs=1e-12)


def test_never_wider_than_one_bound_against_the_other_and_levels_nest() -> None:
    rng = np.random.default_rng(3)
    narrow = {80: rng.uniform(0.01, 0.2, (2, T))}
    narrow[95] = narrow[80] * rng.uniform(1.0, 2.0, (2, T))
    half = {level: width + rng.uniform(0, 0.1, (2, T)) for level, width in narrow.items()}
    half[95] = np.maximum(*half.values())
    rho = lagged(0.0, 12)
    rho[:, 12:] = rng.uniform(-1, 1, (2, 2))
    got = change_half_widths(half, narrow, rho, NOBODY, 12)
    assert (got[80][:, 12:] <= got[95][:, 12:]).all()
    for level, width in half.items():
        assert (got[level][:, 12:] <= width[:, 12:] + width[:, :2] + 1e-12).all()


def test_an_official_figure_shares_its_error_with_no_month() -> None:
    own = NOBODY.copy()
    own[0, 5] = True
    got = change_half_widths({80: FULL}, {80: FULL}, lagged(0.9, 1), own, 1)[80][0]
    assert got[[5, 6]] == pytest.approx(0.1 * 2**0.5)
    assert got[7] < 0.1


def test_what_widens_a_month_beyond_its_posterior_never_narrows_its_change() -> None:
    wide = FULL + 0.2  # a split that nothing tells
    got = change_half_widths({80: wide}, {80: FULL}, lagged(1.0, 12), NOBODY, 12)[80]
    assert got[:, 12:] == pytest.approx(np.sqrt(2 * 0.3**2 - 2 * 0.1**2))
    opposite = change_half_widths({80: wide}, {80: FULL}, lagged(-1.0, 1), NOBODY, 1)[80]
    assert opposite[:, 1:] == pytest.approx(0.6)  # the two months of one sum: exactly one bound against the other


def test_the_table_has_a_row_for_every_pair_and_no_change_against_nothing() -> None:
    estimate = np.linspace(10.0, 20.0, T)[None]
    estimate[0, 3] = 0.0
    half = {80: FULL, 95: 2 * FULL}
    widths = {back: change_half_widths(half, half, lagged(0.0, back), NOBODY, back) for back in (1, 12)}
    correlation = {back: lagged(0.0, back) for back in (1, 12)}
    table = changes_table(with_intervals(estimate, half), widths, FULL, correlation, ["A", "CITY"], MONTHS)
    assert len(table) == 2 * (T - 1) + 2 * (T - 12)
    row = table[(table["area_id"] == "A") & (table["month"] == "2021-02") & (table["months_apart"] == 12)].iloc[0]
    assert row["since"] == "2020-02"
    ratio = estimate[0, 13] / estimate[0, 1]
    assert row["change"] == pytest.approx(100 * (ratio - 1), abs=1e-4)
    assert row["upper80"] == pytest.approx(100 * (ratio * np.exp(0.1 * 2**0.5) - 1), abs=1e-4)
    assert row["sd"] == pytest.approx(0.1 * 2**0.5, abs=1e-6)
    assert table[(table["month"] == "2020-05") & (table["months_apart"] == 1)]["change"].isna().all()


def test_a_region_of_one_month_has_no_changes() -> None:
    half = {80: FULL[:, :1], 95: FULL[:, :1]}
    nothing = {back: np.full((2, 1), np.nan) for back in (1, 12)}
    widths = {back: change_half_widths(half, half, nothing[back], NOBODY[:, :1], back) for back in (1, 12)}
    table = changes_table(
        with_intervals(np.ones((1, 1)), half), widths, FULL[:, :1], nothing, ["A", "CITY"], MONTHS[:1]
    )
    assert table.empty
