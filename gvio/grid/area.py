"""Areas of pixels."""

from __future__ import annotations

import numpy as np
from odc.geo.geobox import GeoBox

from gvio.types import FloatArray

# WGS84 (NIMA TR8350.2): semi-major axis in km, first eccentricity.
_SEMI_MAJOR_KM = 6378.137
_ECCENTRICITY = 0.0818191908426215


def pixel_area_km2(geobox: GeoBox) -> FloatArray:
    """Area of every pixel.

    Degrees: exact area between parallels on the WGS84 ellipsoid (Snyder 1987, USGS PP 1395, eq. 3-12 integrated over
    longitude). A projected grid: pixel width × height in its plane, in metres.

    Returns:
        (y, x) float64, km².
    """
    rows, cols = geobox.shape
    transform = geobox.transform
    if geobox.crs is None or not geobox.crs.geographic:
        return np.full((rows, cols), abs(transform.a * transform.e) / 1e6)
    # A row's area depends on its latitude only: one band, repeated for every column.
    edges = np.deg2rad(transform.f + transform.e * np.arange(rows + 1))
    band = np.abs(np.diff(_area_south_of(edges))) * np.deg2rad(abs(transform.a))
    return np.repeat(band[:, None], cols, axis=1)


def _area_south_of(latitude: FloatArray) -> FloatArray:
    """Area per radian of longitude between the equator and `latitude` (radians), km²."""
    e = _ECCENTRICITY
    sine = np.sin(latitude)
    semi_minor2 = _SEMI_MAJOR_KM**2 * (1 - e**2)
    return np.asarray(semi_minor2 / 2 * (sine / (1 - (e * sine) ** 2) + np.arctanh(e * sine) / e))
