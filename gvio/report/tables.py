"""Tables of a release for people: districts of a month, one area's series, the scoreboard, the checks.

Pure: frames and mappings in, frames and sentences out. `estimates` is always the frame of `estimates.parquet`
(contract §3): area_id, month (YYYY-MM), estimate, lower80, upper80, lower95, upper95, official, official_published,
kind.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import math
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from gvio.types import CheckResult, Month
from gvio.words import month_of, tr, tr_count

STALE_DAYS = (
    75  # a month's product and figures are both public well within this; older means the monthly job stands still
)


def find_city(estimates: pd.DataFrame, named: str | None = None) -> str | None:
    """The area that means the whole region: the named one, or the one equal to the sum of all others.

    Returns None when there is no such area (a pack with a single district has none that can be told apart).
    """
    areas = list(dict.fromkeys(estimates["area_id"]))
    if named in areas:
        return named
    newest = estimates[estimates["month"] == estimates["month"].max()].set_index("area_id")["estimate"]
    others = newest.sum() - newest
    equal = newest.index[np.isclose(newest, others, rtol=1e-6)]
    return str(equal[0]) if len(equal) == 1 else None


@dataclasses.dataclass(frozen=True)
class AreaMonth:
    """One row of `estimates`; `official` None where no figure is public, `yoy` change over a year in %, None without
    a year before."""

    estimate: float
    lower80: float
    upper80: float
    official: float | None
    kind: str
    yoy: float | None


def area_month(estimates: pd.DataFrame, area: str, month: str) -> AreaMonth | None:
    """What is published of an area for a month; None when nothing is."""
    rows = estimates[estimates["area_id"] == area].set_index("month")
    if month not in rows.index:
        return None
    row = {str(k): v for k, v in rows.loc[month].to_dict().items()}
    estimate, official = float(row["estimate"]), row["official"]
    year_ago = float(rows["estimate"].get(str(Month.parse(month) + -12), math.nan))
    return AreaMonth(
        estimate=estimate,
        lower80=float(row["lower80"]),
        upper80=float(row["upper80"]),
        official=None if pd.isna(official) else float(official),
        kind=str(row["kind"]),
        yoy=100.0 * (estimate / year_ago - 1.0) if year_ago > 0 else None,
    )


def series(estimates: pd.DataFrame, area: str) -> pd.DataFrame:
    """One area's months in order, with `date` (first day of the month, datetime64) as a further column."""
    rows = estimates[estimates["area_id"] == area].sort_values("month")
    return rows.assign(date=pd.to_datetime(rows["month"] + "-01", format="%Y-%m-%d")).reset_index(drop=True)


def nowcast_spans(rows: pd.DataFrame) -> list[tuple[pd.Timestamp, pd.Timestamp]]:
    """Runs of consecutive nowcast months of a `series`, each as (half a month before, half a month after)."""
    half = pd.Timedelta(days=15)
    nowcast = (rows["kind"] == "nowcast").to_numpy(dtype=bool)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], nowcast, [False]]).astype(np.int8)))
    dates = rows["date"]
    return [(dates.iloc[a] - half, dates.iloc[b - 1] + half) for a, b in edges.reshape(-1, 2)]


def marks_nowcasts(told: Mapping[str, pd.DataFrame]) -> bool:
    """Whether a chart of these series marks nowcasts in grey: of one area that has any."""
    return len(told) == 1 and any(bool((rows["kind"] == "nowcast").any()) for rows in told.values())


def checks_table(checks: Sequence[CheckResult]) -> pd.DataFrame:
    """Checks as a table: failed required first, then failed warnings, then passed; columns as people read them."""
    ordered = sorted(checks, key=lambda c: (c.passed, not c.required, c.name, c.subject))
    rows = [(_outcome(c), c.required, c.name, c.subject, c.message) for c in ordered]
    return pd.DataFrame(rows, columns=["outcome", "required", "check", "subject", "message"])


def checks_sentence(checks: Sequence[CheckResult]) -> str:
    """One sentence: how many checks there were and how they ended."""
    if not checks:
        return tr("This release carries no checks, so nothing vouches for its input.")
    failed = [c for c in checks if not c.passed]
    warnings = sum(not c.required for c in failed)
    refused = len(failed) - warnings
    if refused:
        return tr_count(
            "{n} required check failed: this release should not have been published.",
            "{n} required checks failed: this release should not have been published.",
            refused,
        )
    if warnings:
        return tr_count(
            "All required checks passed, with {n} warning ({passed} of {of} checks passed).",
            "All required checks passed, with {n} warnings ({passed} of {of} checks passed).",
            warnings,
            passed=len(checks) - warnings,
            of=len(checks),
        )
    return tr("All checks passed ({n}).", n=len(checks))


def age_days(published_at: str, now: dt.datetime) -> int | None:
    """Whole days between an ISO time and `now` (timezone-aware); None when the text is not a time."""
    try:
        moment = dt.datetime.fromisoformat(published_at)
    except ValueError:
        return None
    moment = moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)
    return max(0, (now - moment).days)


def age_text(days: int | None) -> str:
    """An age for people: "today", "yesterday", "12 days ago", "at an unknown time"."""
    if days is None:
        return tr("at an unknown time")
    return {0: tr("today"), 1: tr("yesterday")}.get(days) or tr("{n} days ago", n=days)


def month_text(month: str) -> str:
    """`2021-12` as "December 2021", or as the language spoken writes it; text that is no month is returned as it is."""
    try:
        return month_of(Month.parse(month).first_day)
    except ValueError:
        return month


def _outcome(check: CheckResult) -> str:
    if check.passed:
        return tr("passed")
    return tr("FAILED") if check.required else tr("warning")
