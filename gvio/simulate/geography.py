"""Where things are in an invented world: districts on the product's lattice, a city, industrial parks, factories."""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from scipy import ndimage

from gvio import raster
from gvio.errors import ProductError
from gvio.grid.region import region_geobox
from gvio.simulate.spec import WorldSpec
from gvio.types import BoolArray, FloatArray, IntArray, LightStack

PIXEL = 1 / 240  # 15 arc-seconds
METRES_PER_DEGREE = 111_320.0


@dataclasses.dataclass(frozen=True, eq=False)
class Places:
    """The unchanging part of a world.

    `districts` as in a pack; `owner` (y, x) int, district index or −1; `background` (y, x) float64, radiance without
    factories; `urban` (y, x) bool; factories: `row`, `col`, `district` (F,) int at their true pixel, `lon`, `lat` (F,)
    as the map has them, which is a little wrong. The anchors, `least_factories` of every district, come first.
    """

    geobox: GeoBox
    districts: gpd.GeoDataFrame
    owner: IntArray
    background: FloatArray
    urban: BoolArray
    row: IntArray
    col: IntArray
    district: IntArray
    lon: FloatArray
    lat: FloatArray


def make_places(
    spec: WorldSpec,
    rng: np.random.Generator,
    districts: gpd.GeoDataFrame | None = None,
    base: LightStack | None = None,
) -> Places:
    """Lay out the world on the lattice of its product, or on the grid of real light.

    Args:
        spec: The world.
        rng: Source of everything random.
        districts: Real ones (area_id, name, group) instead of invented zones.
        base: Real light: its mean is the background, its brightest parts the city.
    """
    geobox = region_geobox(spec.bounds, lattice(spec.product)) if base is None else base.geobox
    if districts is None:
        owner = _zones(geobox, spec.n_districts, rng, sea=base is None)
        districts = _outline(owner, geobox, spec.n_districts)
    else:
        owner = raster.rasterize(list(districts.geometry), range(len(districts)), geobox, fill=-1)
    if base is None:
        background = _background(spec, owner, rng)
        ground, bright = owner, max(spec.urban_light, 1)
        urban = background > 0.15 * spec.urban_light
    else:
        background, seen = mean_light(base)
        ground, bright = np.where(seen, owner, -1), float(np.quantile(background[seen], 0.99))
        urban = ndimage.gaussian_filter(background, 2.0) > 0.3 * bright
    row, col = _place_factories(spec, ground, background / bright, rng)
    lon, lat = map_positions(spec, geobox, row, col, rng)
    return Places(geobox, districts, owner, background, urban, row, col, owner[row, col], lon, lat)


def mean_light(base: LightStack) -> tuple[FloatArray, BoolArray]:
    """(y, x) mean radiance of the observed months, 0 where there is none, and whether there is any.

    Raises:
        ProductError: Nothing was ever observed.
    """
    seen = np.isfinite(base.radiance) & (base.observations > 0)
    months = seen.sum(axis=0)
    if not months.any():
        raise ProductError(
            "no pixel of the light was ever observed", where=str(base.geobox.boundingbox.bbox), hint="Correct bounds."
        )
    total = np.where(seen, base.radiance, 0).sum(axis=0, dtype=np.float64)
    return total / np.maximum(months, 1), months > 0


def lattice(product: str) -> GeoBox:
    """The 15 arc-second lattice of a product: Black Marble's has corners on whole degrees, VNL's pixel centres."""
    shift = 0.0 if product == "vnp46a3" else -PIXEL / 2
    return GeoBox((1, 1), Affine(PIXEL, 0, -180 + shift, 0, -PIXEL, 75 - shift), "EPSG:4326")


def _zones(geobox: GeoBox, count: int, rng: np.random.Generator, sea: bool) -> IntArray:
    """Pixels by the nearest of `count` seeds; a thin sea in the east, if there is one, belongs to no district."""
    rows, cols = geobox.shape
    seeds = np.column_stack([rng.uniform(0, rows, count), rng.uniform(0, cols * 0.95, count)])
    y, x = np.mgrid[:rows, :cols]
    distance2 = np.stack([(y - a) ** 2 + (x - b) ** 2 for a, b in seeds])
    owner: IntArray = distance2.argmin(axis=0)
    if sea:
        owner[:, int(cols * 0.97) :] = -1
    return owner


def _outline(owner: IntArray, geobox: GeoBox, count: int) -> gpd.GeoDataFrame:
    """Polygons whose pixels are exactly those of `owner`; north and south by the middle of the region."""
    a = geobox.transform
    names: dict[str, list[str]] = {"area_id": [], "name": [], "group": []}
    shapes = []
    for index in range(count):
        y, x = np.nonzero(owner == index)
        west, north = a.c + x * a.a, a.f + y * a.e
        shapes.append(shapely.union_all(shapely.box(west, north + a.e, west + a.a, north)).normalize())
        names["area_id"].append(f"D{index:02d}")
        names["name"].append(f"Zone {index:02d}")
        names["group"].append("north" if y.mean() < owner.shape[0] / 2 else "south")
    return gpd.GeoDataFrame(names, geometry=shapes, crs="EPSG:4326")


def _background(spec: WorldSpec, owner: IntArray, rng: np.random.Generator) -> FloatArray:
    """A bright centre, a town in each district, and texture, in nW cm⁻² sr⁻¹; dark sea."""
    shape = owner.shape
    y, x = np.mgrid[: shape[0], : shape[1]].astype(float)
    land = owner >= 0
    light = 0.4 + spec.urban_light * _hill(y, x, y[land].mean(), x[land].mean(), min(shape) / 9)
    for index in range(int(owner.max()) + 1):
        cells = np.argwhere(owner == index)
        if len(cells):
            at = cells[rng.integers(len(cells))]
            light += spec.urban_light * rng.uniform(0.2, 0.6) * _hill(y, x, at[0], at[1], min(shape) / 30)
    texture = ndimage.gaussian_filter(rng.standard_normal(shape), 1.5)
    return np.asarray(np.where(land, light * np.exp(0.5 * texture / texture.std()), 0.3))


def _hill(y: FloatArray, x: FloatArray, row: float, col: float, width: float) -> FloatArray:
    return np.exp(-((y - row) ** 2 + (x - col) ** 2) / (2 * width**2))


def _place_factories(
    spec: WorldSpec, owner: IntArray, brightness: FloatArray, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """Parks out of the centre, factories round their parks; every district gets its anchors where there are enough.

    `brightness` (y, x) is the background as a share of the centre's.
    """
    land = np.argwhere(owner >= 0)
    appeal = 1 / (1 + (brightness[owner >= 0] / spec.park_shyness) ** 2)
    parks = land[rng.choice(len(land), max(spec.n_factories // spec.park_size, 1), p=appeal / appeal.sum())]
    at = rng.integers(len(parks), size=spec.n_factories)
    reach = np.exp(rng.spawn(1)[0].normal(0, spec.park_spread_variety, len(parks)))
    offset = rng.normal(0, spec.park_spread_px, (spec.n_factories, 2)) * reach[at][:, None]
    cells = np.rint(parks[at] + offset).astype(int)
    anchors = _anchors(spec, owner, rng)[: spec.n_factories]
    cells[: len(anchors)] = anchors
    cells = np.clip(cells, 0, np.array(owner.shape) - 1)
    at_sea = owner[cells[:, 0], cells[:, 1]] < 0
    cells[at_sea] = land[rng.choice(len(land), int(at_sea.sum()))]
    return cells[:, 0], cells[:, 1]


def _anchors(spec: WorldSpec, owner: IntArray, rng: np.random.Generator) -> IntArray:
    """(n, 2) cells, `least_factories` in every district that has cells, one district after the other."""
    cells = (np.argwhere(owner == index) for index in range(int(owner.max()) + 1))
    return np.concatenate([found[rng.integers(len(found), size=spec.least_factories)] for found in cells if len(found)])


def map_positions(
    spec: WorldSpec, geobox: GeoBox, row: IntArray, col: IntArray, rng: np.random.Generator
) -> tuple[FloatArray, FloatArray]:
    """A place inside the true pixel, plus the map's error."""
    a = geobox.transform
    inside = rng.uniform(0.05, 0.95, (2, len(row)))
    error = rng.normal(0, spec.position_error_m / METRES_PER_DEGREE, (2, len(row)))
    lat = a.f + (row + inside[0]) * a.e
    lon = a.c + (col + inside[1]) * a.a
    return lon + error[0] / np.cos(np.deg2rad(lat)), lat + error[1]
