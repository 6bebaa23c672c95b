"""Grids to COG bytes and back: where the value of `publish` meets the raster doorway."""

from __future__ import annotations

import math

import numpy as np
from odc.geo.geobox import GeoBox

from gvio.geotiff import as_cog
from gvio.map.bands import BANDS, TREND_BANDS, band_units, trend_units
from gvio.publish.grids import Grid, GridObject, look_of
from gvio.raster import read_cog
from gvio.types import FloatArray, Month


def encode_grid(grid: Grid, region: str, unit: str, invented: bool = False) -> GridObject:
    """Encode a month's map as COG; equal grids give equal bytes.

    float32, nodata NaN, bands with names, units and statistics.

    `invented` (the data are simulated) is a tag only where it is true, so that grids of real regions keep their names.

    Raises:
        ValueError: The array is not (5, y, x) on the grid's geobox.
    """
    tags = {
        "region": region,
        "month": str(grid.month),
        "unit": unit,
        "overviews": "mean of the pixels below: sums are those of the full resolution alone",
        **({"invented": "true"} if invented else {}),
    }
    bands = np.asarray(grid.array, np.float32)
    look = look_of(bands)
    data = as_cog(
        bands,
        grid.geobox,
        math.nan,
        BANDS,
        tags,
        units=band_units(unit),
        statistics=look.statistics,
        compression="zstd",
    )
    return GridObject(grid.month, data, grid.geobox, look)


def decode_grid(month: Month, data: bytes) -> GridObject:
    """The object of an encoded grid; equal to that of `encode_grid`.

    Raises:
        ProductError: The bytes are not a readable raster.
    """
    array, geobox, _ = read_cog(data)
    return GridObject(month, data, geobox, look_of(array))


def encode_trends(
    bands: FloatArray, geobox: GeoBox, region: str, months: tuple[Month, Month], unit: str, invented: bool = False
) -> bytes:
    """`trends.tif` as COG: the bands of `TREND_BANDS` over the months from the first to the last, described.

    Overviews are single pixels: the mean of significances is none, and a mean over pixels without industry would
    spread the others.

    Raises:
        ValueError: The array is not (3, y, x) on the grid's geobox.
    """
    first, last = map(str, months)
    tags = {
        "region": region,
        "month": last,
        "first_month": first,
        "unit": unit,
        "overviews": "nearest pixel",
        **({"invented": "true"} if invented else {}),
    }
    return as_cog(
        np.asarray(bands, np.float32),
        geobox,
        math.nan,
        TREND_BANDS,
        tags,
        units=trend_units(unit),
        overviews="nearest",
        compression="zstd",
    )
