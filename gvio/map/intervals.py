"""How wide an interval is: factors by kind of estimate and months ahead, and what no figure can split.

Four things decide a half-width: the posterior's standard deviation; a factor learned from forecasts of the same kind
and distance (`gvio.evaluate.interval_calibration`); for months that are only published together with others, how much
lies between them that no figure tells apart; and where an area's own monthly figure is public, its noise alone.
Where public figures contradict each other, intervals reach the figure that the estimate could not be.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.stats import norm

from gvio.ledger.rows import CITY
from gvio.ledger.sums import Sums
from gvio.scoreboard.names import LEVELS
from gvio.scoreboard.scores import IntervalTable
from gvio.types import BoolArray, FloatArray, IntArray, Month

KINDS = ("districts_as_used", "districts_blind", "city_blind")
"""A district in a month that a public figure of the city covers, one in a month that none covers, and the city there.
Where the city's own figure covers the month nothing is left to learn a factor from: its posterior is taken at its
word."""

BANDS = ((1, 2), (3, 5), (6, 11), (12, 10**6))
"""Months since the end of the area's own last figure, both included."""

_CENTRES = (1.5, 4.0, 8.5, 18.0)  # where a band's factor holds exactly
_LONGEST_SPLIT = 3
_ROUNDING = 1e-9  # a limit that is to reach a figure must not end one bit before it


def flat_table(scale: Mapping[int, float]) -> IntervalTable:
    """One factor per level for every kind and distance: a model that was calibrated on all residuals together."""
    rows = {level: (float(scale[level]),) * len(BANDS) for level in LEVELS}
    return IntervalTable(dict.fromkeys(KINDS, rows), dict.fromkeys(KINDS, 0))


def half_width(
    table: IntervalTable | None, kind: str, ahead: IntArray | FloatArray, sd: FloatArray, level: int
) -> FloatArray:
    """Half-width of the log estimate.

    Factors are interpolated in the logarithm of `ahead` between the middles of bands, so that neighbouring months do
    not jump; all levels alike, so that they nest.

    Args:
        table: Factors; None uses the posterior without a factor.
        kind: Of `KINDS`.
        ahead: Months since the area's own last figure; what lies before counts as one month ahead.
        sd: Posterior standard deviation, of a shape that `ahead` broadcasts to.
        level: 50, 80 or 95 percent.
    """
    width = gaussian_half_width(level) * sd
    if table is None:
        return width
    factors = table.factors[kind][level]
    return width * np.interp(np.log(np.maximum(ahead, 1)), np.log(_CENTRES), factors)


def gaussian_half_width(level: int) -> float:
    """Standard deviations that hold `level` percent of a Gaussian."""
    return float(norm.ppf(0.5 + level / 200))


def months_ahead(sums: Sums) -> IntArray:
    """(D + 1, T) months since the end of each area's own last figure, the city last; below one where it is not over.

    An area without any figure is as far from one as can be: the last band.
    """
    last = np.full(sums.n_areas + 1, -BANDS[-1][0] - sums.n_months)
    own = sums.of_districts | sums.of_city
    np.maximum.at(last, sums.area[own], sums.end[own])  # area −1, the city, is the last row
    ahead: IntArray = np.arange(sums.n_months) - last[:, None]
    return ahead


def city_covered(sums: Sums) -> BoolArray:
    """(T,) months that lie in a public figure of the city."""
    month = np.arange(sums.n_months)
    city = sums.of_city
    inside = (sums.start[city, None] <= month) & (month <= sums.end[city, None])
    return np.asarray(inside.any(axis=0))


def product_half_widths(
    table: IntervalTable,
    sums: Sums,
    sd: FloatArray,
    city_sd: FloatArray,
    split: FloatArray,
    own: BoolArray,
    noise: float,
) -> dict[int, FloatArray]:
    """Half-widths of the log of every published estimate, per level (D + 1, T), the city last.

    Args:
        table: Factors.
        sums: Public figures.
        sd: (D, T) of districts, posterior.
        city_sd: (T,) of the log of the city's sum.
        split: (T,) from `split_sd`: the least standard deviation, because a posterior that knows better than even
            odds does so from a calendar nothing has checked.
        own: (D + 1, T) where an area's own monthly figure is public: there only its noise remains.
        noise: Relative standard error of a published figure against the truth.
    """
    covered, ahead = city_covered(sums), months_ahead(sums)
    out = {}
    for level in LEVELS:
        used, blind = (half_width(table, kind, ahead[:-1], sd, level) for kind in KINDS[:2])
        dark = half_width(table, KINDS[2], ahead[-1], city_sd, level)
        known = gaussian_half_width(level) * city_sd
        width = np.concatenate([np.where(covered, used, blind), np.where(covered, known, dark)[None]])
        width = np.maximum(width, gaussian_half_width(level) * split)
        out[level] = np.where(own, gaussian_half_width(level) * noise, width)
    return out


def reach_official(half: Mapping[int, FloatArray], sums: Sums, misfit: FloatArray) -> dict[int, FloatArray]:
    """Half-widths that are wide enough for the 95 % interval of every published sum to hold its official figure.

    Where figures contradict each other, the estimate can equal one of them only, and how far they lie apart is evidence
    of the error of both. As the Particle Data Group widens the errors of measurements that disagree (Navas et al. 2024,
    Physical Review D 110:030001, 5.2.2), but no further than needed: nothing changes where the figure is held already.
    A figure of districts widens them in the figure's months; the city's widens the city and, in proportion,
    every district, so that the districts' limits together reach the city's figure, too.

    Args:
        half: Per level (D + 1, T), from `product_half_widths`.
        sums: Public figures.
        misfit: (rows,) from `gvio.ledger.sums.log_misfit`; NaN widens nothing.
    """
    least = np.zeros((sums.n_areas + 1, sums.n_months))
    off = np.abs(np.nan_to_num(misfit)) * (1 + _ROUNDING) / gaussian_half_width(95)
    for i, (area, start, end, sd) in enumerate(zip(sums.area, sums.start, sums.end, off, strict=True)):
        rows = slice(None) if area == CITY else sums.districts_of(i)
        least[rows, start : end + 1] = np.maximum(least[rows, start : end + 1], sd)
    return {level: np.maximum(width, gaussian_half_width(level) * least) for level, width in half.items()}


def split_sd(sums: Sums, months: Sequence[Month], city_mean: FloatArray) -> FloatArray:
    """(T,) standard deviation of a month's log output that its figures cannot separate from its neighbour's.

    January and February are often one figure. By how much it lies below (or above) the months on either side is known;
    how that is divided is not. If every division is as likely (uniform on the simplex), a month's part of what L months
    share has standard deviation √((L − 1)/(L + 1)) times the mean month's.

    Args:
        sums: Public figures; the city's decide.
        months: (T,) the months.
        city_mean: (T,) log estimate of the city.

    Returns:
        Zero but in months of the year that the city publishes together only, while both neighbours are known alone.
    """
    alone, joint = _periods(sums)
    dips: dict[int, list[float]] = {}
    wide: dict[int, float] = {}
    for first, last in joint:
        # Only where both neighbours are known: the dip is measured against them.
        if first == 0 or last + 1 >= sums.n_months or not (alone[first - 1] and alone[last + 1]):
            continue
        mean = np.log(np.exp(city_mean[first : last + 1]).mean())
        for t in range(first, last + 1):
            length = last - first + 1
            wide[months[t].month] = float(np.sqrt((length - 1) / (length + 1)))
            dips.setdefault(months[t].month, []).append((city_mean[first - 1] + city_mean[last + 1]) / 2 - mean)
    found = {month: abs(float(np.mean(values))) * wide[month] for month, values in dips.items()}
    # The mean dip of all years holds for every year, the newest included, whose right neighbour is not public yet.
    every = np.array([found.get(month.month, 0.0) for month in months])
    return np.where(alone, 0.0, every)


def _periods(sums: Sums) -> tuple[BoolArray, list[tuple[int, int]]]:
    """(T,) months that the city's figures determine alone, and short periods that they determine only together.

    A figure is a difference of the running total at its two ends. Ends that figures link, directly or through others,
    belong together; a period is determined when its ends do.
    """
    n = sums.n_months + 1
    city = sums.of_city
    # A graph whose nodes are ends of months and whose edges are figures: connected ends have a known difference.
    links = coo_array((np.ones(city.sum()), (sums.start[city], sums.end[city] + 1)), shape=(n, n))
    part = connected_components(links, directed=False)[1]
    alone = np.asarray(part[:-1] == part[1:])
    lone = np.bincount(part)[part] == 1
    ends = np.flatnonzero(~lone)
    pairs = [(int(a), int(b) - 1) for a, b in itertools.pairwise(ends) if part[a] == part[b]]
    return alone, [(a, b) for a, b in pairs if 1 <= b - a < _LONGEST_SPLIT]
