"""CSV files of a pack as text with line numbers, as spreadsheet programs write them; columns and ids of any table."""

from __future__ import annotations

import csv
import difflib
import io
from collections.abc import Iterable, Sequence

import pandas as pd

from gvio.errors import PackError
from gvio.region.files import PackFile
from gvio.region.text import decode

SEPARATORS = (",", ";", "\t")
_SPREADSHEETS = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # xlsx and ods, xls
_EXPORT = "Export it again, as CSV in UTF-8."

Rows = dict[int, list[str]]


def read_text_table(file: PackFile) -> pd.DataFrame:
    """A CSV as text, cells stripped, empty cells "", indexed by the line number in the file (the header is line 1).

    Separated by commas, semicolons or tabs, in any encoding that can be told. Lines and columns with nothing in them
    are dropped, and later lines keep their number.

    Raises:
        PackError: The file is absent, its encoding or separator cannot be told, it is no table, or a column is there
            twice or without a name.
    """
    where = file.name
    if file.data.startswith(_SPREADSHEETS):
        raise PackError("is a spreadsheet, not a CSV table", where=where, hint="Save it as CSV in UTF-8.")
    rows = _rows(decode(file.data, file.encoding, where), where)
    if not rows:
        raise PackError("not a CSV table: it is empty", where=where, hint=_EXPORT)
    header, *lines = rows
    names = rows[header]
    while names and not names[-1]:
        names.pop()
    _check_names(names, where)
    body = {line: _fitted(rows[line], names, f"{where}, line {line}") for line in lines}
    body = {line: cells for line, cells in body.items() if any(cells)}
    kept = [at for at, name in enumerate(names) if name]
    _check_nameless(names, body, where)
    columns = {names[at]: pd.Series([cells[at] for cells in body.values()], dtype="str") for at in kept}
    table = pd.DataFrame(columns)
    table.index = pd.Index(list(body), dtype="int64")
    return table


def check_columns(
    columns: Sequence[str], wanted: Sequence[str], where: str, cure: str = "Rename the column in the file."
) -> None:
    """Refuse a table without a wanted column, naming the nearest one it has.

    Raises:
        PackError: A wanted column is missing.
    """
    for name in wanted:
        if name not in columns:
            near = difflib.get_close_matches(name, list(columns), n=1, cutoff=0.0)
            nearest = f"; the nearest is {near[0]!r}" if near else ""
            raise PackError(f"no column {name!r}{nearest}", where=where, hint=cure)


def as_ids(values: Iterable[object]) -> list[str]:
    """Ids as text: 310101, 310101.0 and "310101" are the same district; missing becomes ""."""
    return [_as_id(value) for value in values]


def _as_id(value: object) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()


def _rows(text: str, where: str) -> Rows:
    """Cells by the line on which their row begins; lines without a character are left out."""
    if text[:5].lower().startswith("sep=") and text[4:5] in SEPARATORS:  # a line of its own, as Excel writes it
        return _split(text, text[4], 1, where)
    header = next((line for line in text.splitlines() if line.strip()), "")
    likely = [separator for separator in SEPARATORS if separator in header]
    if len(likely) < 2:
        return _split(text, likely[0] if likely else ",", 0, where)
    ways = [rows for separator in likely if (rows := _even(text, separator, where)) is not None]
    if len(ways) != 1:
        named = " and ".join(repr(separator) for separator in likely)
        raise PackError(f"its columns are separated by {named}, or by one of them", where=where, hint=_EXPORT)
    return ways[0]


def _even(text: str, separator: str, where: str) -> Rows | None:
    """Cells by line, if this separator makes as many in every line, and more than one."""
    try:
        rows = _split(text, separator, 0, where)
    except PackError:
        return None
    widths = {len(row) for row in rows.values()}
    return rows if len(widths) == 1 and widths != {1} else None


def _split(text: str, separator: str, first: int, where: str) -> Rows:
    """Cells by line, of the lines after `first`.

    Raises:
        PackError: Quotes are not closed, or text follows them.
    """
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    rows, begin = Rows(), 1
    try:
        for cells in reader:
            if cells and begin > first:
                rows[begin] = [cell.strip() for cell in cells]
            begin = reader.line_num + 1
    except csv.Error as error:
        raise PackError(f"not a CSV table ({error})", where=f"{where}, line {begin}", hint=_EXPORT) from None
    return rows


def _check_names(names: Sequence[str], where: str) -> None:
    twice = sorted({name for name in names if name and names.count(name) > 1})
    if twice:
        raise PackError(f"column {twice[0]!r} appears twice", where=where, hint="Remove one of them.")


def _check_nameless(names: Sequence[str], body: Rows, where: str) -> None:
    for at, name in enumerate(names):
        line = next((line for line, cells in body.items() if cells[at]), None) if not name else None
        if line is not None:
            what = f"column {at + 1} has no name and holds {body[line][at]!r}"
            raise PackError(what, where=f"{where}, line {line}", hint="Name it or remove it.")


def _fitted(cells: list[str], names: Sequence[str], where: str) -> list[str]:
    """A row of as many cells as the header has: programs leave out the last empty ones, or add some."""
    if any(cells[len(names) :]):
        what = f"not a CSV table: {len(cells)} cells under {len(names)} columns"
        raise PackError(what, where=where, hint="Put cells that hold a separator into quotes.")
    return [*cells[: len(names)], *[""] * (len(names) - len(cells))]
