"""Which district a pixel and a factory belong to."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import shapely
from odc.geo.geobox import GeoBox

from gvio.errors import PackError
from gvio.raster import rasterize
from gvio.types import IntArray


def pixel_owner(districts: gpd.GeoDataFrame, geobox: GeoBox) -> IntArray:
    """District of every pixel, by the pixel's centre.

    Args:
        districts: D rows with `area_id`, `name` and polygons with a CRS.
        geobox: Grid of shape (y, x).

    Returns:
        (y, x) int16 district index in row order, −1 outside every district.

    Raises:
        PackError: A district owns no pixel, so nothing could be mapped into it.
    """
    shapes = districts.geometry.to_crs(geobox.crs)
    owner = rasterize(list(shapes), list(range(len(shapes))), geobox, fill=-1).astype(np.int16)
    lost = np.setdiff1d(np.arange(len(shapes)), owner)
    if lost.size:
        names = ", ".join(str(districts["area_id"].iloc[i]) for i in lost[:5])
        hint = "Widen `bounds` in region.yaml, or merge the district with a neighbour."
        raise PackError(f"{lost.size} districts own no pixel of the grid: {names}", where="districts", hint=hint)
    return owner


def factory_district(points: gpd.GeoSeries, districts: gpd.GeoDataFrame, factory_ids: tuple[str, ...]) -> IntArray:
    """District of every factory, by its representative point; on a common border the first district in row order.

    Returns:
        (F,) int64 district index.

    Raises:
        PackError: A factory lies in no district.
    """
    tree = shapely.STRtree(districts.geometry.to_crs(points.crs).to_numpy())
    which, district = tree.query(points.to_numpy(), predicate="intersects")
    found = np.full(len(points), len(districts), dtype=np.int64)
    np.minimum.at(found, which, district)
    lost = np.flatnonzero(found == len(districts))
    if lost.size:
        hint = "Drop them from the pack, or check factories.crs in region.yaml."
        raise PackError(f"{lost.size} factories lie in no district, first {factory_ids[lost[0]]}", hint=hint)
    return found


def factory_pixel(points: gpd.GeoSeries, geobox: GeoBox, factory_ids: tuple[str, ...]) -> tuple[IntArray, IntArray]:
    """Row and column, each (F,) int64, of the pixel that holds every factory's representative point.

    Raises:
        PackError: A factory lies outside the grid.
    """
    shifted = points.to_crs(geobox.crs)
    cols, rows = ~geobox.affine @ (shifted.x.to_numpy(), shifted.y.to_numpy())
    row, col = np.floor(rows).astype(np.int64), np.floor(cols).astype(np.int64)
    height, width = geobox.shape
    lost = np.flatnonzero((row < 0) | (row >= height) | (col < 0) | (col >= width))
    if lost.size:
        hint = "Widen `bounds` in region.yaml so that every factory lies inside."
        raise PackError(f"{lost.size} factories lie outside the grid, first {factory_ids[lost[0]]}", hint=hint)
    return row, col
