"""The curve of a bulletin as points of a unit square, from which its HTML and its PDF draw the same."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd

from gvio.report.forms import shaped
from gvio.report.new_year import public_sums
from gvio.report.picture import short_number
from gvio.report.tables import nowcast_spans, series
from gvio.types import FloatArray

MONTHS = 60  # of a curve: five years
_TICKS = 5  # lines of a scale, at most about
Points = tuple[tuple[float, float], ...]


@dataclasses.dataclass(frozen=True)
class Trend:
    """x and y in [0, 1], y upwards.

    Attributes:
        line: The estimate by month, January and February as their mean.
        band: The 80 % interval as a closed shape.
        official: Official figures of single months, and of January and February together, as their mean.
        nowcast: (left, right) of spans of months that no public figure covers.
        levels: (y, text) of the scale.
        years: (x, text) of the beginnings of years.
    """

    line: Points
    band: Points
    official: Points
    nowcast: Points
    levels: tuple[tuple[float, str], ...]
    years: tuple[tuple[float, str], ...]


def trend(estimates: pd.DataFrame, area: str, month: str, figures: pd.DataFrame | None = None) -> Trend | None:
    """The curve of an area up to a month; None where there are fewer than two points.

    Args:
        estimates: Table of contract §3.
        area: Its id.
        month: The last one, YYYY-MM.
        figures: Official figures (`gvio.report.new_year.public_sums`), for public sums of January and February.
    """
    rows = series(estimates[estimates["month"] <= month], area)
    rows = shaped(rows, "level", joined=True, base=month, sums=public_sums(figures)).tail(MONTHS)
    if len(rows) < 2:
        return None
    days = np.asarray(rows["date"].map(pd.Timestamp.toordinal), dtype=np.float64)
    x = _scaled(days, days[0], days[-1])
    values = rows[["estimate", "lower80", "upper80", "official"]].to_numpy(dtype=np.float64, na_value=np.nan)
    levels = nice_levels(float(np.nanmin(values)), float(np.nanmax(values)))
    y = _scaled(values, levels[0], levels[-1])
    known = np.isfinite(y[:, 3])
    spans = [(start.toordinal(), end.toordinal()) for start, end in nowcast_spans(rows)]
    return Trend(
        line=_points(x, y[:, 0]),
        band=_points(np.concatenate([x, x[::-1]]), np.concatenate([y[:, 1], y[::-1, 2]])),
        official=_points(x[known], y[known, 3]),
        nowcast=_points(*np.clip(_scaled(np.array(spans, dtype=np.float64).reshape(-1, 2).T, days[0], days[-1]), 0, 1)),
        levels=tuple((round((v - levels[0]) / (levels[-1] - levels[0]), 5), short_number(v)) for v in levels),
        years=_years(days),
    )


def nice_levels(low: float, high: float) -> FloatArray:
    """Round values, 1, 2 or 5 times a power of ten apart, that enclose both, from 0 where that is near."""
    low = 0.0 if 0 <= low < 0.5 * high else low
    wide = high - low if high > low else abs(high) or 1.0
    power = 10.0 ** math.floor(math.log10(wide / _TICKS))
    step = power * next(n for n in (1, 2, 5, 10) if n * power >= wide / _TICKS * (1 - 1e-9))
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    return np.asarray(step * np.arange(first, max(last, first + 1) + 1), dtype=np.float64)


def _scaled(values: FloatArray, low: float, high: float) -> FloatArray:
    return np.asarray((values - low) / (high - low))


def _points(x: FloatArray, y: FloatArray) -> Points:
    return tuple((round(float(a), 5), round(float(b), 5)) for a, b in zip(x, y, strict=True))


def _years(days: FloatArray) -> tuple[tuple[float, str], ...]:
    first, last = (pd.Timestamp.fromordinal(int(day)) for day in (days[0], days[-1]))
    starts = [pd.Timestamp(year, 1, 1) for year in range(first.year, last.year + 1)]
    shown = [start for start in starts if first <= start <= last]
    every = max(1, -(-len(shown) // 8))  # of a short series no year begins
    return tuple(
        (round(float((s.toordinal() - days[0]) / (days[-1] - days[0])), 5), str(s.year)) for s in shown[::every]
    )
