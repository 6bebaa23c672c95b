"""The picture of what was known when: a row a month, days since its end to the right; shapes for the SVG. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterator

from gvio.replay.told import MonthTold
from gvio.types import Month

LEFT, ROW, WIDTH, TOP = 62, 10, 820, 24
DAYS = 420
_EVERY = 40  # months from which on not every row is labelled
_AXIS = (0, 30, 60, 90, 180, 270, 360)


@dataclasses.dataclass(frozen=True)
class Shape:
    """A bar, mark or label of the picture: `kind` is its class, `title` what a pointer tells."""

    kind: str
    x: float
    y: float
    width: float = 0.0
    title: str = ""


@dataclasses.dataclass(frozen=True)
class Picture:
    """All shapes, and the height; the width is `WIDTH`."""

    shapes: tuple[Shape, ...]
    height: int


def picture_of(months: tuple[MonthTold, ...], last_day: dt.date) -> Picture:
    """Rows of all months; what happened later than `DAYS` after a month's end is left out."""
    shapes = list(_axis(len(months)))
    for row, month in enumerate(months):
        y = TOP + row * ROW
        if len(months) < _EVERY or row % 3 == 0:
            shapes.append(Shape("name", LEFT - 8, y + ROW - 2, 0, month.month))
        shapes += _row(month, y, last_day)
    return Picture(tuple(shapes), TOP + len(months) * ROW + 6)


def _axis(rows: int) -> Iterator[Shape]:
    for days in _AXIS:
        yield Shape("axis", _x(days), TOP, rows * ROW, f"{days}")


def _row(month: MonthTold, y: float, last_day: dt.date) -> Iterator[Shape]:
    end = Month.parse(month.month).last_day

    def at(day: str) -> float | None:
        days = (dt.date.fromisoformat(day) - end).days
        return _x(days) if days <= DAYS else None

    until = _x(min((last_day - end).days, DAYS))
    came = None if month.light_came is None else at(month.light_came)
    if month.since is not None and (due := at(month.since)) is not None:
        waited = (until if came is None or came < due else came) - due
        yield Shape("late", due, y, max(waited, 1.0), f"{month.month}: {month.reason} since {month.since}")
    if came is not None:
        yield Shape("light", came, y, max(until - came, 1.0), f"{month.month}: light on {month.light_came}")
    for day in month.light_changed:
        if (x := at(day)) is not None:
            yield Shape("again", x, y, 0, f"{month.month}: light changed on {day}")
    for day in month.figures:
        if (x := at(day)) is not None:
            yield Shape("figure", x, y, 0, f"{month.month}: a figure on {day}")
    if month.outcome == "refused":
        yield Shape("refused", LEFT, y, 5, f"{month.month}: refused")
    if month.told_on is not None and (x := at(month.told_on)) is not None:
        yield Shape("told", x, y, 0, f"{month.month}: first told on {month.told_on}")


def _x(days: float) -> float:
    return round(LEFT + (WIDTH - LEFT - 10) * max(days, 0) / DAYS, 1)
