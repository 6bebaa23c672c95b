"""A hard calendar for the replay of a simulated world: every kind of trouble that a schedule meets in some years."""

from __future__ import annotations

import datetime as dt
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from gvio.errors import ConfigError
from gvio.events import ReplayCalendar, Stage
from gvio.simulate.statistics import CITY_ID, PUBLICATION_DAY
from gvio.simulate.world import World
from gvio.types import Month, month_range

NAME = "calendar.yaml"
LEAST_MONTHS = 24
_STAGES: tuple[Stage, ...] = ("fetch", "train", "decide", "map", "publish")
_QUIET = 3  # months between two troubles: so that each is seen by itself
_LOOKS = (16, PUBLICATION_DAY + 3)  # light has come, figures not: so that first estimates are estimates


def hard_calendar(figures: pd.DataFrame, first: Month, last: Month, seed: int) -> ReplayCalendar:
    """Troubles for a replay of `first`..`last`, each in a month of its own; equal arguments give equal calendars.

    A year brings about one late and one corrected month of light, and one corrected figure. Once there are two missing
    months in a row, a month in which nothing can be seen until it is written again, a month that is withdrawn for a
    while, a figure that is taken back, and a lost workspace; twice a look that happens twice, and one that is cut off.

    Args:
        figures: `statistics.csv` of the world, in which the figures to correct are found.
        first: First month of the replay; the pack's light begins a year earlier at least.
        last: Its last month.
        seed: Of everything drawn.

    Raises:
        ConfigError: The range is too short for that.
    """
    months = list(month_range(first, last))
    if len(months) < LEAST_MONTHS:
        what = f"a hard calendar takes {LEAST_MONTHS} months, {first}..{last} has {len(months)}"
        raise ConfigError(what, where="hard calendar", hint="Simulate more months.")
    draw = _Draw(np.random.default_rng([seed, 20240701]), months, figures)
    years = max(1, len(months) // 12)
    taken: dict[str, list[Any]] = {"looks": list(_LOOKS), "lost_workspace": [_look_after(draw.month())]}
    gap, dark, gone = draw.month(), draw.month(), draw.month()
    taken["missing"] = [draw.name(gap), draw.name(gap + 1)]
    taken["unseen"] = [draw.name(dark)]
    taken["withdrawn"] = [{"light": draw.seen(gone), "day": _day(gone, 1, 2), "until": _day(gone, 2, 11)}]
    taken["twice"] = [_look_after(draw.month()) for _ in range(2)]
    taken["restarts"] = [{"day": _look_after(draw.month()), "after": draw.stage()} for _ in range(2)]
    taken["retracted"] = [draw.figure()]
    repaired = {"light": str(dark), "day": _day(dark, 2, 3), "factor": 1.0}
    years = min(years, draw.left // 3)
    taken["late"] = [draw.late() for _ in range(years)]
    taken["republished"] = [repaired, *(draw.corrected_light() for _ in range(years))]
    taken["revised"] = [draw.figure() | {"factor": draw.between(1.25, 1.5)} for _ in range(years)]
    return ReplayCalendar.model_validate(taken)


class _Draw:
    """Draws troubles, each in a month of its own, of light and figures that no other trouble concerns."""

    def __init__(self, rng: np.random.Generator, months: Sequence[Month], figures: pd.DataFrame) -> None:
        every = max(1, min(_QUIET, (len(months) - 8) // 14))
        places = np.arange(4, len(months) - 3, every)  # apart from each other where there is room
        self._rng, self._figures = rng, figures
        self._months = [months[int(place)] for place in rng.permutation(places)]
        self._named, self._rows = set[str](), set[int]()

    @property
    def left(self) -> int:
        """Months that are free."""
        return len(self._months)

    def month(self) -> Month:
        """A free month."""
        return self._months.pop()

    def name(self, month: Month) -> str:
        """A month whose light a trouble concerns."""
        self._named.add(str(month))
        return str(month)

    def seen(self, month: Month) -> str:
        """A month of light some months before, with no other trouble."""
        back = next(back for back in (3, 4, 5, 6, 7, 2, 8, 9) if str(month + -back) not in self._named)
        return self.name(month + -back)

    def stage(self) -> str:
        """A stage after which to cut."""
        return str(self._rng.choice(_STAGES))

    def between(self, low: float, high: float) -> float:
        """A factor."""
        return float(np.round(self._rng.uniform(low, high), 2))

    def late(self) -> dict[str, object]:
        """Light that comes up to a quarter later."""
        month = self.month()
        days = int(self._rng.integers(8, 100))
        return {"light": self.name(month), "arrives": _day(month, 1, 15) + dt.timedelta(days=days)}

    def corrected_light(self) -> dict[str, object]:
        """Light written again, half or twice as bright."""
        month, up = self.month(), bool(self._rng.integers(2))
        factor = self.between(1.65, 2.2) if up else self.between(0.45, 0.6)
        return {"light": self.seen(month), "day": _day(month, 1, 5), "factor": factor}

    def figure(self) -> dict[str, object]:
        """A district's figure of the last year that was known for three months, and the day of its change."""
        month = self.month()
        # A figure since January may not rise above the later ones of its year: then every later month is refused.
        alone = (self._figures["kind"] == "current") | self._figures["end"].str.endswith("-12")
        table = self._figures[alone & (self._figures["area_id"] != CITY_ID)].drop(
            index=list(self._rows), errors="ignore"
        )
        known = table[table["published"] < str(_day(month, -3, 1))]
        recent = known[known["end"] >= str(month + -12)]
        rows = (recent if len(recent) else known).index
        at = int(rows[int(self._rng.integers(len(rows)))])
        row = self._figures.loc[at]
        same = (self._figures[["area_id", "start", "end"]] == row[["area_id", "start", "end"]]).all(axis=1)
        self._rows |= {int(i) for i in self._figures.index[same]}
        return {"area": row["area_id"], "start": row["start"], "end": row["end"], "day": _day(month, 1, 8)}


def write_hard_calendar(world: World, folder: Path, seed: int) -> str:
    """Write `calendar.yaml` into a world's pack; the command that replays it.

    Two years, or half of a short series, are left as history.

    Raises:
        ConfigError: As `hard_calendar`.
    """
    span = world.spec.span
    first, last = span[min(24, len(span) // 2)], span[-1]
    write_calendar(hard_calendar(world.statistics, first, last, seed), folder / NAME)
    pack, calendar = shlex.quote(str(folder)), shlex.quote(str(folder / NAME))
    where = f"--store replay/store --workspace replay/work --from {first} --to {last}"
    return f"gvio replay --region {pack} {where} --calendar {calendar}"


def write_calendar(calendar: ReplayCalendar, path: Path) -> None:
    """Write a calendar as `gvio replay` reads it; what is as usual is left out."""
    document = calendar.model_dump(mode="json", exclude_defaults=True)
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8", newline="\n")


def _look_after(month: Month) -> dt.date:
    return _day(month, 1, _LOOKS[-1])


def _day(month: Month, later: int, day: int) -> dt.date:
    return (month + later).first_day.replace(day=day)
