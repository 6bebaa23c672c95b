"""One row of `make bench`: gvio's way, what a user would otherwise pick, and the machine's limit, on the same data.

Results are compared before a time is believed: a row whose results differ by more than its tolerance has no ratio.
Seconds are CPU seconds of the whole process (user and system) unless the row waits for a network: other users of the
machine then count less.
"""

from __future__ import annotations

import dataclasses
import importlib.util
import statistics
import time
from collections.abc import Callable
from typing import Literal

import numpy as np

Clock = Callable[[], float]
Status = Literal["measured", "differs", "not installed", "no rival"]
EXTRA = "pip install gvio[bench]"


@dataclasses.dataclass(frozen=True)
class Side:
    """One way of doing the work: seconds for all of it, timed on `part` of it, and the largest difference of its
    results from gvio's.
    """

    name: str
    seconds: float
    difference: float = 0.0
    part: float = 1.0


@dataclasses.dataclass(frozen=True)
class Limit:
    """Seconds that the machine needs for what cannot be avoided, measured in the same run."""

    name: str
    seconds: float


@dataclasses.dataclass(frozen=True)
class Row:
    """Seconds of one piece of work; `key` names it in the reference, None stands for what was not measured."""

    key: str
    work: str
    rival: str
    status: Status
    ours_s: float | None = None
    rival_s: float | None = None
    limit: str = ""
    limit_s: float | None = None
    difference: float | None = None
    tolerance: float | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """How many times as long the other way takes; None unless both were measured and agree."""
        believed = self.status == "measured" and self.ours_s and self.rival_s is not None
        return self.rival_s / self.ours_s if believed and self.rival_s and self.ours_s else None

    @property
    def distance(self) -> float | None:
        """How many times the limit gvio takes."""
        return self.ours_s / self.limit_s if self.ours_s and self.limit_s else None


def compared(key: str, work: str, ours_s: float, other: Side, limit: Limit, tolerance: float, note: str = "") -> Row:
    """The row of two ways that were both timed. A difference that is not a number is one."""
    status: Status = "measured" if other.difference <= tolerance else "differs"
    part = f"{_share(other.part)} of it timed, extrapolated" if other.part < 1 else ""
    return Row(
        key=f"{key}/{other.name.split(',')[0].replace(' ', '-').lower()}",
        work=work,
        rival=other.name,
        status=status,
        ours_s=ours_s,
        rival_s=other.seconds,
        limit=limit.name,
        limit_s=limit.seconds,
        difference=float(other.difference),
        tolerance=tolerance,
        note="; ".join(filter(None, (part, note))),
    )


def not_installed(key: str, work: str, library: str) -> Row:
    return Row(f"{key}/{library}", work, library, "not installed", note=EXTRA)


def installed(library: str) -> bool:
    return importlib.util.find_spec(library) is not None


def seconds(
    work: Callable[[], object], repeats: int = 5, clock: Clock = time.process_time, least: float = 0.05
) -> float:
    """Median of `repeats`; short work is done as often within each as fills `least` seconds."""
    begun = clock()
    work()
    once = clock() - begun
    if repeats == 1:
        return once
    times = max(1, int(least / max(once, 1e-6)))
    return statistics.median(_each(work, times, clock) for _ in range(repeats))


def largest_difference(ours: object, theirs: object, *, relative: bool = False) -> float:
    """Largest difference of two arrays of one shape; infinite where only one of them is a number."""
    one, other = np.asarray(ours, dtype=np.float64), np.asarray(theirs, dtype=np.float64)
    if one.shape != other.shape or (np.isfinite(one) != np.isfinite(other)).any():
        return float("inf")
    apart = np.abs(one - other)
    if relative:
        apart = apart / np.maximum(np.abs(other), np.finfo(np.float64).tiny)
    return float(np.nanmax(apart, initial=0.0))


def _each(work: Callable[[], object], times: int, clock: Clock) -> float:
    begun = clock()
    for _ in range(times):
        work()
    return (clock() - begun) / times


def _share(part: float) -> str:
    return f"{part:.0%}" if part >= 0.01 else f"1 / {1 / part:,.0f}"
