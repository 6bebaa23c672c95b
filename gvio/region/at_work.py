"""Figures against the factories that could have made them."""

from __future__ import annotations

from collections.abc import Sequence

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from gvio.ledger.rows import Ledger
from gvio.types import CheckResult, IntArray, Month

_ALWAYS, _STILL = 0, 12 * 10_000  # ordinals of a factory's first and last month where the pack names none


def figures_without_work(
    factories: gpd.GeoDataFrame, districts: gpd.GeoDataFrame, ledger: Ledger, where: str
) -> tuple[CheckResult, ...]:
    """`factories.at_work`: districts with figures above zero of periods in which none of their factories works.

    Args:
        factories: F rows with `opened` and `closed`, `Month` or none.
        districts: D rows `area_id`, geometry. One without any factory is `factories.district_empty`'s.
        ledger: Official figures.
        where: The factories' file, for messages.
    """
    points = shapely.point_on_surface(np.asarray(factories.geometry))
    factory, owner = shapely.STRtree(np.asarray(districts.geometry)).query(points, predicate="intersects")
    opened, closed = _ordinals(factories["opened"], _ALWAYS), _ordinals(factories["closed"], _STILL)
    notes = []
    for position, area in enumerate(districts["area_id"]):
        own = factory[owner == position]
        if not len(own):
            continue
        rows = ledger.rows[(ledger.rows["area_id"] == area) & (ledger.rows["value"] > 0)]
        idle = rows[[not _works(opened[own], closed[own], *span) for span in _spans(rows)]]
        if len(idle):
            notes.append(_note(str(area), idle, len(own), where))
    return tuple(notes)


def _note(area: str, idle: pd.DataFrame, factories: int, where: str) -> CheckResult:
    first, last = Month.from_ordinal(int(idle["start"].min())), Month.from_ordinal(int(idle["end"].max()))
    message = (
        f"district {area}: figures above zero between {first} and {last} ({len(idle)} in all) are of periods in which "
        f"none of its {factories} factories works: add those that made the output, or mend opened and closed"
    )
    observed = {"area_id": area, "figures": len(idle), "first": str(first), "last": str(last)}
    return CheckResult("factories.at_work", False, False, where, message, observed)


def _works(opened: IntArray, closed: IntArray, start: int, end: int) -> bool:
    return bool(((opened <= end) & (closed >= start)).any())


def _spans(rows: pd.DataFrame) -> list[tuple[int, int]]:
    return list(zip(rows["start"].astype(int), rows["end"].astype(int), strict=True))


def _ordinals(months: Sequence[object], otherwise: int) -> IntArray:
    return np.array([m.ordinal if isinstance(m, Month) else otherwise for m in months], dtype=np.int64)
