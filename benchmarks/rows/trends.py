"""Trends of every pixel (Theil–Sen slope, Mann–Kendall significance): all series at once, and one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
from scipy.stats import kendalltau, mstats, theilslopes

from benchmarks.sides import Limit, Row, Side, compared, installed, largest_difference, not_installed, seconds
from gvio.map.trends import Trends, seasonal_trends

MONTHS, YEAR = 96, 12
SAME = 1e-9
Answer = tuple[float, float]  # slope, p
Series = np.ndarray


def rows(*, quick: bool) -> Iterator[Row]:
    """Seasonal trends, as gvio publishes them, and plain ones."""
    rng = np.random.default_rng(0)
    for period, key, pixels, few in ((YEAR, "seasonal", 99_000, 50), (1, "plain", 9_900, 50)):
        n = pixels // 20 if quick else pixels
        values = 10 + 0.01 * np.arange(MONTHS) + rng.standard_normal((n, MONTHS))
        ours = seconds(lambda v=values, p=period: seasonal_trends(v, p), 1 if n > 20_000 else 3)
        limit = Limit("copying the series", seconds(values.copy))
        work, key = f"trend map, {n:,} pixels × {MONTHS} months, {key}", f"trends.{key}"
        found = seasonal_trends(values[:few], period)
        if installed("pymannkendall"):
            yield compared(key, work, ours, _loop("pymannkendall", _pymannkendall(period), values, found), limit, SAME)
        else:
            yield not_installed(key, work, "pymannkendall")
        found = seasonal_trends(values[: few // 5], period)
        scipy = _loop("SciPy, one series after the other", _scipy(period), values, found, slopes_only=True)
        yield compared(key, work, ours, scipy, limit, SAME, "slopes compared; its p has no continuity correction")


def _loop(
    name: str, answer: Callable[[Series], Answer], values: np.ndarray, ours: Trends, *, slopes_only: bool = False
) -> Side:
    few, found = len(ours.slope), list[Answer]()
    taken = seconds(lambda: found.extend(answer(series) for series in values[:few]), 1)
    slope, p = np.array(found).T
    apart = largest_difference(ours.slope, slope)
    if not slopes_only:
        apart = max(apart, largest_difference(ours.p_value, p))
    return Side(name, taken * len(values) / few, apart, few / len(values))


def _pymannkendall(period: int) -> Callable[[Series], Answer]:
    import pymannkendall  # type: ignore[import-not-found]

    def answer(series: Series) -> Answer:
        test = pymannkendall.original_test(series) if period == 1 else pymannkendall.seasonal_test(series, period)
        return test.slope, test.p

    return answer


def _scipy(period: int) -> Callable[[Series], Answer]:
    def plain(series: Series) -> Answer:
        return theilslopes(series)[0], kendalltau(np.arange(len(series)), series).pvalue

    def seasonal(series: Series) -> Answer:
        table = series.reshape(-1, period)  # years × months
        return mstats.sen_seasonal_slopes(table)[1], mstats.kendalltau_seasonal(table)["global p-value (indep)"]

    return plain if period == 1 else seasonal
