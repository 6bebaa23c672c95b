"""What was seen of each month: observations by district, changes of processing, figures, and what intervals held.

Pure. `counts` is always the table of `counts.parquet`: area_id, month, observations, seen, factories_seen, regime; None
of a release that was made before it was published.
"""

from __future__ import annotations

import dataclasses
import itertools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from gvio.drift.monitors import Drift
from gvio.report.numbers import UNKNOWN
from gvio.report.tables import month_text
from gvio.words import listed, manner, marked, tr


@dataclasses.dataclass(frozen=True, eq=False)
class SeenMap:
    """Observations as a calendar: `observations` indexed by area_id, a column a month, and what is `told` of each."""

    observations: pd.DataFrame
    told: pd.DataFrame


def seen_map(counts: pd.DataFrame, areas: Sequence[str], names: Mapping[str, str]) -> SeenMap:
    """The calendar of areas in their order; those that the table lacks are left out."""
    columns = ["area_id", "month", "observations", "seen", "factories_seen"]
    told = [
        tr(
            "{area}, {month}: {looks} observations a pixel, {seen} of pixels seen, {works} of those with factories",
            area=names.get(area, area),
            month=month_text(month),
            looks=format(looks, ".1f"),
            seen=_share(seen),
            works=_share(works),
        )
        for area, month, looks, seen, works in counts[columns].itertuples(index=False)
    ]
    rows = counts.assign(told=told).set_index(["area_id", "month"])
    known = set(counts["area_id"])
    order = [area for area in areas if area in known]
    observations, texts = (rows[name].unstack("month").reindex(order) for name in ("observations", "told"))
    return SeenMap(observations, texts)


def regime_breaks(counts: pd.DataFrame) -> list[tuple[str, str]]:
    """Months (YYYY-MM) whose light was made otherwise than the last light before, and what changed."""
    by_month = counts.drop_duplicates("month").sort_values("month")
    known = [(str(m), str(r)) for m, r in zip(by_month["month"], by_month["regime"], strict=True) if r]
    found = []
    for (_, before), (month, now) in itertools.pairwise(known):
        if before != now:
            pairs = itertools.zip_longest(before.split("/"), now.split("/"), fillvalue=tr("nothing"))
            found.append((month, listed(f"{old} → {new}" for old, new in pairs if old != new)))
    return found


def breaks_sentence(breaks: Sequence[tuple[str, str]]) -> str:
    """One sentence about changes of processing."""
    if not breaks:
        return tr("Light of one processing throughout.")
    said = manner().semicolon.join(tr("{month} ({what})", month=month_text(month), what=what) for month, what in breaks)
    return tr("The processing of light changed in {said}: levels before and after need not be alike.", said=said)


def month_by_month(
    estimates: pd.DataFrame, counts: pd.DataFrame | None, drift: Drift | None, city: str | None, sums: pd.DataFrame
) -> pd.DataFrame:
    """What stands behind each month, the newest first, as texts for people.

    Args:
        estimates: Of the release.
        counts: How often districts were seen.
        drift: What the release says of it.
        city: The area that means the whole region.
        sums: `gvio.report.new_year.public_sums`.

    Returns:
        Columns, named in the language spoken: Month, Observations, Factories seen, Processing, City's figure,
        Districts' figures, Inside the interval (figures that came out against the 80 % interval that was given
        before), Alarms; "–" where nothing is known.
    """
    months = sorted(set(estimates["month"]), reverse=True)
    districts = estimates[estimates["area_id"] != city]
    public = districts["official"].notna().groupby(districts["month"]).sum()
    n_districts = districts["area_id"].nunique()
    of_city = set(estimates["month"][(estimates["area_id"] == city) & estimates["official"].notna()])
    light = _light(counts, city)
    held, alarms = _held(drift), _alarms(drift)
    rows = [
        (
            month_text(month),
            *light.get(month, (UNKNOWN,) * 3),
            tr("public") if month in of_city else tr("as a sum") if city in _summed(sums, month) else UNKNOWN,
            _districts(int(public[month]), len(_summed(sums, month) - {city}), n_districts),
            held.get(month, UNKNOWN),
            alarms.get(month, UNKNOWN),
        )
        for month in months
    ]
    return pd.DataFrame(rows, columns=[tr(column) for column in _COLUMNS])


_COLUMNS = (
    marked("Month"),
    marked("Observations"),
    marked("Factories seen"),
    marked("Processing"),
    marked("City's figure"),
    marked("Districts' figures"),
    marked("Inside the interval"),
    marked("Alarms"),
)


def _summed(sums: pd.DataFrame, month: str) -> set[str]:
    """Areas whose January and February are public as one figure, where the month is one of them."""
    january = f"{month[:4]}-01" if month[5:] in ("01", "02") else ""
    return set(sums["area_id"][sums["month"] == january])


def _districts(alone: int, summed: int, of: int) -> str:
    return tr("{n} of {of}, as sums", n=summed, of=of) if summed > alone else tr("{n} of {of}", n=alone, of=of)


def _light(counts: pd.DataFrame | None, city: str | None) -> dict[str, tuple[str, str, str]]:
    if counts is None:
        return {}
    rows = counts[counts["area_id"] == city] if city in set(counts["area_id"]) else counts.drop_duplicates("month")
    changed = dict(regime_breaks(counts))
    return {
        str(month): (
            f"{looks:.1f}",
            _share(seen),
            tr("changed: {what}", what=changed[month]) if month in changed else (regime or tr("no light")),
        )
        for month, looks, seen, regime in rows[["month", "observations", "factories_seen", "regime"]].itertuples(
            index=False
        )
    }


def _held(drift: Drift | None) -> dict[str, str]:
    errors = () if drift is None else drift.errors
    found: dict[str, list[bool]] = {}
    for error in errors:
        found.setdefault(error.month, []).append(error.held)
    return {month: tr("{n} of {of}", n=sum(held), of=len(held)) for month, held in found.items()}


def _alarms(drift: Drift | None) -> dict[str, str]:
    found: dict[str, int] = {}
    for alarm in () if drift is None else drift.alarms:
        found[alarm.month] = found.get(alarm.month, 0) + 1
    return {month: str(number) for month, number in found.items()}


def _share(value: float) -> str:
    return f"{100 * value:.0f} %" if np.isfinite(value) else UNKNOWN
