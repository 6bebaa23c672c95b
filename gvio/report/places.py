"""Places that somebody points at, in the form in which a link holds them: a point, or an area by its corners.

Pure. Coordinates are longitude and latitude in degrees with four digits, eleven metres: a fortieth of a pixel. An area
has at most `MOST_CORNERS` corners, so that its link stays short; a finer outline is simplified (Douglas & Peucker 1973)
until it has no more, and how much of it that changes is told.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
import re
from collections.abc import Collection, Mapping, Sequence

import numpy as np
import pandas as pd
import pyproj
import shapely

from gvio.errors import ConfigError
from gvio.grid.geojson import shape_of
from gvio.types import ESTIMATE_COLUMNS
from gvio.words import first_of, marked, tr

POINT, AREA = "at", "polygon"
"""Names in an address."""
MOST_CORNERS = 100
_DIGITS = 4
_MOST_BYTES = 20_000_000
_COARSEST = 0.01  # degrees: from here on small parts are left out instead
_NAMED = 2  # districts that a label names
_NUMBER = re.compile(r"[-+−]?\d+(?:\.\d+)?")
_RINGS = "~"
_TYPE = marked(
    "Write longitude, latitude of a point; of two opposite corners of a rectangle; or of three corners and more."
)


@dataclasses.dataclass(frozen=True)
class Place:
    """A point (one ring of one corner), or an area: rings of corners, what lies in an odd number of them is inside."""

    rings: tuple[tuple[tuple[float, float], ...], ...]

    @property
    def kind(self) -> str:
        """`POINT` or `AREA`: its name in an address."""
        return POINT if len(self.rings[0]) == 1 else AREA

    @property
    def text(self) -> str:
        """Its value in an address: lon,lat,lon,lat …, rings joined by ~."""
        rings = (",".join(_short(value) for corner in ring for value in corner) for ring in self.rings)
        return _RINGS.join(rings)

    @property
    def key(self) -> str:
        """By which it is told from areas and other places: at=121.47,31.23."""
        return f"{self.kind}={self.text}"

    @functools.cached_property
    def shape(self) -> shapely.Geometry:
        """A point, or a polygon with parts and holes; degrees."""
        if self.kind == POINT:
            return shapely.Point(self.rings[0][0])
        parts = [shapely.make_valid(shapely.Polygon(ring)) for ring in self.rings]
        return functools.reduce(shapely.symmetric_difference, parts)

    @property
    def middle(self) -> tuple[float, float]:
        """A point of it."""
        point = shapely.point_on_surface(self.shape)
        return float(point.x), float(point.y)


def place_of(kind: str, text: str) -> Place | None:
    """The place that an address holds; None where it holds none."""
    try:
        rings = tuple(_corners([float(value) for value in ring.split(",")]) for ring in text.split(_RINGS))
    except ValueError:
        return None
    place = _checked(rings)
    return place if place is not None and place.kind == kind else None


def typed_place(text: str) -> Place:
    """The place that somebody wrote: numbers in any layout, longitude before latitude.

    Raises:
        ConfigError: It is none.
    """
    numbers = [float(number.replace("−", "-")) for number in _NUMBER.findall(text)]
    if len(numbers) == 4:
        (west, south), (east, north) = _corners(numbers)
        return box_place((west, east), (south, north))
    place = None if len(numbers) % 2 or not numbers else _checked((_corners(numbers),))
    if place is None:
        raise ConfigError(tr("{text} is no place", text=repr(text.strip()[:60])), hint=tr(_TYPE))
    return place


def box_place(xs: Sequence[float], ys: Sequence[float]) -> Place:
    """The rectangle between two longitudes and two latitudes, in any order.

    Raises:
        ConfigError: It has no extent.
    """
    (west, east), (south, north) = sorted(xs), sorted(ys)
    return outline_place(shapely.box(west, south, east, north))


def drawn_place(xs: Sequence[float], ys: Sequence[float]) -> Place:
    """The area inside a line that was drawn by hand.

    Raises:
        ConfigError: It has no extent.
    """
    if len(xs) < 3:
        raise ConfigError(tr("the line that was drawn holds no area"), hint=tr("Draw round what is meant."))
    return outline_place(shapely.Polygon(list(zip(xs, ys, strict=True))))


def outline_place(shape: shapely.Geometry) -> Place:
    """An area in degrees, simplified until it has at most `MOST_CORNERS` corners.

    Raises:
        ConfigError: It has no extent, or does not lie on the globe.
    """
    shape, tolerance = shapely.make_valid(shape), 10.0**-_DIGITS / 2
    rings = _rings(shape)
    while sum(map(len, rings)) > MOST_CORNERS and tolerance < _COARSEST:
        rings, tolerance = _rings(shapely.simplify(shape, tolerance)), 1.5 * tolerance
    place = _checked(_largest(rings)) if rings else None
    if place is None or place.kind != AREA:
        hint = tr("Give a polygon in degrees, longitude before latitude.")
        raise ConfigError(tr("this is no area of the globe"), hint=hint)
    return place


def geojson_place(data: bytes) -> tuple[Place, float]:
    """The place of a GeoJSON document, and the share of its area that simplifying changed.

    Raises:
        ConfigError: It is no GeoJSON with a polygon or a point in degrees.
    """
    hint = tr("Give GeoJSON (RFC 7946) with a polygon or a point, in degrees.")
    try:
        document = json.loads(data) if len(data) <= _MOST_BYTES else None
    except ValueError:
        document = None
    shape = shape_of(document) if isinstance(document, Mapping) else None
    if shape is not None and shape.geom_type == "Point" and not shape.is_empty:
        place = _checked((((round(shape.x, _DIGITS), round(shape.y, _DIGITS)),),))
        if place is not None:
            return place, 0.0
    if shape is None or shape.is_empty or not shape.area > 0:
        raise ConfigError(tr("the file holds no place"), hint=hint)
    place = outline_place(shape)
    apart = shapely.symmetric_difference(shapely.make_valid(shape), place.shape).area
    return place, float(apart / shape.area)


def place_km2(place: Place) -> float:
    """Area on the WGS84 ellipsoid, km²; 0 of a point."""
    return geodesic_km2(place.shape)


def geodesic_km2(shape: shapely.Geometry) -> float:
    """Area of a shape in degrees on the WGS84 ellipsoid (Karney 2013), km²."""
    return abs(float(pyproj.Geod(ellps="WGS84").geometry_area_perimeter(shapely.orient_polygons(shape))[0])) / 1e6


def place_label(place: Place, districts: Sequence[str]) -> str:
    """How a place is called in a chart: where it is, how large, in which districts."""
    lon, lat = place.middle
    here = f"{lon:z.3f}, {lat:z.3f}".replace("-", "−")
    what = tr("Pixel at {here}", here=here)
    if place.kind != POINT:
        what = tr("{km2} km² at {here}", km2=_km2_text(place_km2(place)), here=here)
    within = first_of(districts, _NAMED)
    return tr("{place} ({districts})", place=what, districts=within) if within else what


def place_rows(series: pd.DataFrame, key: str, nowcasts: Collection[str]) -> pd.DataFrame:
    """The series of a place as `gvio.report.tables.series` has those of areas: without official figures.

    Args:
        series: By month (dates), as `Release.at` and `Release.within` give it.
        key: Of the place.
        nowcasts: Months (YYYY-MM) in which a district that it touches is a nowcast.
    """
    months = [month.strftime("%Y-%m") for month in series.index]
    values = {name: series[name].to_numpy() if name in series else np.nan for name in ESTIMATE_COLUMNS}
    kinds = ["nowcast" if month in nowcasts else "fitted" for month in months]
    rows = {"area_id": key, "month": months, **values, "official": np.nan, "kind": kinds, "date": series.index}
    return pd.DataFrame(rows)


def _km2_text(km2: float) -> str:
    return f"{km2:,.0f}" if km2 >= 100 else f"{km2:.3g}"


def _short(value: float) -> str:
    return f"{value:.{_DIGITS}f}".rstrip("0").rstrip(".")


def _corners(numbers: Sequence[float]) -> tuple[tuple[float, float], ...]:
    rounded = [round(number, _DIGITS) + 0.0 for number in numbers]
    return tuple(zip(rounded[::2], rounded[1::2], strict=True))


def _rings(shape: shapely.Geometry) -> list[tuple[tuple[float, float], ...]]:
    """Outer and inner rings of every polygon, rounded, without the closing corner and without any of no extent."""
    polygons = [part for part in shapely.get_parts(shapely.get_parts(shape)) if part.geom_type == "Polygon"]
    lines = [line for polygon in polygons for line in (polygon.exterior, *polygon.interiors)]
    rounded = [_corners(shapely.get_coordinates(line)[:-1].ravel().tolist()) for line in lines]
    return [ring for ring in rounded if len(set(ring)) > 2 and shapely.Polygon(ring).area > 0]


def _largest(rings: Sequence[tuple[tuple[float, float], ...]]) -> tuple[tuple[tuple[float, float], ...], ...]:
    """As many rings as there are corners for, the smallest left out."""
    kept = sorted(rings, key=lambda ring: -float(shapely.Polygon(ring).area))
    while sum(map(len, kept)) > MOST_CORNERS:
        kept.pop()
    return tuple(ring for ring in rings if ring in kept)


def _checked(rings: tuple[tuple[tuple[float, float], ...], ...]) -> Place | None:
    """None where a corner is not on the globe, there are too many, or an area has no extent."""
    corners = [corner for ring in rings for corner in ring]
    on_globe = all(math.isfinite(x) and math.isfinite(y) and abs(x) <= 180 and abs(y) <= 90 for x, y in corners)
    if not corners or not on_globe or len(corners) > MOST_CORNERS:
        return None
    place = Place(rings)
    point = len(corners) == 1
    return place if point or (all(len(ring) > 2 for ring in rings) and place.shape.area > 0) else None
