"""`changes.parquet`: by how much each estimate changed on the month and on the year before, with joint intervals.

A release may lack it: those made before it existed do.
"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from gvio.publish.tables import parquet_bytes, read_table

NAME = "changes.parquet"
SCHEMA = pa.schema(
    [
        pa.field("area_id", pa.string(), nullable=False),
        pa.field("month", pa.string(), nullable=False),
        pa.field("since", pa.string(), nullable=False),
        pa.field("months_apart", pa.int64(), nullable=False),
        pa.field("change", pa.float64()),
        pa.field("lower80", pa.float64()),
        pa.field("upper80", pa.float64()),
        pa.field("lower95", pa.float64()),
        pa.field("upper95", pa.float64()),
        pa.field("sd", pa.float64(), nullable=False),
    ]
)


def changes_parquet(frame: pd.DataFrame, invented: bool = False) -> bytes:
    """Encode the table of `gvio.map.changes`; equal content gives equal bytes.

    Args:
        frame: The columns of `SCHEMA`.
        invented: The data are simulated; written into the file's metadata.
    """
    rows = frame.sort_values(["area_id", "month", "months_apart"])
    return parquet_bytes(rows, SCHEMA, {"invented": str(invented).lower()}, "changes")


def read_changes(data: bytes) -> pd.DataFrame:
    """What `changes_parquet` wrote.

    Raises:
        ValueError: No table, or a column is absent.
    """
    return read_table(data, SCHEMA.names)[0]
