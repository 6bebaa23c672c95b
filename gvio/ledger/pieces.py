"""An area's figures as consecutive sums that do not overlap, so that figures of different periods can be compared.

A monthly city and districts' years meet over the years; a quarter is the difference of two year-to-date figures.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd

from gvio.ledger.rows import Ledger
from gvio.types import FloatArray, IntArray

Period = tuple[int, int]  # first and last month, ordinals, both included


@dataclasses.dataclass(frozen=True, eq=False)
class Pieces:
    """One area's figures, newest vintages.

    `start`, `end` (n,) ordinals, both included, ascending and apart; `value` (n,) the sum, > 0; `line` (n,) where it
    stands, of a difference the later row; `published` every figure by its period, as published, and `lines` where.
    """

    start: IntArray
    end: IntArray
    value: FloatArray
    line: IntArray
    published: Mapping[Period, float]
    lines: Mapping[Period, int]

    def __len__(self) -> int:
        return len(self.start)

    @property
    def span(self) -> IntArray:
        """(n,) months each piece covers."""
        return self.end - self.start + 1

    @property
    def rate(self) -> FloatArray:
        """(n,) logarithm of the figure per month."""
        return np.asarray(np.log(self.value / self.span))

    @property
    def periods(self) -> list[Period]:
        """Every piece's period."""
        return [(int(s), int(e)) for s, e in zip(self.start, self.end, strict=True)]

    def total(self, start: int, end: int) -> float:
        """The sum over months `start`..`end`: as published, else of the pieces that fill it; NaN when none do."""
        if (start, end) in self.published:
            return self.published[start, end]
        first, last = np.searchsorted(self.start, start), np.searchsorted(self.end, end)
        if last >= len(self) or first > last or self.start[first] != start or self.end[last] != end:
            return float("nan")
        inside = slice(first, last + 1)
        gapless = (self.start[inside][1:] == self.end[inside][:-1] + 1).all()
        return float(self.value[inside].sum()) if gapless else float("nan")


def cut_pieces(ledger: Ledger) -> dict[str, Pieces]:
    """Pieces of every area; `ledger` holds one vintage of each figure."""
    return {str(area): _pieces(rows) for area, rows in ledger.rows.groupby("area_id")}


def _pieces(rows: pd.DataFrame) -> Pieces:
    columns = (rows[name].to_numpy() for name in ("start", "end", "value", "kind"))
    figures = [
        (int(start), int(end), float(value), str(kind), int(line))
        for line, start, end, value, kind in zip(rows.index, *columns, strict=True)
    ]
    current = [(s, e, v, line) for s, e, v, kind, line in figures if kind == "current"]
    chosen: list[tuple[int, int, float, int]] = []
    taken: set[int] = set()
    # The shortest first: they say most about when. Of one length a published figure before a difference.
    for piece in sorted([*current, *_differences(figures)], key=lambda p: (p[1] - p[0], p[0])):
        months = range(piece[0], piece[1] + 1)
        if taken.isdisjoint(months):
            taken.update(months)
            chosen.append(piece)
    chosen.sort()
    start, end, value, line = (np.array([piece[i] for piece in chosen]) for i in range(4))
    figures.sort(key=lambda figure: figure[3] == "current")  # of both kinds the current one counts, as in `sums`
    published = {(s, e): v for s, e, v, _, _ in figures}
    lines = {(s, e): line for s, e, _, _, line in figures}
    return Pieces(start.astype(int), end.astype(int), value.astype(float), line.astype(int), published, lines)


def _differences(figures: list[tuple[int, int, float, str, int]]) -> list[tuple[int, int, float, int]]:
    """What each year-to-date figure adds to the one before it in its year, where that is positive."""
    found = []
    ytd = sorted((s, e, v, line) for s, e, v, kind, line in figures if kind == "cumulative")
    for start, group in itertools.groupby(ytd, key=lambda f: f[0]):
        before, sofar = start - 1, 0.0
        for _, end, value, line in group:
            if value > sofar:
                found.append((before + 1, end, value - sofar, line))
            before, sofar = end, value
    return found
