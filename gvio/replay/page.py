"""The report of a replay as one HTML page that refers to nothing outside itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping

import pandas as pd

from gvio.config import INVENTED
from gvio.events import ReplayCalendar
from gvio.replay.known_when import WIDTH, picture_of
from gvio.replay.told import Errors, MonthTold, ReplayReport
from gvio.report.news import WORDS
from gvio.report.numbers import signed_percent
from gvio.report.pages import render

_CAUSES: Mapping[str, str] = {
    "reprocessed_light": "light was written again",
    "revised_figures": "an official figure was corrected",
}
_LEVELS = {"districts": "Districts", "city": "The city"}


def replay_html(report: ReplayReport, calendar: ReplayCalendar) -> str:
    """The page; equal reports give equal bytes."""
    last = dt.date.fromisoformat(report.looks[-1].day)
    counted = [(name, report.count(name)) for name in ("published", "unchanged", "refused", "late")]
    return render(
        "replay.html",
        report=report,
        mark=INVENTED if report.invented else "",
        looks=_days(calendar),
        light_day=calendar.light_day,
        counted=[(name, n) for name, n in counted if n],
        picture=picture_of(report.months, last),
        width=WIDTH,
        errors=_errors_tables(report),
        errata=[(one, _CAUSES.get(one.cause, one.cause)) for one in report.errata],
        changes=_changes_table(report),
        months=[(month, _error(month)) for month in report.months],
    )


def _days(calendar: ReplayCalendar) -> str:
    return " and ".join(f"{day}." for day in calendar.looks)


def _errors_tables(report: ReplayReport) -> list[tuple[str, pd.DataFrame]]:
    tables = []
    for level, title in _LEVELS.items():
        rows = [one for one in report.errors if one.level == level]
        if rows:
            tables.append((title, pd.DataFrame([_error_cells(one) for one in rows]).set_index("Estimate")))
    return tables


def _error_cells(one: Errors) -> dict[str, str]:
    age = "first" if one.age is None else f"{one.age} months old" if one.age != 1 else "1 month old"
    return {
        "Estimate": age,
        "n": f"{one.n}",
        "Mean": _percent(one.bias),
        "Spread": f"{100 * one.spread:.1f} %",
        "Mean size": f"{100 * one.mean_absolute:.1f} %",
        "Inside 80 %": f"{100 * one.held80:.0f} %",
        "Inside 95 %": f"{100 * one.held95:.0f} %",
    }


def _changes_table(report: ReplayReport) -> pd.DataFrame:
    """Mean size of each part of the news, per cent, a row a release; parts that never moved anything are left out."""
    moved = [part for part in WORDS if any(change.parts.get(part, 0.0) >= 5e-7 for change in report.changes)]
    rows = [
        {"Day": change.day, **{WORDS[part]: f"{100 * change.parts.get(part, 0.0):z.2f}" for part in moved}}
        for change in report.changes
    ]
    return pd.DataFrame(rows, columns=["Day", *(WORDS[part] for part in moved)]).set_index("Day")


def _error(month: MonthTold) -> str:
    """Of the city's first estimate against its last official figure."""
    if month.estimate is None or month.official is None:
        return ""
    return _percent(month.estimate / month.official - 1)


def _percent(share: float) -> str:
    return signed_percent(100 * share)
