"""Whether an area's figures agree with one another: vintages, sums and their parts.

Official figures contradict each other a little (revisions, rounding: 1.5 % for Shanghai, November 2020), so every
check here warns and none refuses.
"""

from __future__ import annotations

import pandas as pd

from gvio.ledger.rows import KEY, Ledger, name_lines
from gvio.types import CheckResult, Month

TOLERANCE = 0.05  # relative; three times the largest contradiction found in published figures of Shanghai


def check_vintages(ledger: Ledger) -> CheckResult:
    """`ledger.vintages`: vintages of one figure differ by at most 5 %."""
    values = ledger.rows.groupby(KEY)["value"]
    spread = values.transform("max") / values.transform("min") - 1
    bad = ledger.rows[~(spread <= TOLERANCE)]  # so that a NaN is bad
    message = f"vintages of one figure agree within {TOLERANCE:.0%}"
    if len(bad):
        row = bad.iloc[0]
        message = (
            f"{name_lines(bad.index)}: vintages of area {row['area_id']}, {Month.from_ordinal(row['start'])}.."
            f"{Month.from_ordinal(row['end'])}, differ by {spread[bad.index[0]]:.0%}; the newest public one counts"
        )
    return _warning("ledger.vintages", message, [int(line) for line in bad.index])


def check_contradictions(ledger: Ledger) -> CheckResult:
    """`ledger.contradictions`: sums agree with their parts, and differences of year-to-date with the months between."""
    found = []
    for _, rows in ledger.rows.groupby(["area_id", "series"]):
        found += _sums_of_parts(rows) + _differences(rows)
    bad = [(line, text) for line, total, parts, text in found if not abs(parts / total - 1) <= TOLERANCE]
    message = f"{len(found)} sums compared with their parts, all within {TOLERANCE:.0%}"
    if bad:
        message = f"{name_lines([line for line, _ in bad])}: {bad[0][1]}; both are kept, softly"
    return _warning("ledger.contradictions", message, [line for line, _ in bad])


_Found = tuple[int, float, float, str]  # line, figure, the same from other rows, sentence


def _sums_of_parts(rows: pd.DataFrame) -> list[_Found]:
    """Every row of several months against other current rows that tile its period exactly."""
    current = rows[rows["kind"] == "current"].sort_values(["start", "end"])
    parts = {(s, e): float(v) for s, e, v in zip(current["start"], current["end"], current["value"], strict=True)}
    found = []
    columns = (rows[name] for name in ("start", "end", "kind", "value"))
    for line, start, end, kind, value in zip(rows.index, *columns, strict=True):
        # A current row must not be its own part; a year-to-date row may well equal one current row of its period.
        total = _tile(parts, int(start), int(end), without_whole=kind != "cumulative")
        if total is not None:
            text = (
                f"{value:g} for {Month.from_ordinal(start)}..{Month.from_ordinal(end)}, but its parts sum to {total:g}"
            )
            found.append((int(line), float(value), total, text))
    return found


def _tile(parts: dict[tuple[int, int], float], start: int, end: int, without_whole: bool) -> float | None:
    """Sum of parts, shortest first, that cover start..end without gap; None when they do not."""
    total, at = 0.0, start
    while at <= end:
        last = end - (without_whole and at == start)
        stops = [stop for stop in range(at, last + 1) if (at, stop) in parts]
        if not stops:
            return None
        total, at = total + parts[at, stops[0]], stops[0] + 1
    return total


def _differences(rows: pd.DataFrame) -> list[_Found]:
    """Every current row against the difference of the two year-to-date rows around it."""
    ytd = rows[rows["kind"] == "cumulative"]
    until = {(s, e): float(v) for s, e, v in zip(ytd["start"], ytd["end"], ytd["value"], strict=True)}
    if not until:
        return []
    current = rows[rows["kind"] == "current"]
    found = []
    for line, start, end, value in zip(current.index, current["start"], current["end"], current["value"], strict=True):
        for (origin, stop), later in until.items():
            if stop == end and (origin, start - 1) in until:
                rest = later - until[origin, start - 1]
                text = f"{value:g} for {Month.from_ordinal(start)}, but year-to-date rows differ by {rest:g}"
                found.append((int(line), float(value), rest, text))
    return found


def _warning(name: str, message: str, lines: list[int]) -> CheckResult:
    return CheckResult(name, not lines, False, "ledger", message, {"lines": lines})
