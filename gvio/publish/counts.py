"""`counts.parquet`: how often each district was seen in each month, and by which processing.

A release may lack it: those made before it existed do.
"""

from __future__ import annotations

import pandas as pd
import pyarrow as pa

from gvio.publish.tables import parquet_bytes, read_table

NAME = "counts.parquet"
SCHEMA = pa.schema(
    [
        pa.field("area_id", pa.string(), nullable=False),
        pa.field("month", pa.string(), nullable=False),
        pa.field("observations", pa.float64(), nullable=False),
        pa.field("seen", pa.float64(), nullable=False),
        pa.field("factories_seen", pa.float64()),
        pa.field("regime", pa.string(), nullable=False),
    ]
)


def counts_parquet(frame: pd.DataFrame, invented: bool = False) -> bytes:
    """Encode the table of `gvio.sample.counts`; equal content gives equal bytes.

    Args:
        frame: The columns of `SCHEMA`.
        invented: The data are simulated; written into the file's metadata.
    """
    rows = frame.sort_values(["area_id", "month"])
    return parquet_bytes(rows, SCHEMA, {"invented": str(invented).lower()}, "counts")


def read_counts(data: bytes) -> pd.DataFrame:
    """What `counts_parquet` wrote.

    Raises:
        ValueError: No table, or a column is absent.
    """
    return read_table(data, SCHEMA.names)[0]
