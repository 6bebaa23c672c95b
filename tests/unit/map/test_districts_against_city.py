"""Where published figures contradict each other, sums still hold and every interval reaches the public figure."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gvio.ledger.rows import COLUMNS, Ledger
from gvio.ledger.sums import Sums, log_misfit, official_monthly, sums_matrix
from gvio.map.intervals import (
    LEVELS,
    flat_table,
    gaussian_half_width,
    product_half_widths,
    reach_official,
)
from gvio.map.official import Estimates, honour, with_intervals
from gvio.types import FloatArray, Month
from gvio.validate.statistics import check_districts_against_city

AREAS, CITY, T = ("A", "B", "C"), "CITY", 24
MONTHS = tuple(Month(2019, 1) + t for t in range(T))
NOISE = 0.012
PUBLIC = dt.date(2021, 2, 1)
Row = tuple[str, int, int, float, str]


def ledger_of(rows: list[Row]) -> Ledger:
    """Estimates (area, first month index, last, value, kind)."""
    first = MONTHS[0].ordinal
    table = [(area, first + a, first + b, value, kind, PUBLIC, "", "") for area, a, b, value, kind in rows]
    return Ledger(pd.DataFrame(table, columns=list(COLUMNS)))


def publish(rows: list[Row], output: FloatArray, sd: float = 0.01) -> tuple[Sums, FloatArray, Estimates]:
    """What a run would publish of a posterior at `output` (D, T): sums, official monthly figures, estimates."""
    ledger = ledger_of(rows)
    sums = sums_matrix(ledger, AREAS, CITY, MONTHS)
    official, _ = official_monthly(ledger, AREAS, CITY, MONTHS)
    estimate = honour(np.log(output), official)
    table = flat_table(dict.fromkeys(LEVELS, 1.0))
    spread = np.full(output.shape, sd)
    half = product_half_widths(table, sums, spread, spread[0], np.zeros(T), np.isfinite(official), NOISE)
    return sums, official, with_intervals(estimate, reach_official(half, sums, log_misfit(sums, estimate)))


def holds(published: Estimates, row: Row) -> bool:
    """Whether the limits of the area, summed over the figure's months, hold the figure."""
    area, first, last, value, _ = row
    at = [*AREAS, CITY].index(area), slice(first, last + 1)
    return bool(published.lower[95][at].sum() <= value <= published.upper[95][at].sum())


def monthly(areas: tuple[str, ...], value: float) -> list[Row]:
    return [(area, t, t, value, "current") for area in areas for t in range(T)]


EVEN = np.full((3, T), 30.0)
CONTRADICTIONS: dict[str, list[Row]] = {
    "every district public, the city larger": [*monthly(AREAS, 92 / 3), *monthly((CITY,), 100.0)],
    "every district public, the city smaller": [*monthly(AREAS, 110 / 3), *monthly((CITY,), 100.0)],
    "some public, the rest would have to double": [*monthly(AREAS[:2], 30.0), *monthly((CITY,), 130.0)],
    "some public, already more than the city": [*monthly(AREAS[:2], 60.0), *monthly((CITY,), 100.0)],
    "quarters of the city": [*monthly(AREAS, 30.0), *[(CITY, t, t + 2, 320.0, "current") for t in range(0, T, 3)]],
    "a year of the city": [*monthly(AREAS, 30.0), (CITY, 0, 11, 1250.0, "current")],
    "year-to-date of the city": [*monthly(AREAS, 30.0), *[(CITY, 0, t, 99.0 * (t + 1), "cumulative") for t in (2, 5)]],
    "a district's year against its scaled months": [(AREAS[0], 0, 11, 250.0, "current"), *monthly((CITY,), 120.0)],
    "a year-to-date January against January": [
        *monthly(AREAS, 30.0),
        (CITY, 0, 0, 90.0, "current"),
        (CITY, 0, 0, 97.0, "cumulative"),
    ],
}


@pytest.mark.parametrize("rows", CONTRADICTIONS.values(), ids=CONTRADICTIONS)
def test_intervals_reach_the_figure_that_the_estimate_contradicts(rows: list[Row]) -> None:
    _, official, published = publish(rows, EVEN)
    assert all(holds(published, row) for row in rows)
    np.testing.assert_array_equal(published.estimate[-1], published.estimate[:-1].sum(axis=0))
    own = np.isfinite(official[:-1])
    np.testing.assert_array_equal(published.estimate[:-1][own], official[:-1][own])


def test_districts_are_as_uncertain_as_the_city_they_contradict() -> None:
    """92 against 100: each district may be 8.3 % off, so that together they can be the city."""
    _, _, published = publish(CONTRADICTIONS["every district public, the city larger"], EVEN)
    assert published.upper[95][:-1].sum(axis=0) == pytest.approx(np.full(T, 100.0))
    assert published.upper[80][-1, 0] == pytest.approx(92 * (100 / 92) ** (1.2816 / 1.96), rel=1e-4)


def test_nothing_changes_where_figures_agree_within_their_noise() -> None:
    rows = [*monthly(AREAS, 30.0), *monthly((CITY,), 90.0 * np.exp(1.9 * NOISE))]
    _, _, published = publish(rows, EVEN)
    half = np.log(published.upper[95] / published.estimate)
    np.testing.assert_allclose(half, gaussian_half_width(95) * NOISE)


def test_months_and_areas_that_no_contradiction_touches_keep_their_width() -> None:
    rows = [*monthly(AREAS, 30.0), (CITY, 3, 3, 120.0, "current"), ("B", 12, 23, 500.0, "current")]
    sums, _, published = publish(rows, EVEN)
    usual = gaussian_half_width(95) * NOISE
    half = np.log(published.upper[95] / published.estimate)
    np.testing.assert_allclose(half[:, 3], np.log(120 / 90))
    np.testing.assert_allclose(half[1, 12:], np.log(500 / 360))
    np.testing.assert_allclose(half[[0, 2]][:, 4:], usual)
    assert log_misfit(sums, EVEN) == pytest.approx([0.0] * 3 * T + [np.log(120 / 90), np.log(500 / 360)])


def random_rows(rng: np.random.Generator, output: FloatArray) -> list[Row]:
    """Estimates of any period and kind, most near the truth, some far from it."""
    rows: list[Row] = []
    for _ in range(int(rng.integers(1, 60))):
        area, kind = str(rng.choice([*AREAS, CITY])), str(rng.choice(["current", "cumulative"]))
        first = int(rng.integers(0, T)) if kind == "current" else 12 * int(rng.integers(0, 2))
        last = min(first + int(rng.choice([0, 0, 0, 1, 2, 5, 11])), 11 if first < 12 else T - 1)
        of_area = output[AREAS.index(area)] if area in AREAS else output.sum(axis=0)
        wrong = rng.choice([0.01, 0.3, 3.0], p=[0.6, 0.3, 0.1])
        rows.append((area, first, last, float(of_area[first : last + 1].sum() * np.exp(rng.normal(0, wrong))), kind))
    return list({(r[0], r[1], r[2], r[4]): r for r in rows}.values())  # one vintage of each, as of a day


@pytest.mark.slow
@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_any_ledger_gives_sums_that_hold_and_intervals_that_reach_what_is_public(seed: int) -> None:
    rng = np.random.default_rng(seed)
    output = rng.lognormal(3, 1, (3, T))
    rows = random_rows(rng, output)
    sums, official, published = publish(rows, output * np.exp(rng.normal(0, 0.2, output.shape)), sd=0.05)
    np.testing.assert_allclose(published.estimate[-1], published.estimate[:-1].sum(axis=0), rtol=1e-12)
    own = np.isfinite(official[:-1])
    np.testing.assert_array_equal(published.estimate[:-1][own], official[:-1][own])
    assert all(holds(published, row) for row in rows)
    limits = [published.lower[95], published.lower[80], published.lower[50], published.estimate]
    limits += [published.upper[50], published.upper[80], published.upper[95]]
    assert np.isfinite(limits).all()
    assert (limits[0] > 0).all()
    assert (np.diff(limits, axis=0) > 0).all()
    assert len(log_misfit(sums, published.estimate[:-1])) == len(rows)


@pytest.mark.parametrize("bad", [np.nan, np.inf, 0.0])
def test_what_cannot_be_compared_widens_nothing_and_does_not_pass(bad: float) -> None:
    sums, _, _ = publish(monthly((CITY,), 90.0), EVEN)
    estimate = EVEN.copy()
    estimate[:, 5] = bad
    misfit = log_misfit(sums, estimate)
    half = {level: np.full((4, T), 0.01) for level in LEVELS}
    assert np.isnan(misfit).tolist() == [t == 5 for t in range(T)]
    np.testing.assert_array_equal(reach_official(half, sums, misfit)[95], half[95])
    result = check_districts_against_city(sums, estimate, (*AREAS, CITY), MONTHS, 0.02)
    assert not result.passed
    assert "2019-06" in result.message


def test_the_check_names_month_both_numbers_and_the_cure() -> None:
    rows = [*monthly(AREAS, 92 / 3), (CITY, 2, 2, 100.0, "current"), (CITY, 3, 5, 330.0, "current")]
    sums, _, published = publish([*rows, ("B", 0, 11, 500.0, "current")], EVEN)
    result = check_districts_against_city(sums, published.estimate[:-1], (*AREAS, CITY), MONTHS, 0.02)
    assert (result.name, result.passed, result.required) == ("statistics.districts_against_city", False, False)
    assert "CITY 2019-03 official 100 against 92" in result.message
    assert "CITY 2019-04..2019-06 official 330 against 276" in result.message
    assert "B 2019-01..2019-12 official 500 against 368" in result.message
    assert "3 of 75" in result.message
    assert "scope" in result.message
    assert result.observed["rows"][0] == {
        "area_id": "B", "start": "2019-01", "end": "2019-12", "official": 500.0, "estimate": pytest.approx(368.0),
    }  # fmt: skip


def test_figures_that_agree_pass_the_check() -> None:
    sums, _, published = publish([*monthly(AREAS, 30.0), *monthly((CITY,), 91.0)], EVEN)
    result = check_districts_against_city(sums, published.estimate[:-1], (*AREAS, CITY), MONTHS, 0.02)
    assert result.passed
    assert (
        "none"
        in check_districts_against_city(
            sums_matrix(ledger_of([]), AREAS, CITY, MONTHS), EVEN, AREAS, MONTHS, 0.02
        ).message
    )
