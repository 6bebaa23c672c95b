"""Vintages: of every area and month each estimate that was published and each official figure, first to latest.

The revision triangle in long form (Croushore & Stark 2001, Journal of Econometrics 105:111). A row says: from this
release, or this day, on the value was this; a release that leaves a value as it was adds no row.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from gvio.ledger.rows import Ledger
from gvio.types import Month

KEY = ["area_id", "month"]
COLUMNS = ("area_id", "month", "kind", "vintage", "value", "release", "day", "age", "revision80")
ESTIMATE, OFFICIAL = "estimate", "official"
MOST = 96
"""Estimates kept of one area and month: the first and the newest ones. Eight years of monthly releases lose none."""

_SAME = 1e-9  # relative; a smaller difference is rounding


def own_rows(estimates: pd.DataFrame, last: Month, band: pd.DataFrame | None = None) -> pd.DataFrame:
    """The estimates of the release that is being made, as rows without a release: it is named by its content.

    Args:
        estimates: As in contract §3.
        last: The release's month.
        band: `area_id`, `month`, `revision80` (half-width in logarithms); None: nothing is predicted.
    """
    rows = estimates[[*KEY, "estimate"]].rename(columns={"estimate": "value"})
    rows = rows.assign(kind=ESTIMATE, vintage=0, release=None, day=None)
    rows["age"] = [last - Month.parse(month) for month in rows["month"]]
    if band is None:
        return rows.assign(revision80=np.nan)[list(COLUMNS)]
    return rows.merge(band[[*KEY, "revision80"]], on=KEY, how="left")[list(COLUMNS)]


def official_rows(figures: Ledger, areas: list[str], months: list[Month]) -> pd.DataFrame:
    """Every vintage of the official figures of single months, first to latest, `day` the day it became public.

    Where both kinds of figure exist of a month, the month's own counts, and a year-to-date figure does not.

    Args:
        figures: All vintages public on the day of the run, in areas of today.
        areas: Districts and the city.
        months: Months wanted.
    """
    named = {month.ordinal: str(month) for month in months}
    rows = figures.rows
    rows = rows[(rows["start"] == rows["end"]) & rows["start"].isin(list(named)) & rows["area_id"].isin(areas)]
    rows = rows.assign(month=[named[start] for start in rows["start"]], current=rows["kind"] == "current")
    rows = rows[rows["current"] | ~rows.groupby(KEY)["current"].transform("any")]
    rows = rows.sort_values([*KEY, "published"], kind="stable")
    table = rows[[*KEY, "value"]].assign(kind=OFFICIAL, vintage=0, release=None, day=rows["published"])
    age = [12 * (d.year - Month.parse(m).year) + d.month - Month.parse(m).month for d, m in _pairs(table)]
    return table.assign(age=np.array(age, dtype=np.int64), revision80=np.nan)[list(COLUMNS)]


def _pairs(table: pd.DataFrame) -> list[tuple[dt.date, str]]:
    return list(zip(table["day"], table["month"], strict=True))


def nothing() -> pd.DataFrame:
    """A table without rows."""
    return pd.DataFrame(columns=list(COLUMNS))


def extended(history: pd.DataFrame | None, own: pd.DataFrame, official: pd.DataFrame) -> pd.DataFrame:
    """The history with one more release: its estimates where they differ, and the official figures as known now.

    Args:
        history: The table of the release before, its own rows stamped (`stamped`); None: there is none.
        own: From `own_rows`.
        official: From `official_rows`; they replace those of the history, all of which they hold again.

    Returns:
        `COLUMNS`, sorted; `vintage` counts from 1 in every area, month and kind.
    """
    estimates = own
    if history is not None and len(history):
        before = history[history["kind"] == ESTIMATE]
        newest = before.groupby(KEY)["value"].last()
        last = newest.reindex(pd.MultiIndex.from_frame(own[KEY])).to_numpy(dtype=np.float64)
        same = np.abs(own["value"].to_numpy() - last) <= _SAME * np.abs(last)  # NaN, no estimate before: not the same
        estimates = _appended(before, own[~same])
    rows = _appended(_bounded(estimates.sort_values(KEY, kind="stable")), official)
    rows = rows.sort_values([*KEY, "kind"], kind="stable")
    rows["vintage"] = rows.groupby([*KEY, "kind"]).cumcount() + 1
    return rows.reset_index(drop=True)[list(COLUMNS)]


def stamped(vintages: pd.DataFrame, release: str, day: dt.date | None) -> pd.DataFrame:
    """The table of a release with its own rows named: by the release and its as-of day, None where nobody knows it."""
    own = (vintages["kind"] == ESTIMATE) & vintages["release"].isna()
    named = vintages["release"].where(~own, release)
    return vintages.assign(release=named, day=vintages["day"].astype(object).where(~own, day))


def unstamped(vintages: pd.DataFrame) -> pd.DataFrame:
    """The table of a release without its own rows: the history that it was made from."""
    return vintages[(vintages["kind"] == OFFICIAL) | vintages["release"].notna()]


def _bounded(estimates: pd.DataFrame) -> pd.DataFrame:
    """At most `MOST` of an area and month: the first, and the newest of the others."""
    place = estimates.groupby(KEY).cumcount()
    count = estimates.groupby(KEY)["value"].transform("size")
    return estimates[(place == 0) | (place > count - MOST)]


def _appended(one: pd.DataFrame, other: pd.DataFrame) -> pd.DataFrame:
    """Rows below rows; a frame without any is left out, because its columns have no type."""
    parts = [part.astype({"release": object, "day": object}) for part in (one, other) if len(part)]
    return pd.concat(parts, ignore_index=True) if parts else one
