"""`estimates.parquet`: every district and the city, for every month from the first to the release's (contract §3)."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa

from gvio.errors import GateRefused
from gvio.publish.tables import parquet_bytes, read_table
from gvio.types import ESTIMATE_COLUMNS, Month, month_range

KINDS = ("fitted", "nowcast")
SCHEMA = pa.schema(
    [
        pa.field("area_id", pa.string(), nullable=False),
        pa.field("month", pa.string(), nullable=False),
        *(pa.field(name, pa.float64(), nullable=False) for name in ESTIMATE_COLUMNS),
        pa.field("official", pa.float64()),
        pa.field("official_published", pa.date32()),
        pa.field("kind", pa.string(), nullable=False),
    ]
)
_HINT = "A defect of the estimation, not of the data: nothing is published; report it with the workspace."


def estimates_parquet(
    frame: pd.DataFrame, city_id: str, first: Month, last: Month, unit: str = "", invented: bool = False
) -> bytes:
    """Encode the table; equal content gives equal bytes, whatever the order of rows.

    Args:
        frame: At least the columns of `SCHEMA`: month "YYYY-MM", figures in `unit`, official NaN where not public,
            official_published date or None, kind fitted (months with official figures) or nowcast.
        city_id: The area that means the union of all districts.
        first: First month that every area must have.
        last: Last month, the release's.
        unit: Unit of the estimates; written into the file's metadata.
        invented: The data are simulated; written into the file's metadata.

    Raises:
        GateRefused: A column is absent, a figure is not finite, an area lacks a month or has one twice, the city is
            absent, or a kind is unknown.
    """
    _require_form(frame, city_id, first, last)
    rows = frame[list(SCHEMA.names)].sort_values(["area_id", "month"], kind="stable")
    metadata = {"unit": unit, "invented": str(invented).lower()}
    return parquet_bytes(rows, SCHEMA, metadata, "estimates", unit)


def read_estimates(data: bytes) -> pd.DataFrame:
    """The table as written: official NaN and official_published None where nothing was public.

    Raises:
        ValueError: No table, a column is absent, a month is none, an estimate is not finite, or there is no row.
    """
    frame = read_table(data, SCHEMA.names)[0]
    if frame.empty:
        raise ValueError("no row")
    for month in frame["month"].unique():
        Month.parse(month)
    if not np.isfinite(frame[list(ESTIMATE_COLUMNS)].to_numpy(np.float64)).all():
        raise ValueError("an estimate is not finite")
    return frame.astype({"official": np.float64})


def _require_form(frame: pd.DataFrame, city_id: str, first: Month, last: Month) -> None:
    missing = [name for name in SCHEMA.names if name not in frame.columns]
    if missing:
        raise GateRefused(f"estimates lack column(s) {', '.join(missing)}", where="estimates.parquet", hint=_HINT)
    finite = np.isfinite(frame[list(ESTIMATE_COLUMNS)].to_numpy(np.float64)).all(axis=1)
    if not finite.all():
        bad = frame[~finite].iloc[0]
        what = f"{int((~finite).sum())} row(s) not finite, the first is {bad['area_id']} {bad['month']}"
        raise GateRefused(what, where="estimates.parquet", hint=_HINT)
    unknown = sorted(set(frame["kind"]) - set(KINDS))
    if unknown:
        raise GateRefused(f"unknown kind {unknown[0]!r}", where="estimates.parquet", hint=_HINT)
    _require_complete(frame, city_id, first, last)


def _require_complete(frame: pd.DataFrame, city_id: str, first: Month, last: Month) -> None:
    if city_id not in set(frame["area_id"]):
        raise GateRefused(f"the city {city_id!r} has no row", where="estimates.parquet", hint=_HINT)
    wanted = [str(month) for month in month_range(first, last)]
    for area, months in frame.groupby("area_id", sort=True)["month"]:
        if sorted(months) != wanted:
            what = f"{area} has {len(months)} rows, not one for each of the {len(wanted)} months {first}..{last}"
            raise GateRefused(what, where="estimates.parquet", hint=_HINT)
