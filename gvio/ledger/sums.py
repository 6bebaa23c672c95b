"""How the ledger meets an estimate: every published figure is one row of a sparse sum over districts and months."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from gvio.ledger.rows import CITY, GROUP, GROUP_SIGN, NO_GROUPS, Groups, Ledger, positions
from gvio.types import BoolArray, FloatArray, IntArray, Month


@dataclasses.dataclass(frozen=True, eq=False)
class Sums:
    """Figures as sums over district-months: `G @ y == values`, y flattened from (D, T) district-major.

    `G` csr (rows, D·T) float64 with column d·T + t; `values` (rows,) float64 in the pack's unit; `area` (rows,) int,
    district index, `CITY` (−1), or `GROUP` (−2) for a sum over several districts, which `G` tells; `start`, `end`
    (rows,) int, month indices, both included; `cumulative` (rows,) bool, year-to-date; `published` the day of each row.
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

    @property
    def of_districts(self) -> BoolArray:
        """(rows,) figures of a single district."""
        return np.asarray(self.area >= 0)

    @property
    def of_city(self) -> BoolArray:
        """(rows,) figures of the city."""
        return np.asarray(self.area == CITY)

    def districts_of(self, row: int) -> IntArray:
        """Indices of the districts that a figure sums over, ascending."""
        columns = self.G.indices[self.G.indptr[row] : self.G.indptr[row + 1]]
        found: IntArray = np.unique(columns // self.n_months)
        return found


def sums_matrix(
    ledger: Ledger, area_ids: Sequence[str], city_id: str, months: Sequence[Month], groups: Groups = NO_GROUPS
) -> Sums:
    """The ledger as a sparse matrix over `area_ids` × consecutive `months`.

    Rows that reach outside `months` are left out. A row of the city sums over every district: the city is the union
    of the districts (contract §1). A row of a group sums over its districts: one of `groups`, or a sum that a change of
    extents left (`gvio.ledger.extents`).
    """
    area = _area_index(ledger, area_ids, city_id, groups)
    first = months[0].ordinal if months else 0
    # Whole rows only: of a sum that reaches outside nobody knows what part lies inside.
    inside = (ledger.rows["start"].to_numpy() >= first) & (ledger.rows["end"].to_numpy() < first + len(months))
    rows, area = ledger.rows[inside], area[inside]
    start = rows["start"].to_numpy(dtype=np.int64) - first
    end = rows["end"].to_numpy(dtype=np.int64) - first
    return Sums(
        G=_ones(_belongs(rows, area, area_ids, groups), start, end, len(months)),
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
    ledger: Ledger, area_ids: Sequence[str], city_id: str, months: Sequence[Month], groups: Groups = NO_GROUPS
) -> tuple[FloatArray, npt.NDArray[np.object_]]:
    """Figures of single months as published, never differences of year-to-date rows.

    A row of one month counts whatever its kind (year-to-date of January is January); where both kinds exist the
    current one counts, then the newest.

    Returns:
        Values (D + 1, T) float64 in the pack's unit, NaN where there is none, and the day of publication
        (D + 1, T) object (`datetime.date` or None); the last row is the city. Figures of `groups` are in neither.
    """
    area = _area_index(ledger, area_ids, city_id, groups)
    values = np.full((len(area_ids) + 1, len(months)), np.nan)
    published = np.full(values.shape, None, dtype=object)
    rows = ledger.rows.assign(area=area, current=(ledger.rows["kind"] == "current").astype(int))
    index = {month.ordinal: t for t, month in enumerate(months)}
    single = rows[(rows["start"] == rows["end"]) & rows["start"].isin(list(index)) & (rows["area"] != GROUP)]
    ordered = single.sort_values(["current", "published"], kind="stable")  # the last assignment wins
    # The city's index −1 is the last row of numpy's own indexing, where the city belongs.
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


def _area_index(ledger: Ledger, area_ids: Sequence[str], city_id: str, groups: Groups) -> IntArray:
    # A KeyError is a defect of ours: files with unknown areas are refused when they are read.
    index = dict.fromkeys(groups, GROUP) | positions(area_ids, city_id)
    found = [GROUP if GROUP_SIGN in area else index[area] for area in ledger.rows["area_id"]]
    return np.array(found, dtype=np.int64)


def _belongs(rows: pd.DataFrame, area: IntArray, area_ids: Sequence[str], groups: Groups) -> BoolArray:
    """(rows, D) whether a row sums over a district."""
    belongs = (area[:, None] == np.arange(len(area_ids))) | (area[:, None] == CITY)
    index = {area_id: i for i, area_id in enumerate(area_ids)}
    for row in np.flatnonzero(area == GROUP):
        name = str(rows["area_id"].iloc[row])
        belongs[row, [index[district] for district in groups.get(name) or name.split(GROUP_SIGN)]] = True
    return np.asarray(belongs)


def _ones(belongs: BoolArray, start: IntArray, end: IntArray, n_months: int) -> sparse.csr_array:
    """Indicator of (district, month) per row, without a Python loop over cells."""
    months, (n_rows, n_areas) = np.arange(n_months), belongs.shape
    covers = (months >= start[:, None]) & (months <= end[:, None])  # (rows, T)
    # Every (row, month) that is covered, repeated for each district it sums over: only entries that are 1 are built.
    row, month = np.nonzero(covers)
    cell, district = np.nonzero(belongs[row])
    shape = (n_rows, n_areas * n_months)
    entries = (row[cell], district * n_months + month[cell])
    return sparse.csr_array((np.ones(len(cell)), entries), shape=shape)
