"""What a replay tells: every month, every look, what changed, what was wrong, how good first estimates were. Values."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from gvio.publish.look import LookOutcome
from gvio.replay.log import LookLine
from gvio.sections import Frozen

SCHEMA_VERSION = 1
Level = Literal["districts", "city"]


class MonthTold(Frozen):
    """A month in exactly one outcome. Days are YYYY-MM-DD, None where there was none until the end.

    Attributes:
        month: The month (YYYY-MM).
        outcome: published: a release of this month was made in its looks; refused, late, unchanged otherwise.
        reason: Why, in one line; of a late one what is awaited.
        since: Of a late one: since when.
        light_came: First day with light of this month.
        light_changed: Days on which it was written again, went, or came back.
        figures: Days on which figures that hold this month came out.
        told_on: Day of the first look whose release has this month.
        release: That release.
        estimate: The city's estimate there; `lower80`, `upper80` its interval.
        official: The city's last official figure of the month, as the last release has it; None: none of its own.
        warnings: Checks that warned in the release of this month's last look.
        trained: How the challenger of its last look that made a release was trained.
        decision: What became of it.
    """

    month: str
    outcome: LookOutcome
    reason: str = ""
    since: str | None = None
    light_came: str | None = None
    light_changed: tuple[str, ...] = ()
    figures: tuple[str, ...] = ()
    told_on: str | None = None
    release: str | None = None
    estimate: float | None = None
    lower80: float | None = None
    upper80: float | None = None
    official: float | None = None
    warnings: tuple[str, ...] = ()
    trained: str = ""
    decision: str = ""


class Errors(Frozen):
    """Errors of estimates made before the area's own figure of the month was public, against the last official one.

    Attributes:
        level: districts or city.
        age: Months from the month to that of the look; None: the first estimate of every month, whatever its age.
        n: How many.
        bias: Mean of estimate over figure, less one.
        spread: Standard deviation of it.
        mean_absolute: Mean of its size.
        held80: Share of figures inside the 80 % interval.
        held95: Inside the 95 % interval.
    """

    level: Level
    age: int | None
    n: int
    bias: float
    spread: float
    mean_absolute: float
    held80: float
    held95: float


class Change(Frozen):
    """What a release changed: the mean size of each part over districts and months, as shares; `gap` is the largest
    difference between the sum of the parts and the change, in logarithms."""

    release: str
    day: str
    parts: Mapping[str, float]
    together: tuple[str, ...]
    gap: float


class ErratumTold(Frozen):
    """A correction: its cause, the release and the day that brought it, and the estimates it moved."""

    cause: str
    release: str
    day: str
    releases: int
    estimates: int
    months: tuple[str, ...]
    largest: float


class ReplayReport(Frozen):
    """All of it; equal inputs give equal reports, wherever and however often the replay is made."""

    schema_version: int = SCHEMA_VERSION
    region: str
    title: str
    unit: str
    invented: bool
    first: str
    last: str
    calendar: str
    months: tuple[MonthTold, ...]
    looks: tuple[LookLine, ...]
    errors: tuple[Errors, ...]
    changes: tuple[Change, ...]
    errata: tuple[ErratumTold, ...]

    def count(self, outcome: LookOutcome) -> int:
        """How many months ended so."""
        return sum(month.outcome == outcome for month in self.months)
