"""Reading the statistics file into a ledger. The one place that refuses a row for what stands in it: what cannot be
read, an unknown area, a value that is no positive number, an impossible period. How rows compare with one another is
`gvio.ledger.checks`."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np
import pandas as pd

from gvio.config import RegionConfig
from gvio.errors import LedgerError
from gvio.ledger.extents import former_areas, require_former_ended
from gvio.ledger.rows import COLUMNS, Ledger, name_lines
from gvio.region.files import PackFile
from gvio.region.tables import check_columns, read_text_table
from gvio.types import Month

T = TypeVar("T")
REQUIRED = ("area_id", "start", "end", "value", "kind", "published")
KINDS = ("current", "cumulative")
MAX_MONTHS = 12


def read_statistics(file: PackFile, config: RegionConfig, area_ids: Sequence[str]) -> Ledger:
    """Read the ledger of published sums; of several series only the configured one and rows without a series.

    Raises:
        PackError: The file is absent, is no table, or lacks a column.
        LedgerError: A month, day, number or kind that cannot be read; an area that is neither a district nor the city;
            a figure that is not finite and positive; a period that ends before it starts or is longer than a year; a
            figure published before its period was over. The line is named.
    """
    text = read_text_table(file)
    check_columns([str(c) for c in text.columns], REQUIRED, file.name)
    wanted = config.statistics.series
    if wanted is not None and "series" in text.columns:
        text = text[text["series"].isin([wanted, ""])]
    rows = _parse(text, file.name)
    changes = config.districts.changes
    _check_areas(rows, [*area_ids, *former_areas(changes), config.city_id], file.name)
    require_former_ended(Ledger(rows), changes, area_ids, file.name)
    _check_possible(rows, file.name)
    return Ledger(rows)


def _parse(text: pd.DataFrame, where: str) -> pd.DataFrame:
    months = {name: _each(text[name], _month, where, "write months as YYYY-MM") for name in ("start", "end")}
    columns = {
        "area_id": text["area_id"].tolist(),
        "start": np.asarray(months["start"], dtype=np.int64),
        "end": np.asarray(months["end"], dtype=np.int64),
        "value": np.asarray(_each(text["value"], float, where, "write numbers plainly, like 1234.5"), dtype=np.float64),
        "kind": _each(text["kind"], _kind, where, "use current or cumulative"),
        "published": pd.Series(
            _each(text["published"], dt.date.fromisoformat, where, "write days as YYYY-MM-DD"), text.index, dtype=object
        ),
        "series": text["series"].tolist() if "series" in text.columns else "",
        "source": text["source"].tolist() if "source" in text.columns else "",
    }
    return pd.DataFrame(columns, index=text.index, columns=list(COLUMNS))


def _each(cells: pd.Series[str], parse: Callable[[str], T], where: str, hint: str) -> list[T]:
    values = []
    for line, cell in cells.items():
        try:
            values.append(parse(cell))
        except ValueError:
            raise LedgerError(
                f"{cells.name} {cell!r} cannot be read", where=f"{where}, line {line}", hint=hint
            ) from None
    return values


def _month(cell: str) -> int:
    return Month.parse(cell).ordinal


def _kind(cell: str) -> str:
    if cell not in KINDS:
        raise ValueError(cell)
    return cell


def _check_areas(rows: pd.DataFrame, known: Sequence[str], where: str) -> None:
    unknown = rows[~rows["area_id"].isin(list(known))]
    if len(unknown):
        raise LedgerError(
            f"area_id {unknown['area_id'].iloc[0]!r} is neither a district nor the city {known[-1]!r}",
            where=f"{where}, {name_lines(unknown.index)}",
            hint="Correct the area_id, or add the district.",
        )


def _check_possible(rows: pd.DataFrame, where: str) -> None:
    """Refuse impossible rows, finiteness first."""
    value = rows["value"].to_numpy()
    good = np.isfinite(value) & (value > 0)
    _refuse(rows[~good], "value {value:g} is not a positive number", "Leave unknown figures out.", where)
    backward = rows[rows["end"] < rows["start"]]
    _refuse(backward, "the period ends before it starts", "Exchange start and end.", where)
    long = rows[rows["end"] - rows["start"] >= MAX_MONTHS]
    _refuse(long, "the period is longer than a year", "Correct its months, or give one row a year.", where)
    over = [Month.from_ordinal(int(end)).last_day for end in rows["end"]]
    early = rows[[day < last for day, last in zip(rows["published"], over, strict=True)]]
    _refuse(early, "published on {published}, before the period was over", "Correct the day or the period.", where)


def _refuse(bad: pd.DataFrame, what: str, hint: str, where: str) -> None:
    if len(bad):
        first = what.format_map({str(k): v for k, v in bad.iloc[0].items()})
        raise LedgerError(first, where=f"{where}, {name_lines(bad.index)}", hint=hint)
