"""Positions of factories in WGS84, whatever coordinates the file uses; impossible ones are refused by line."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from gvio.config import RegionConfig
from gvio.errors import PackError
from gvio.ledger.rows import name_lines
from gvio.region.crs import WGS84, Shapes, System, system_named, system_of
from gvio.region.files import PackFile
from gvio.region.tables import check_columns

_TYPES = {"Point", "Polygon", "MultiPolygon"}
_HINT = "Correct or remove the rows."
_SCALES = "Write numbers with a decimal point and no other sign, like 121.4737."


def read_positions(table: pd.DataFrame, config: RegionConfig, file: PackFile) -> list[shapely.Geometry]:
    """Geometry of every row in EPSG:4326, from a geometry column or from the text columns lon and lat.

    Raises:
        ConfigError: `factories.crs` is unknown.
        PackError: A position is missing, not a number, out of range, or lon and lat are swapped; a geometry is empty or
            neither point nor polygon; the file's coordinate system contradicts region.yaml.
    """
    if isinstance(table, gpd.GeoDataFrame):
        system = system_of(table, file, _said(config, table), "factories")
        shapes = _file_shapes(table, file.name)
    else:
        system = system_named(config.factories.crs, "factories")
        shapes = shapely.points(_numbers(table, file.name))
    if system.degrees:  # metres have no such range; the transformed positions are checked
        _check_ranges(shapes, table.index, system, config, file.name)
    moved = system.to_wgs84(shapes)
    _check_ranges(moved, table.index, system, config, file.name)
    return list(moved)


def _said(config: RegionConfig, frame: gpd.GeoDataFrame) -> str | None:
    """`factories.crs`, unless it is the default: a file knows its own coordinates."""
    crs = config.factories.crs
    written = "crs" in config.factories.model_fields_set and frame.crs is None
    return crs if crs != WGS84 or written else None


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
            hint=_SCALES if row["lon"] and row["lat"] else _HINT,
        )
    return xy


def _file_shapes(frame: gpd.GeoDataFrame, where: str) -> Shapes:
    """Geometries of a vector file; a MultiPoint of one point, as some programs write every point, is that point."""
    shapes = np.asarray(frame.geometry, dtype=object)
    counts = shapely.get_num_geometries(shapes)
    several = (shapely.get_type_id(shapes) == shapely.GeometryType.MULTIPOINT) & (counts == 1)
    shapes = np.where(several, shapely.get_geometry(shapes, 0), shapes)
    wrong = np.array([shape is None or shape.is_empty or shape.geom_type not in _TYPES for shape in shapes])
    if wrong.any():
        kind = next((s.geom_type if s is not None else "missing" for s, w in zip(shapes, wrong, strict=True) if w), "")
        parts = kind == "MultiPoint"
        raise PackError(
            f"geometry is {kind} or empty; factories are points or polygons",
            where=f"{where}, row {name_lines(frame.index[wrong]).split(maxsplit=1)[1]}",
            hint="Split it into single parts: one row and one factory_id per point." if parts else _HINT,
        )
    return shapes


def _check_ranges(shapes: Shapes, index: pd.Index[int], system: System, config: RegionConfig, where: str) -> None:
    """Refuse positions off the globe; say so when they would fit with lon and lat exchanged."""
    lon, lat = (shapely.bounds(shapes)[:, [i, i + 2]].mean(axis=1) for i in (0, 1))
    _check_swapped(lon, lat, index, config, where)
    off = ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))
    if off.any():
        first = int(np.argmax(off))
        raise PackError(
            f"position ({lon[first]:g}, {lat[first]:g}) is not on the globe",
            where=f"{where}, {name_lines(index[off])}",
            hint=_cure_of(lon[first], lat[first], system),
        )


def _cure_of(lon: float, lat: float, system: System) -> str:
    """What a position off the globe points to."""
    if not system.degrees:
        return f"Correct the rows, or factories.crs: {system.name}."
    if abs(lon) <= 90 < abs(lat) <= 180:
        return "Write longitude in the column lon and latitude in lat."
    if max(abs(lon), abs(lat)) > _LARGEST_METRES:
        return _SCALES
    return _METRES if abs(lon) > 1000 else _HINT


_LARGEST_METRES = 2.1e7  # half of the globe's girth
_METRES = "Metres, it seems: write their system into region.yaml, such as factories: {crs: EPSG:32651}."


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
