"""Levels of monthly series: season, trend and gaps are no drift, a step is, and its level is learned afterwards."""

from __future__ import annotations

import numpy as np
import pytest

from gvio.drift.cusum import Rule, Sums
from gvio.drift.level import FEWEST, SETTLE, watch_levels
from gvio.drift.monitors import LIGHT_RULES

T = 120
CALENDAR = np.arange(T) % 12 + 1
RULE = LIGHT_RULES["light_districts"]


def series(n: int = 4, seed: int = 5) -> np.ndarray:
    """(n, T) season, growth and 2 % noise."""
    rng = np.random.default_rng(seed)
    season = 0.2 * np.cos(2 * np.pi * CALENDAR / 12) + 0.1 * (CALENDAR == 2)
    return season + 0.004 * np.arange(T) + rng.normal(0, 0.02, (n, T))


def test_season_trend_and_gaps_are_no_drift() -> None:
    values = series()
    values[1, 40:44] = np.nan
    values[:, 70] = np.nan
    found = watch_levels(values, CALENDAR, RULE)
    assert found.shifts == ()
    assert np.isnan(found.errors[:, :FEWEST]).all()
    assert np.isnan(found.errors[:, 70]).all()
    assert np.isfinite(found.errors[1, 44:70]).all()


def test_errors_are_standard_normal_while_nothing_changes() -> None:
    found = watch_levels(series(24), CALENDAR, RULE).errors[:, FEWEST:]
    assert found.std() == pytest.approx(1.0, abs=0.07)
    assert abs((found[:, 1:] * found[:, :-1]).mean()) < 0.12


@pytest.mark.parametrize("sign", [1, -1])
def test_a_step_is_found_at_once_and_only_in_its_series(sign: int) -> None:
    values = series()
    values[2, 80:] += sign * 0.15
    (shift,) = watch_levels(values, CALENDAR, RULE).shifts
    assert (shift.series, shift.since) == (2, 80)
    assert shift.at <= 82
    assert shift.size == pytest.approx(sign * 0.15, abs=0.06)


def test_after_an_alarm_the_new_level_is_the_usual_one() -> None:
    values = series()
    values[2, 80:] += 0.15
    found = watch_levels(values, CALENDAR, RULE)
    assert abs(found.errors[2, 80 + SETTLE + 1 :].mean()) < 0.7
    values[2, 105:] -= 0.2
    assert [shift.since for shift in watch_levels(values, CALENDAR, RULE).shifts] == [80, 105]


def test_one_odd_month_is_no_drift() -> None:
    values = series()
    values[:, 80] -= 0.3
    assert watch_levels(values, CALENDAR, RULE).shifts == ()


def test_a_sure_shift_without_consequence_is_not_told() -> None:
    values = series() * 0.0 + 1e-4 * np.random.default_rng(1).normal(size=(4, T))
    values[0, 80:] += 0.02
    assert watch_levels(values, CALENDAR, RULE).shifts == ()


def test_a_series_that_is_short_or_unknown_is_not_judged() -> None:
    assert watch_levels(series()[:, :20], CALENDAR[:20], RULE).shifts == ()
    nothing = watch_levels(np.full((2, T), np.nan), CALENDAR, RULE)
    assert nothing.shifts == ()
    assert (nothing.height == 0).all()


def test_the_sum_is_pages_and_knows_when_it_began() -> None:
    rule = Rule(allowance=0.5, threshold=4.0, cap=3.0)
    sums = Sums(1, rule)
    heights = [float(sums.add(np.array([z]), t)[0]) for t, z in enumerate([0.2, 2.0, np.nan, 9.0, -4.0])]
    assert heights == pytest.approx([0.0, 1.5, 1.5, 4.0, 2.5])  # 9 counts as 3; of −4 the other side's sum is 2.5
    assert sums.begun(0) == 4
    sums.forget(0)
    assert sums.height.max() == 0.0
