"""`news.parquet`: by how much each district-month changed since the release before, and by which input.

The first release of a region has none, nor has one whose predecessor was published without its evidence.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa

from gvio.errors import GateRefused
from gvio.publish.tables import parquet_bytes, read_table
from gvio.revisions.news import PARTS, News

NAME = "news.parquet"
SCHEMA = pa.schema(
    [
        pa.field("area_id", pa.string(), nullable=False),
        pa.field("month", pa.string(), nullable=False),
        pa.field("change", pa.float64(), nullable=False),
        *(pa.field(name, pa.float64(), nullable=False) for name in PARTS),
    ]
)
LARGEST_GAP = 1e-9
"""By how much the parts may miss the change, in logarithms."""


class NewsTable(NamedTuple):
    """`rows` with the columns of `SCHEMA`, in logarithms; `together` names the parts that cannot be told apart."""

    rows: pd.DataFrame
    together: tuple[str, ...]


def news_parquet(news: News, invented: bool = False) -> bytes:
    """Encode the table.

    Raises:
        GateRefused: The parts do not sum to the change.
    """
    months = [str(month) for month in news.months]
    frame = pd.DataFrame(
        {
            "area_id": np.repeat(news.area_ids, len(months)),
            "month": np.tile(months, len(news.area_ids)),
            "change": news.change.ravel(),
        }
    ).assign(**{str(name): part.ravel() for name, part in news.parts.items()})
    gap = (frame[list(PARTS)].sum(axis=1) - frame["change"]).abs()
    if not (gap <= LARGEST_GAP).all():
        what = f"the parts of the change miss it by up to {gap.max():g} in logarithms"
        hint = "A defect of the program, not of the data: nothing is published; report it with the workspace."
        raise GateRefused(what, where=NAME, hint=hint)
    rows = frame.sort_values(["area_id", "month"], kind="stable")
    said = {"unit": "logarithm of output", "together": " ".join(news.together), "invented": str(invented).lower()}
    return parquet_bytes(rows, SCHEMA, said, "news")


def read_news(data: bytes) -> NewsTable:
    """The table as written.

    Raises:
        ValueError: No table, or a column is absent.
    """
    rows, metadata = read_table(data, SCHEMA.names)
    return NewsTable(rows, tuple(metadata.get("together", "").split()))
