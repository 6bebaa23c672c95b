"""When figures became public, for which periods, and of which series: slips in the columns beside the value.

An estimate as of a day knows what was public then, so a wrong day of publication lets the evaluation know too much, or
nothing.
"""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd

from gvio.ledger.agreement import TOLERANCE
from gvio.ledger.rows import KEY, Ledger, name_lines, span
from gvio.types import CheckResult, Month

MIN_ROWS = 6
AT_ONCE = 3  # days after a period within which no office has added it up
MONTH_LATER = 24  # days beyond the usual delay: a month's row that is one month too early has about 30
SLOW = 43  # days; the slowest known, India's index of production, takes 42
STARTS = {2: (1,), 3: (1, 4, 7, 10), 6: (1, 7), 12: (1, 4, 7, 10)}  # by length; others begin the year


def check_publication(ledger: Ledger) -> CheckResult:
    """`ledger.publication`: figures became public some days after their period, and not all on one day.

    `ledger` holds every vintage; of each figure the first counts.
    """
    first = ledger.rows.sort_values("published", kind="stable").drop_duplicates(KEY).sort_index()
    delay = pd.Series(
        [
            (day - Month.from_ordinal(int(end)).last_day).days
            for day, end in zip(first["published"], first["end"], strict=True)
        ],
        index=first.index,
        dtype=float,
    )
    found = (_one_day(first) or _at_once(delay) or _late(first, delay)) if len(first) >= MIN_ROWS else None
    message, lines = found or ("figures became public some days after their periods", [])
    return CheckResult("ledger.publication", not lines, False, "ledger", message, {"lines": lines})


_Found = tuple[str, list[int]] | None


def _one_day(first: pd.DataFrame) -> _Found:
    if first["published"].nunique() > 1 or first["end"].max() - first["end"].min() < 12:
        return None
    day = first["published"].iloc[0]
    text = f"all {len(first)} figures are published on {day}: nothing was known before, so nothing can be evaluated; "
    return text + "enter the day on which each became public", [int(line) for line in first.index]


def _at_once(delay: pd.Series[float]) -> _Found:
    early = delay[delay <= AT_ONCE]
    if len(early) < len(delay) / 2:
        return None
    text = (
        f"{name_lines(early.index)}: published within {AT_ONCE} days of the end of their period, which no office does; "
    )
    return text + "enter the day on which each became public", [int(line) for line in early.index]


def _late(first: pd.DataFrame, delay: pd.Series[float]) -> _Found:
    """Single months a month later than usual, or every one of them; whatever is a year later."""
    usual = float(delay.median())
    month = delay[first["start"] == first["end"]]
    later = month[month > float(month.median()) + MONTH_LATER] if len(month) else month
    if len(month) >= MIN_ROWS and month.min() > SLOW:
        text = (
            f"{name_lines(month.index)}: every figure of one month is published more than {SLOW} days after it; if the "
        )
        return text + "office is not that slow, the months are one too early", [int(line) for line in month.index]
    if len(later) > max(2, len(month) / 20):
        text = (
            f"{name_lines(later.index)}: published a month later than the other months were; check that the months of "
        )
        return text + "these rows are not one too early, and the day", [int(line) for line in later.index]
    year = delay[delay > usual + 365]
    if not len(year) or len(year) > len(delay) / 5:
        return None
    text = f"{name_lines(year.index)}: published more than a year later than usual; correct the year of the day, or "
    return text + "add the row of the first publication", [int(line) for line in year.index]


def check_periods(ledger: Ledger) -> CheckResult:
    """`ledger.periods`: sums of several months are of a quarter, half-year or year, or begin with January."""
    months = span(ledger.rows)
    begins = ledger.rows["start"] % 12 + 1
    usual = [start in STARTS.get(n, (1,)) for n, start in zip(months, begins, strict=True)]
    bad = ledger.rows[(months > 1) & ~np.array(usual, dtype=bool)]
    message = "sums of several months are of usual periods"
    if len(bad):
        start, end = (Month.from_ordinal(int(bad[name].iloc[0])) for name in ("start", "end"))
        message = (
            f"{name_lines(bad.index)}: {start}..{end} is no quarter, half-year or year; compare start and end with the "
            "publication: they may be a month off"
        )
    lines = [int(line) for line in bad.index]
    return CheckResult("ledger.periods", not lines, False, "ledger", message, {"lines": lines})


def check_series(ledger: Ledger) -> CheckResult:
    """`ledger.series`: where the file holds several series, they do not give one figure different values."""
    bad: list[tuple[int, int, str]] = []
    rows = ledger.rows[ledger.rows.groupby(["area_id", "start", "end"])["series"].transform("nunique") > 1]
    for _, group in rows.groupby(["area_id", "start", "end"]):
        figures = list(zip(group.index, group["series"], group["value"], strict=True))
        for (line, one, value), (other_line, other, against) in itertools.pairwise(figures):
            if one != other and not abs(value / against - 1) <= TOLERANCE:
                bad.append((int(line), int(other_line), f"{one!r} and {other!r}"))
    lines = sorted({line for found in bad for line in found[:2]})
    message = "no two series give one figure different values"
    if bad:
        message = (
            f"{name_lines(lines)}: series {bad[0][2]} give different values for one area and period; name the one to "
            "use as statistics.series in region.yaml"
        )
    return CheckResult("ledger.series", not bad, True, "ledger", message, {"lines": lines})
