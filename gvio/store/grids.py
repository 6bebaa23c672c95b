"""Grids to COG bytes and back: where the value of `publish` meets the raster doorway."""

from __future__ import annotations

import math

from gvio.map.grids import BANDS
from gvio.publish.grids import Grid, GridObject
from gvio.raster import cog_bytes


def encode_grid(grid: Grid, region: str, unit: str, invented: bool = False) -> GridObject:
    """Encode a month's map as COG: float32, nodata NaN, bands described; equal grids give equal bytes.

    `invented` (the data are simulated) is a tag only where it is true, so that grids of real regions keep their names.

    Raises:
        ValueError: The array is not (5, y, x) on the grid's geobox.
    """
    tags = {"region": region, "month": str(grid.month), "unit": unit, **({"invented": "true"} if invented else {})}
    data = cog_bytes(grid.array, grid.geobox, nodata=math.nan, descriptions=BANDS, tags=tags)
    return GridObject(grid.month, data, grid.geobox)
