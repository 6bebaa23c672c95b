"""NASA Black Marble monthly composites VNP46A3 and VJ146A3: HDF-EOS5 tiles of 2400 × 2400 pixels, read by window."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Iterator, Sequence

from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.sources.files import OpenedFile, ProductFile, opened
from gvio.sources.granule import TILE_PIXELS, read_tile
from gvio.sources.mosaic import check_touches, mosaic_month
from gvio.sources.product import OpenedMonth, Product
from gvio.sources.vnp46a3_names import COMPOSITE, recognise
from gvio.types import LightMonth

GAP_FILLED = 2


def tile_geobox(tile: str) -> GeoBox:
    """Grid of a tile named hHHvVV: upper left at (−180 + 10 HH, 90 − 10 VV), 15 arc-second pixels."""
    pixel = 10 / TILE_PIXELS
    west, north = -180 + 10 * int(tile[1:3]), 90 - 10 * int(tile[4:6])
    return GeoBox((TILE_PIXELS, TILE_PIXELS), Affine(pixel, 0, west, 0, -pixel, north), "EPSG:4326")


@contextlib.contextmanager
def open_month(files: Sequence[ProductFile], dropped_quality: tuple[int, ...] = (GAP_FILLED,)) -> Iterator[OpenedMonth]:
    """One month, open; reads only the chunks under the region. Grids follow from the names alone.

    Args:
        files: Tiles of one month.
        dropped_quality: `_Quality` values that do not count as an observation of this month; gap-filled by default.

    Raises:
        ProductError: Damaged file; while reading also a missing layer or a wrong size.
    """
    with contextlib.ExitStack() as stack:
        granules = [stack.enter_context(opened(file, "HDF5")) for file in files]
        grids = tuple((file, tile_geobox(file.tile)) for file in files)
        yield OpenedMonth(grids, functools.partial(_read, granules, grids, dropped_quality))


def _read(
    granules: Sequence[OpenedFile],
    grids: Sequence[tuple[ProductFile, GeoBox]],
    dropped_quality: tuple[int, ...],
    geobox: GeoBox,
) -> LightMonth:
    touching = check_touches(grids, geobox)
    used = [(one, grid) for one, (_, grid), touches in zip(granules, grids, touching, strict=True) if touches]
    tiles = (read_tile(one.stream, grid, geobox, one.file.processing, dropped_quality) for one, grid in used)
    return mosaic_month(granules[0].file.month, tiles, [one for one, _ in used], geobox)


def black_marble(composite: str = COMPOSITE, dropped_quality: tuple[int, ...] = (GAP_FILLED,)) -> Product:
    """The product with another composite or another rule for quality flags."""
    return Product(
        name="vnp46a3",
        example="VNP46A3.A2021335.h30v05.002.2022012120000.h5",
        recognise=functools.partial(recognise, composite=composite),
        open_month=functools.partial(open_month, dropped_quality=dropped_quality),
    )


PRODUCT = black_marble()
