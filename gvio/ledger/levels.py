"""One area's level against the others' over the years: single figures that stand out, and breaks of its own.

Everything is relative to the city (of the city: to its districts), so that what all areas share is no mistake.
"""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Mapping

import numpy as np

from gvio.ledger.against_city import CityTable
from gvio.ledger.pieces import Pieces
from gvio.ledger.relative import SIGNIFICANT, Relative
from gvio.ledger.rows import name_lines
from gvio.types import BoolArray, CheckResult, FloatArray, Month

BREAK = np.log(1.8)  # the largest among 3,400 honest districts, most of them with openings, is ×1.73
EXCHANGE, EXCHANGED = 0.25, 0.1  # of one half of an exchange, where the other half is its proof
BALANCED, UNSURE = 0.3, 0.5  # of what one half moves: what the other may differ by, and how uncertain both may be
UNIT = np.log(5.0)
YEAR, HALF_YEAR, QUARTER = 12, 6, 3
UP, DOWN = np.log(1.8), np.log(5.0)  # a month's standstill is possible, a month's boom is not
END_UP, END_DOWN = np.log(2.4), np.log(7.0)  # at the ends of a series, where a step looks the same
POWER = 0.14  # log; how near a slip of the decimal point is to a power of ten
SCATTER = 0.5  # median step between figures, in logarithms: at most 0.40 in honest small districts


@dataclasses.dataclass(frozen=True)
class Break:
    """`gap` (log, > 0): what lies between all figures of the year before piece `at` and all of the year after."""

    gap: float
    upward: bool
    at: int


def largest_break(series: Relative) -> Break | None:
    """The widest gap between a year's figures and the next year's; None when the series is too short for one."""
    breaks = [found for k in range(2, len(series.level) - 1) if (found := break_at(series, k)) is not None]
    return max(breaks, key=lambda found: found.gap, default=None)


def break_at(series: Relative, at: int) -> Break | None:
    """The gap at one piece, from half a year and two figures on each side; negative where the sides overlap."""
    before, after = _sides(series, at)
    if (
        series.start[at] - series.start[before].min() < HALF_YEAR
        or series.end[after].max() - series.start[at] + 1 < HALF_YEAR
    ):
        return None
    low, high = series.level[before], series.level[after]
    up, down = float(high.min() - low.max()), float(low.min() - high.max())
    return Break(max(up, down), up > down, at)


def _sides(series: Relative, at: int) -> tuple[BoolArray, BoolArray]:
    """The year before and the year from piece `at` on, two pieces at least."""
    n = np.arange(len(series.level))
    before = (n < at) & ((series.end >= series.start[at] - YEAR) | (n >= at - 2))
    after = (n >= at) & ((series.start < series.start[at] + YEAR) | (n < at + 2))
    return before, after


_Found = tuple[bool, str, list[int]]  # whether it refuses, what it is, lines


def check_level_breaks(series: Mapping[str, Relative], table: CityTable, city_id: str) -> CheckResult:
    """`ledger.level_break`: no area changes its level at once and for good where the others do not.

    Required where it is a unit's factor, or where another district changes by the same amount the other way.
    """
    found = [one for own in series.values() if (one := _describe_break(own, series, table, city_id)) is not None]
    return _judge("ledger.level_break", "no area changes its level alone", found)


def _describe_break(own: Relative, series: Mapping[str, Relative], table: CityTable, city_id: str) -> _Found | None:
    wide = largest_break(own)
    if wide is None or wide.gap < max(EXCHANGE, SIGNIFICANT * own.noise):
        return None
    older = [int(line) for line in own.line[: wide.at]]
    month, side = Month.from_ordinal(int(own.start[wide.at])), "higher" if wide.upward else "lower"
    where = f"area {own.area} is {np.exp(wide.gap):.2g} times {side} from {month} on"
    if wide.gap > UNIT:
        return True, f"{where} and the others are not; bring its older and its newer figures to one unit", older
    partner = None if own.area == city_id else _partner(own, wide, series, city_id)
    if partner is not None:
        other = series[partner]
        older += [int(line) for line in other.line[other.start < own.start[wide.at]]]
        text = (
            f"{where}, and area {partner} changes by as much the other way, as if their border had changed; leave out "
            f"the rows of both before {month} (the city's stay), or enter them in their present extent"
        )
        return True, text, older
    text = (
        f"{where} and the others are not; if its extent or scope changed, leave out its rows before {month} (the "
        "city's stay); if a plant opened or closed, nothing is to be done"
    )
    return (False, text, older) if wide.gap > BREAK or _city_unmoved(own, wide, table) else None


def _city_unmoved(own: Relative, wide: Break, table: CityTable) -> bool:
    """Whether the city does not know of the change: the districts' sum moves against the city by what the area does.

    A plant that opens is in the city's figure as well.
    """
    if own.area not in table.areas:
        return False
    pieces = set(zip(own.start.tolist(), own.end.tolist(), strict=True))
    complete = table.complete
    known = [i for i in np.flatnonzero(np.isfinite(complete)) if table.periods[i] in pieces]
    if len(known) < 4:  # years, where every district has them
        known = [i for i in np.flatnonzero(np.isfinite(complete)) if np.ptp(table.periods[i]) == YEAR - 1]
    whole = complete[known]
    share = table.totals[known, table.areas.index(own.area)] / table.totals[known, -1]
    at = sum(table.periods[i][0] < own.start[wide.at] for i in known)
    if at < 2 or len(whole) - at < 2:
        return False
    before, after = slice(max(at - 3, 0), at), slice(at, at + 3)
    moved = float(np.median(share[after]) - np.median(share[before]))
    gone = float(np.median(whole[after]) - np.median(whole[before]))
    noise = max(1.48 * float(np.median(np.abs(np.diff(whole)))), 1e-3)
    return abs(gone) > SIGNIFICANT * noise and abs(gone - moved) <= BALANCED * abs(moved)


def _judge(name: str, sound: str, found: list[_Found]) -> CheckResult:
    """One result of all that was found, what refuses first; a check that passed is stated as required."""
    found = sorted(found, key=lambda one: not one[0])
    lines = sorted({line for _, _, some in found for line in some})
    message = sound
    if found:
        more = f"; and {len(found) - 1} more like it" if found[1:] else ""
        message = f"{name_lines(found[0][2])}: {found[0][1]}{more}"
    required = not found or found[0][0]
    return CheckResult(name, not found, required, "ledger", message, {"lines": lines})


def _partner(own: Relative, wide: Break, series: Mapping[str, Relative], city_id: str) -> str | None:
    """The district that takes what this one gives at the same time, or gives what it takes; None when there is none."""
    if wide.gap < own.beyond_chance:
        return None
    month = int(own.start[wide.at])
    mine, unsure = _moved(own, wide.at)
    for area, other in series.items():
        at = int(np.searchsorted(other.start, month))
        if area in (own.area, city_id) or not 2 <= at < len(other.start) or other.start[at] != month:
            continue
        its = break_at(other, at)
        moved, about = _moved(other, at)
        if its is None or not unsure + about <= UNSURE * abs(mine):
            continue
        sharp = its.upward != wide.upward and its.gap >= max(EXCHANGED, other.beyond_chance)
        # Of a break that no plant makes less is asked of the other half, which may be a much larger district.
        sharp |= wide.gap > BREAK and abs(moved) > 2 * about
        if sharp and abs(mine + moved) <= BALANCED * abs(mine):
            return area
    return None


def _moved(series: Relative, at: int) -> tuple[float, float]:
    """By how much the area's output a month changes at a piece, the common movement removed, and how uncertain that is.

    From three figures on each side: what drifts within a year is no part of it.
    """
    before, after = slice(max(at - 3, 0), at), slice(at, at + 3)
    step = float(np.median(series.level[after]) - np.median(series.level[before]))
    now = float(np.exp(np.median(series.alone[after])))
    return now * -float(np.expm1(-step)), now * series.noise


def check_outliers(series: Mapping[str, Relative]) -> CheckResult:
    """`ledger.outlier`: no single figure is far off the figures around it and off what the other areas do.

    Required where it is a power of ten off: the decimal point is in another place.
    """
    found = [
        one for own in series.values() for i in range(len(own.level)) if (one := _describe_outlier(own, i)) is not None
    ]
    return _judge("ledger.outlier", "no single figure is far off those around it", found)


def _describe_outlier(own: Relative, i: int) -> _Found | None:
    off = _stands_out(own, i)
    tens = abs(off) / np.log(10)
    certain = bool(abs(off) > UNIT and abs(tens - round(tens)) * np.log(10) <= POWER)
    up, down = (END_UP, END_DOWN) if i in (0, len(own.level) - 1) else (UP, DOWN)
    # A district's only plant may stand still for some quarters, but not for a year.
    standstill = off < 0 and QUARTER <= own.end[i] - own.start[i] + 1 < YEAR
    if -down < off < up or (standstill and not certain):
        return None
    beside = (
        "and no other area has figures to compare"
        if own.level is own.alone
        else "and the other areas do not do the same"
    )
    text = (
        f"the figure of area {own.area} to {Month.from_ordinal(int(own.end[i]))} is {np.exp(abs(off)):.3g} times "
        f"{'above' if off > 0 else 'below'} those before and after it, {beside}; compare "
        "it with the publication: decimal point, unit, period and area"
    )
    return certain, text, [int(own.line[i])]


def _stands_out(series: Relative, i: int) -> float:
    """Log distance from the nearer of what is before and what is behind, 0 where the figure lies between them.

    Both with the common movement and without it must stand out; at the ends of the series only one side is known.
    """
    offs = [off for values in (series.level, series.alone) for off in _sided(values, i)]
    if not offs or (min(offs) < 0 < max(offs)):
        return 0.0
    return float(min(offs, key=abs))


def _sided(values: FloatArray, i: int) -> list[float]:
    """Distance from each side: of its nearest figure and the median of its three, the smaller."""
    own, before, after = values[i], values[max(i - 3, 0) : i][::-1].tolist(), values[i + 1 : i + 4].tolist()
    offs = []
    for side in (before, after):
        if side:
            near = [float(own - side[0]), float(own - statistics.median(side))]
            offs.append(min(near, key=abs) if near[0] * near[1] > 0 else 0.0)
    return offs


def check_scatter(areas: Mapping[str, Pieces]) -> CheckResult:
    """`ledger.scatter`: an area's figures do not jump about from one to the next, as growth rates do."""
    bad = {a: p for a, p in areas.items() if len(p) > 5 and not np.median(np.abs(np.diff(p.rate))) <= SCATTER}
    lines = sorted(int(line) for pieces in bad.values() for line in pieces.line)
    message = "figures change little from one to the next"
    if bad:
        message = (
            f"{name_lines(lines)}: half of the figures of area {next(iter(bad))} differ from the one before by a "
            f"factor of {np.exp(SCATTER):.1f} or more; enter sums in the unit of region.yaml, not growth rates"
        )
    return CheckResult("ledger.scatter", not bad, False, "ledger", message, {"areas": list(bad), "lines": lines})
