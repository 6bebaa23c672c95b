"""Reading the statistics file into a ledger. The one place that refuses a row for what stands in it: what cannot be
read, an unknown area, a value that is no positive number, an impossible period. What a cell may look like is
`gvio.region.figure_cells`; how rows compare with one another is `gvio.ledger.checks`."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import pandas as pd

from gvio.config import RegionConfig
from gvio.errors import LedgerError
from gvio.ledger.extents import former_areas, require_former_ended
from gvio.ledger.rows import COLUMNS, NO_GROUPS, Groups, Ledger, name_lines
from gvio.region.figure_cells import read_day, read_kind, read_month, read_number
from gvio.region.files import PackFile
from gvio.region.tables import check_columns, read_text_table
from gvio.types import Month

T = TypeVar("T")
REQUIRED = ("area_id", "start", "end", "value", "kind", "published")
MAX_MONTHS = 12
MAX_DELAY = 20  # years from a period to its publication; beyond is a slip of the year
UNIT_COLUMNS = ("unit", "units", "单位")


def read_statistics(
    file: PackFile, config: RegionConfig, area_ids: Sequence[str], groups: Groups = NO_GROUPS
) -> Ledger:
    """Read the ledger of published sums; of several series only the configured one and rows without a series.

    Areas are the districts `area_ids`, their `groups`, and the city.

    Raises:
        PackError: The file is absent, is no table, or lacks a column.
        LedgerError: A month, day, number or kind that cannot be read; an area that is neither a district, nor a group
            of districts, nor the city;
            a figure that is not finite and positive; a period that ends before it starts or is longer than a year; a
            year-to-date that does not start in January; a figure published before its period was over, or decades
            later; a series that no row has; another unit than the pack's. The line is named.
    """
    text = read_text_table(file)
    check_columns([str(c) for c in text.columns], REQUIRED, file.name)
    _check_units(text, config.unit, file.name)
    text = _of_series(text, config.statistics.series, file.name)
    rows = _parse(text, file.name)
    changes = config.districts.changes
    _check_areas(rows, [*area_ids, *groups, *former_areas(changes), config.city_id], file.name)
    require_former_ended(Ledger(rows), changes, area_ids, file.name)
    _check_possible(rows, file.name)
    return Ledger(rows)


def _of_series(text: pd.DataFrame, wanted: str | None, where: str) -> pd.DataFrame:
    if wanted is None or "series" not in text.columns:
        return text
    chosen = text[text["series"].isin([wanted, ""])]
    if len(text) and not len(chosen):
        there = ", ".join(repr(name) for name in sorted(set(text["series"]))[:5])
        raise LedgerError(
            f"no row has the series {wanted!r}; the file has {there}",
            where=where,
            hint="Correct statistics.series in region.yaml.",
        )
    return chosen


def _check_units(text: pd.DataFrame, unit: str, where: str) -> None:
    """A column that gives units says the pack's, since nothing is converted."""
    for name in UNIT_COLUMNS:
        if name in text.columns:
            other = text[~text[name].isin([unit, ""])]
            if len(other):
                raise LedgerError(
                    f"{name} {other[name].iloc[0]!r} is not the pack's, {unit!r}",
                    where=f"{where}, {name_lines(other.index)}",
                    hint="Bring these values to the unit of region.yaml and write it there, or correct region.yaml.",
                )


def _parse(text: pd.DataFrame, where: str) -> pd.DataFrame:
    columns = {
        "area_id": text["area_id"].tolist(),
        "start": np.asarray(_each(text["start"], read_month, where), dtype=np.int64),
        "end": np.asarray(_each(text["end"], read_month, where), dtype=np.int64),
        "value": np.asarray(_each(text["value"], read_number, where), dtype=np.float64),
        "kind": _each(text["kind"], read_kind, where),
        "published": pd.Series(_each(text["published"], read_day, where), text.index, dtype=object),
        "series": text["series"].tolist() if "series" in text.columns else "",
        "source": text["source"].tolist() if "source" in text.columns else "",
    }
    return pd.DataFrame(columns, index=text.index, columns=list(COLUMNS))


def _each(cells: pd.Series[str], parse: Callable[[str], T], where: str) -> list[T]:
    values = []
    for line, cell in cells.items():
        try:
            values.append(parse(cell))
        except ValueError as error:
            what = f"{cells.name} {cell!r} cannot be read"
            raise LedgerError(what, where=f"{where}, line {line}", hint=str(error)) from None
    return values


def _check_areas(rows: pd.DataFrame, known: Sequence[str], where: str) -> None:
    unknown = rows[~rows["area_id"].isin(list(known))]
    if len(unknown):
        found = str(unknown["area_id"].iloc[0])
        near = difflib.get_close_matches(found.casefold(), [area.casefold() for area in known], n=1)
        nearest = "".join(f"; the nearest is {area!r}" for area in known if area.casefold() in near)
        raise LedgerError(
            f"area_id {found!r} is neither a district nor the city {known[-1]!r}{nearest}",
            where=f"{where}, {name_lines(unknown.index)}",
            hint="Correct the area_id, or add the district.",
        )


def _check_possible(rows: pd.DataFrame, where: str) -> None:
    """Refuse impossible rows, finiteness first."""
    value = rows["value"].to_numpy()
    good = np.isfinite(value) & (value > 0)
    absent = "Leave unknown figures out, and enter sums, not growth rates."
    _refuse(rows[~good], "value {value:g} is not a positive number", absent, where)
    backward = rows[rows["end"] < rows["start"]]
    _refuse(backward, "the period ends before it starts", "Exchange start and end.", where)
    long = rows[rows["end"] - rows["start"] >= MAX_MONTHS]
    _refuse(long, "the period is longer than a year", "Correct its months, or give one row a year.", where)
    begun = rows[(rows["kind"] == "cumulative") & (rows["start"] % 12 != 0)]
    january = "Write January of that year as start; a sum of other months is kind current."
    _refuse(begun, "kind is cumulative, but the period does not start in January", january, where)
    over = [Month.from_ordinal(int(end)).last_day for end in rows["end"]]
    early = rows[[day < last for day, last in zip(rows["published"], over, strict=True)]]
    _refuse(early, "published on {published}, before the period was over", "Correct the day or the period.", where)
    late = rows[[day.year > last.year + MAX_DELAY for day, last in zip(rows["published"], over, strict=True)]]
    _refuse(late, "published on {published}, decades after the period", "Correct the year of the day.", where)


def _refuse(bad: pd.DataFrame, what: str, hint: str, where: str) -> None:
    if len(bad):
        first = what.format_map({str(k): v for k, v in bad.iloc[0].items()})
        raise LedgerError(first, where=f"{where}, {name_lines(bad.index)}", hint=hint)
