"""A region's window of one Black Marble granule: read as a window, and as blackmarblepy's steps go.

Those steps are described by its documentation and written here anew: the whole layer of the tile is read and scaled,
quality and fill become NaN, the tile is written as a GeoTIFF, tiles are merged, the merged raster is clipped.
"""

from __future__ import annotations

import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import rasterio
from odc.geo.geobox import GeoBox
from rasterio.mask import mask
from rasterio.merge import merge

from benchmarks.sides import Limit, Row, Side, compared, largest_difference, seconds
from gvio.grid.align import check_aligned
from gvio.grid.region import region_geobox
from gvio.simulate.formats.black_marble import tile_geobox, write_vnp46a3
from gvio.sources.granule import FIELDS, read_tile
from gvio.types import Month

SHANGHAI = (120.85, 30.65, 122.15, 31.90)
COMPOSITE = "AllAngle_Composite_Snow_Free"
LAYERS = (COMPOSITE, f"{COMPOSITE}_Num", f"{COMPOSITE}_Quality")
DROPPED = (2,)


def rows(*, quick: bool) -> Iterator[Row]:
    """The tile is filled, so that a whole read pays for every chunk."""
    tile = tile_geobox(30, 5)
    rng = np.random.default_rng(0)
    light = rng.gamma(2, 10, tile.shape).astype(np.float32)
    counts, window = rng.integers(1, 25, tile.shape), region_geobox(SHANGHAI, tile)
    with tempfile.TemporaryDirectory() as folder:
        (path,) = write_vnp46a3(Path(folder), Month(2021, 12), light, counts, tile)
        with path.open("rb") as granule:
            ours = seconds(lambda: read_tile(granule, tile, window, COMPOSITE, DROPPED), 5)
            result = read_tile(granule, tile, window, COMPOSITE, DROPPED).radiance
        theirs = layer_merge_clip(path, tile, window)
        apart = largest_difference(result, theirs)
        side = Side(
            "blackmarblepy's steps", seconds(lambda: layer_merge_clip(path, tile, window), 1 if quick else 3), apart
        )
        limit = Limit("reading and inflating the chunks", seconds(lambda: inflated(path, tile, window)))
    work = f"VNP46A3: {window.shape[0]} × {window.shape[1]} window of one tile, with counts and quality"
    yield compared("light.window", work, ours, side, limit, 1e-5)


def layer_merge_clip(path: Path, tile: GeoBox, window: GeoBox) -> np.ndarray:
    """(y, x) light of the window by way of a GeoTIFF of the tile."""
    with h5py.File(path) as file:
        light, quality = (_layer(file, name) for name in (COMPOSITE, f"{COMPOSITE}_Quality"))
        values = light[:] * float(np.ravel(light.attrs["scale_factor"])[0])
        values[light[:] == light.attrs["_FillValue"]] = np.nan
        values[np.isin(quality[:], DROPPED)] = np.nan
    shape = {"count": 1, "height": tile.shape[0], "width": tile.shape[1], "dtype": "float32"}
    with tempfile.TemporaryDirectory() as folder:
        written = Path(folder) / "tile.tif"
        with rasterio.open(
            written, "w", "GTiff", crs=str(tile.crs), transform=tile.affine, nodata=np.nan, **shape
        ) as f:
            f.write(values.astype(np.float32), 1)
        with rasterio.open(written) as source:
            mosaic, transform = merge([source])
        merged = Path(folder) / "merged.tif"
        with rasterio.open(merged, "w", "GTiff", crs=str(tile.crs), transform=transform, nodata=np.nan, **shape) as f:
            f.write(mosaic)
        with rasterio.open(merged) as source:
            clipped, _ = mask(source, [window.extent.geom.buffer(-1e-6)], crop=True, all_touched=True)
    return clipped[0]


def inflated(path: Path, tile: GeoBox, window: GeoBox) -> None:
    """Read the compressed chunks that hold the window's pixels, and inflate them."""
    row, col = check_aligned(tile, window, where=path.name)
    with h5py.File(path) as file:
        for name in LAYERS:
            layer = _layer(file, name)
            size = layer.chunks[0]
            for y in range(-row // size, (-row + window.shape[0] - 1) // size + 1):
                for x in range(-col // size, (-col + window.shape[1] - 1) // size + 1):
                    _, data = layer.id.read_direct_chunk((y * size, x * size))
                    zlib.decompress(data)


def _layer(file: Any, name: str) -> Any:
    return next(file[fields] for fields in FIELDS if fields in file)[name]
