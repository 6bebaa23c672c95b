"""The looks of a replay in the order in which they happen. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable

from gvio.errors import ConfigError
from gvio.events import ReplayCalendar, Stage
from gvio.types import Month, month_range

_HOUR = dt.time(6, tzinfo=dt.UTC)  # as the schedule of `gvio serve` looks by default


@dataclasses.dataclass(frozen=True)
class Look:
    """One look of the schedule.

    Attributes:
        number: 1 for the first.
        month: The month that it is for: the one before its day.
        at: When, by the replay's clock.
        cut_after: The stage after which it is cut off once, and then begun again; None: it is not.
        losses: How often the workspace was lost until then.
        loses: Whether it is lost just before it.
    """

    number: int
    month: Month
    at: dt.datetime
    cut_after: Stage | None = None
    losses: int = 0
    loses: bool = False

    @property
    def day(self) -> dt.date:
        """The as-of day."""
        return self.at.date()


def looks_between(first: Month, last: Month, calendar: ReplayCalendar) -> tuple[Look, ...]:
    """The looks for the months `first`..`last`, each in the month after.

    Raises:
        ConfigError: The range is empty, or an event falls on a day after the last look.
    """
    months = list(month_range(first, last))
    if not months:
        raise ConfigError(f"the range {first}..{last} is empty", where="--from/--to", hint="Swap the two months.")
    days = [(month, (month + 1).first_day.replace(day=day)) for month in months for day in calendar.looks]
    at = [day for _, day in days]
    twice = _at_looks(calendar.twice, at, "twice")
    loses = _at_looks(calendar.lost_workspace, at, "lost_workspace")
    restarts = _at_looks([one.day for one in calendar.restarts], at, "restarts")
    cut = {place: one.after for place, one in zip(restarts, calendar.restarts, strict=True)}
    looks = list[Look]()
    for place, (month, day) in enumerate(days):
        for again in range(1 + twice.count(place)):
            moment = dt.datetime.combine(day, _HOUR) + dt.timedelta(minutes=again)
            first_time = again == 0
            looks.append(
                Look(
                    number=len(looks) + 1,
                    month=month,
                    at=moment,
                    cut_after=cut.get(place) if first_time else None,
                    losses=sum(lost <= place for lost in set(loses)),
                    loses=place in loses and first_time,
                )
            )
    return tuple(looks)


def _at_looks(events: Iterable[dt.date], looks: list[dt.date], name: str) -> list[int]:
    """Of every event the first look on its day or after it.

    Raises:
        ConfigError: There is none.
    """
    found = list[int]()
    for day in events:
        place = next((at for at, look in enumerate(looks) if look >= day), None)
        if place is None:
            what = f"{name} names {day}, after the last look on {looks[-1]}"
            raise ConfigError(what, where="--calendar", hint="Name an earlier day, or choose a later --to.")
        found.append(place)
    return found
