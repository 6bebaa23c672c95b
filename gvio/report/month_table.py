"""The estimates of a month as a table: how large, what changed and whether beyond noise, and what each stands on."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from gvio.report.basis import basis_of
from gvio.report.changes import MONTH, YEAR, Change, changes

_BOUNDS = ("estimate", "lower80", "upper80", "lower95", "upper95")
_COMPARED = (("month", MONTH), ("year", YEAR))


def month_table(
    estimates: pd.DataFrame, month: str, city: str | None, names: Mapping[str, str] | None = None
) -> pd.DataFrame:
    """Every area of a month: the city first, then districts, largest first.

    Returns:
        Columns area_id, month, name, estimate and its bounds (the pack's unit), `share` (% of all districts, NaN of
        the city), `month_change`, `month_low`, `month_high`, `month_beyond_noise`, the same for `year` (% against the
        month and the year before, `gvio.report.changes`), official, status (`gvio.report.basis`).
    """
    rows = estimates[estimates["month"] == month].set_index("area_id")
    is_city = np.asarray(rows.index == city, dtype=bool)
    districts = rows["estimate"].where(~is_city)
    table = rows[list(_BOUNDS)].assign(
        month=month,
        name=[(names or {}).get(str(area), str(area)) for area in rows.index],
        share=100.0 * districts / districts.sum(),
    )
    for what, back in _COMPARED:
        found = changes(estimates, month, back)
        table[f"{what}_change"], table[f"{what}_low"] = found["percent"], found["low"]
        table[f"{what}_high"] = found["high"]
        table[f"{what}_beyond_noise"] = (found["low"] > 0) | (found["high"] < 0)
    table["official"] = rows["official"].astype(np.float64)
    table["status"] = [basis_of(v, str(k)) for v, k in zip(table["official"], rows["kind"], strict=True)]
    order = np.lexsort((-table["estimate"].to_numpy(dtype=np.float64), ~is_city))
    return table.iloc[order].reset_index()[_COLUMNS]


_COLUMNS = [
    "area_id",
    "name",
    "month",
    *_BOUNDS,
    "share",
    *(f"{what}_{part}" for what, _ in _COMPARED for part in ("change", "low", "high", "beyond_noise")),
    "official",
    "status",
]


def change_in(row: pd.Series, what: str) -> Change:
    """The change `month` or `year` of a row of the table."""
    low, high = float(row[f"{what}_low"]), float(row[f"{what}_high"])
    return Change(float(row[f"{what}_change"]), low, high)


def every_month(estimates: pd.DataFrame, city: str | None, names: Mapping[str, str] | None = None) -> pd.DataFrame:
    """`month_table` of every month, the newest first."""
    months = sorted(set(estimates["month"]), reverse=True)
    return pd.concat([month_table(estimates, month, city, names) for month in months], ignore_index=True)
