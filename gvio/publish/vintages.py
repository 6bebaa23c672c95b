"""`vintages.parquet` and `revisions.json`: what was published of every month, when, and how large revisions were."""

from __future__ import annotations

import json

import pandas as pd
import pyarrow as pa

from gvio.publish.canonical import SCHEMA_VERSION, canonical_json
from gvio.publish.tables import parquet_bytes, read_table
from gvio.revisions.statistics import COLUMNS

VINTAGES, REVISIONS = "vintages.parquet", "revisions.json"
SCHEMA = pa.schema(
    [
        pa.field("area_id", pa.string(), nullable=False),
        pa.field("month", pa.string(), nullable=False),
        pa.field("kind", pa.string(), nullable=False),
        pa.field("vintage", pa.int32(), nullable=False),
        pa.field("value", pa.float64(), nullable=False),
        pa.field("release", pa.string()),
        pa.field("day", pa.date32()),
        pa.field("age", pa.int32(), nullable=False),
        pa.field("revision80", pa.float32()),
    ]
)


def vintages_parquet(vintages: pd.DataFrame, unit: str = "", invented: bool = False) -> bytes:
    """Encode the table of `gvio.revisions.vintages.extended`."""
    metadata = {"unit": unit, "invented": str(invented).lower()}
    return parquet_bytes(vintages, SCHEMA, metadata, "vintages", unit)


def read_vintages(data: bytes) -> pd.DataFrame:
    """The table as written; the release's own rows name no release and no day, because both follow from its content."""
    return read_table(data)[0]


def revisions_json(statistics: pd.DataFrame) -> bytes:
    """The statistics of `revisions_by_age` as a document, a row an entry."""
    return canonical_json({"schema_version": SCHEMA_VERSION, "by_age": statistics.to_dict("records")})


def read_statistics(data: bytes) -> pd.DataFrame:
    """The statistics as written; what was not measured is NaN."""
    frame = pd.DataFrame(json.loads(data)["by_age"], columns=list(COLUMNS))
    return frame.astype({"band_held": float})
