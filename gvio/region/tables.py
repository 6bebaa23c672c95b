"""Opening the files of a pack: CSV as text with line numbers, any vector format; faults as one line each."""

from __future__ import annotations

import difflib
import io
from collections.abc import Iterable, Sequence

import geopandas as gpd
import pandas as pd
import pyogrio.errors

from gvio.errors import PackError
from gvio.region.files import PackFile

_KNOWN_BY_CONTENT = frozenset({".geojson", ".json"})  # the others need their name or their siblings


def read_text_table(file: PackFile) -> pd.DataFrame:
    """A CSV as text, cells stripped, empty cells "", indexed by the line number in the file (the header is line 1).

    Lines with nothing in them are dropped, and later lines keep their number.

    Raises:
        PackError: The file is absent, not UTF-8, not a table, or has a column twice.
    """
    data = io.BytesIO(file.data)
    try:
        table = pd.read_csv(
            data, dtype=str, keep_default_na=False, skip_blank_lines=False, encoding="utf-8-sig", header=None
        )
    except (pd.errors.ParserError, pd.errors.EmptyDataError, UnicodeDecodeError) as error:
        raise PackError(f"not a CSV table in UTF-8 ({error})", where=file.name, hint="Export it again.") from None
    table = pd.DataFrame({name: table[name].fillna("").str.strip() for name in table.columns})
    names = [str(name) for name in table.iloc[0]]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PackError(f"column {twice[0]!r} appears twice", where=file.name, hint="Remove one of them.")
    table.columns = pd.Index(names)
    table.index = pd.RangeIndex(1, len(table) + 1)
    body: pd.DataFrame = table.iloc[1:]
    filled: pd.DataFrame = body[(body != "").any(axis=1)]
    return filled


def read_vector(file: PackFile) -> gpd.GeoDataFrame:
    """Any vector format that pyogrio opens, or GeoParquet, in its own coordinates; the index counts from 1.

    Raises:
        PackError: The file is absent, unreadable, empty, or says no coordinate system.
    """
    file.require_present()
    try:
        frame = _opened(file)
    except (pyogrio.errors.DataSourceError, pyogrio.errors.DataLayerError, ValueError, OSError) as error:
        raise PackError(f"not a readable vector file ({error})", where=file.name, hint="Export it again.") from None
    if not isinstance(frame, gpd.GeoDataFrame) or not len(frame):
        raise PackError("holds no geometry", where=file.name, hint="Export it with its geometry.")
    if frame.crs is None:
        raise PackError("says no coordinate system", where=file.name, hint="Export it with one, for example EPSG:4326.")
    frame.index = pd.RangeIndex(1, len(frame) + 1)
    return frame


def _opened(file: PackFile) -> gpd.GeoDataFrame:
    if file.suffix == ".parquet":
        return gpd.read_parquet(io.BytesIO(file.data))
    if file.suffix in _KNOWN_BY_CONTENT:
        return gpd.read_file(io.BytesIO(file.data))
    frame = gpd.read_file(file.path)
    file.require_unchanged()
    return frame


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
