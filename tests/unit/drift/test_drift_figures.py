"""Errors on figures published since, what is watched of them, and the bet against the intervals."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from gvio.drift.coverage import STAKE, THRESHOLD, TOLERATED, watch_coverage
from gvio.drift.figures import KEPT, FigureError, carried, figure_errors, new_figures, watch_errors
from gvio.drift.monitors import CITY_ERRORS, ERRORS
from gvio.ledger.rows import COLUMNS, Ledger
from gvio.types import Month

AREAS = tuple("ABCDEF")
FIRST = Month(2020, 1)


def ledger(*rows: tuple[str, str, str, float, str]) -> Ledger:
    table = [
        (area, Month.parse(start).ordinal, Month.parse(end).ordinal, value, kind, dt.date(2021, 1, 17), "", "")
        for area, start, end, value, kind in rows
    ]
    return Ledger(pd.DataFrame(table, columns=list(COLUMNS)))


def told(half: float = 0.1) -> pd.DataFrame:
    months = [str(FIRST + t) for t in range(6)]
    frame = pd.DataFrame({"area_id": "A", "month": months, "estimate": 100.0})
    return frame.assign(lower80=100 * np.exp(-half), upper80=100 * np.exp(half))


def errors(size: dict[tuple[str, int], float], n: int = KEPT, seed: int = 3) -> list[FigureError]:
    """Honest errors of 5 % half-width, and some that are given by area and month."""
    rng = np.random.default_rng(seed)
    return [
        FigureError(area, str(FIRST + t), size.get((area, t), float(rng.normal(0, 0.035))), 0.05, True)
        for t in range(n)
        for area in (*AREAS, "CITY")
    ]


def test_an_error_is_the_figure_against_what_was_said_before() -> None:
    before = ledger(("A", "2020-01", "2020-01", 90.0, "current"))
    now = ledger(
        ("A", "2020-01", "2020-01", 95.0, "current"),  # a revision is no new figure
        ("A", "2020-02", "2020-02", 110.0, "current"),
        ("A", "2020-01", "2020-02", 999.0, "cumulative"),  # ends with the same month and is longer
        ("A", "2020-03", "2020-05", 330.0, "current"),
        ("A", "2020-06", "2020-07", 50.0, "current"),  # of a month that was not estimated
        ("Z", "2020-02", "2020-02", 50.0, "current"),
    )
    found = figure_errors(new_figures(before, now), told(), published=True)
    assert [(one.area_id, one.month) for one in found] == [("A", "2020-02"), ("A", "2020-05")]
    assert [one.error for one in found] == pytest.approx([np.log(1.1), np.log(1.1)])
    assert [one.half80 for one in found] == pytest.approx([0.1, 0.1])
    assert found[0].held


def test_errors_are_carried_for_two_years() -> None:
    old = errors({}, KEPT)
    fresh = [FigureError("A", str(FIRST + KEPT), 0.1, 0.05, False)]
    kept = carried(old, fresh, FIRST + KEPT)
    assert kept[0].month == str(FIRST + 1)
    assert kept[-1] == fresh[0]
    assert len({one.month for one in kept}) == KEPT


def test_honest_errors_are_quiet_and_a_hidden_stop_is_told_by_its_first_figure() -> None:
    assert watch_errors(errors({}), "CITY", ERRORS, CITY_ERRORS).missed == ()
    (missed,) = watch_errors(errors({("C", KEPT - 1): np.log(0.7)}), "CITY", ERRORS, CITY_ERRORS).missed
    assert (missed.area_id, missed.since, missed.month) == ("C", str(FIRST + (KEPT - 1)), str(FIRST + (KEPT - 1)))
    assert missed.size == pytest.approx(np.log(0.7), abs=0.06)


def test_what_all_districts_share_is_not_one_districts() -> None:
    """A month in which the whole city falls and comes back is no drift of anything."""
    fallen = {(area, 20): -0.3 for area in (*AREAS, "CITY")} | {(area, 21): 0.12 for area in (*AREAS, "CITY")}
    assert watch_errors(errors(fallen), "CITY", ERRORS, CITY_ERRORS).missed == ()
    stays = {("CITY", t): -0.12 for t in range(18, KEPT)}
    assert [one.area_id for one in watch_errors(errors(stays), "CITY", ERRORS, CITY_ERRORS).missed][:1] == ["CITY"]


def test_without_figures_there_is_nothing_to_say() -> None:
    nothing = watch_errors([], "CITY", ERRORS, CITY_ERRORS)
    assert (nothing.missed, dict(nothing.height)) == ((), {})
    coverage = watch_coverage([])
    assert (coverage.n, coverage.height, coverage.alarms) == (0, 0.0, ())
    assert np.isnan(coverage.share)


def test_narrow_intervals_are_told_and_honest_ones_are_not() -> None:
    honest = watch_coverage(errors({}))
    assert honest.alarms == ()
    assert honest.share == pytest.approx(0.85, abs=0.1)
    wrong = {(area, t): 0.2 for area in AREAS[:5] for t in range(4, KEPT)}
    (alarm, *_) = watch_coverage(errors(wrong)).alarms
    assert alarm[0] <= str(FIRST + 4)
    assert Month.parse(alarm[1]) - (FIRST + 4) <= 14


def test_the_bet_never_grows_on_average_at_the_tolerated_coverage() -> None:
    """And loses nothing entirely: the two conditions on which its run length of `THRESHOLD` months rests."""
    held = np.random.default_rng(4).binomial(1, TOLERATED, 100_000)
    assert (1 + STAKE * (TOLERATED - held)).mean() == pytest.approx(1.0, abs=0.01)
    assert 1 + STAKE * (TOLERATED - 1) > 0
    assert THRESHOLD >= 120
