"""Districts against the city, over every period in which both can be added up from what was published.

Districts are parts of the city, so their sum can be neither far above it nor far below; and where all but one
district are known, the city says what the one should be.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from gvio.ledger.pieces import Period, Pieces
from gvio.ledger.rows import Groups, name_lines
from gvio.types import BoolArray, CheckResult, FloatArray, Month

TOLERANCE = 0.10  # districts omit firms that belong to no district
IMPOSSIBLE = (0.5, 1.5)  # no scope explains parts at half of the whole, or above it
SMALL = 0.02  # log; steady differences below it are rounding and scope, and no area is looked for
LEAST_SHARE = 0.005  # of the city: below it errors of the city's figure hide the district
CERTAIN = 0.1  # log; standard error of a factor that is called one
TENS = (10.0, 100.0, 1000.0, 1e4)
FACTORS = (*TENS, 3.0, 6.0, 12.0)
BEYOND_SCOPE = np.log(1.25)
NEAR_FACTOR = 0.12  # log; how near such a factor is to the one it is
INDEX_NUMBERS = (75.0, 130.0)  # same period of last year = 100


@dataclasses.dataclass(frozen=True, eq=False)
class CityTable:
    """`totals` (P, D + 1): sums of every area over `periods`, the city last, NaN where they cannot be added up."""

    areas: tuple[str, ...]
    periods: tuple[Period, ...]
    totals: FloatArray

    def where(self, chosen: BoolArray) -> set[Period]:
        """The periods that are chosen, (P,)."""
        return {period for period, one in zip(self.periods, chosen, strict=True) if one}

    @property
    def complete(self) -> FloatArray:
        """(P,) sum of the districts over the city's, NaN where one of them is unknown."""
        return np.asarray(self.totals[:, :-1].sum(axis=1) / self.totals[:, -1])

    @property
    def typical(self) -> float:
        """The median of `complete`; NaN where no period is."""
        known = self.complete[np.isfinite(self.complete)]
        return float(np.median(known)) if len(known) else float("nan")

    @property
    def implied(self) -> FloatArray:
        """(P, D + 1) every area's sum over what the others say it is; NaN where they say nothing or too little."""
        districts, city = self.totals[:, :-1], self.totals[:, -1:]
        rest = city - (districts.sum(axis=1, keepdims=True) - districts)
        rest = np.where(rest >= LEAST_SHARE * city, rest, np.nan)
        return np.hstack([districts / rest, 1 / self.complete[:, None]])


def tabulate(areas: Mapping[str, Pieces], area_ids: Sequence[str], city_id: str) -> CityTable:
    """Every period that an area was published for, and calendar years."""
    names = (*area_ids, city_id)
    periods = {period for pieces in areas.values() for period in pieces.published}
    periods |= {(12 * (start // 12), 12 * (start // 12) + 11) for start, _ in periods}
    ordered = tuple(sorted(periods))
    totals = np.full((len(ordered), len(names)), np.nan)
    for column, name in enumerate(names):
        if name in areas:
            totals[:, column] = [areas[name].total(start, end) for start, end in ordered]
    return CityTable(names, ordered, totals)


def check_city_sum(table: CityTable, areas: Mapping[str, Pieces]) -> CheckResult:
    """`ledger.city_sum`: districts sum to the city within 10 %, and no part of them exceeds it.

    Required where no scope explains it: below half of the city, or above one and a half, in two periods.
    """
    known = np.nansum(table.totals[:, :-1], axis=1) / table.totals[:, -1]  # of those that are public
    complete = table.complete
    short = np.isfinite(complete) & ~(complete >= 1 - TOLERANCE)
    over = np.isfinite(known) & ~(known <= 1 + TOLERANCE)
    bad = np.flatnonzero(short | over)
    n = int((np.isfinite(complete) | over).sum())
    message = f"{n} periods with every district public sum to the city within {TOLERANCE:.0%}"
    if len(bad):
        start, _ = table.periods[bad[0]]
        message = (
            f"in {len(bad)} of {n} periods the districts do not sum to the city, first in "
            f"{Month.from_ordinal(start)}: {known[bad[0]]:.3f} of the city; compare the scope, the unit and the period "
            "of the two series"
        )
    impossible = ~((known[bad] <= IMPOSSIBLE[1]) & ((known[bad] >= IMPOSSIBLE[0]) | ~short[bad]))
    lines = _lines(areas, {table.periods[i] for i in bad})
    return CheckResult("ledger.city_sum", not len(bad), int(impossible.sum()) > 1, "ledger", message, {"lines": lines})


def check_group_sums(areas: Mapping[str, Pieces], groups: Groups) -> CheckResult:
    """`ledger.group_sum`: the districts of a group sum to its figures as those of the city do to the city's."""
    known = [name for name in groups if name in areas]
    found = {name: check_city_sum(tabulate(areas, groups[name], name), areas) for name in known}
    bad = {name: result for name, result in found.items() if not result.passed}
    message = f"districts sum to the figures of {len(found)} group(s) within {TOLERANCE:.0%}"
    if bad:
        name, first = next(iter(bad.items()))
        message = f"group {name}: {first.message.replace('the city', 'the group')}"
    lines = sorted({line for result in bad.values() for line in result.observed["lines"]})
    required = any(result.required for result in bad.values()) or not bad
    return CheckResult("ledger.group_sum", not bad, required, "ledger", message, {"groups": list(bad), "lines": lines})


def check_city_less_others(table: CityTable, areas: Mapping[str, Pieces]) -> CheckResult:
    """`ledger.city_less_others`: no area is off by one factor from what the city and the other districts leave for it.

    Looked for where the sums disagree; areas are named that alone explain that. Required where there is one and the
    sums disagree beyond any scope; otherwise a district may by chance be as large as what the scopes differ by.
    """
    off = np.log(table.complete)
    where = np.isfinite(off) & ~(np.abs(off) <= np.log1p(TOLERANCE))
    if where.sum() < 2:
        where = np.isfinite(off) & _steadily_above(off)
    told = _culprits(table, areas, where) if where.any() else {}
    message = "no area is a factor off what the city and the other districts leave for it"
    lines: list[int] = []
    if told:
        names = ", ".join(list(told)[1:4])
        lines = _lines({area: areas[area] for area in told}, table.where(where))
        message = f"{name_lines(lines)}: {next(iter(told.values()))}" + (f"; or it is area {names}" if names else "")
    required = not told or (len(told) == 1 and bool(np.median(np.abs(off[where])) > BEYOND_SCOPE))
    observed = {"lines": lines, "areas": list(told)}
    return CheckResult("ledger.city_less_others", not told, required, "ledger", message, observed)


def _steadily_above(off: FloatArray) -> bool:
    """Whether districts sum to more than the city by less than the tolerance, but by more than errors explain.

    A little less than the city is usual: firms of no district.
    """
    known = off[np.isfinite(off)]
    if len(known) < 3:
        return False
    middle = float(np.median(known))
    return middle > max(SMALL, 4 * _error(known, middle))


def _error(values: FloatArray, middle: float) -> float:
    """Standard error of a median, from the median distance."""
    return 1.25 * 1.48 * float(np.median(np.abs(values - middle))) / float(np.sqrt(len(values)))


def _culprits(table: CityTable, areas: Mapping[str, Pieces], where: BoolArray) -> dict[str, str]:
    """What is wrong with each area that alone could explain the sums there, of the likeliest kind that any shows."""
    tens: dict[str, str] = {}
    index: dict[str, str] = {}
    periods: dict[str, str] = {}
    for column, area in enumerate(table.areas):
        log = np.log(table.implied[where, column])
        log = log[np.isfinite(log)]
        if len(log) < max(2, 0.8 * where.sum()):
            continue
        middle = float(np.median(log))
        near = [factor for factor in FACTORS if abs(abs(middle) - np.log(factor)) <= NEAR_FACTOR]
        if near and _error(log, middle) <= CERTAIN:
            side = "above" if middle > 0 else "below"
            what = "what the city and the other districts leave for it"
            cure = "bring them to the unit of region.yaml, or give them the months that they sum; or the city is wrong"
            if column == len(table.areas) - 1:
                what = "the sum of all districts"
                cure = "one of the two is in another unit or of another period: bring both to that of region.yaml"
            (tens if near[0] in TENS else periods)[area] = (
                f"figures of area {area} are {near[0]:g} times {side} {what}; {cure}"
            )
        elif abs(middle) > np.log(1.5) and _like_index(areas[area]):
            index[area] = (
                f"figures of area {area} stay near 100 and are {np.exp(middle):.2g} times what the city and the other "
                "districts leave for it, like index numbers; enter sums in the unit of region.yaml"
            )
    return tens or index or periods


def _like_index(pieces: Pieces) -> bool:
    values = np.array(list(pieces.published.values()))
    inside = (values >= INDEX_NUMBERS[0]) & (values <= INDEX_NUMBERS[1])
    return bool(inside.mean() >= 0.9)


def too_large(table: CityTable, area: str, ordinal: int) -> float:
    """Log of an area's figure of one month over what the others leave for it; NaN when that is unknown."""
    period = (ordinal, ordinal)
    if period not in table.periods or area not in table.areas:
        return float("nan")
    return float(np.log(table.implied[table.periods.index(period), table.areas.index(area)]))


def _lines(areas: Mapping[str, Pieces], periods: set[Period]) -> list[int]:
    """Lines of the figures whose period is one of these, or of the pieces within."""
    found = set()
    for pieces in areas.values():
        for period, line in zip(pieces.periods, pieces.line, strict=True):
            if any(start <= period[0] and period[1] <= end for start, end in periods):
                found.add(int(line))
    return sorted(found)
