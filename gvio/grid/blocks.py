"""Square blocks of pixels: their size in kilometres, and sums over them."""

from __future__ import annotations

import numpy as np
import pyproj
from odc.geo.geobox import GeoBox

from gvio.types import FloatArray


def block_pixels(geobox: GeoBox, km: float) -> tuple[int, int]:
    """Rows and columns of a block of about `km` at the grid's centre, at least 1 each (geodesic, WGS84)."""
    height, width = pixel_km(geobox)
    return max(1, round(km / height)), max(1, round(km / width))


def pixel_km(geobox: GeoBox) -> tuple[float, float]:
    """Height and width of a pixel at the grid's centre, km (geodesic, WGS84)."""
    to_degrees = pyproj.Transformer.from_crs(geobox.crs, "EPSG:4326", always_xy=True)
    x, y = geobox.extent.centroid.coords[0]
    here = to_degrees.transform(x, y)
    east = to_degrees.transform(x + abs(geobox.resolution.x), y)
    north = to_degrees.transform(x, y + abs(geobox.resolution.y))
    geod = pyproj.Geod(ellps="WGS84")
    width, height = (geod.inv(*here, *there)[2] / 1000 for there in (east, north))
    return height, width


def block_sums(values: FloatArray, side: tuple[int, int]) -> FloatArray:
    """Sums over blocks of (rows, columns): (T, y, x) → (T, ⌈y/rows⌉, ⌈x/columns⌉)."""
    starts = (np.arange(0, n, step) for n, step in zip(values.shape[1:], side, strict=True))
    rows, cols = starts
    sums: FloatArray = np.asarray(np.add.reduceat(np.add.reduceat(values, rows, axis=1), cols, axis=2))
    return sums
