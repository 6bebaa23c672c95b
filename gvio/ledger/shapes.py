"""Figures entered for another period than their own, told by their shape within the year.

Levels alone cannot show it: a year-to-date figure entered as a month is at most twelve months' output. So each
area's figures are compared with their neighbours in the year, in logarithms, whatever their level, trend and season.
The thresholds lie between what 400 honest and 400 spoiled ledgers show (docs/measurements/mistakes.md).
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Collection, Mapping, Sequence

import numpy as np

from gvio.ledger.pieces import Pieces
from gvio.ledger.rows import name_lines
from gvio.types import CheckResult, Month

Share = Callable[[str, int], float]  # of an area and a month: what the city's sum says its figure is too large by

STEEPNESS = (0.6, 1.6)  # of log figure on log month of the year: 1 for a year-to-date, near 0 for months
SCATTER = 0.35  # about that line; months of a year-to-date lie within 0.1 of it
CERTAIN_MONTHS = 6  # in one year alone; a plant that starts can look like it for a few months
FALL = np.log(2.0)  # from a year's last to the next year's first
JOINT = 0.12  # log of a lone February over its neighbours: 0.11 to 0.72 for two months in one, at most 0.03 for one
SPIKE = np.log(1.5)  # of one month of the year over its neighbours, in a second year: at most 0.25 if honest
NEAR = 4  # months
FLAT = 0.4  # share of log(months) that a figure of several months lacks when it is not their sum: at most 0.05 if it is
FLAT_JOINT = 0.85  # of January and February, which have holidays and winter: at most 0.75


def check_year_to_date_as_months(areas: Mapping[str, Pieces]) -> CheckResult:
    """`ledger.year_to_date_as_months`: figures of single months do not rise through each year like a year-to-date."""
    found, certain, lines = [], False, []
    for area, pieces in areas.items():
        years = rising_years(single_months(pieces))
        if years:
            found.append(f"{area} in {_years(years)}")
            certain |= len(years) > 1 or max(years.values()) >= CERTAIN_MONTHS
            lines += _lines(pieces, {o for o in single_months(pieces) if o // 12 in years})
    message = "no area's months rise through the year like a year-to-date"
    if found:
        message = (
            f"{name_lines(lines)}: months that rise from January on and fall back with the new year, like year-to-date "
            f"figures: {_some(found)}; enter these rows with start January and kind cumulative"
        )
    return _result("ledger.year_to_date_as_months", message, found, lines, required=certain)


def rising_years(months: Mapping[int, float]) -> dict[int, int]:
    """Years whose single months look like a year-to-date, with the number of months that show it."""
    years = sorted({ordinal // 12 for ordinal in months})
    return {year: n for year in years if (n := _rising(year, months))}


def _rising(year: int, months: Mapping[int, float]) -> int:
    own = sorted(ordinal for ordinal in months if ordinal // 12 == year)
    if len(own) < 3:
        return 0
    x, y = np.log([o % 12 + 1 for o in own]), np.array([months[o] for o in own])
    slope = float(np.polyfit(x, y, 1)[0])
    scatter = float(np.std(y - slope * x))
    rises = float((np.diff(y) > -0.001).mean())
    if not (STEEPNESS[0] <= slope <= STEEPNESS[1] and scatter <= SCATTER and rises >= 0.8):
        return 0
    after = [months[o] - y[-1] for o in sorted(months) if own[-1] < o <= own[-1] + 12][:1]
    if after:
        return len(own) if after[0] <= -FALL else 0
    # The newest year: nothing falls yet, so the shape has to be the year-to-date's own.
    return len(own) if abs(slope - 1) <= 0.15 and scatter <= 0.06 and len(own) > 3 else 0


def check_joint_months(areas: Mapping[str, Pieces]) -> CheckResult:
    """`ledger.joint_months`: a February without its January is one month, not both together."""
    found, lines, certain = [], [], False
    for area, pieces in areas.items():
        years = lone_februaries(single_months(pieces))
        if years and np.median(list(years.values())) > JOINT:
            found.append(f"{area} in {_years(years)} (×{np.exp(np.median(list(years.values()))):.1f})")
            certain |= len(years) > 1
            lines += _lines(pieces, {12 * year + 1 for year in years})
    message = "no February without its January is as large as two months"
    if found:
        message = (
            f"{name_lines(lines)}: Februaries as large as January and February together, in years without a January: "
            f"{_some(found)}; if that is what was published, enter them with start January and end February"
        )
    return _result("ledger.joint_months", message, found, lines, required=certain)


def lone_februaries(months: Mapping[int, float]) -> dict[int, float]:
    """Log excess of each February without a January over the months around it, by year."""
    found = {}
    for ordinal, value in months.items():
        if ordinal % 12 == 1 and ordinal - 1 not in months:
            sides = [_around(months, ordinal, range(2, 5), -1), _around(months, ordinal, range(1, 4), 1)]
            known = [side for side in sides if np.isfinite(side)]
            if known:
                found[ordinal // 12] = value - float(np.mean(known))
    return found


def check_sums_as_months(areas: Mapping[str, Pieces], too_large: Share) -> CheckResult:
    """`ledger.sums_as_months`: a figure entered for one month is not the sum of a quarter, half-year or year."""
    found, lines = [], []
    for area, pieces in areas.items():
        months = single_months(pieces)
        bad = {*_sparse(area, pieces, months, too_large), *_spikes(months)}
        # What another check names is not named twice with another cure.
        rising = rising_years(months)
        bad = {o for o in bad if o // 12 not in rising and not (o % 12 == 1 and o - 1 not in months)}
        if bad:
            named = ", ".join(f"{m:02d}" for m in sorted({ordinal % 12 + 1 for ordinal in bad}))
            found.append(f"{area} in months {named} of {_years(sorted({o // 12 for o in bad}))}")
            lines += _lines(pieces, bad)
    message = "no figure of one month looks like the sum of several"
    if found:
        message = (
            f"{name_lines(lines)}: figures of one month that look like the sum of a quarter, half-year or year: "
            f"{_some(found)}; enter them with the first month of their period as start"
        )
    return _result("ledger.sums_as_months", message, found, lines)


def _sparse(area: str, pieces: Pieces, months: Mapping[int, float], too_large: Share) -> set[int]:
    """Months three or more apart for two years: nobody publishes such months alone, unless other figures confirm it."""
    bad: set[int] = set()
    for run in _runs(sorted(months)):
        step = int(np.gcd.reduce(np.diff(run)))
        if run[-1] - run[0] < 24 - step or len(run) < 3:
            continue
        excess = [_excess(pieces, months, o) for o in run] + [too_large(area, o) for o in run]
        known = [value for value in excess if np.isfinite(value)]
        if not known or np.median(known) > np.log(3) / 2:
            bad |= set(run)
    return bad


def _runs(months: Sequence[int]) -> list[list[int]]:
    """Stretches of months that are 3, 6, 9 or 12 apart, of three months or more."""
    runs: list[list[int]] = [[]]
    for ordinal in months:
        if runs[-1] and ordinal - runs[-1][-1] not in (3, 6, 9, 12):
            runs.append([])
        runs[-1].append(ordinal)
    return [run for run in runs if len(run) > 2]


def _excess(pieces: Pieces, months: Mapping[int, float], ordinal: int) -> float:
    """Log of a month's figure over what the area's figures of longer periods around it say; NaN without any."""
    near = [
        np.log(value / (end - start + 1))
        for (start, end), value in pieces.published.items()
        if start < end and start - NEAR <= ordinal <= end + NEAR
    ]
    return months[ordinal] - float(np.median(near)) if near else float("nan")


def _spikes(months: Mapping[int, float]) -> set[int]:
    """Months that stand out from both their neighbours, in the same month of two years or more."""
    bad: set[int] = set()
    for m in range(12):
        high = {ordinal for ordinal in months if ordinal % 12 == m and _stands_out(months, ordinal) > SPIKE}
        bad |= high if len(high) > 1 else set()
    return bad


def _stands_out(months: Mapping[int, float], ordinal: int) -> float:
    """How far a month is above the higher of what is before and behind it; NaN when neither is known."""
    sides = [_around(months, ordinal, range(1, NEAR), sign) for sign in (-1, 1)]
    return months[ordinal] - float(np.fmax(sides[0], sides[1]))


def _around(months: Mapping[int, float], ordinal: int, distances: range, sign: int) -> float:
    near = [months[ordinal + sign * d] for d in distances if ordinal + sign * d in months]
    return float(statistics.median(near)) if near else float("nan")


def check_scales_with_period(areas: Mapping[str, Pieces]) -> CheckResult:
    """`ledger.scales_with_period`: figures grow with the length of their period, as sums do and rates do not."""
    found, lines = [], []
    for area, pieces in areas.items():
        flat = flat_spans(pieces)
        if flat:
            found.append(f"{area} over {_some([f'{span} months' for span in flat])}")
            lines += [line for (start, end), line in pieces.lines.items() if end - start + 1 in flat]
    message = "figures grow with the length of their period"
    if found:
        message = (
            f"{name_lines(lines)}: figures of several months no larger than those of one: {_some(found)}; enter the "
            "sum over the whole period in the unit of region.yaml, not an average, an index number or a growth rate"
        )
    return _result("ledger.scales_with_period", message, found, lines)


def flat_spans(pieces: Pieces) -> list[int]:
    """Lengths of periods (months, ≥ 2) whose figures are as large as those of the shortest periods around them."""
    figures = [(s, e, float(np.log(v))) for (s, e), v in pieces.published.items()]
    lacking: dict[int, list[float]] = {}
    for start, end, value in figures:
        span = end - start + 1
        reach = min(span, NEAR)
        # Shorter periods within or near, per month; of those the shortest.
        near = [(e - s + 1, v) for s, e, v in figures if e - s + 1 < span and s >= start - reach and e <= end + reach]
        if near:
            least = min(length for length, _ in near)
            short = float(np.median([v for length, v in near if length == least]))
            lacking.setdefault(span, []).append((short - value + np.log(span / least)) / np.log(span / least))
    limit = {span: FLAT_JOINT if span == 2 else FLAT for span in lacking}
    return sorted(span for span, gaps in lacking.items() if len(gaps) > 1 and np.median(gaps) > limit[span])


def single_months(pieces: Pieces) -> dict[int, float]:
    """Logarithms of the figures entered for one month, by its ordinal."""
    return {start: float(np.log(value)) for (start, end), value in pieces.published.items() if start == end}


def _lines(pieces: Pieces, months: Collection[int]) -> list[int]:
    return [pieces.lines[ordinal, ordinal] for ordinal in sorted(months)]


def _years(years: Sequence[int] | Mapping[int, object]) -> str:
    return _some([str(Month.from_ordinal(year * 12).year) for year in years])


def _some(texts: Sequence[str]) -> str:
    more = f" and {len(texts) - 3} more" if len(texts) > 3 else ""
    return ", ".join(texts[:3]) + more


def _result(name: str, message: str, found: Sequence[str], lines: Sequence[int], required: bool = True) -> CheckResult:
    # A check that passed is stated as required: it is what it would have been.
    observed = {"found": list(found), "lines": sorted(lines)}
    return CheckResult(name, not found, required or not found, "ledger", message, observed)
