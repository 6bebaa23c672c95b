"""Where something is on a release's grid: a point, or an area in whatever form a user has it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Protocol, TypeAlias

import numpy as np
import pyproj
import shapely
from odc.geo.geobox import GeoBox

from gvio.errors import ConfigError
from gvio.grid.geojson import shape_of

if TYPE_CHECKING:
    import geopandas as gpd


class GeoInterface(Protocol):
    """What Python's libraries of geometry have in common; coordinates in degrees."""

    @property
    def __geo_interface__(self) -> Mapping[str, object]:
        """As GeoJSON."""


if TYPE_CHECKING:
    Area: TypeAlias = shapely.Geometry | Mapping[str, object] | GeoInterface | gpd.GeoDataFrame | gpd.GeoSeries

_DEGREES = "EPSG:4326"


def pixel_of(lon: float, lat: float, geobox: GeoBox) -> tuple[int, int]:
    """Row and column of the pixel that holds a point.

    Raises:
        ConfigError: It lies outside the grid, or is no number.
    """
    x, y = pyproj.Transformer.from_crs(_DEGREES, str(geobox.crs), always_xy=True).transform(lon, lat)
    col, row = ~geobox.affine @ (x, y)
    rows, cols = geobox.shape
    if not (0 <= row < rows and 0 <= col < cols):  # NaN, too, is outside
        west, south, east, north = degrees_of(geobox)
        what = f"({lon:g}, {lat:g}) lies outside the grid"
        hint = f"Give longitude {west:.3f}..{east:.3f} and latitude {south:.3f}..{north:.3f}, in this order."
        raise ConfigError(what, where="at", hint=hint)
    return int(row), int(col)


def area_of(given: object, geobox: GeoBox) -> shapely.Geometry:
    """The area in the system of the grid; edges are straight in the system that they were given in.

    Args:
        given: Polygon of shapely, GeoJSON (geometry, feature or collection), anything with `__geo_interface__`, all in
            degrees; or a GeoSeries or GeoDataFrame in the system that it names.
        geobox: The grid.

    Raises:
        ConfigError: It is no area, or does not touch the grid.
    """
    shape, system = _shape(given)
    if shape is None or shape.is_empty or shape.geom_type not in ("Polygon", "MultiPolygon", "GeometryCollection"):
        what = f"{type(given).__name__} is no area" if shape is None else f"{shape.geom_type} is no area"
        hint = "Give a polygon of shapely, GeoJSON in degrees, or a GeoDataFrame."
        raise ConfigError(what, where="within", hint=hint)
    to_grid = pyproj.Transformer.from_crs(system, str(geobox.crs), always_xy=True)
    if system != str(geobox.crs):
        shape = shapely.transform(shape, lambda points: np.stack(to_grid.transform(*points.T), axis=1))
    shape = shape if shape.is_valid else shapely.make_valid(shape)
    if not shape.intersects(shapely.box(*geobox.boundingbox.bbox)):
        west, south, east, north = degrees_of(geobox)
        hint = f"It spans longitude {west:.3f}..{east:.3f} and latitude {south:.3f}..{north:.3f}; give degrees."
        raise ConfigError("the area does not touch the region", where="within", hint=hint)
    return shape


def degrees_of(geobox: GeoBox) -> tuple[float, float, float, float]:
    """West, south, east, north of a grid."""
    box = geobox.boundingbox
    to_degrees = pyproj.Transformer.from_crs(str(geobox.crs), _DEGREES, always_xy=True)
    west, south, east, north = to_degrees.transform_bounds(box.left, box.bottom, box.right, box.top)
    return west, south, east, north


def _shape(given: object) -> tuple[shapely.Geometry | None, str]:
    """The geometry, None where there is none, and the system of its coordinates."""
    if isinstance(given, shapely.Geometry):
        return given, _DEGREES
    crs, union = getattr(given, "crs", None), getattr(given, "union_all", None)
    if union is not None:
        return union(), _DEGREES if crs is None else crs.to_string()
    document = given if isinstance(given, Mapping) else getattr(given, "__geo_interface__", None)
    return (shape_of(document) if isinstance(document, Mapping) else None), _DEGREES
