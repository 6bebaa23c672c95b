"""Errors on figures published since: what had been estimated of each before it was known."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from gvio.drift.cusum import Rule, Sums
from gvio.ledger.rows import KEY, Ledger
from gvio.types import BoolArray, FloatArray, Month

KEPT = 24
"""Months of which errors are carried from release to release."""
SETTLE = 3
"""Months with figures after an alarm in which an area cannot alarm again."""
Z80 = 1.2815515655446004
_NORMAL_SPREAD = 1.4826  # standard deviation of a Gaussian over the median of its absolute value
_FEWEST_ERRORS = 60  # before them the intervals' own word counts in part
_FEWEST_AREAS = 5  # districts whose median is what all of a month share


@dataclasses.dataclass(frozen=True)
class FigureError:
    """A figure that came out, against the last estimate before.

    Attributes:
        area_id: District or city.
        month: The last month that the figure covers, YYYY-MM.
        error: Log of the figure over the estimate.
        half80: Half-width of the 80 % interval that was given, in logarithms, on the side of the error.
        published: Whether a release had said the estimate; else it is the present model's without the new figures.
    """

    area_id: str
    month: str
    error: float
    half80: float
    published: bool

    @property
    def held(self) -> bool:
        """Whether the interval held the figure."""
        return abs(self.error) <= self.half80


def new_figures(before: Ledger, now: Ledger) -> Ledger:
    """The figures of `now` of which `before` had no vintage."""
    known = set(before.rows[KEY].itertuples(index=False, name=None))
    fresh = np.array([key not in known for key in now.rows[KEY].itertuples(index=False, name=None)], dtype=bool)
    return Ledger(now.rows[fresh])


def figure_errors(figures: Ledger, estimates: pd.DataFrame, *, published: bool) -> tuple[FigureError, ...]:
    """The error of each figure all of whose months were estimated; of an area's figures that end in one month the
    shortest.

    Half-widths of months are added: as though their errors were the same, which no sum of several months exceeds.

    Args:
        figures: New ones.
        estimates: `area_id`, `month`, `estimate`, `lower80`, `upper80`, before the figures were known.
        published: Whether a release had said them.
    """
    columns = ["area_id", "month", "estimate", "lower80", "upper80"]
    told = {(str(a), str(m)): (e, lo, up) for a, m, e, lo, up in estimates[columns].itertuples(index=False)}
    rows = figures.rows.assign(length=figures.rows["end"] - figures.rows["start"])
    rows = rows.sort_values(["length", "kind", "series"], kind="stable").drop_duplicates(["area_id", "end"])
    found = []
    for area, start, end, value in rows[["area_id", "start", "end", "value"]].itertuples(index=False):
        months = [(str(area), str(Month.from_ordinal(m))) for m in range(int(start), int(end) + 1)]
        if value > 0 and all(month in told for month in months):
            estimate, lower, upper = np.sum([told[month] for month in months], axis=0)
            error = float(np.log(value / estimate))
            half = float(np.log(upper / estimate) if error > 0 else np.log(estimate / lower))
            found.append(FigureError(str(area), months[-1][1], error, half, published))
    return tuple(sorted(found, key=lambda one: (one.month, one.area_id)))


def carried(before: Sequence[FigureError], fresh: Sequence[FigureError], last: Month) -> tuple[FigureError, ...]:
    """The errors of the last `KEPT` months, those of the release before and the new ones."""
    first = str(last + (1 - KEPT))
    known = {(one.area_id, one.month): one for one in (*before, *fresh) if one.month >= first}
    return tuple(known[key] for key in sorted(known, key=lambda key: (key[1], key[0])))


@dataclasses.dataclass(frozen=True)
class Missed:
    """An area whose figures left its estimates: since the figure of which month, told by which, by how much on average
    (logarithm of figure over estimate)."""

    area_id: str
    since: str
    month: str
    size: float


@dataclasses.dataclass(frozen=True, eq=False)
class ErrorsWatched:
    """`missed` in order, `height` the highest sum today as a share of its threshold, by area."""

    missed: tuple[Missed, ...]
    height: Mapping[str, float]


def watch_errors(errors: Sequence[FigureError], city_id: str, district: Rule, city: Rule) -> ErrorsWatched:
    """Watch every area's standardised errors with Page's sum; districts less what all of a month share.

    An error is divided by the standard deviation that its interval stands for, and by how much larger errors were
    before than theirs (never smaller): a region's intervals may be too narrow, which is the coverage's to tell.
    """
    areas, months = sorted({one.area_id for one in errors}), sorted({one.month for one in errors})
    z, size = np.full((len(areas), len(months)), np.nan), np.full((len(areas), len(months)), np.nan)
    for one in errors:
        at = areas.index(one.area_id), months.index(one.month)
        z[at], size[at] = Z80 * one.error / max(one.half80, 1e-6), one.error
    own: BoolArray = np.array([area != city_id for area in areas], dtype=bool)
    z, size = _own(z, own), _own(size, own)
    found, height = list[Missed](), dict[str, float]()
    for chosen, rule in ((own, district), (~own, city)):
        rows = np.flatnonzero(chosen)
        missed, high = _watched(_scaled(z[rows]), size[rows], rule)
        found += [Missed(areas[rows[i]], months[since], months[at], by) for i, since, at, by in missed]
        height |= {areas[row]: float(share) for row, share in zip(rows, high, strict=True)}
    return ErrorsWatched(tuple(sorted(found, key=lambda one: (one.month, one.area_id))), height)


def _own(table: FloatArray, districts: BoolArray) -> FloatArray:
    """Districts less their median in months in which enough of them have an error."""
    many = np.isfinite(table[districts]).sum(axis=0) >= _FEWEST_AREAS
    out = table.copy()
    if many.any():
        shared = np.nanmedian(table[np.ix_(districts, many)], axis=0)
        out[np.ix_(districts, many)] -= shared
    return out


def _scaled(z: FloatArray) -> FloatArray:
    """Errors over their usual size until the month before, where that is more than one."""
    out = z.copy()
    for t in range(z.shape[1]):
        past = np.abs(z[:, :t][np.isfinite(z[:, :t])])
        usual = _NORMAL_SPREAD * float(np.median(past)) if len(past) else 1.0
        trust = len(past) / (len(past) + _FEWEST_ERRORS)
        out[:, t] /= max(1.0, usual) ** trust
    return out


def _watched(z: FloatArray, size: FloatArray, rule: Rule) -> tuple[list[tuple[int, int, int, float]], FloatArray]:
    """Series, first and last month and mean size of every alarm, and the sums today as shares of the threshold."""
    sums, found, quiet = Sums(len(z), rule), list[tuple[int, int, int, float]](), dict[int, int]()
    for t in range(z.shape[1]):
        now = z[:, t].copy()
        now[[series for series, until in quiet.items() if t < until]] = np.nan
        for series in map(int, np.flatnonzero(sums.add(now, t) > rule.threshold)):
            since = sums.begun(series)
            mean = float(np.nanmean(size[series, since : t + 1]))
            if abs(mean) >= rule.least:
                found.append((series, since, t, mean))
                quiet[series] = t + 1 + SETTLE
                sums.forget(series)
    return found, sums.height.max(axis=0, initial=0.0) / rule.threshold
