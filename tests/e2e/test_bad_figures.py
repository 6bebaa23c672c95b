"""Figures that cannot be true are refused with their line; figures that contradict each other a little are reported."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest
from badland import Region

Change = Callable[[pd.DataFrame], pd.DataFrame]
NOTHING = "Nothing is published and the last release stands"


def _set(row: int, column: str, value: str) -> Change:
    return lambda table: table.assign(**{column: table[column].where(table.index != row, value)})


def _scale(rows: Any, factor: float) -> Change:
    def change(table: pd.DataFrame) -> pd.DataFrame:
        chosen = rows(table) if callable(rows) else table.index == rows
        value = table["value"].astype(float)
        return table.assign(value=value.where(~chosen, value * factor).astype(str))

    return change


def _append(*rows: dict[str, str]) -> Change:
    return lambda table: pd.concat([table, pd.DataFrame([table.iloc[-1].to_dict() | row for row in rows])])


def _year_to_date(end: str, value: str, published: str) -> dict[str, str]:
    return {"area_id": "D00", "start": "2019-01", "end": end, "value": value, "kind": "cumulative"} | {
        "published": published
    }


def _rising(area: str) -> Change:
    """The months of an area as if each were the year's sum so far."""

    def change(table: pd.DataFrame) -> pd.DataFrame:
        own = table["area_id"] == area
        sofar = table[own].sort_values("end")["value"].astype(float).groupby(table["start"].str[:4]).cumsum()
        return table.assign(value=table["value"].where(~own, sofar.reindex(table.index).astype(str)))

    return change


REFUSED: dict[str, tuple[Change, str]] = {
    "negative": (
        _set(5, "value", "-12.5"),
        r"statistics\.csv, line 7: value -12\.5 is not a positive number. Leave unknown figures out",
    ),
    "zero": (_set(5, "value", "0"), r"statistics\.csv, line 7: value 0 is not a positive number. Leave unknown"),
    "not a number": (_set(5, "value", "nan"), r"statistics\.csv, line 7: value nan is not a positive number. Leave"),
    "infinite": (_set(5, "value", "inf"), r"statistics\.csv, line 7: value inf is not a positive number. Leave"),
    "text": (_set(5, "value", "n/a"), r"statistics\.csv, line 7: value 'n/a' cannot be read. Leave unknown figures"),
    "unit of one row off by ten thousand": (
        _scale(5, 1e4),
        r"ledger\.unit\] line 7: \S+ of area D\d\d \(.*\) is off the area's median by a factor of \d+,\d+; correct the "
        rf"unit of these rows.*{NOTHING}",
    ),
    "unit of one district off by ten thousand": (
        _scale(lambda t: t["area_id"] == "D01", 1e4),
        r"ledger\.level\] lines .* and \d+ more: a typical month of area D01 is \S+ times the city's; bring all "
        rf"figures to the unit of region\.yaml.*{NOTHING}",
    ),
    "unit of the city off by ten thousand": (
        _scale(lambda t: t["area_id"] == "CITY", 1e-4),
        rf"ledger\.level\] .* times the city's; bring all figures to the unit of region\.yaml.*{NOTHING}",
    ),
    "year-to-date that falls": (
        _append(_year_to_date("2019-06", "900", "2019-07-17"), _year_to_date("2019-09", "700", "2019-10-17")),
        r"ledger\.year_to_date\] line \d+: year-to-date of area D00 \(2019-01\.\.2019-09\) falls to 700 from 900; "
        rf"correct the row, or its kind.*{NOTHING}",
    ),
    "year-to-date as months": (
        _rising("D01"),
        r"ledger\.year_to_date_as_months\] lines .*: months that rise from .*: D01 in 2019, 2020; enter these "
        rf"rows with start January and kind cumulative.*{NOTHING}",
    ),
    "unknown area": (
        _set(5, "area_id", "D99"),
        r"statistics\.csv, line 7: area_id 'D99' is neither a district nor the city 'CITY'. Correct the area_id",
    ),
    "month that is none": (_set(5, "start", "2019-13"), r"line 7: start '2019-13' cannot be read. Write months as"),
    "day that is none": (_set(5, "published", "soon"), r"line 7: published 'soon' cannot be read. Write days as"),
    "kind that is none": (_set(5, "kind", "total"), r"line 7: kind 'total' cannot be read. Use current or cumulative"),
    "public before the period was over": (
        _set(5, "published", "2018-01-01"),
        r"line 7: published on 2018-01-01, before the period was over. Correct the day or the period",
    ),
    "column without its name": (
        lambda t: t.rename(columns={"published": "publishd"}),
        r"statistics\.csv: no column 'published'; the nearest is 'publishd'. Rename the column",
    ),
    "two values of one day": (
        lambda t: pd.concat([t, t.iloc[5:6].assign(value=[str(1.04 * float(t.iloc[5]["value"]))])]),
        r"ledger_table\.row_unique\] .* first line 7 \S+ \S+ \S+, line \d+ .* Two figures of one day: remove the line",
    ),
    "no row at all": (lambda t: t.iloc[:0], r"ledger\.rows\] no official figure is public; add rows to the statistics"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_impossible_figures_are_refused_and_the_release_stands(region: Region, name: str) -> None:
    change, message = REFUSED[name]
    before = region.published()
    region.write("statistics.csv", change(region.table("statistics.csv")))
    outcome = region.run("run")
    assert (outcome.code, outcome.out) == (3, "")
    assert re.search(message, outcome.message)
    assert region.published() == before


def test_a_refusal_leaves_the_checks_for_people_to_read(region: Region) -> None:
    region.write("statistics.csv", _scale(5, 1e4)(region.table("statistics.csv")))
    assert region.run("run").code == 3
    page = (region.workspace / "badland" / "checks.html").read_text()
    assert "correct the unit of these rows" in page


def test_overlapping_vintages_are_reported_and_the_newest_counts(region: Region) -> None:
    table = region.table("statistics.csv")
    row = table.iloc[5].to_dict()
    later = row | {"value": str(1.4 * float(row["value"])), "published": "2020-06-01"}
    region.write("statistics.csv", pd.concat([table, pd.DataFrame([later])]))
    assert region.run("fetch").code == 0
    outcome = region.run("validate", "--json")
    assert outcome.code == 0
    told = [text for text in outcome.document["facts"]["warnings"] if "vintages" in text]
    assert len(told) == 1
    assert re.search(r"lines 7.*: vintages of area D\d\d, .* differ by \d+%; the newest public one counts", told[0])


def test_vintages_of_the_future_are_not_reported(region: Region) -> None:
    table = region.table("statistics.csv")
    row = table.iloc[5].to_dict()
    later = row | {"value": str(1.4 * float(row["value"])), "published": "2021-06-01"}
    region.write("statistics.csv", pd.concat([table, pd.DataFrame([later])]))
    assert region.run("fetch").code == 0
    outcome = region.run("validate", "--json")
    assert outcome.code == 0
    assert not [text for text in outcome.document["facts"]["warnings"] if "vintages" in text]


def test_no_figure_public_on_the_day_is_refused(region: Region) -> None:
    before = region.published()
    outcome = region.run("run", as_of="2018-11-02")
    assert outcome.code == 3
    assert re.search(r"no official figure is public; .* choose a later as-of date", outcome.message)
    assert region.published() == before
