"""Positions of factories in WGS84, whatever coordinates the file uses; impossible ones are refused by line."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import pyproj
import shapely

from gvio.config import RegionConfig
from gvio.errors import PackError
from gvio.ledger.rows import name_lines
from gvio.region.coordinates import bd09_to_wgs84, gcj02_to_wgs84
from gvio.region.tables import check_columns

_TYPES = {"Point", "Polygon", "MultiPolygon"}
_HINT = "Correct or remove the rows."


def read_positions(table: pd.DataFrame, config: RegionConfig, where: str) -> list[shapely.Geometry]:
    """Geometry of every row in EPSG:4326, from a geometry column or from the text columns lon and lat.

    Raises:
        PackError: A position is missing, not a number, out of range, or lon and lat are swapped; a geometry is empty or
            neither point nor polygon; the file's coordinate system contradicts region.yaml.
    """
    crs = config.factories.crs
    if isinstance(table, gpd.GeoDataFrame):
        shapes, crs = _file_shapes(table, crs, where)
    else:
        shapes = shapely.points(_numbers(table, where))
    _check_ranges(shapes, table.index, crs, config, where)
    moved = shapely.transform(shapes, lambda xy: _to_wgs84(xy, crs))
    _check_ranges(moved, table.index, "wgs84", config, where)
    return list(moved)


def _numbers(table: pd.DataFrame, where: str) -> npt.NDArray[np.float64]:
    check_columns([str(c) for c in table.columns], ["lon", "lat"], where)
    columns = [pd.to_numeric(table[name], errors="coerce").to_numpy(dtype=np.float64) for name in ("lon", "lat")]
    xy = np.column_stack(columns)
    bad = ~np.isfinite(xy).all(axis=1)
    if bad.any():
        row = table[bad].iloc[0]
        raise PackError(
            f"position ({row['lon']!r}, {row['lat']!r}) is not a pair of numbers",
            where=f"{where}, {name_lines(table.index[bad])}",
            hint=_HINT,
        )
    return xy


def _file_shapes(frame: gpd.GeoDataFrame, crs: str, where: str) -> tuple[npt.NDArray[np.object_], str]:
    """Geometries of a vector file, and what their coordinates are."""
    shapes = np.asarray(frame.geometry, dtype=object)
    wrong = np.array([shape is None or shape.is_empty or shape.geom_type not in _TYPES for shape in shapes])
    if wrong.any():
        kind = next((s.geom_type if s is not None else "missing" for s, w in zip(shapes, wrong, strict=True) if w), "")
        raise PackError(
            f"geometry is {kind} or empty; factories are points or polygons",
            where=f"{where}, row {name_lines(frame.index[wrong]).split(maxsplit=1)[1]}",
            hint=_HINT,
        )
    shapes = shapely.force_2d(shapes)
    own = pyproj.CRS.from_user_input(frame.crs)
    if crs.startswith("EPSG:") and own != pyproj.CRS.from_user_input(crs):
        raise PackError(
            f"the file is in {own.to_string()}, region.yaml says {crs}", where=where, hint="Make the two agree."
        )
    if crs == "wgs84" and own != pyproj.CRS.from_epsg(4326):
        return shapes, own.to_string()  # a file knows its own coordinates
    return shapes, crs


def _to_wgs84(xy: npt.NDArray[np.float64], crs: str) -> npt.NDArray[np.float64]:
    if crs == "wgs84":
        return xy
    if crs == "gcj02":
        return np.column_stack(gcj02_to_wgs84(xy[:, 0], xy[:, 1]))
    if crs == "bd09":
        return np.column_stack(bd09_to_wgs84(xy[:, 0], xy[:, 1]))
    transformer = pyproj.Transformer.from_crs(crs, "EPSG:4326", always_xy=True)
    return np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))


def _check_ranges(
    shapes: npt.NDArray[np.object_], index: pd.Index[int], crs: str, config: RegionConfig, where: str
) -> None:
    """Refuse positions off the globe; say so when they would fit with lon and lat exchanged."""
    if crs.startswith("EPSG:") and not pyproj.CRS.from_user_input(crs).is_geographic:
        return  # metres have no such range; the transformed positions are checked
    lon, lat = (shapely.bounds(shapes)[:, [i, i + 2]].mean(axis=1) for i in (0, 1))
    _check_swapped(lon, lat, index, config, where)
    off = ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))
    if off.any():
        first = int(np.argmax(off))
        raise PackError(
            f"position ({lon[first]:g}, {lat[first]:g}) is not on the globe",
            where=f"{where}, {name_lines(index[off])}",
            hint=_HINT,
        )


def _check_swapped(
    lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], index: pd.Index[int], config: RegionConfig, where: str
) -> None:
    west, south, east, north = config.bounds

    def fits(x: npt.NDArray[np.float64], y: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
        return (x >= west) & (x <= east) & (y >= south) & (y <= north)

    swapped = fits(lat, lon) & ~fits(lon, lat)
    if swapped.any():
        first = int(np.argmax(swapped))
        raise PackError(
            f"position ({lon[first]:g}, {lat[first]:g}) fits the bounds only with lon and lat exchanged",
            where=f"{where}, {name_lines(index[swapped])}",
            hint="Write longitude in the column lon and latitude in lat.",
        )
