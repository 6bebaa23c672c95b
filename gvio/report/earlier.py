"""What every release until now said of one month of an area, and what became official of it. Pure."""

from __future__ import annotations

import math

import pandas as pd

from gvio.report.changes import ratio_percent
from gvio.report.numbers import UNKNOWN, decimals_for, level, signed_percent
from gvio.revisions.vintages import ESTIMATE, OFFICIAL
from gvio.words import tr


def earlier_table(vintages: pd.DataFrame, area: str, month: str) -> pd.DataFrame:
    """Rows in the order of their days: who said it, when, the value, and that against the newest official figure.

    Args:
        vintages: `vintages.parquet` of a release, its own rows named.
        area: Area.
        month: YYYY-MM.

    Returns:
        Text in the columns Said by, On, Value, Against the newest figure; empty where nothing was said.
    """
    rows = vintages[(vintages["area_id"] == area) & (vintages["month"] == month)]
    rows = rows.assign(day=pd.to_datetime(rows["day"]))
    rows = rows.sort_values(["day", "vintage"], kind="stable", na_position="last")
    newest = _newest(rows, OFFICIAL)
    decimals = decimals_for(rows["value"])
    said = [
        tr("official figure") if kind == OFFICIAL else tr("release {release}", release=release or tr("shown"))
        for kind, release in zip(rows["kind"], rows["release"], strict=True)
    ]
    gaps = ratio_percent(rows["value"], pd.Series(newest, index=rows.index, dtype=float))
    return pd.DataFrame(
        {
            tr("Said by"): said,
            tr("On"): [UNKNOWN if pd.isna(day) else f"{day:%Y-%m-%d}" for day in rows["day"]],
            tr("Value"): [level(float(value), decimals) for value in rows["value"]],
            tr("Against the newest figure"): [signed_percent(float(gap)) for gap in gaps],
        }
    )


def first_against_last(vintages: pd.DataFrame, area: str, month: str) -> str:
    """One sentence: the first estimate of a month against what is said now; empty where nothing was said."""
    rows = vintages[(vintages["area_id"] == area) & (vintages["month"] == month)].sort_values("vintage", kind="stable")
    estimates = rows[rows["kind"] == ESTIMATE]["value"]
    if estimates.empty:
        return ""
    first, newest = float(estimates.iloc[0]), _newest(rows, OFFICIAL)
    what, now = tr("the newest official figure"), newest
    if not math.isfinite(newest):
        what, now = tr("the newest estimate"), _newest(rows, ESTIMATE)
    if now == first and not math.isfinite(newest):
        return tr("The first estimate of this month still stands, and no official figure of it is public.")
    change = signed_percent(100.0 * (first / now - 1.0))
    return tr("The first estimate of this month is {change} against {what}.", change=change, what=what)


def _newest(rows: pd.DataFrame, kind: str) -> float:
    values = rows[rows["kind"] == kind].sort_values("vintage", kind="stable")["value"]
    return float(values.iloc[-1]) if len(values) else math.nan
