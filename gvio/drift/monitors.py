"""All monitors of a region: what each saw, and the alarms of its last year.

Rules and their average run lengths come from simulated worlds without drift: all monitors of a city of sixteen
districts together tell about one false alarm in twenty years (docs/measurements/drift.md).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from gvio.drift.coverage import Coverage, watch_coverage
from gvio.drift.cusum import Rule
from gvio.drift.figures import FigureError, watch_errors
from gvio.drift.level import Watched, watch_levels
from gvio.types import FloatArray, IntArray, Month

if TYPE_CHECKING:  # reading what was found needs nothing of how light is sampled
    from gvio.drift.light import LightSeries

Monitor = Literal[
    "light_city", "light_districts", "counts_city", "counts_districts", "processing", "factories", "errors", "coverage"
]
MONITORS: tuple[Monitor, ...] = (
    "light_city",
    "light_districts",
    "counts_city",
    "counts_districts",
    "processing",
    "factories",
    "errors",
    "coverage",
)
TOLD = 12
"""Months for which an alarm stands."""
LIGHT_RULES: Mapping[Monitor, Rule] = {
    "light_city": Rule(allowance=1.4, threshold=1.2, cap=2.55, floor=0.01, least=0.03),  # of two months or more
    "light_districts": Rule(allowance=1.0, threshold=5.5, cap=4.0, floor=0.01, least=0.03),
    "counts_city": Rule(allowance=1.0, threshold=5.0, cap=4.0, floor=0.05, least=0.2),
    "counts_districts": Rule(allowance=1.0, threshold=7.0, cap=4.0, floor=0.05, least=0.2),
}
ERRORS = Rule(allowance=1.5, threshold=3.0, cap=6.0, least=0.05)
CITY_ERRORS = Rule(allowance=1.5, threshold=4.0, cap=3.0, least=0.02)  # of no single month: a lockdown is no drift
LARGE_CHANGE = 0.1
"""Share of a district's factories that may appear or vanish in the pack between two releases without an alarm."""


@dataclasses.dataclass(frozen=True)
class Alarm:
    """What a monitor told.

    Attributes:
        monitor: Which one.
        area_id: The district or city concerned.
        since: Month since which evidence grew, YYYY-MM.
        month: Month whose light, figures or pack told it, YYYY-MM.
        size: Of the change: log of light, of counts, of figure over estimate; factories more or less, as a share;
            of coverage the share held; NaN of processing.
        words: What a number cannot say: the processing before and after.
    """

    monitor: Monitor
    area_id: str
    since: str
    month: str
    size: float
    words: str = ""


@dataclasses.dataclass(frozen=True)
class Reading:
    """How near a monitor is to an alarm: months judged, and of its highest sum the area and the share of the threshold
    (1 alarms)."""

    monitor: Monitor
    judged: int
    height: float
    area_id: str


@dataclasses.dataclass(frozen=True)
class Drift:
    """What a release says of drift.

    Attributes:
        month: Of the release.
        alarms: Of the year until then, by monitor, then month.
        readings: One a monitor of light, counts and figures.
        errors: On figures, which the next release goes on with.
        coverage: Of the same.
        factories: How many the pack lists, by district.
        processing: Of the newest light, "" where there is none.
    """

    month: str
    alarms: tuple[Alarm, ...]
    readings: tuple[Reading, ...]
    errors: tuple[FigureError, ...]
    coverage: Coverage
    factories: Mapping[str, int]
    processing: str


def watch_light(series: LightSeries, calendar: IntArray) -> dict[Monitor, Watched]:
    """The four monitors of light and counts; `calendar` (T,) calendar months, 1 to 12."""
    named: Mapping[Monitor, str] = {
        "light_city": "city",
        "light_districts": "districts",
        "counts_city": "city_counts",
        "counts_districts": "counts",
    }
    return {name: watch_levels(getattr(series, of), calendar, LIGHT_RULES[name]) for name, of in named.items()}


@dataclasses.dataclass(frozen=True, eq=False)
class Seen:
    """What drift is looked for in. `months` (T,) with light `series` of districts `area_ids` and `regimes` (T,), ""
    where missing; `factories` listed by district, now and in the release before (None: unknown); `errors` on figures of
    the last months; `told` the alarms of the release before."""

    months: tuple[Month, ...]
    area_ids: tuple[str, ...]
    city_id: str
    series: LightSeries
    regimes: tuple[str, ...]
    factories: Mapping[str, int]
    factories_before: Mapping[str, int] | None
    errors: tuple[FigureError, ...]
    told: tuple[Alarm, ...] = ()


def find_drift(seen: Seen) -> Drift:
    """Ask every monitor. Those of light, processing and figures judge the whole series anew in every release; alarms on
    the pack's factories, which only two releases together can show, are carried on for the year in which they stand."""
    last, first = str(seen.months[-1]), str(seen.months[-1] + (1 - TOLD))
    watched = watch_light(seen.series, np.array([month.month for month in seen.months]))
    alarms, readings = list[Alarm](), list[Reading]()
    for name, found in watched.items():
        areas = seen.area_ids if name.endswith("districts") else (seen.city_id,)
        alarms += [
            Alarm(name, areas[s.series], str(seen.months[s.since]), str(seen.months[s.at]), s.size)
            for s in found.shifts
        ]
        readings.append(_reading(name, int(np.isfinite(found.errors).any(axis=0).sum()), found.height, areas))
    alarms += _new_processing(seen)
    alarms += [a for a in seen.told if a.monitor == "factories"] + _changed_factories(seen)
    missed = watch_errors(seen.errors, seen.city_id, ERRORS, CITY_ERRORS)
    coverage = watch_coverage(seen.errors)
    alarms += [Alarm("errors", m.area_id, m.since, m.month, m.size) for m in missed.missed]
    alarms += [Alarm("coverage", seen.city_id, *at, coverage.share) for at in coverage.alarms]
    judged = len({one.month for one in seen.errors})
    readings.append(_reading("errors", judged, np.array(list(missed.height.values())), tuple(missed.height)))
    readings.append(Reading("coverage", judged, coverage.height, seen.city_id))
    standing = {(a.monitor, a.area_id, a.month): a for a in alarms if first <= a.month <= last}
    ordered = sorted(standing.values(), key=lambda a: (MONITORS.index(a.monitor), a.month, a.area_id))
    newest = next((regime for regime in reversed(seen.regimes) if regime), "")
    return Drift(last, tuple(ordered), tuple(readings), seen.errors, coverage, seen.factories, newest)


def _reading(monitor: Monitor, judged: int, height: FloatArray, areas: Sequence[str]) -> Reading:
    """The highest sum of a monitor's series."""
    if not judged or not len(height):
        return Reading(monitor, judged, 0.0, "")
    highest = int(height.argmax())
    return Reading(monitor, judged, float(height[highest]), areas[highest])


def _new_processing(seen: Seen) -> list[Alarm]:
    """A month whose processing none of the months before had."""
    alarms, known = list[Alarm](), list[str]()
    for month, regime in zip(map(str, seen.months), seen.regimes, strict=True):
        if regime and regime not in known:
            if known:
                alarms.append(Alarm("processing", seen.city_id, month, month, float("nan"), f"{known[-1]} → {regime}"))
            known.append(regime)
    return alarms


def _changed_factories(seen: Seen) -> list[Alarm]:
    """Districts of which a larger share of factories appeared in the list, or vanished from it."""
    before, now = seen.factories_before, seen.factories
    if before is None:
        return []
    month = str(seen.months[-1])
    change = {area: (now.get(area, 0) - n) / max(n, 1) for area, n in before.items()}
    return [
        Alarm("factories", area, month, month, share, f"{before[area]} → {now.get(area, 0)}")
        for area, share in sorted(change.items())
        if abs(share) >= LARGE_CHANGE
    ]
