"""Chinese map coordinates to WGS84: GCJ-02 (Amap, Tencent, government maps) and BD-09 (Baidu).

Both are WGS84 moved by a published closed form of a few hundred metres, nearly one VIIRS pixel at Shanghai. The
forward formulas are the ones circulating since 2010 (eviltransform, wandergis/coordtransform); the inverse is a
fixed-point iteration, good to 1e-9 degrees. Outside the box in which the shift is applied nothing changes.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Degrees = npt.NDArray[np.float64]

_SEMI_MAJOR_M = 6378245.0  # Krasovsky 1940, the ellipsoid of the shift
_ECCENTRICITY2 = 0.00669342162296594323
_BAIDU = np.pi * 3000.0 / 180.0
_ITERATIONS = 10  # each gains about two digits


def gcj02_to_wgs84(lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Degrees, Degrees]:
    """GCJ-02 longitudes and latitudes (degrees, any shape) as WGS84 degrees; unchanged outside China."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    guess_lon, guess_lat = lon.copy(), lat.copy()
    for _ in range(_ITERATIONS):
        shifted_lon, shifted_lat = wgs84_to_gcj02(guess_lon, guess_lat)
        guess_lon, guess_lat = guess_lon + (lon - shifted_lon), guess_lat + (lat - shifted_lat)
    outside = _outside_china(lon, lat)
    return np.where(outside, lon, guess_lon), np.where(outside, lat, guess_lat)


def bd09_to_wgs84(lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Degrees, Degrees]:
    """BD-09 longitudes and latitudes (degrees, any shape) as WGS84 degrees; unchanged outside China."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    guess_lon, guess_lat = lon - 0.0065, lat - 0.006
    for _ in range(_ITERATIONS):
        shifted_lon, shifted_lat = _gcj02_to_bd09(guess_lon, guess_lat)
        guess_lon, guess_lat = guess_lon + (lon - shifted_lon), guess_lat + (lat - shifted_lat)
    wgs_lon, wgs_lat = gcj02_to_wgs84(guess_lon, guess_lat)
    outside = _outside_china(lon, lat)
    return np.where(outside, lon, wgs_lon), np.where(outside, lat, wgs_lat)


def wgs84_to_gcj02(lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Degrees, Degrees]:
    """WGS84 degrees as GCJ-02; unchanged outside China."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    east_m, north_m = _shift_m(lon - 105.0, lat - 35.0)
    radians = np.deg2rad(lat)
    magic = 1 - _ECCENTRICITY2 * np.sin(radians) ** 2
    d_lat = np.rad2deg(north_m / (_SEMI_MAJOR_M * (1 - _ECCENTRICITY2) / (magic * np.sqrt(magic))))
    d_lon = np.rad2deg(east_m / (_SEMI_MAJOR_M / np.sqrt(magic) * np.cos(radians)))
    outside = _outside_china(lon, lat)
    return np.where(outside, lon, lon + d_lon), np.where(outside, lat, lat + d_lat)


def wgs84_to_bd09(lon: npt.ArrayLike, lat: npt.ArrayLike) -> tuple[Degrees, Degrees]:
    """WGS84 degrees as BD-09; unchanged outside China."""
    lon, lat = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    bd_lon, bd_lat = _gcj02_to_bd09(*wgs84_to_gcj02(lon, lat))
    outside = _outside_china(lon, lat)
    return np.where(outside, lon, bd_lon), np.where(outside, lat, bd_lat)


def _gcj02_to_bd09(lon: Degrees, lat: Degrees) -> tuple[Degrees, Degrees]:
    radius = np.hypot(lon, lat) + 0.00002 * np.sin(lat * _BAIDU)
    angle = np.arctan2(lat, lon) + 0.000003 * np.cos(lon * _BAIDU)
    return radius * np.cos(angle) + 0.0065, radius * np.sin(angle) + 0.006


def _outside_china(lon: Degrees, lat: Degrees) -> npt.NDArray[np.bool_]:
    """The box outside which the published formula does nothing."""
    return ~((lon >= 72.004) & (lon <= 137.8347) & (lat >= 0.8293) & (lat <= 55.8271))


def _shift_m(x: Degrees, y: Degrees) -> tuple[Degrees, Degrees]:
    """Shift east and north in metres at x degrees east of 105° E, y degrees north of 35° N."""
    pi = np.pi
    wave = (20 * np.sin(6 * pi * x) + 20 * np.sin(2 * pi * x)) * 2 / 3
    root = np.sqrt(np.abs(x))
    east = 300 + x + 2 * y + 0.1 * x * x + 0.1 * x * y + 0.1 * root + wave
    east += (20 * np.sin(pi * x) + 40 * np.sin(pi / 3 * x)) * 2 / 3
    east += (150 * np.sin(pi / 12 * x) + 300 * np.sin(pi / 30 * x)) * 2 / 3
    north = -100 + 2 * x + 3 * y + 0.2 * y * y + 0.1 * x * y + 0.2 * root + wave
    north += (20 * np.sin(pi * y) + 40 * np.sin(pi / 3 * y)) * 2 / 3
    north += (160 * np.sin(pi / 12 * y) + 320 * np.sin(pi * y / 30)) * 2 / 3
    return east, north
