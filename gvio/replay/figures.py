"""The table of figures as it was on a day of a replay: rows public then, with what the calendar changes. Pure."""

from __future__ import annotations

import contextlib
import datetime as dt

import pandas as pd

from gvio.errors import ConfigError
from gvio.events import Figure, ReplayCalendar, RevisedFigure
from gvio.region.figure_cells import read_day, read_month, read_number
from gvio.types import Month

_HINT = "Compare area, start and end with statistics.csv, and the day with its column published."


def figures_on(table: pd.DataFrame, calendar: ReplayCalendar, day: dt.date) -> pd.DataFrame:
    """The rows of the file on a day, as text.

    Rows whose day of publication cannot be read stay: the run itself says what is wrong with them.

    Args:
        table: The pack's own, as text.
        calendar: Revisions and retractions.
        day: The day.

    Raises:
        ConfigError: The calendar changes a figure that is not known on that day.
    """
    changes: list[Figure] = [one for one in (*calendar.revised, *calendar.retracted) if one.day <= day]
    for change in sorted(changes, key=lambda one: one.day):
        known = table[_of_figure(table, change) & _public(table["published"], change.day)]
        if known.empty:
            first, last = change.period
            what = f"no figure of {change.area} for {first}..{last} is known on {change.day}"
            raise ConfigError(what, where="--calendar", hint=_HINT)
        if isinstance(change, RevisedFigure):
            table = pd.concat([table, _revised(known, change)], ignore_index=True)
        else:
            table = table.drop(index=known.index)
    return table[_public(table["published"], day)]


def known_days(table: pd.DataFrame, month: Month) -> tuple[dt.date, ...]:
    """The days on which a figure whose period holds the month came out, ascending, each once."""
    rows = table[[_holds(start, end, month) for start, end in zip(table["start"], table["end"], strict=True)]]
    days = {_day(cell) for cell in rows["published"]}
    return tuple(sorted(day for day in days if day is not None))


def _of_figure(table: pd.DataFrame, figure: Figure) -> pd.Series[bool]:
    first, last = (Month.parse(text).ordinal for text in figure.period)
    same = [
        area == figure.area and _ordinal(start) == first and _ordinal(end) == last
        for area, start, end in zip(table["area_id"], table["start"], table["end"], strict=True)
    ]
    return pd.Series(same, index=table.index, dtype=bool)


def _public(published: pd.Series[str], day: dt.date) -> pd.Series[bool]:
    days = [_day(cell) for cell in published]
    return pd.Series([one is None or one <= day for one in days], index=published.index, dtype=bool)


def _revised(known: pd.DataFrame, change: RevisedFigure) -> pd.DataFrame:
    """One more vintage of the newest known row."""
    days = [_day(cell) or dt.date.min for cell in known["published"]]
    newest = known.iloc[[max(range(len(days)), key=lambda at: (days[at], at))]]
    value = change.value
    if value is None:
        value = read_number(str(newest["value"].iloc[0])) * (change.factor or 1.0)
    return newest.assign(value=f"{value:.10g}", published=change.day.isoformat())


def _holds(start: str, end: str, month: Month) -> bool:
    first, last = _ordinal(start), _ordinal(end)
    return first is not None and last is not None and first <= month.ordinal <= last


def _ordinal(cell: str) -> int | None:
    with contextlib.suppress(ValueError):
        return read_month(cell)
    return None


def _day(cell: str) -> dt.date | None:
    with contextlib.suppress(ValueError):
        return read_day(cell)
    return None
