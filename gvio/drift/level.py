"""Has the level of a monthly series changed? Each month against a forecast from the months before it.

The forecast is a regression on calendar months and a trend, so season and growth are no drift. Its errors divided by
their standard deviation are the recursive residuals of Brown, Durbin & Evans (1975), J. R. Stat. Soc. B 37:149:
independent and standard normal while nothing changes, whatever the level of noise; Page's sum watches them.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from gvio.drift.cusum import Rule, Sums
from gvio.types import BoolArray, FloatArray, IntArray

WINDOW = 60
"""Months that a forecast looks back at: the training window of drift."""
FEWEST = 36
"""Months before anything is judged: of each calendar month three."""
SETTLE = 6
"""Months after an alarm in which a series learns its new level and cannot alarm again."""
_YEAR = 12
_RIDGE = 0.1  # months of no season that each calendar month counts beside its own
_SEASON = 5.0  # months of the usual variance that a season counts beside its own
_WINSOR = 3.0  # an odd month enters later forecasts as one that is this many standard deviations off
_FAR = 8.0  # standard deviations; beyond, the tails of Student's distribution are no more than a number


@dataclasses.dataclass(frozen=True)
class Shift:
    """A change of level: of which series, from month `since`, found in month `at`, by `size` in logarithms."""

    series: int
    since: int
    at: int
    size: float


@dataclasses.dataclass(frozen=True, eq=False)
class Watched:
    """What became of S series: `errors` (S, T) standardised, NaN where not judged; `height` (S,) of the sum today as a
    share of its threshold, `size` (S,) the mean departure since the sum began, in logarithms; `shifts` in order."""

    errors: FloatArray
    height: FloatArray
    size: FloatArray
    shifts: tuple[Shift, ...]


def watch_levels(values: FloatArray, calendar: IntArray, rule: Rule) -> Watched:
    """Watch every series from its first `FEWEST` months on.

    Args:
        values: (S, T) logarithms, NaN where nothing is known.
        calendar: (T,) calendar month, 1 to 12.
        rule: Of the test.
    """
    n, n_months = values.shape
    past, sums = values.copy(), Sums(n, rule)
    errors, departures = np.full(values.shape, np.nan), np.full(values.shape, np.nan)
    found: list[Shift] = []
    settling: dict[int, Shift] = {}
    for t in range(FEWEST, n_months):
        mean, spread, freedom = _forecast(past, calendar, t, t, rule.floor)
        departures[:, t] = values[:, t] - mean
        errors[:, t] = _normal(departures[:, t] / spread, freedom)
        judged = errors[:, t].copy()
        judged[list(settling)] = np.nan
        height = sums.add(judged, t)
        past[:, t] = mean + np.clip(departures[:, t], -_WINSOR * spread, _WINSOR * spread)
        for series in map(int, np.flatnonzero(height > rule.threshold)):
            begun = sums.begun(series)
            begun += _step(departures[series, begun : t + 1])
            size = float(np.nanmean(departures[series, begun : t + 1]))
            if abs(size) >= rule.least:
                settling[series] = Shift(series, begun, t, size)
                found.append(settling[series])
                sums.forget(series)
        for series in [s for s, shift in settling.items() if t - shift.since >= SETTLE]:
            _settle(past, values, calendar, settling.pop(series), t, rule)
    return Watched(errors, sums.height.max(axis=0) / rule.threshold, _sizes(sums, departures), tuple(found))


def _settle(past: FloatArray, values: FloatArray, calendar: IntArray, shift: Shift, t: int, rule: Rule) -> None:
    """Bring what was before a shift to the level after it; changes `past`."""
    row, since = slice(shift.series, shift.series + 1), shift.since
    before = [_forecast(past[row], calendar, since, m, rule.floor)[0][0] for m in range(since, t + 1)]
    departure = values[shift.series, since : t + 1] - np.array(before)
    if np.isfinite(departure).any():
        begun = _step(departure)
        past[row, : since + begun] += float(np.nanmean(departure[begun:]))
        past[row, since + begun : t + 1] = values[row, since + begun : t + 1]


def _step(departures: FloatArray) -> int:
    """Where a step is likeliest in departures that were zero before it: least squares."""
    known = np.isfinite(departures)
    total = np.cumsum(np.where(known, departures, 0.0)[::-1])[::-1]
    count = np.cumsum(known[::-1])[::-1]
    return int((total**2 / np.maximum(count, 1)).argmax())


def _sizes(sums: Sums, departures: FloatArray) -> FloatArray:
    sizes = np.zeros(len(departures))
    for series in np.flatnonzero(sums.height.max(axis=0) > 0):
        since = departures[series, sums.begun(int(series)) :]
        sizes[series] = float(np.nanmean(since)) if np.isfinite(since).any() else 0.0
    return sizes


def _forecast(
    past: FloatArray, calendar: IntArray, end: int, target: int, floor: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Forecast (S,) of month `target` from months before `end`, its standard deviation, degrees of freedom; NaN where a
    series has too few months."""
    start = max(0, end - WINDOW)
    x = _design(calendar[start:end], np.arange(start, end) - target)
    at = _design(calendar[target : target + 1], np.zeros(1))[0]
    y = past[:, start:end]
    known = np.isfinite(y)
    filled = np.where(known, y, 0.0)
    penalty = np.diag([1e-9, 1e-9, *[_RIDGE] * _YEAR])
    gram = np.einsum("st,ti,tj->sij", known.astype(np.float64), x, x) + penalty
    inverse = np.linalg.inv(gram)
    weights = np.einsum("sij,sj->si", inverse, filled @ x)
    residual = np.where(known, filled - weights @ x.T, 0.0)
    used = _YEAR + 2 - np.einsum("sij,ji->s", inverse, penalty)  # trace of the hat matrix
    freedom = known.sum(axis=1) - used
    enough = known.sum(axis=1) >= FEWEST - _YEAR // 2
    variance = (residual**2).sum(axis=1) / np.maximum(freedom, 1.0)
    variance = np.maximum(variance * _rougher(residual, known, calendar[start:end], int(calendar[target])), floor**2)
    spread = np.sqrt(variance * (1.0 + np.einsum("i,sij,j->s", at, inverse, at)))
    return np.where(enough, weights @ at, np.nan), spread, np.maximum(freedom, 1.0)


def _rougher(residual: FloatArray, known: BoolArray, calendar: IntArray, month: int) -> FloatArray:
    """(S,) how much larger the variance is in the season of a calendar month than in all months, never smaller: rains
    leave few observations. Of three calendar months, halfway to all where they are as many as `_SEASON`."""
    near = known & np.isin(calendar, [(month + step - 1) % _YEAR + 1 for step in (-1, 0, 1)])
    usual = (residual**2).sum(axis=1) / np.maximum(known.sum(axis=1), 1)
    total = np.where(near, residual**2, 0.0).sum(axis=1) + _SEASON * usual
    here = total / (near.sum(axis=1) + _SEASON)
    return np.asarray(np.maximum(np.divide(here, usual, out=np.ones(len(usual)), where=usual > 0), 1.0))


def _design(calendar: IntArray, months: FloatArray | IntArray) -> FloatArray:
    """(n, 14): one, years from the target, calendar months."""
    season = (calendar[:, None] == np.arange(1, _YEAR + 1)).astype(np.float64)
    return np.column_stack([np.ones(len(calendar)), np.asarray(months, dtype=np.float64) / _YEAR, season])


def _normal(errors: FloatArray, freedom: FloatArray) -> FloatArray:
    """Errors that follow Student's distribution as the normal ones of the same probability."""
    from scipy.special import ndtri, stdtr  # who reads what was found needs no SciPy

    size = ndtri(stdtr(freedom, -np.abs(np.clip(errors, -_FAR, _FAR))))
    return np.asarray(np.sign(errors) * np.minimum(-size, _FAR))
