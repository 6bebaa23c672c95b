"""Tiles of one month, each already on the region's grid, become one month of light."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
import shapely
from odc.geo.geobox import GeoBox

from gvio.errors import ProductError
from gvio.sources.files import OpenedFile, ProductFile, provenance_of
from gvio.types import CheckResult, FloatArray, IntArray, LightMonth, Month

_EDGE = 1e-4  # share of the region; corners are rounded in files


@dataclasses.dataclass(frozen=True, eq=False)
class TileLight:
    """One tile on the region's grid: radiance (y, x), NaN where unknown; observations (y, x), 0 where none."""

    radiance: FloatArray
    observations: FloatArray | IntArray


def mosaic_month(month: Month, tiles: Iterable[TileLight], files: Sequence[OpenedFile], geobox: GeoBox) -> LightMonth:
    """Join tiles; a pixel is valid when its radiance is finite and it was observed at least once.

    A small negative radiance is legal: the composites subtract a background. Where tiles overlap the first counts.
    """
    radiance = np.full(geobox.shape, np.nan, np.float32)
    observations = np.zeros(geobox.shape, np.uint16)
    for tile in tiles:
        counts = _counts(tile.observations)
        # `observations == 0`: not taken from an earlier tile.
        new = np.isfinite(tile.radiance) & (counts > 0) & (observations == 0)
        radiance[new] = tile.radiance[new]
        observations[new] = counts[new]
    return LightMonth(
        month=month,
        radiance=radiance,
        valid=observations > 0,
        observations=observations,
        geobox=geobox,
        provenance=tuple(provenance_of(file) for file in files),
    )


def check_touches(tiles: Sequence[tuple[ProductFile, GeoBox]], geobox: GeoBox) -> list[bool]:
    """Which of one month's tiles, a file and its grid each, overlap the region at all.

    Raises:
        ProductError: None does: these are files of another place.
    """
    touching = [_overlap(grid, geobox) for _, grid in tiles]
    if any(touching):
        return touching
    held, first = "; ".join(f"{file.tile} covers {_corners(grid)}" for file, grid in tiles), tiles[0][0]
    raise ProductError(
        f"no tile of {first.month} touches the region {_corners(geobox)}: {held}",
        where=first.path.name,
        hint="Download the tile of the region, or correct the bounds in region.yaml.",
    )


def uncovered(held: Mapping[Month, Sequence[GeoBox]], geobox: GeoBox) -> tuple[CheckResult, ...]:
    """`light.tiles`: months whose files do not reach over the whole region; what lies beyond them is not cloud.

    Args:
        held: Every grid of a month's files, on one lattice.
        geobox: The region's grid.
    """
    west, south, east, north = geobox.boundingbox.bbox
    shares = {}
    for month, grids in held.items():
        boxes = shapely.union_all([shapely.box(*grid.boundingbox.bbox) for grid in grids])
        region = shapely.box(west, south, east, north)
        shares[month] = 1 - shapely.area(shapely.intersection(boxes, region)) / shapely.area(region)
    lacking = {month: share for month, share in sorted(shares.items()) if not share <= _EDGE}
    if not lacking:
        return ()
    worst = max(lacking, key=lacking.__getitem__)
    message = (
        f"the files of {len(lacking)} month(s) do not reach over the whole region, first {min(lacking)}; of {worst} "
        f"{lacking[worst]:.0%} is missing: download the neighbouring tiles, or correct bounds in region.yaml"
    )
    observed = {"months": [str(month) for month in lacking], "share": lacking[worst]}
    return (CheckResult("light.tiles", False, False, str(worst), message, observed),)


def _counts(observations: FloatArray | IntArray) -> IntArray:
    """Counts as uint16; NaN, negative and infinite counts are no observation."""
    # Casting NaN or a negative number to an unsigned integer is undefined and gives huge counts on some machines.
    finite = np.where(np.isfinite(observations), observations, 0)
    return np.clip(np.rint(finite), 0, np.iinfo(np.uint16).max).astype(np.uint16)


def _overlap(one: GeoBox, two: GeoBox) -> bool:
    a, b = one.boundingbox, two.boundingbox
    return bool(a.left < b.right and b.left < a.right and a.bottom < b.top and b.bottom < a.top)


def _corners(grid: GeoBox) -> str:
    box = grid.boundingbox
    return f"{box.left:.2f}..{box.right:.2f} E, {box.bottom:.2f}..{box.top:.2f} N"
