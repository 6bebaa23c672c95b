"""How a table becomes the bytes of a parquet object: equal content gives equal bytes."""

from __future__ import annotations

import io
from collections.abc import Mapping

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq


def parquet_bytes(frame: pd.DataFrame, schema: pa.Schema, metadata: Mapping[str, str]) -> bytes:
    """Encode the columns of `schema` in the order of the frame's rows; NaN and None become null where it allows them.

    Raises:
        KeyError: A column is absent.
        pyarrow.ArrowInvalid: A value is of another type, or null where the schema forbids it.
    """
    columns = {name: pa.array(frame[name], type=schema.field(name).type, from_pandas=True) for name in schema.names}
    sink = io.BytesIO()
    pq.write_table(pa.table(columns, schema=schema).replace_schema_metadata(dict(metadata)), sink, compression="zstd")
    return sink.getvalue()


def read_table(data: bytes) -> tuple[pd.DataFrame, dict[str, str]]:
    """The table as written, and its metadata."""
    table = pq.read_table(io.BytesIO(data))
    metadata = {key.decode(): value.decode() for key, value in (table.schema.metadata or {}).items()}
    return table.to_pandas(), metadata
