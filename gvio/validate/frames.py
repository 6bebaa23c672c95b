"""Brings packs, ledgers and raster summaries into the plain columns that the rules of `suites` look at. Pure.

Months become YYYY-MM and days YYYY-MM-DD: they sort as text and people can read them in the Data Docs.
"""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import shapely

from gvio.config import ValidateParams
from gvio.ledger.rows import KEY
from gvio.types import Month
from gvio.validate.suites import Rule, district_rules, factory_rules, ledger_rules, light_rules

if TYPE_CHECKING:
    import geopandas as gpd


@dataclasses.dataclass(frozen=True, eq=False)
class Table:
    """A table with its rules; `key` are the columns that name an offending row to a person."""

    name: str
    frame: pd.DataFrame
    key: tuple[str, ...]
    rules: tuple[Rule, ...]


def factories_table(factories: gpd.GeoDataFrame, bounds: tuple[float, float, float, float]) -> Table:
    """The factories of a pack.

    Args:
        factories: factory_id, category, weight, opened, closed (Month or None), geometry in EPSG:4326.
        bounds: The region's west, south, east, north in degrees; single factories may lie outside, most may not.
    """
    points = shapely.point_on_surface(factories.geometry.to_numpy())
    frame = pd.DataFrame(
        {
            "factory_id": factories["factory_id"].to_numpy(dtype=object),
            "lon": shapely.get_x(points),
            "lat": shapely.get_y(points),
            "category": factories["category"].to_numpy(dtype=object),
            "weight": factories["weight"].to_numpy(dtype=np.float64),
            "opened": _texts(factories["opened"]),
            "closed": _texts(factories["closed"]),
        }
    )
    return Table("factories", frame, ("factory_id",), factory_rules(bounds))


def districts_table(districts: gpd.GeoDataFrame, area_crs: str) -> Table:
    """The districts of a pack.

    Args:
        districts: area_id, name, group, geometry in EPSG:4326.
        area_crs: Metric CRS for areas.
    """
    frame = pd.DataFrame(
        {
            "area_id": districts["area_id"].to_numpy(dtype=object),
            "name": districts["name"].to_numpy(dtype=object),
            "group": districts["group"].to_numpy(dtype=object),
            "area_km2": districts.geometry.to_crs(area_crs).area.to_numpy() / 1e6,
            "valid": districts.geometry.is_valid.to_numpy(dtype=bool),
        }
    )
    return Table("districts", frame, ("area_id",), district_rules())


def ledger_table(rows: pd.DataFrame) -> Table:
    """The ledger of official figures as read, every vintage.

    Args:
        rows: `Ledger.rows`: area_id, start, end (Month.ordinal), value, kind, published (date), series, source; the
            index is the line of the file. A row repeated with its value is one row.
    """
    rows = rows.drop_duplicates([*KEY, "published", "value"])
    start, end = rows["start"].to_numpy(dtype=np.int64), rows["end"].to_numpy(dtype=np.int64)
    frame = pd.DataFrame(
        {
            "line": [f"line {line}" for line in rows.index],
            "area_id": rows["area_id"].to_numpy(dtype=object),
            "start": [str(Month.from_ordinal(int(o))) for o in start],
            "end": [str(Month.from_ordinal(int(o))) for o in end],
            "months": end - start + 1,
            "value": rows["value"].to_numpy(dtype=np.float64),
            "kind": rows["kind"].to_numpy(dtype=object),
            "series": ["" if pd.isna(s) else str(s) for s in rows["series"]],
            "last_day": [Month.from_ordinal(int(o)).last_day.isoformat() for o in end],
            "published": _texts(rows["published"]),
        }
    )
    return Table("ledger", frame, ("line", "area_id", "start", "end"), ledger_rules())


def light_table(summary: pd.DataFrame, n_months: int, n_areas: int, params: ValidateParams) -> Table:
    """The raster summary of `summary.summarise_light`: one row per month and district."""
    known = np.isfinite(summary["mean_radiance"].to_numpy(dtype=np.float64))
    unseen = ~(summary["seen_share"].to_numpy(dtype=np.float64) > 0)
    frame = summary.assign(radiance_if_seen=known | unseen)
    return Table("light", frame, ("month", "area_id"), light_rules(n_months * n_areas, params))


def _texts(values: pd.Series) -> list[str | None]:
    return [None if pd.isna(v) else str(v) for v in values]
