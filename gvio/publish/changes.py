"""`changes.parquet`: by how much each estimate changed on the month and on the year before, with joint intervals.

Its rows are made by `gvio.map.changes`.
"""

from __future__ import annotations

import pyarrow as pa

from gvio.publish.tables import LaterTable

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
CHANGES = LaterTable("changes", SCHEMA, ("area_id", "month", "months_apart"))
