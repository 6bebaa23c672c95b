"""Coordinate systems of a pack's files, as `region.yaml` or the file names them, and the way from them to WGS84."""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pyproj
import pyproj.exceptions
import shapely

from gvio.config import RegionConfig
from gvio.errors import ConfigError, PackError
from gvio.region.coordinates import bd09_to_wgs84, gcj02_to_wgs84
from gvio.region.files import PackFile

WGS84 = "wgs84"
_CHINESE = {"gcj02": gcj02_to_wgs84, "bd09": bd09_to_wgs84}
_UNLABELLED = frozenset({".geojson", ".json"})  # the format is WGS84 by its standard, whatever was written into it
Shapes = npt.NDArray[np.object_]


@dataclasses.dataclass(frozen=True)
class System:
    """A coordinate system: its name in messages, and its definition (None: gcj02 and bd09, which have none)."""

    name: str
    crs: pyproj.CRS | None

    @property
    def degrees(self) -> bool:
        """Whether coordinates are longitude and latitude."""
        return self.crs is None or bool(self.crs.is_geographic)

    def to_wgs84(self, shapes: Shapes) -> Shapes:
        """Geometries in two dimensions, every vertex in WGS84 degrees (lon, lat); not finite where there is no way."""
        flat = shapely.force_2d(shapes)
        if self.name in _CHINESE:
            move = _CHINESE[self.name]
            return np.asarray(shapely.transform(flat, lambda xy: np.column_stack(move(xy[:, 0], xy[:, 1]))))
        if self.crs is None or _is_wgs84(self.crs):
            return np.asarray(flat)
        way = pyproj.Transformer.from_crs(self.crs, "EPSG:4326", always_xy=True)
        return np.asarray(shapely.transform(flat, lambda xy: np.column_stack(way.transform(xy[:, 0], xy[:, 1]))))


def system_named(text: str, section: str) -> System:
    """The system that `crs` in a section of `region.yaml` names, or `area_crs`.

    Raises:
        ConfigError: Nobody knows it.
    """
    if text in _CHINESE:
        return System(text, None)
    try:
        crs = pyproj.CRS.from_user_input("EPSG:4326" if text == WGS84 else text)
    except pyproj.exceptions.CRSError:
        key = section if section == "area_crs" else f"{section}.crs"
        hint = "Correct it, or write the system as WKT; https://epsg.io lists the numbers."
        raise ConfigError(f"unknown coordinate system {text!r}", where=f"region.yaml, {key}", hint=hint) from None
    return System(text, crs)


def system_of(frame: gpd.GeoDataFrame, file: PackFile, given: str | None, section: str) -> System:
    """What the coordinates of a vector file are: what `region.yaml` says, else what the file says.

    Args:
        frame: The file as it was read.
        file: The file.
        given: What `region.yaml` says; None: nothing.
        section: Where it says so.

    Raises:
        ConfigError: As `system_named`.
        PackError: Neither says one, or they contradict each other.
    """
    own = None if frame.crs is None else pyproj.CRS.from_user_input(frame.crs)
    if given is None:
        if own is None:
            hint = f"Export it with one, or write it into region.yaml: {section}: {{crs: EPSG:4326}}."
            raise PackError("says no coordinate system", where=file.name, hint=hint)
        return System(_spelt(own), own)
    named = system_named(given, section)
    agree = own is None or file.suffix in _UNLABELLED
    if named.name in _CHINESE:
        agree = agree or bool(own is not None and own.is_geographic)
    elif own is not None:
        agree = agree or own.equals(named.crs, ignore_axis_order=True) or (_is_wgs84(own) and _is_wgs84(named.crs))
    if not agree and own is not None:
        hint = f"Make the two agree: correct or remove {section}.crs."
        raise PackError(f"the file is in {_spelt(own)}, region.yaml says {given}", where=file.name, hint=hint)
    return named


def _is_wgs84(crs: pyproj.CRS | None) -> bool:
    return crs is not None and crs.name in {"WGS 84", "WGS 84 (CRS84)"}


def _spelt(crs: pyproj.CRS) -> str:
    """An authority's code, or the name: WKT is many lines."""
    code = crs.to_authority()
    return ":".join(code) if code else crs.name


def check_area_crs(config: RegionConfig) -> None:
    """Refuse an `area_crs` in which a metre is none, here: another zone's, or a map for screens.

    Raises:
        ConfigError: Unknown, not in metres, or off by more than 5 % at a corner or the middle of the bounds.
    """
    system = system_named(config.area_crs, "area_crs")
    west, south, east, north = config.bounds
    zone = int(((west + east) / 2 + 180) // 6) % 60 + 1
    hint = f"Write the UTM zone of the region: area_crs: EPSG:{(32600 if south + north >= 0 else 32700) + zone}."
    units = {axis.unit_conversion_factor for axis in system.crs.axis_info} if system.crs is not None else set()
    if system.crs is None or not system.crs.is_projected or units != {1.0}:
        raise ConfigError(f"area_crs {config.area_crs} does not measure in metres", where="region.yaml", hint=hint)
    places = [(x, y) for x in (west, (west + east) / 2, east) for y in (south, (south + north) / 2, north)]
    worst = max((_stretch(system.crs, x, y) for x, y in places), default=0.0)
    if not worst <= MOST_STRETCH:
        what = f"area_crs {config.area_crs} is not of this region: a metre is {worst:.0%} off within its bounds"
        raise ConfigError(what, where="region.yaml", hint=hint)


MOST_STRETCH = 0.05  # of a length; equal-area maps of a whole country stay below in most of it


def _stretch(crs: pyproj.CRS, lon: float, lat: float) -> float:
    """How far a metre on the ground is from a metre on the map, the worse of both directions; infinite off the map."""
    lon, lat = min(max(lon, -179.99), 179.99), min(max(lat, -89.99), 89.99)
    try:
        factors = pyproj.Proj(crs).get_factors(lon, lat)
    except pyproj.exceptions.ProjError:
        return float("inf")
    return max(abs(factors.meridional_scale - 1), abs(factors.parallel_scale - 1))
