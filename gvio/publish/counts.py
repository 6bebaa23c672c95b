"""`counts.parquet`: how often each district was seen in each month, and by which processing.

Its rows are made by `gvio.sample.counts`.
"""

from __future__ import annotations

import pyarrow as pa

from gvio.publish.tables import LaterTable

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
COUNTS = LaterTable("counts", SCHEMA, ("area_id", "month"))
