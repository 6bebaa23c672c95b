"""Periods in which the districts' sum moves against the city as it does in no other, and the area whose figure does it.

A level that is off by the same share everywhere is scope. What moves alone is one figure: a misprint, an old extent, a
row of another table. A plant that opens is in the city's figure as well, and moves nothing.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from gvio.ledger.against_city import CityTable
from gvio.ledger.pieces import Period, Pieces
from gvio.ledger.rows import name_lines
from gvio.types import BoolArray, CheckResult, FloatArray, IntArray, Month

LEAST_PERIODS = 4
LEAST = 0.015  # of the city: what errors and rounding of published figures leave
SIGNIFICANT = 2.0  # standard errors beyond the farthest that chance is expected to give in as many periods
OWN = np.log(1.25)  # by which the area's own figure must be off its path
EXPLAINED = 0.35  # of that, what the sums may leave unexplained
_NAME = "ledger.sum_moves"


@dataclasses.dataclass(frozen=True, eq=False)
class _Paths:
    """Periods of one length: `whole` (n,) sum of the districts over the city; `share` (n, D) of each district in it."""

    periods: tuple[Period, ...]
    whole: FloatArray
    share: FloatArray

    @property
    def moved(self) -> FloatArray:
        """(n,) distance of the sum from its median, 0 where it is not more than usual."""
        off = self.whole - np.median(self.whole)
        # A median, which a few wrong periods do not widen; of few periods it is uncertain.
        noise = 1.48 * float(np.median(np.abs(off))) * (1 + 2 / len(off))
        farthest = float(np.sqrt(2 * np.log(len(off))))  # of as many standard normal numbers
        return np.where(np.abs(off) > max(LEAST, (SIGNIFICANT + farthest) * noise), off, 0.0)


def check_sum_moves(table: CityTable, areas: Mapping[str, Pieces]) -> CheckResult:
    """`ledger.sum_moves`: where the districts' sum moves against the city, no district's figure moves by as much."""
    found: dict[str, set[Period]] = {}
    factor: dict[str, float] = {}
    for paths in _by_length(table):
        for d, moved, times in _movers(paths):
            found.setdefault(table.areas[d], set()).update(moved)
            factor.setdefault(table.areas[d], times)
    message = "no district's figure moves the districts' sum against the city"
    lines: list[int] = []
    if found:
        area, periods = next(iter(found.items()))
        lines = sorted({line for name, wrong in found.items() for line in _lines(areas[name], wrong)})
        first = Month.from_ordinal(min(periods)[0])
        times = factor[area]
        message = (
            f"{name_lines(lines)}: figures of area {area} from {first} on, in {len(periods)} period(s), are "
            f"{np.exp(abs(times)):.2g} times {'above' if times > 0 else 'below'} what the city and the other districts "
            "leave for it, which they are not in other periods; compare them with the publication: digits, unit, "
            "period, area and extent"
        )
    return CheckResult(_NAME, not found, False, "ledger", message, {"areas": list(found), "lines": lines})


def _by_length(table: CityTable) -> list[_Paths]:
    """Complete periods of each length of which there are enough, the years first."""
    complete = np.isfinite(table.complete)
    length = np.array([end - start + 1 for start, end in table.periods])
    found = []
    for months in (12, 3, 2, 1):
        at: IntArray = np.flatnonzero(complete & (length == months))
        if len(at) >= LEAST_PERIODS:
            share = table.totals[at, :-1] / table.totals[at, -1:]
            found.append(_Paths(tuple(table.periods[i] for i in at), table.complete[at], share))
    return found


def _movers(paths: _Paths) -> list[tuple[int, list[Period], float]]:
    """Districts that explain the periods in which the sum moves, with those periods and the log by which each is off.

    Of several that could explain a period the one whose path is best restored.
    """
    moved = paths.moved
    usual = moved == 0
    if usual.all() or usual.sum() < 2:
        return []
    blamed: dict[int, list[int]] = {}
    off = np.zeros(paths.share.shape)
    unusual: list[int] = np.flatnonzero(~usual).tolist()
    for i in unusual:
        right = paths.share[i] - moved[i]  # what each district's share would have to be
        path = _path(paths.share, usual, i)
        own = np.log(paths.share[i]) - path
        left = np.log(np.where(right > 0, right, np.nan)) - path
        may = (np.abs(own) > OWN) & (np.abs(left) <= EXPLAINED * np.abs(own))
        if may.any():
            best = int(np.argmin(np.divide(np.abs(left), np.abs(own), out=np.full(len(own), np.inf), where=may)))
            blamed.setdefault(best, []).append(i)
            off[i, best] = own[best]
    return [(d, [paths.periods[i] for i in at], float(np.median(off[at, d]))) for d, at in blamed.items()]


def _path(share: FloatArray, usual: BoolArray, i: int) -> FloatArray:
    """(D,) log share that every district has in the periods nearest to one where the sum is as usual."""
    others: Sequence[int] = np.flatnonzero(usual & (np.arange(len(usual)) != i)).tolist()
    near = sorted(others, key=lambda j: abs(j - i))[:4]
    return np.asarray(np.median(np.log(share[near]), axis=0))


def _lines(pieces: Pieces, periods: set[Period]) -> list[int]:
    """Lines of the area's figures within these periods."""
    return [
        line
        for (start, end), line in pieces.lines.items()
        if any(first <= start and end <= last for first, last in periods)
    ]
