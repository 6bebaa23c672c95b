"""By how much estimates changed from one month to another, with an interval and whether that is beyond noise.

Pure. A release says how the errors of two months hang together (`changes.parquet`): `with_changes` puts the limits of
every change beside its estimate. A release from before it has an interval of every month and no joint one of two. The
interval of a change is then as wide as it can be: the lower bound of the one month against the upper bound of the
other. For errors of a normal shape in logarithms it holds at least what the two intervals hold, whatever the errors
have to do with each other: half widths add up at most. Two months that share a public sum err in opposite directions,
and there it is exact; elsewhere it is too wide, so that a change is called noise rather too often than too seldom.
"""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pandas as pd

from gvio.types import FloatArray, Month
from gvio.words import marked, tr

YEAR, MONTH = -12, -1
"""Months back."""
ASSUMED = marked(
    "Intervals of changes are as wide as they can be: a release has no joint interval of two months, so the errors of "
    "the two are taken to point in opposite directions. Beyond noise: the 80 % interval of the change excludes none."
)
JOINT = marked(
    "Intervals of changes are of the joint error of the two months. Beyond noise: the 80 % interval of the change "
    "excludes none; where nothing changed, one area in five is called so by chance."
)
_LIMITS = ("lower80", "upper80", "lower95", "upper95")
_WORDS = {MONTH: "month", YEAR: "year"}
LIMITS = tuple(f"{what}_{limit}" for what in _WORDS.values() for limit in _LIMITS)
"""Columns that `with_changes` adds: limits in per cent of the change on the month and on the year before."""


@dataclasses.dataclass(frozen=True)
class Change:
    """A change in per cent with the bounds of its 80 % interval; NaN where there is nothing to compare with."""

    percent: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether there is a month to compare with."""
        return math.isfinite(self.percent)

    @property
    def direction(self) -> int:
        """1 or -1 where the change is beyond noise, 0 where it is not or where nothing is known."""
        return int(self.low > 0) - int(self.high < 0)


UNKNOWN = Change(math.nan, math.nan, math.nan)


def with_changes(estimates: pd.DataFrame, published: pd.DataFrame | None) -> pd.DataFrame:
    """Estimates with `LIMITS` beside them, in the same order.

    Args:
        estimates: Of the release.
        published: `changes.parquet` of the same; None of a release from before it, which leaves the estimates alone.
    """
    if published is None:
        return estimates
    keys, told = ["area_id", "month"], estimates
    for back, what in _WORDS.items():
        rows = published[published["months_apart"] == -back].set_index(keys)[list(_LIMITS)]
        told = told.join(rows.add_prefix(f"{what}_"), on=keys)
    return told


def intervals_of(estimates: pd.DataFrame) -> str:
    """What the intervals of changes of a release are, in sentences."""
    return tr(JOINT) if set(LIMITS) <= set(estimates.columns) else tr(ASSUMED)


def changes(estimates: pd.DataFrame, month: str, back: int) -> pd.DataFrame:
    """Change of every area of a month against another, `back` months away (`YEAR`, `MONTH`).

    Returns:
        Indexed by area_id: percent, low, high; NaN where the other month is absent or not positive.
    """
    now = estimates[estimates["month"] == month].set_index("area_id")
    other = str(Month.parse(month) + back)
    before = estimates[estimates["month"] == other].set_index("area_id").reindex(now.index)
    wide = {"lower80": ratio_percent(now["lower80"], before["upper80"])}
    wide["upper80"] = ratio_percent(now["upper80"], before["lower80"])
    low, high = (joint_or(now, _WORDS[back], limit, widest) for limit, widest in wide.items())
    percent = ratio_percent(now["estimate"], before["estimate"])
    return pd.DataFrame({"percent": percent, "low": low, "high": high}, index=now.index)


def joint_or(rows: pd.DataFrame, what: str, limit: str, widest: FloatArray) -> FloatArray:
    """A limit of the change `month` or `year`, in per cent: the release's, else the widest possible one (n,)."""
    name = f"{what}_{limit}"
    if name not in rows.columns:
        return widest
    told = rows[name].to_numpy(dtype=np.float64)
    return np.where(np.isnan(told), widest, told)


def change_of(table: pd.DataFrame, area: str | None) -> Change:
    """One row of `changes`; `UNKNOWN` where the area has none."""
    if area is None or area not in table.index:
        return UNKNOWN
    percent, low, high = table.loc[area, ["percent", "low", "high"]].to_numpy(dtype=np.float64)
    return Change(float(percent), float(low), float(high))


def ratio_percent(now: pd.Series | FloatArray, before: pd.Series | FloatArray) -> FloatArray:
    """100 · (now / before - 1); NaN where `before` is not positive."""
    below = np.asarray(before, dtype=np.float64)
    out = np.full(below.shape, np.nan)
    np.divide(np.asarray(now, dtype=np.float64), below, out=out, where=below > 0)
    return 100.0 * (out - 1.0)
