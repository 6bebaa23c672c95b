"""NASA Black Marble monthly composites VNP46A3 and VJ146A3: HDF-EOS5 tiles of 2400 × 2400 pixels, read by window."""

from __future__ import annotations

import functools
from collections.abc import Sequence

from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.sources.files import ProductFile, check_magic
from gvio.sources.granule import TILE_PIXELS, read_tile
from gvio.sources.mosaic import check_touches, mosaic_month
from gvio.sources.product import Product
from gvio.sources.vnp46a3_names import COMPOSITE, recognise
from gvio.types import LightMonth

GAP_FILLED = 2


def tile_geobox(tile: str) -> GeoBox:
    """Grid of a tile named hHHvVV: upper left at (−180 + 10 HH, 90 − 10 VV), 15 arc-second pixels."""
    pixel = 10 / TILE_PIXELS
    west, north = -180 + 10 * int(tile[1:3]), 90 - 10 * int(tile[4:6])
    return GeoBox((TILE_PIXELS, TILE_PIXELS), Affine(pixel, 0, west, 0, -pixel, north), "EPSG:4326")


def reference_geobox(files: Sequence[ProductFile]) -> GeoBox:
    """Grid of the first tile; it follows from the name alone."""
    return tile_geobox(files[0].tile)


def open_month(
    files: Sequence[ProductFile], geobox: GeoBox, dropped_quality: tuple[int, ...] = (GAP_FILLED,)
) -> LightMonth:
    """One month on the region's grid; reads only the chunks under the window.

    Args:
        files: Tiles of one month.
        geobox: The region's grid, a window of the 15 arc-second lattice.
        dropped_quality: `_Quality` values that do not count as an observation of this month; gap-filled by default.

    Raises:
        ProductError: Damaged file, missing layer, wrong size, another lattice, or no tile touches the region.
    """
    for file in files:
        check_magic(file.path, "HDF5")
    grids = [tile_geobox(file.tile) for file in files]
    touching = check_touches(files, grids, geobox)
    used = [(f, g) for f, g, touches in zip(files, grids, touching, strict=True) if touches]
    tiles = (read_tile(file.path, grid, geobox, file.processing, dropped_quality) for file, grid in used)
    return mosaic_month(files[0].month, tiles, [file for file, _ in used], geobox)


def black_marble(composite: str = COMPOSITE, dropped_quality: tuple[int, ...] = (GAP_FILLED,)) -> Product:
    """The product with another composite or another rule for quality flags."""
    return Product(
        name="vnp46a3",
        example="VNP46A3.A2021335.h30v05.002.2022012120000.h5",
        recognise=functools.partial(recognise, composite=composite),
        reference_geobox=reference_geobox,
        lattices=lambda files: [(file, tile_geobox(file.tile)) for file in files],
        open_month=functools.partial(open_month, dropped_quality=dropped_quality),
    )


PRODUCT = black_marble()
