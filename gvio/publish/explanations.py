"""`explanations.parquet`: why each district's estimate is what it is, as parts that add up (`gvio.assimilate.explain`).

A release may lack it: those made before it existed do, and readers say so instead of failing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd
import pyarrow as pa

from gvio.errors import GateRefused
from gvio.publish.tables import parquet_bytes, read_table
from gvio.types import FloatArray, Month, month_range

NAME = "explanations.parquet"
VALUES = ("level", "season", "calendar", "common", "own", "light", "believed")
SCHEMA = pa.schema(
    [
        pa.field("area_id", pa.string(), nullable=False),
        pa.field("month", pa.string(), nullable=False),
        *(pa.field(name, pa.float64(), nullable=False) for name in VALUES),
    ]
)
_HINT = "A defect of the estimation, not of the data: nothing is published; report it with the workspace."


def explanations_frame(why: Mapping[str, FloatArray], areas: Sequence[str], months: Sequence[Month]) -> pd.DataFrame:
    """Rows of `SCHEMA` from `why`: each of `VALUES` by name, (D, T), log units; the city has none, it is a sum."""
    keys = {"area_id": np.repeat(areas, len(months)), "month": np.tile([str(m) for m in months], len(areas))}
    return pd.DataFrame({**keys, **{name: why[name].ravel() for name in VALUES}})


def explanations_parquet(frame: pd.DataFrame, first: Month, last: Month, invented: bool = False) -> bytes:
    """Encode the table; equal content gives equal bytes, whatever the order of rows.

    Args:
        frame: The columns of `SCHEMA`.
        first: First month that every area must have.
        last: Last month, the release's.
        invented: The data are simulated; written into the file's metadata.

    Raises:
        GateRefused: A column is absent, a value is not finite, or an area lacks a month or has one twice.
    """
    missing = [name for name in SCHEMA.names if name not in frame.columns]
    if missing:
        raise GateRefused(f"explanations lack column(s) {', '.join(missing)}", where=NAME, hint=_HINT)
    finite = np.isfinite(frame[list(VALUES)].to_numpy(np.float64)).all(axis=1)
    if not finite.all():
        bad = frame[~finite].iloc[0]
        what = f"{int((~finite).sum())} row(s) not finite, the first is {bad['area_id']} {bad['month']}"
        raise GateRefused(what, where=NAME, hint=_HINT)
    wanted = [str(month) for month in month_range(first, last)]
    for area, months in frame.groupby("area_id", sort=True)["month"]:
        if sorted(months) != wanted:
            what = f"{area} has {len(months)} rows, not one for each of the {len(wanted)} months {first}..{last}"
            raise GateRefused(what, where=NAME, hint=_HINT)
    rows = frame[list(SCHEMA.names)].sort_values(["area_id", "month"], kind="stable")
    metadata = {"unit": "logarithm of output; believed: share", "invented": str(invented).lower()}
    return parquet_bytes(rows, SCHEMA, metadata, "explanations")


def read_explanations(data: bytes) -> pd.DataFrame:
    """The table as written.

    Raises:
        ValueError: No table, a column is absent, or a value is not finite.
    """
    frame = read_table(data, SCHEMA.names)[0]
    if not np.isfinite(frame[list(VALUES)].to_numpy(np.float64)).all():
        raise ValueError("a value is not finite")
    return frame
