"""What happens on which day of a replay: the calendar file of `gvio replay` as a frozen value. Pure.

Without a calendar light comes on one day of the month after, once, and figures on their own day of publication. Each
list of the calendar plants one kind of exception; nothing of it is known before its day.
"""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from gvio.sections import Frozen, parse_section
from gvio.types import Month

LIGHT_DAY, LOOK_DAY = 15, 20
Stage = Literal["fetch", "validate", "sample", "train", "evaluate", "decide", "map", "publish"]


def _month(value: object) -> str:
    return str(Month.parse(str(value)))


MonthText = Annotated[str, AfterValidator(_month)]
DayOfMonth = Annotated[int, Field(ge=1, le=28)]


class LateLight(Frozen):
    """Light of a month that comes on a later day than usual."""

    light: MonthText = Field(description="month of the light")
    arrives: dt.date = Field(description="day from which it is there")


class WithdrawnLight(Frozen):
    """Light of a month that is taken away again."""

    light: MonthText = Field(description="month of the light")
    day: dt.date = Field(description="day from which it is gone")
    until: dt.date | None = Field(None, description="day from which it is back; none: it stays away")

    @model_validator(mode="after")
    def _forward(self) -> Self:
        if self.until is not None and self.until <= self.day:
            raise ValueError(f"light of {self.light} is back on {self.until}, not after {self.day}")
        return self


class RepublishedLight(Frozen):
    """Light of a month that is written again: by a factor, or as other files."""

    light: MonthText = Field(description="month of the light")
    day: dt.date = Field(description="day from which it is the new one")
    factor: float | None = Field(None, gt=0, description="all radiance by this factor")
    files: tuple[str, ...] = Field((), description="files that take the place of the month's, relative to the calendar")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.factor is None) == (not self.files):
            raise ValueError(f"light of {self.light}: give either factor or files")
        return self


class Figure(Frozen):
    """Which official figure: area and period as in the pack's statistics."""

    area: str = Field(description="area_id")
    start: MonthText = Field(description="first month of the figure")
    end: MonthText | None = Field(None, description="last month of the figure; none: the first")
    day: dt.date = Field(description="day on which it happens")

    @property
    def period(self) -> tuple[str, str]:
        """First and last month."""
        return self.start, self.end or self.start


class RevisedFigure(Figure):
    """An official figure that is published again with another value."""

    factor: float | None = Field(None, gt=0, description="the value known before, by this factor")
    value: float | None = Field(None, gt=0, description="the new value")

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.factor is None) == (self.value is None):
            raise ValueError(f"figure of {self.area}, {self.start}: give either factor or value")
        return self


class Restart(Frozen):
    """A look that is cut off after a stage and begun again by a new process."""

    day: dt.date = Field(description="day; the first look on it or after it")
    after: Stage = Field("train", description="the last stage that ends before the cut")


class ReplayCalendar(Frozen):
    """`calendar.yaml` of a replay. Months are YYYY-MM, days YYYY-MM-DD."""

    looks: tuple[DayOfMonth, ...] = Field(
        (LOOK_DAY,), min_length=1, description="days of the month after a month on which the schedule looks"
    )
    light_day: DayOfMonth = Field(LIGHT_DAY, description="day of the month after on which light comes")
    late: tuple[LateLight, ...] = Field((), description="light that comes later")
    missing: tuple[MonthText, ...] = Field((), description="months whose light never comes")
    unseen: tuple[MonthText, ...] = Field((), description="months whose light comes as NaN everywhere")
    withdrawn: tuple[WithdrawnLight, ...] = Field((), description="light that is taken away")
    republished: tuple[RepublishedLight, ...] = Field((), description="light that is written again")
    revised: tuple[RevisedFigure, ...] = Field((), description="figures that are published again")
    retracted: tuple[Figure, ...] = Field((), description="figures that are taken out of the table")
    twice: tuple[dt.date, ...] = Field((), description="days whose look happens twice")
    restarts: tuple[Restart, ...] = Field((), description="looks that are cut off and begun again")
    lost_workspace: tuple[dt.date, ...] = Field((), description="days on which workspace and registry are lost")

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if list(self.looks) != sorted(set(self.looks)):
            raise ValueError(f"looks {list(self.looks)} are not ascending days")
        if self.light_day > self.looks[-1]:
            raise ValueError(f"light_day {self.light_day} is after the last look of a month, day {self.looks[-1]}")
        for name, months in (("late", [one.light for one in self.late]), ("missing", self.missing)):
            twice = [month for at, month in enumerate(months) if month in months[:at]]
            if twice:
                raise ValueError(f"{name} names {twice[0]} twice")
        both = {one.light for one in self.late} & set(self.missing)
        if both:
            raise ValueError(f"light of {min(both)} is both late and missing")
        early = [one for one in self.late if one.arrives <= self._usual(one.light)]
        if early:
            raise ValueError(f"light of {early[0].light} is late, but comes on {early[0].arrives}, no later than usual")
        return self

    def due(self, month: Month) -> dt.date:
        """The day on which light of a month usually comes."""
        return (month + 1).first_day.replace(day=self.light_day)

    def arrival(self, month: Month) -> dt.date | None:
        """The day on which light of a month comes; None: it never does."""
        if str(month) in self.missing:
            return None
        return next((one.arrives for one in self.late if one.light == str(month)), self.due(month))

    def has_light(self, month: Month, day: dt.date) -> bool:
        """Whether light of a month is there on a day."""
        arrival = self.arrival(month)
        gone = any(
            one.light == str(month) and one.day <= day and (one.until is None or day < one.until)
            for one in self.withdrawn
        )
        return arrival is not None and arrival <= day and not gone

    def edition(self, month: Month, day: dt.date) -> RepublishedLight | None:
        """The newest republication of a month until a day; None: it is as it came."""
        known = [one for one in self.republished if one.light == str(month) and one.day <= day]
        return max(known, key=lambda one: one.day, default=None)

    def _usual(self, month: str) -> dt.date:
        return self.due(Month.parse(month))


def parse_replay_calendar(text: str, where: str = "calendar") -> ReplayCalendar:
    """Parse a calendar file.

    Raises:
        ConfigError: Not YAML, an unknown key (the nearest known one is named), or a bad value.
    """
    return parse_section(ReplayCalendar, text, where, once=True)
