"""In what every replayed month ended, and what was known of it when. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import pandas as pd

from gvio.events import ReplayCalendar
from gvio.replay.figures import figures_on, known_days
from gvio.replay.log import LookLine
from gvio.replay.told import MonthTold
from gvio.types import Month


def month_ended(month: Month, lines: Sequence[LookLine], calendar: ReplayCalendar) -> MonthTold:
    """The one outcome of a month, from the looks for it: there is at least one.

    A look that published an earlier month because this one's light was not there leaves this month late.
    """
    last = lines[-1]
    made = [line for line in lines if line.outcome == "published" and line.release_month == str(month)]
    told = MonthTold(month=str(month), outcome="published")
    if made:
        return told.model_copy(update={"trained": made[-1].trained, "decision": made[-1].decision})
    if last.outcome == "refused":
        return told.model_copy(update={"outcome": "refused", "reason": last.reason})
    if not calendar.has_light(month, dt.date.fromisoformat(last.day)):
        since = str(max([calendar.due(month), *_gone(month, calendar, last.day)]))
        why = {"outcome": "late", "reason": f"awaiting light of {month}", "since": since}
        return told.model_copy(update=why | {"trained": last.trained, "decision": last.decision})
    if last.outcome == "late":
        what, since = last.awaited[0] if last.awaited else (last.reason, last.day)
        return told.model_copy(update={"outcome": "late", "reason": f"awaiting {what}", "since": since})
    return told.model_copy(update={"outcome": "unchanged", "reason": last.reason or "nothing is new"})


def light_days(
    month: Month, calendar: ReplayCalendar, there: bool, until: dt.date
) -> tuple[str | None, tuple[str, ...]]:
    """The first day with light of a month, and the days on which that changed; until a day.

    Args:
        month: The month.
        calendar: What happens to its light.
        there: Whether the pack has any.
        until: Last day that counts.
    """
    arrival = calendar.arrival(month) if there else None
    if arrival is None or arrival > until:
        return None, ()
    name = str(month)
    days = {one.day for one in calendar.republished if one.light == name}
    for one in calendar.withdrawn:
        days |= {day for day in (one.day, one.until) if one.light == name and day is not None}
    return str(arrival), tuple(str(day) for day in sorted(days) if arrival < day <= until)


def figure_days(table: pd.DataFrame, calendar: ReplayCalendar, month: Month, until: dt.date) -> tuple[str, ...]:
    """Days until `until` on which figures that hold the month came out; the table as `figures_on` takes it."""
    return tuple(str(day) for day in known_days(figures_on(table, calendar, until), month))


def _gone(month: Month, calendar: ReplayCalendar, until: str) -> list[dt.date]:
    return [one.day for one in calendar.withdrawn if one.light == str(month) and str(one.day) <= until]
