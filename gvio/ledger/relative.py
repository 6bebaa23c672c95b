"""One area's figures in time beside the others': what all share removed, and the season of its own.

Everything is relative to the city (of the city: to its districts), so that what all areas share is no mistake.
"""

from __future__ import annotations

import dataclasses
import statistics
from collections.abc import Mapping, Sequence

import numpy as np

from gvio.ledger.pieces import Pieces
from gvio.types import FloatArray, IntArray

SIGNIFICANT = 3.5  # times the usual step from one figure to the next
LONE = 6  # figures of an area that is judged by itself
YEARS = 3  # of figures of one calendar period, from which it has a season
HALF = 6  # months on either side that are a figure's surroundings


@dataclasses.dataclass(frozen=True, eq=False)
class Relative:
    """One area's figures in time: `level` (n,) log per month relative to the others, `alone` (n,) without them
    and without its season.
    """

    area: str
    start: IntArray
    end: IntArray
    line: IntArray
    level: FloatArray
    alone: FloatArray

    @property
    def noise(self) -> float:
        """The usual step of the level from one figure to the next."""
        return max(1.48 * float(np.median(np.abs(np.diff(self.level)))), 0.01)

    @property
    def beyond_chance(self) -> float:
        """The least gap that refuses; of few figures the usual step is itself uncertain."""
        return SIGNIFICANT * (1 + 4 / len(self.level)) * self.noise


def relative_levels(areas: Mapping[str, Pieces], city_id: str) -> dict[str, Relative]:
    """Every area with four comparable figures or more."""
    found = {}
    for area, pieces in areas.items():
        others = [areas[city_id]] if area != city_id and city_id in areas else []
        if not others:
            others = [areas[name] for name in areas if name not in (area, city_id)]
        level = _against(pieces, others)
        known = np.isfinite(level)
        if known.sum() > 3:
            columns = (pieces.start[known], pieces.end[known], pieces.line[known])
            found[area] = Relative(area, *columns, level[known], without_season(pieces)[known])
    return found


def lone_levels(areas: Mapping[str, Pieces], compared: Mapping[str, Relative]) -> dict[str, Relative]:
    """Areas that no other one can be compared with (months of the city beside years of districts), by themselves."""
    found = {}
    for area, pieces in areas.items():
        if area not in compared and len(pieces) > LONE:
            rate = without_season(pieces)
            found[area] = Relative(area, pieces.start, pieces.end, pieces.line, rate, rate)
    return found


def _against(pieces: Pieces, others: Sequence[Pieces]) -> FloatArray:
    """(n,) log of each piece over the others' sums of its period: the median over others, each at its own level."""
    totals = np.array([[other.total(s, e) for s, e in pieces.periods] for other in others])
    ratio = np.log(pieces.value) - np.log(totals) if len(others) else np.full((0, len(pieces)), np.nan)
    ratio = ratio[np.isfinite(ratio).sum(axis=1) > 3]
    if not len(ratio):
        return np.full(len(pieces), np.nan)
    ratio = ratio - np.nanmedian(ratio, axis=1, keepdims=True)
    if len(ratio) == 1:
        return np.asarray(ratio[0])
    some = np.isfinite(ratio).any(axis=0)
    level = np.full(len(pieces), np.nan)
    level[some] = np.nanmedian(ratio[:, some], axis=0)
    return level


def without_season(pieces: Pieces) -> FloatArray:
    """(n,) log per month less the median distance from its surroundings in the same period of all years.

    Of a period that three years or more have; a year's figure has no season.
    """
    rate = pieces.rate
    first = np.searchsorted(pieces.end, pieces.start - HALF)
    last = np.searchsorted(pieces.start, pieces.end + HALF, side="right")
    known = rate.tolist()
    off = rate - np.array([statistics.median(known[i:j]) for i, j in zip(first, last, strict=True)])
    kinds: dict[tuple[int, int], list[int]] = {}
    for i, (start, span) in enumerate(zip(pieces.start, pieces.span, strict=True)):
        if span < 12:
            kinds.setdefault((int(start) % 12, int(span)), []).append(i)
    season = np.zeros(len(rate))
    for same in kinds.values():
        if len(same) >= YEARS:
            season[same] = np.median(off[same])
    return np.asarray(rate - season)
