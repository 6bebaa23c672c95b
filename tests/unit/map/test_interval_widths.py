"""Half-widths: between bands, nesting, what no figure splits, and which rule an area's month falls under."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np
import pandas as pd
import pytest

from gvio.ledger.rows import COLUMNS, Ledger
from gvio.ledger.sums import Sums, sums_matrix
from gvio.map.intervals import (
    KINDS,
    LEVELS,
    IntervalTable,
    city_covered,
    flat_table,
    gaussian_half_width,
    half_width,
    months_ahead,
    product_half_widths,
    split_sd,
)
from gvio.types import Month

T = 36
MONTHS = tuple(Month(2018, 1) + t for t in range(T))
ROWS = {50: (0.5, 0.6, 0.7, 0.8), 80: (0.6, 1.0, 1.5, 2.0), 95: (0.9, 1.2, 1.6, 2.5)}
TABLE = IntervalTable(dict.fromkeys(KINDS, ROWS), dict.fromkeys(KINDS, 100))


def sums_of(rows: Sequence[tuple[str, int, int]], months: Sequence[Month] = MONTHS) -> Sums:
    """Figures (area, first month index, last) of districts A and B and the city."""
    first, day = months[0].ordinal, dt.date(2030, 1, 1)
    ledger = [(area, first + a, first + b, float(b - a + 1), "current", day, "", "") for area, a, b in rows]
    return sums_matrix(Ledger(pd.DataFrame(ledger, columns=list(COLUMNS))), ("A", "B"), "CITY", months)


def joined(last: int) -> list[tuple[str, int, int]]:
    """The city's figures up to a month, January and February together."""
    singles = [("CITY", t, t) for t in range(last + 1) if t % 12 > 1]
    return singles + [("CITY", t, t + 1) for t in range(0, last, 12)]


def test_factors_hold_in_the_middle_of_bands_and_lie_between_them_elsewhere() -> None:
    ahead = np.array([0, 1, 4, 6, 18, 500])
    got = half_width(TABLE, KINDS[0], ahead, np.ones(6), 80) / gaussian_half_width(80)
    assert got[[0, 1, 2, 4, 5]] == pytest.approx([0.6, 0.6, 1.0, 2.0, 2.0])
    assert 1.0 < got[3] < 1.5


def test_widths_of_a_rising_table_rise_without_jumps() -> None:
    ahead = np.arange(1, 40)
    for level in LEVELS:
        width = half_width(TABLE, KINDS[1], ahead, np.ones(39), level)
        assert (np.diff(width) >= 0).all()
        assert (width[1:] / width[:-1] < 1.35).all()


def test_levels_nest_at_every_distance() -> None:
    widths = [half_width(TABLE, KINDS[2], np.arange(1, 60), np.full(59, 0.1), level) for level in LEVELS]
    assert (widths[0] < widths[1]).all()
    assert (widths[1] < widths[2]).all()


def test_without_a_table_the_posterior_is_taken_at_its_word() -> None:
    assert half_width(None, KINDS[0], np.arange(3), np.full(3, 0.1), 95) == pytest.approx(0.196, abs=1e-4)
    flat = half_width(flat_table({50: 1.0, 80: 2.0, 95: 1.0}), KINDS[0], np.arange(3), np.full(3, 0.1), 80)
    assert flat == pytest.approx(0.2563, abs=1e-4)


def test_distance_is_counted_from_the_areas_own_last_figure() -> None:
    ahead = months_ahead(sums_of([("A", 0, 11), ("CITY", 20, 20)]))
    assert ahead[0, [11, 12, 23]].tolist() == [0, 1, 12]
    assert ahead[2, [20, 21]].tolist() == [0, 1]
    assert (ahead[1] >= 12).all()  # no figure at all


def test_every_area_month_falls_under_its_rule() -> None:
    """As used where the city's figure reaches, blind beyond; the city at its word where its figure covers the month;
    an own monthly figure leaves its noise."""
    sums = sums_of([("A", 5, 5), *joined(23)])
    rows = {kind: dict.fromkeys(LEVELS, (factor,) * 4) for kind, factor in zip(KINDS, (2, 3, 5), strict=True)}
    own = np.zeros((3, T), dtype=bool)
    own[0, 5] = own[2, 10] = True
    half = product_half_widths(
        IntervalTable(rows, dict.fromkeys(KINDS, 9)), sums, np.ones((2, T)), np.ones(T), np.zeros(T), own, 0.01
    )
    for level in LEVELS:
        unit = half[level] / gaussian_half_width(level)
        assert unit[0, [4, 5, 30]] == pytest.approx([2, 0.01, 3])
        assert unit[1, [5, 23, 24]] == pytest.approx([2, 2, 3])
        assert unit[2, [0, 10, 11, 24]] == pytest.approx([1, 0.01, 1, 5])
    assert city_covered(sums).tolist() == [True] * 24 + [False] * 12


def test_a_month_that_is_never_published_alone_may_have_any_part_of_what_the_two_share() -> None:
    """The two months lie 0.3 below their neighbours: uniform odds give a standard deviation of 0.3 / √3."""
    month = np.arange(T) % 12
    mean = np.where(month < 2, -0.3, 0.0)
    got = split_sd(sums_of(joined(23)), MONTHS, mean)
    assert got[(month < 2)] == pytest.approx(0.3 / np.sqrt(3))  # also beyond the last figure
    assert (got[month > 1] == 0).all()
    assert (split_sd(sums_of(joined(23)), MONTHS, np.zeros(T)) < 1e-12).all()  # nothing to divide


def test_year_to_date_figures_determine_their_differences() -> None:
    """January to February, March, April, …: only the first two months are not known alone."""
    totals = [("CITY", y, y + m) for y in (0, 12, 24) for m in range(1, 12)]
    got = split_sd(sums_of(totals), MONTHS, np.where(np.arange(T) % 12 < 2, -0.3, 0.0))
    assert (np.flatnonzero(got) % 12 <= 1).all()
    assert got[12] == pytest.approx(0.3 / np.sqrt(3))


@pytest.mark.parametrize("rows", [[("CITY", t, t) for t in range(T)], [("CITY", t, t + 11) for t in (0, 12)], []])
def test_nothing_is_added_where_months_are_published_alone_or_only_as_years(rows: list[tuple[str, int, int]]) -> None:
    mean = np.where(np.arange(T) % 12 < 2, -0.3, 0.0)
    assert (split_sd(sums_of(rows or [("A", 0, 0)]), MONTHS, mean) == 0).all()


def test_the_split_is_the_least_width_and_stays_nested() -> None:
    sums, split = sums_of(joined(23)), np.where(np.arange(T) % 12 < 2, 0.2, 0.0)
    own = np.zeros((3, T), dtype=bool)
    half = product_half_widths(TABLE, sums, np.full((2, T), 0.05), np.full(T, 0.05), split, own, 0.01)
    assert half[80][:, 0] == pytest.approx(gaussian_half_width(80) * 0.2)
    assert (half[80][:, 5] < 0.1).any()
    assert (half[50] <= half[80]).all()
    assert (half[80] <= half[95]).all()
