"""Figures of districts that merged, split or exchanged land enter as sums over what they are today, and as no more."""

from __future__ import annotations

import datetime as dt
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from gvio.config import ExtentChange
from gvio.errors import LedgerError
from gvio.evaluate.target import city_targets, targets_of
from gvio.ledger.extents import at_present_extents, former_areas, require_former_ended
from gvio.ledger.rows import COLUMNS, GROUP, Ledger
from gvio.ledger.sums import log_misfit, official_monthly, sums_matrix
from gvio.map.intervals import months_ahead, reach_official
from gvio.types import Month

MONTHS = [Month(2015, 1) + t for t in range(4)]
MERGER = ExtentChange(until="2015-02", former=("jingan", "zhabei"), now=("jingan",))
EXCHANGE = ExtentChange(until="2015-02", former=("east-old", "west-old"), now=("east", "west"))


def ledger(*rows: tuple[str, int, float]) -> Ledger:
    """Monthly figures: area, month of 2015, value."""
    months = [Month(2015, month).ordinal for _, month, _ in rows]
    areas, days = [area for area, _, _ in rows], [dt.date(2015, month + 1, 17) for _, month, _ in rows]
    frame = pd.DataFrame({"area_id": areas, "start": months, "end": months, "value": [value for _, _, value in rows]})
    frame = frame.assign(kind="current", published=days, series="", source="")
    return Ledger(frame[list(COLUMNS)].set_index(pd.RangeIndex(2, len(rows) + 2)))


def values(of: Ledger) -> dict[tuple[str, int], float]:
    cells = of.rows[["area_id", "start", "value"]].to_numpy()
    return {(area, int(start) - Month(2015, 1).ordinal + 1): value for area, start, value in cells}


def test_of_a_merger_the_sum_is_the_district_of_today() -> None:
    given = ledger(("jingan", 1, 10.0), ("zhabei", 1, 5.0), ("jingan", 3, 16.0), ("pudong", 1, 70.0))
    present, note = at_present_extents(given, [MERGER])
    assert values(present) == {("jingan", 1): 15.0, ("jingan", 3): 16.0, ("pudong", 1): 70.0}
    assert note is not None
    assert (note.name, note.passed) == ("ledger.former_extents", True)


def test_a_period_without_all_of_them_is_left_out_and_named() -> None:
    present, note = at_present_extents(ledger(("jingan", 1, 10.0), ("zhabei", 2, 5.0), ("jingan", 3, 16.0)), [MERGER])
    assert values(present) == {("jingan", 3): 16.0}
    assert note is not None
    assert not note.passed
    assert note.message.startswith("lines 2, 3: 2 figure(s) of former districts (jingan, zhabei) are left out")


def test_of_revised_figures_the_newest_are_summed() -> None:
    given = ledger(
        ("jingan", 1, 10.0), ("zhabei", 1, 5.0), ("jingan", 1, 11.0), ("pudong", 1, 70.0), ("pudong", 1, 71.0)
    )
    given.rows.loc[4, "published"] = dt.date(2015, 9, 17)
    present, _ = at_present_extents(given, [MERGER])
    assert sorted(present.rows["value"]) == [16.0, 70.0, 71.0], "of other areas every vintage stays"


def test_changes_follow_one_another() -> None:
    first = ExtentChange(until="2015-01", former=("a", "b"), now=("c",))
    second = ExtentChange(until="2015-02", former=("c", "d"), now=("e",))
    given = ledger(("a", 1, 1.0), ("b", 1, 2.0), ("d", 1, 4.0), ("c", 2, 3.0), ("d", 2, 5.0), ("e", 3, 9.0))
    present, _ = at_present_extents(given, [second, first])
    assert values(present) == {("e", 1): 7.0, ("e", 2): 8.0, ("e", 3): 9.0}


def test_a_sum_of_which_a_part_changes_again_is_carried_on() -> None:
    """Of the time before both exchanges only the sum of all three is known, of the time between both two sums."""
    first = ExtentChange(until="2015-01", former=("a", "b"), now=("a", "b"))
    second = ExtentChange(until="2015-02", former=("b", "c"), now=("b", "c"))
    given = ledger(
        *((area, month, value) for month in (1, 2, 3) for area, value in (("a", 1.0), ("b", 2.0), ("c", 4.0)))
    )
    present, note = at_present_extents(given, [first, second])
    wanted = {("a + b + c", 1): 7.0, ("a", 2): 1.0, ("b + c", 2): 6.0, ("a", 3): 1.0, ("b", 3): 2.0, ("c", 3): 4.0}
    assert values(present) == wanted
    assert note is not None
    assert note.passed


def test_a_figure_in_the_present_extent_is_not_counted_twice() -> None:
    change = ExtentChange(until="2015-02", former=("a", "b"), now=("c",))
    present, _ = at_present_extents(ledger(("a", 1, 10.0), ("b", 1, 5.0), ("c", 1, 15.5)), [change])
    assert values(present) == {("c", 1): 15.5}


def test_without_a_change_nothing_changes() -> None:
    given = ledger(("jingan", 1, 10.0))
    assert at_present_extents(given, []) == (given, None)


def grouped() -> tuple[Any, Ledger]:
    given = ledger(("east-old", 1, 10.0), ("west-old", 1, 5.0), ("east", 3, 8.0), ("CITY", 1, 40.0))
    present, _ = at_present_extents(given, [EXCHANGE])
    return sums_matrix(present, ("north", "east", "west"), "CITY", MONTHS), present


def test_of_an_exchange_only_the_sum_of_both_is_a_figure() -> None:
    sums, present = grouped()
    (row,) = np.flatnonzero(sums.area == GROUP)
    assert sums.districts_of(row).tolist() == [1, 2]
    assert (sums.values[row], sums.G[[row]].toarray().reshape(3, 4)[:, 0].tolist()) == (15.0, [0.0, 1.0, 1.0])
    assert np.isnan(targets_of(sums).value[1:, 0]).all(), "no part of it is a district's figure"
    assert city_targets(sums).value[0, 0] == 40.0
    official, _ = official_monthly(present, ("north", "east", "west"), "CITY", MONTHS)
    assert np.isnan(official[1:3, 0]).all()
    assert official[-1, 0] == 40.0
    assert months_ahead(sums)[2, 0] > 0, "west was never public alone"


def test_a_contradicted_group_widens_its_districts_only() -> None:
    sums, _ = grouped()
    misfit = log_misfit(sums, np.full((3, 4), 8.0))
    misfit[sums.area != GROUP] = 0
    wide = reach_official({95: np.zeros((4, 4))}, sums, misfit)[95]
    assert (wide[1:3, 0] > 0).all()
    assert wide[0, 0] == wide[-1, 0] == 0


def test_a_district_that_ended_has_no_later_figure() -> None:
    late = ledger(("zhabei", 3, 5.0))
    with pytest.raises(
        LedgerError, match=r"s\.csv, line 2: zhabei has a figure of 2015-03, but ended 2015-02\. Correct"
    ):
        require_former_ended(late, [MERGER], ["jingan"], "s.csv")
    require_former_ended(ledger(("jingan", 3, 5.0)), [MERGER], ["jingan"], "s.csv")
    assert former_areas([MERGER, EXCHANGE]) == ("jingan", "zhabei", "east-old", "west-old")


def test_a_change_names_areas_and_a_month() -> None:
    with pytest.raises(ValidationError):
        ExtentChange(until="2015-13", former=("a",), now=("b",))
    with pytest.raises(ValidationError):
        ExtentChange(until="2015-12", former=(), now=("b",))
    with pytest.raises(ValidationError, match="'b' stands there twice"):
        ExtentChange(until="2015-12", former=("a", "b"), now=("b", "b"))
