"""Opening the files of a pack: CSV as text with line numbers, any vector format; faults as one line each."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from pathlib import Path

import geopandas as gpd
import pandas as pd
import pyogrio.errors

from gvio.errors import PackError


def read_text_table(path: Path) -> pd.DataFrame:
    """A CSV as text, cells stripped, empty cells "", indexed by the line number in the file (the header is line 1).

    Lines with nothing in them are dropped, and later lines keep their number.

    Raises:
        PackError: The file is absent, not UTF-8, not a table, or has a column twice.
    """
    check_present(path)
    try:
        table = pd.read_csv(
            path, dtype=str, keep_default_na=False, skip_blank_lines=False, encoding="utf-8-sig", header=None
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise PackError(f"not a CSV table in UTF-8 ({error})", where=path.name, hint="Export it again.") from None
    table = pd.DataFrame({name: table[name].fillna("").str.strip() for name in table.columns})
    names = [str(name) for name in table.iloc[0]]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PackError(f"column {twice[0]!r} appears twice", where=path.name, hint="Remove one of them.")
    table.columns = pd.Index(names)
    table.index = pd.RangeIndex(1, len(table) + 1)
    body: pd.DataFrame = table.iloc[1:]
    filled: pd.DataFrame = body[(body != "").any(axis=1)]
    return filled


def read_vector(path: Path) -> gpd.GeoDataFrame:
    """Any vector format that pyogrio opens, or GeoParquet, in its own coordinates; the index counts from 1.

    Raises:
        PackError: The file is absent, unreadable, empty, or says no coordinate system.
    """
    check_present(path)
    try:
        frame = gpd.read_parquet(path) if path.suffix == ".parquet" else gpd.read_file(path)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, OSError) as error:
        raise PackError(f"not a readable vector file ({error})", where=path.name, hint="Export it again.") from None
    if not isinstance(frame, gpd.GeoDataFrame) or not len(frame):
        raise PackError("holds no geometry", where=path.name, hint="Export it with its geometry.")
    if frame.crs is None:
        raise PackError("says no coordinate system", where=path.name, hint="Export it with one, for example EPSG:4326.")
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return frame


def check_present(path: Path) -> None:
    """Refuse an absent file, naming the nearest file name beside it.

    Raises:
        PackError: There is no such file.
    """
    if path.is_file():
        return
    beside = [other.name for other in path.parent.iterdir()] if path.parent.is_dir() else []
    near = difflib.get_close_matches(path.name, beside, n=1)
    found = f"; the folder has {near[0]!r}" if near else ""
    raise PackError(f"no such file{found}", where=str(path), hint="Correct the path in region.yaml or add the file.")


def check_columns(columns: Sequence[str], wanted: Sequence[str], where: str) -> None:
    """Refuse a table without a wanted column, naming the nearest one it has.

    Raises:
        PackError: A wanted column is missing.
    """
    for name in wanted:
        if name not in columns:
            near = difflib.get_close_matches(name, list(columns), n=1, cutoff=0.0)
            nearest = f"; the nearest is {near[0]!r}" if near else ""
            raise PackError(
                f"no column {name!r}{nearest}", where=where, hint="Rename the column or name it in region.yaml."
            )


def as_ids(values: Iterable[object]) -> list[str]:
    """Ids as text: 310101, 310101.0 and "310101" are the same district; missing becomes ""."""
    return [_as_id(value) for value in values]


def _as_id(value: object) -> str:
    if value is None or value is pd.NA or (isinstance(value, float) and value != value):
        return ""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip()
