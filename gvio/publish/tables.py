"""How a table becomes the bytes of a Parquet object, and of its CSV twin: equal content gives equal bytes.

Months are texts (YYYY-MM) as they always were, and dates beside them, in columns that are made here and dropped when a
table is read: what reads releases knows the texts, and those of before have nothing else.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import io
from collections.abc import Callable, Mapping, Sequence

import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from gvio.publish.columns import described
from gvio.types import Month

PARQUET, CSV = ".parquet", ".csv"
_DATES: Mapping[str, tuple[str, Callable[[Month], dt.date]]] = {
    "month": ("month_start", lambda month: month.first_day),
    "start": ("period_start", lambda month: month.first_day),
    "end": ("period_end", lambda month: month.last_day),
}
DATES = tuple(name for name, _ in _DATES.values())
"""Columns of dates, by which other programs join and draw; a file of before has none."""


def parquet_bytes(
    frame: pd.DataFrame, schema: pa.Schema, metadata: Mapping[str, str], table: str, unit: str = ""
) -> bytes:
    """Encode the columns of `schema` in the order of the frame's rows; NaN and None become null where it allows them.

    Behind them comes a date for every column of months. Every column says what it holds, and its unit.

    Args:
        frame: At least the columns of `schema`; others are left out.
        schema: Names and types.
        metadata: Of the file.
        table: Name in `gvio.publish.columns.TABLES`.
        unit: Unit of the region's figures.

    Raises:
        KeyError: A column is absent.
        pyarrow.ArrowInvalid: A value is of another type, or null where the schema forbids it.
    """
    columns = {name: pa.array(frame[name], type=schema.field(name).type, from_pandas=True) for name in schema.names}
    fields = list(schema)
    for name, (date, day_of) in _DATES.items():
        if name in schema.names:
            days = {text: day_of(Month.parse(text)) for text in frame[name].unique()}
            columns[date] = pa.array(frame[name].map(days), type=pa.date32())
            fields.append(pa.field(date, pa.date32(), nullable=False))
    said = pa.schema([field.with_metadata(described(table, field.name, unit)) for field in fields], dict(metadata))
    sink = io.BytesIO()
    pq.write_table(pa.table(columns, schema=said), sink, compression="zstd")
    return sink.getvalue()


@dataclasses.dataclass(frozen=True)
class LaterTable:
    """A table that releases of before it was published lack.

    Attributes:
        title: Name in `gvio.publish.columns.TABLES`, and of the file without its ending.
        schema: Names and types of its columns.
        order: Columns by which its rows are sorted.
    """

    title: str
    schema: pa.Schema
    order: tuple[str, ...]

    @property
    def name(self) -> str:
        """Of the object in a release."""
        return f"{self.title}{PARQUET}"

    def encoded(self, frame: pd.DataFrame, invented: bool = False) -> bytes:
        """Encode the columns of `schema`; equal content gives equal bytes.

        Args:
            frame: At least those columns.
            invented: The data are simulated; written into the file's metadata.
        """
        rows = frame.sort_values(list(self.order))
        return parquet_bytes(rows, self.schema, {"invented": str(invented).lower()}, self.title)

    def read(self, data: bytes) -> pd.DataFrame:
        """What `encoded` wrote.

        Raises:
            ValueError: No table, or a column is absent.
        """
        return read_table(data, self.schema.names)[0]


def read_table(data: bytes, required: Sequence[str] = ()) -> tuple[pd.DataFrame, dict[str, str]]:
    """The table as it was given to `parquet_bytes`, and its metadata.

    Raises:
        ValueError: No table, or a column of `required` is absent.
    """
    table = pq.read_table(io.BytesIO(data))
    missing = [name for name in required if name not in table.column_names]
    if missing:
        raise ValueError(f"no column {missing[0]!r}")
    metadata = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    kept = [name for name in table.column_names if name not in DATES]
    return table.select(kept).replace_schema_metadata(None).to_pandas(), metadata


def csv_twin(parquet: bytes) -> bytes:
    """The same rows and columns as CSV: UTF-8, a header, days as YYYY-MM-DD, numbers to their last digit.

    What is null is an empty field without quotation marks, and texts have them.
    """
    sink = io.BytesIO()
    pa.csv.write_csv(pq.read_table(io.BytesIO(parquet)), sink)
    return sink.getvalue()


def csv_twins(named: Mapping[str, bytes]) -> dict[str, bytes]:
    """CSV files of the tables among the objects of a release, by name; outlines have none."""
    tables = {name.removesuffix(PARQUET): data for name, data in named.items() if name.endswith(PARQUET)}
    return {f"{name}{CSV}": csv_twin(data) for name, data in tables.items() if name != "districts"}
