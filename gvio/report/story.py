"""What happened in a month, in sentences: the first thing that a reader of a release sees.

Pure. Names are as the pack writes them: who shows the sentences escapes them.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from gvio.report.basis import basis_of, basis_sentence
from gvio.report.changes import MONTH, YEAR, Change, change_of, changes
from gvio.report.numbers import interval_percent, level_and_bounds, measure, signed_percent
from gvio.report.tables import area_month, month_text
from gvio.types import Month
from gvio.words import first_of, marked, sentences, tr

_ADDS_UP = 0.0005  # of the city: published figures are rounded to about that
_SHOWN = 0.1  # per cent: a smaller change is written as none
NAMED = 4
"""Districts that a sentence names."""


@dataclasses.dataclass(frozen=True)
class Story:
    """Sentences about a month; one that has nothing to say is empty.

    Attributes:
        headline: What the city did against the year and the month before, and whether that is beyond noise.
        basis: What of it is official and what nowcast.
        movers: Districts whose change on the year is beyond noise.
        disagreement: Where city and districts do not say the same.
    """

    headline: str
    basis: str
    movers: str
    disagreement: str


def story(estimates: pd.DataFrame, month: str, city: str | None, names: Mapping[str, str], unit: str) -> Story:
    """The sentences of one month of `estimates` (contract §3).

    Args:
        estimates: Of the release.
        month: YYYY-MM.
        city: The area that means the whole region; None where there is none.
        names: Of areas, by id.
        unit: Of the estimates; empty where none is stated.
    """
    year, recent = changes(estimates, month, YEAR), changes(estimates, month, MONTH)
    rows = estimates[(estimates["month"] == month) & (estimates["area_id"] != city)]
    districts = [str(area) for area in rows["area_id"]]
    return Story(
        headline=_headline(estimates, month, city or _only(districts), names, unit, (year, recent)),
        basis=_basis(estimates, month, city, rows),
        movers=_movers(year, districts, names, month),
        disagreement=sentences([_sums(estimates, month, city), _against(year, city, districts, names)]),
    )


def _only(districts: Sequence[str]) -> str | None:
    return districts[0] if len(districts) == 1 else None


def _headline(
    estimates: pd.DataFrame,
    month: str,
    area: str | None,
    names: Mapping[str, str],
    unit: str,
    compared: tuple[pd.DataFrame, pd.DataFrame],
) -> str:
    row = None if area is None else area_month(estimates, area, month)
    if row is None or area is None:
        return tr("{month}: this release has no figure of the whole region.", month=month_text(month))
    level, low, high = level_and_bounds(row.estimate, row.lower80, row.upper80)
    parts = [
        _compared(change_of(table, area), month, back) for table, back in zip(compared, (YEAR, MONTH), strict=True)
    ]
    return tr(
        "{area} made {level} in {month} (80 % interval {low} to {high}): {compared}.",
        area=names.get(area, area),
        level=level + measure(unit),
        month=month_text(month),
        low=low,
        high=high,
        compared=_both(list(filter(None, parts))),
    )


def _compared(change: Change, month: str, back: int) -> str:
    if not change.known:
        return ""
    before = month_text(str(Month.parse(month) + back))
    noise = tr("beyond noise") if change.direction else tr("within noise")
    said = {"change": signed_percent(change.percent), "interval": interval_percent(change.low, change.high)}
    if back == YEAR:
        return tr("{change} on {year_before}, {noise} ({interval})", year_before=before, noise=noise, **said)
    return tr("{change} on {month_before}, {noise} ({interval})", month_before=before, noise=noise, **said)


def _both(said: Sequence[str]) -> str:
    if len(said) == 2:
        return tr("{first} and {second}", first=said[0], second=said[1])
    return said[0] if said else tr("there is no earlier month to compare it with")


def _basis(estimates: pd.DataFrame, month: str, city: str | None, rows: pd.DataFrame) -> str:
    row = None if city is None else area_month(estimates, city, month)
    districts = [basis_of(float(v), str(k)) for v, k in zip(rows["official"], rows["kind"], strict=True)]
    said = basis_sentence(None if row is None else basis_of(row.official, row.kind), districts)
    return sentences([said, tr(_SPLIT)]) if month[5:] in {"01", "02"} and "official" not in districts else said


_SPLIT = marked("Most offices publish January and February as one sum: how this month shares it is the model's guess.")


def _movers(year: pd.DataFrame, districts: Sequence[str], names: Mapping[str, str], month: str) -> str:
    moved = moved_beyond_noise(year, districts)
    if moved is None:
        return ""
    before = month_text(str(Month.parse(month) + YEAR))
    if not moved:
        return tr("No district's change on {month} is beyond noise.", month=before)
    return tr("Beyond noise against {month}: {districts}.", month=before, districts=_listed(moved, names))


def moved_beyond_noise(year: pd.DataFrame, districts: Sequence[str]) -> dict[str, Change] | None:
    """Changes of `gvio.report.changes.changes` beyond noise, largest first; None where no district's is known."""
    found = {area: change_of(year, area) for area in districts}
    if not any(change.known for change in found.values()):
        return None
    return _ranked({area: change for area, change in found.items() if change.direction})


def _sums(estimates: pd.DataFrame, month: str, city: str | None) -> str:
    found = gap_of_sums(estimates, month, city)
    if found is None:
        return ""
    column, gap = found
    whats = {"estimate": tr("estimates"), "official": tr("official figures")}
    told = {"what": whats[column], "gap": f"{abs(gap):.1f}"}
    if gap > 0:
        return tr("City and districts disagree: the districts' {what} add up to {gap} % more than the city's.", **told)
    return tr("City and districts disagree: the districts' {what} add up to {gap} % less than the city's.", **told)


def gap_of_sums(estimates: pd.DataFrame, month: str, city: str | None) -> tuple[str, float] | None:
    """Which column's districts do not add up to the city, `estimate` first, `official` where those do, and by how many
    per cent of it; None where all add up, or nothing says so.
    """
    rows = estimates[estimates["month"] == month].set_index("area_id")
    if city is None or city not in rows.index or len(rows) < 2:
        return None
    for column in ("estimate", "official"):
        values = rows[column].astype(np.float64)
        total, parts = float(values[city]), values.drop(city)
        gap = 100.0 * (float(parts.sum(skipna=False)) / total - 1.0) if total > 0 else np.nan
        if abs(gap) > 100.0 * _ADDS_UP:
            return column, gap
    return None


def _against(year: pd.DataFrame, city: str | None, districts: Sequence[str], names: Mapping[str, str]) -> str:
    other = moved_against(year, city, districts)
    if not other:
        return ""
    if change_of(year, city).percent > 0:
        return tr("The city rose on the year, but beyond noise fell {districts}.", districts=_listed(other, names))
    return tr("The city fell on the year, but beyond noise rose {districts}.", districts=_listed(other, names))


def moved_against(year: pd.DataFrame, city: str | None, districts: Sequence[str]) -> dict[str, Change]:
    """Changes beyond noise the other way than the city's, largest first; none where the city's is not known or 0.0."""
    whole = change_of(year, city)
    if not whole.known or abs(whole.percent) < _SHOWN / 2:
        return {}
    other = {area: change_of(year, area) for area in districts}
    way = -1 if whole.percent > 0 else 1
    return _ranked({area: change for area, change in other.items() if change.direction == way})


def _ranked(found: Mapping[str, Change]) -> dict[str, Change]:
    return dict(sorted(found.items(), key=lambda item: -abs(item[1].percent)))


def _listed(found: Mapping[str, Change], names: Mapping[str, str]) -> str:
    return first_of([f"{names.get(a, a)} {signed_percent(c.percent)}" for a, c in found.items()], NAMED)
