"""How the ledger meets an estimate: every published figure is one row of a sparse sum over districts and months."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from gvio.errors import LedgerError
from gvio.ledger.rows import Ledger, name_lines, positions
from gvio.types import BoolArray, FloatArray, IntArray, Month


@dataclasses.dataclass(frozen=True, eq=False)
class Sums:
    """Figures as sums over district-months: `G @ y == values`, y flattened from (D, T) district-major.

    `G` csr (rows, D·T) float64 with column d·T + t; `values` (rows,) float64 in the pack's unit; `area` (rows,) int,
    district index or −1 for the city; `start`, `end` (rows,) int, month indices, both included; `cumulative`
    (rows,) bool, year-to-date; `published` the day of each row.
    """

    G: sparse.csr_array
    values: FloatArray
    area: IntArray
    start: IntArray
    end: IntArray
    cumulative: BoolArray
    published: tuple[dt.date, ...]
    n_areas: int
    n_months: int


def sums_matrix(ledger: Ledger, area_ids: Sequence[str], city_id: str, months: Sequence[Month]) -> Sums:
    """The ledger as a sparse matrix over `area_ids` × consecutive `months`.

    Rows that reach outside `months` are left out. A row of the city sums over every district: the city is the union
    of the districts (contract §1).

    Raises:
        LedgerError: A row's area is neither a district nor the city.
    """
    area = _area_index(ledger, area_ids, city_id)
    first = months[0].ordinal if months else 0
    inside = (ledger.rows["start"].to_numpy() >= first) & (ledger.rows["end"].to_numpy() < first + len(months))
    rows, area = ledger.rows[inside], area[inside]
    start = rows["start"].to_numpy(dtype=np.int64) - first
    end = rows["end"].to_numpy(dtype=np.int64) - first
    return Sums(
        G=_ones(area, start, end, len(area_ids), len(months)),
        values=rows["value"].to_numpy(dtype=np.float64),
        area=area,
        start=start,
        end=end,
        cumulative=(rows["kind"] == "cumulative").to_numpy(dtype=bool),
        published=tuple(rows["published"]),
        n_areas=len(area_ids),
        n_months=len(months),
    )


def official_monthly(
    ledger: Ledger, area_ids: Sequence[str], city_id: str, months: Sequence[Month]
) -> tuple[FloatArray, npt.NDArray[np.object_]]:
    """Figures of single months as published, never differences of year-to-date rows.

    A row of one month counts whatever its kind (year-to-date of January is January); where both kinds exist the
    current one counts, then the newest.

    Returns:
        Values (D + 1, T) float64 in the pack's unit, NaN where there is none, and the day of publication
        (D + 1, T) object (`datetime.date` or None); the last row is the city.

    Raises:
        LedgerError: A row's area is neither a district nor the city.
    """
    area = _area_index(ledger, area_ids, city_id)
    values = np.full((len(area_ids) + 1, len(months)), np.nan)
    published = np.full(values.shape, None, dtype=object)
    rows = ledger.rows.assign(area=area, current=(ledger.rows["kind"] == "current").astype(int))
    index = {month.ordinal: t for t, month in enumerate(months)}
    single = rows[(rows["start"] == rows["end"]) & rows["start"].isin(list(index))]
    ordered = single.sort_values(["current", "published"], kind="stable")  # the last assignment wins
    at = (ordered["area"].to_numpy(), ordered["start"].map(index).to_numpy(dtype=np.int64))
    values[at] = ordered["value"].to_numpy()
    published[at] = ordered["published"].to_numpy(dtype=object)
    return values, published


def log_misfit(sums: Sums, estimate: FloatArray) -> FloatArray:
    """(rows,) log of every figure over the sum of the estimates (D, T) it covers: 0 where they agree.

    NaN where either is not a positive number; who compares must let that fail.
    """
    covered = sums.G @ estimate.ravel()
    comparable = (covered > 0) & np.isfinite(covered) & (sums.values > 0) & np.isfinite(sums.values)
    ratio = np.divide(sums.values, covered, out=np.full(len(covered), np.nan), where=comparable)
    return np.asarray(np.log(ratio))


def _area_index(ledger: Ledger, area_ids: Sequence[str], city_id: str) -> IntArray:
    index = ledger.rows["area_id"].map(positions(area_ids, city_id))
    unknown = ledger.rows[pd.isna(index)]
    if len(unknown):
        raise LedgerError(
            f"area_id {unknown['area_id'].iloc[0]!r} is neither a district nor the city {city_id!r}",
            where=f"ledger, {name_lines(unknown.index)}",
            hint="Correct the area_id, or add the district.",
        )
    return index.to_numpy(dtype=np.int64)


def _ones(area: IntArray, start: IntArray, end: IntArray, n_areas: int, n_months: int) -> sparse.csr_array:
    """Indicator of (district, month) per row, without a Python loop over cells."""
    months = np.arange(n_months)
    covers = (months >= start[:, None]) & (months <= end[:, None])  # (rows, T)
    belongs = (area[:, None] == np.arange(n_areas)) | (area[:, None] == -1)  # (rows, D)
    row, month = np.nonzero(covers)
    cell, district = np.nonzero(belongs[row])
    shape = (len(area), n_areas * n_months)
    entries = (row[cell], district * n_months + month[cell])
    return sparse.csr_array((np.ones(len(cell)), entries), shape=shape)
