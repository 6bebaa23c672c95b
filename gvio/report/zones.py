"""Which pixels are which district's, as a release's grid and table say it together, and their outlines.

Pure. The raking factor is one number per district, and the estimates of a district's pixels add up to its row: so the
grid alone parts the region, and the table names the parts. No outline needs to be published for it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from odc.geo.geobox import GeoBox

from gvio.map.bands import BANDS
from gvio.types import FloatArray

_EQUAL = 1e-4  # of a district: pixels are published as float32, sums of thousands of them
_STAIRS = 1.0  # pixels: a district of four stays a square
_DIGITS = 5  # of a degree: a metre
NOBODY = -1


@dataclasses.dataclass(frozen=True, eq=False)
class Owners:
    """`number` (y, x) of the district that owns a pixel, `NOBODY` where none is told; `areas` by number."""

    number: npt.NDArray[np.intp]
    areas: tuple[str, ...]


@dataclasses.dataclass(frozen=True)
class Zone:
    """A district on the map: `rings` holds outlines of its parts with their holes, as (x, y) in the grid's CRS;
    `label` a point inside its largest part.
    """

    area: str
    parts: tuple[tuple[tuple[tuple[float, float], ...], ...], ...]
    label: tuple[float, float]


def zones_of(owners: Owners, geobox: GeoBox) -> list[Zone]:
    """The districts whose pixels can be told, on their grid.

    Their outlines are drawn through the stairs of the pixels, neighbours alike (Visvalingam & Whyatt 1993): a tenth of
    the corners, and no border is farther off than about a pixel.
    """
    found = {area: _outline(owners.number == i, geobox) for i, area in enumerate(owners.areas)}
    told = {area: outline for area, outline in found.items() if outline is not None}
    tolerance = _STAIRS * max(abs(geobox.resolution.x), abs(geobox.resolution.y))
    drawn = shapely.coverage_simplify(list(told.values()), tolerance) if told else []
    return [_zone(area, outline) for area, outline in zip(told, drawn, strict=True)]


def spread(owners: Owners, values: Mapping[str, float]) -> FloatArray:
    """(y, x) the value of the district that owns a pixel; NaN where none is told, or it has none."""
    of = np.array([values.get(area, np.nan) for area in owners.areas] + [np.nan])
    return of[owners.number]  # nobody is -1, the last one


def owners_of(bands: FloatArray, estimates: pd.Series) -> Owners:
    """Which district owns a pixel.

    A district is left out where it shares its factor with another one, so that no set of pixels adds up to its row.

    Args:
        bands: (5, y, x) in the order of `BANDS`, NaN outside every district.
        estimates: Estimate of each district of that month, by area_id; without the city.
    """
    estimate = np.asarray(bands[BANDS.index("estimate")], dtype=np.float64)
    factor = np.asarray(bands[BANDS.index("adjustment")], dtype=np.float64)
    inside = np.isfinite(estimate) & np.isfinite(factor)
    kinds, group = np.unique(factor[inside], return_inverse=True)
    sums = np.bincount(group, weights=estimate[inside], minlength=len(kinds))
    areas = [str(area) for area in estimates.index]
    owner_of_kind = np.full(len(kinds), NOBODY, dtype=np.intp)
    for number, value in enumerate(estimates.to_numpy(dtype=np.float64)):
        near = np.flatnonzero(np.abs(sums - value) <= _EQUAL * max(value, 1e-12))
        if len(near) == 1 and owner_of_kind[near[0]] == NOBODY:
            owner_of_kind[near[0]] = number
    owners = np.full(estimate.shape, NOBODY, dtype=np.intp)
    owners[inside] = owner_of_kind[group]
    return Owners(owners, tuple(areas))


def _outline(mine: npt.NDArray[np.bool_], geobox: GeoBox) -> shapely.Geometry | None:
    """Union of the pixels: runs of a row as boxes, so that a district of thousands of pixels is a few hundred boxes."""
    padded = np.pad(mine, ((0, 0), (1, 1))).astype(np.int8)
    edges = np.diff(padded, axis=1)
    rows, starts = np.nonzero(edges == 1)
    _, ends = np.nonzero(edges == -1)
    if len(rows) == 0:
        return None
    a, b, c, d, e, f = geobox.affine[:6]
    if b or d:
        return None  # not north up: never written so
    boxes = shapely.box(c + a * starts, f + e * (rows + 1), c + a * ends, f + e * rows)
    return shapely.unary_union(boxes)


def _zone(area: str, outline: shapely.Geometry) -> Zone:
    polygons = [p for p in shapely.get_parts(outline) if not p.is_empty]
    largest = max(polygons, key=lambda polygon: polygon.area)
    point = shapely.point_on_surface(largest)
    parts = tuple((_ring(p.exterior), *(_ring(hole) for hole in p.interiors)) for p in polygons)
    return Zone(area, parts, (float(point.x), float(point.y)))


def _ring(line: shapely.LinearRing) -> tuple[tuple[float, float], ...]:
    points = shapely.get_coordinates(shapely.simplify(line, 0.0))
    return tuple((round(float(x), _DIGITS), round(float(y), _DIGITS)) for x, y in points)
