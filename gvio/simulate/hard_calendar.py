"""A hard calendar for the replay of a simulated world: every kind of trouble that a schedule meets in some years."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from gvio.errors import ConfigError
from gvio.events import ReplayCalendar, Stage
from gvio.simulate.statistics import CITY_ID
from gvio.types import Month, month_range

NAME = "calendar.yaml"
LEAST_MONTHS = 24
_STAGES: tuple[Stage, ...] = ("fetch", "train", "decide", "map", "publish")
_QUIET = 3  # months between two troubles: so that each is seen by itself


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
    rng = np.random.default_rng([seed, 20240701])
    places = _places(rng, len(months))
    years = max(1, len(months) // 12)
    taken: dict[str, Any] = {"late": [], "republished": [], "revised": []}
    one = lambda: months[places.pop()]  # noqa: E731
    lost = one()
    taken["lost_workspace"] = [_look_after(lost)]
    gap = one()
    taken["missing"] = [str(gap), str(gap + 1)]
    dark = one()
    taken["unseen"] = [str(dark)]
    taken["republished"].append({"light": str(dark), "day": _day(dark, 2, 3), "factor": 1.0})
    gone = one()
    taken["withdrawn"] = [{"light": str(gone + -4), "day": _day(gone, 1, 2), "until": _day(gone, 2, 11)}]
    taken["twice"] = [_look_after(one()) for _ in range(2)]
    taken["restarts"] = [{"day": _look_after(one()), "after": str(rng.choice(_STAGES))} for _ in range(2)]
    taken["retracted"] = [_figure(rng, figures, one())]
    for _ in range(min(years, len(places) // 3)):
        late = one()
        days = int(rng.integers(8, 100))
        taken["late"].append({"light": str(late), "arrives": _day(late, 1, 15) + dt.timedelta(days=days)})
        again, factor = one(), float(np.round(rng.choice([-1, 1]) * rng.uniform(0.5, 0.8), 2))
        taken["republished"].append(
            {"light": str(again + -3), "day": _day(again, 1, 5), "factor": round(float(np.exp(factor)), 3)}
        )
        taken["revised"].append(_figure(rng, figures, one()) | {"factor": float(np.round(rng.uniform(1.25, 1.5), 2))})
    return ReplayCalendar.model_validate(taken)


def write_calendar(calendar: ReplayCalendar, path: Path) -> None:
    """Write a calendar as `gvio replay` reads it; what is as usual is left out."""
    document = calendar.model_dump(mode="json", exclude_defaults=True)
    path.write_text(yaml.safe_dump(document, sort_keys=False), encoding="utf-8", newline="\n")


def _places(rng: np.random.Generator, n: int) -> list[int]:
    """Months for single troubles in random order, apart from each other where there is room."""
    every = max(1, min(_QUIET, (n - 8) // 14))
    places = np.arange(4, n - 3, every)
    return [int(place) for place in rng.permutation(places)]


def _look_after(month: Month) -> dt.date:
    return _day(month, 1, 20)


def _day(month: Month, later: int, day: int) -> dt.date:
    return (month + later).first_day.replace(day=day)


def _figure(rng: np.random.Generator, figures: pd.DataFrame, month: Month) -> dict[str, Any]:
    """A figure of one district that was the last word for half a year at least, and the day of its change."""
    day = _day(month, 1, 8)
    known = figures[(figures["published"] < str(_day(month, -3, 1))) & (figures["area_id"] != CITY_ID)]
    recent = known[known["end"] >= str(month + -12)]
    rows: Sequence[int] = [int(at) for at in (recent if len(recent) else known).index]
    row = figures.loc[rows[int(rng.integers(len(rows)))]]
    return {"area": row["area_id"], "start": row["start"], "end": row["end"], "day": day}
