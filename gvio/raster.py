"""The only user of rasterio, with `gvio.geotiff`: GeoTIFF in and out, on exactly the grid that was asked for.

Nothing is resampled here except where the name says so (`read_onto`). What a product's bands mean belongs to
`gvio.sources`; where a window lies belongs to `gvio.grid`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import re
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

import numpy as np
import rasterio
import rasterio.features
import rasterio.warp
from odc.geo.geobox import GeoBox
from rasterio.errors import NotGeoreferencedWarning
from rasterio.io import DatasetReader, MemoryFile
from rasterio.windows import Window
from shapely.geometry.base import BaseGeometry

from gvio.errors import GvioError, ProductError, StoreError
from gvio.files import SecondReader, write_bytes
from gvio.geotiff import GDAL_OPTIONS, as_cog, as_geotiff
from gvio.grid.align import check_aligned
from gvio.grid.region import covered_window
from gvio.types import FloatArray, IntArray

NamedBytes = tuple[str, bytes]


@dataclasses.dataclass(frozen=True, eq=False)
class OpenRaster:
    """A raster whose header was read: what messages call it, its grid, and what windows are read from."""

    name: str
    geobox: GeoBox
    dataset: DatasetReader


def geobox_of(path: str | Path) -> GeoBox:
    """Grid of a raster file; reads its header only.

    Raises:
        ProductError: The file is absent, not a raster, or has no georeference.
    """
    with opened(path) as source:
        return source.geobox


def read_window(
    path: str | Path, geobox: GeoBox | None = None, band: int = 1
) -> tuple[FloatArray | IntArray, GeoBox, float | None]:
    """Read one band, whole or on exactly `geobox`, without resampling.

    Args:
        path: A file, or a GDAL virtual path such as `/vsitar/...`.
        geobox: The grid wanted: same CRS and pixel size, whole-pixel offset. None: the file's own grid.
        band: Band number, from 1.

    Returns:
        (y, x) array in the file's dtype, its grid, and the nodata tag if there is one. In floating-point bands nodata
        becomes NaN; integer bands keep it. Outside the file: NaN for floating point, else the nodata value, else 0.

    Raises:
        ProductError: Unreadable or truncated file, no such band, or a grid that is shifted, scaled or rotated.
    """
    with opened(path) as source:
        return window_of(source, geobox, band)


def window_of(
    source: OpenRaster, geobox: GeoBox | None = None, band: int = 1
) -> tuple[FloatArray | IntArray, GeoBox, float | None]:
    """As `read_window`, of a raster that is open.

    Raises:
        ProductError: As `read_window`.
    """
    bands, nodata = source.dataset.count, source.dataset.nodata
    if not 1 <= band <= bands:
        raise ProductError(f"has {bands} band(s), not band {band}", where=source.name, hint=_HINT_FILE)
    wanted = source.geobox if geobox is None else geobox
    row, col = check_aligned(source.geobox, wanted, where=source.name)
    with _understood(source.name):
        # Minus: where the grid begins in the file, not the reverse.
        array = _read_part(source.dataset, band, wanted, -row, -col)
    # Compared in the band's own type: -999.9 as float64 is not the float32 that the file holds.
    if nodata is not None and np.issubdtype(array.dtype, np.floating) and not np.isnan(nodata):
        array[array == array.dtype.type(nodata)] = np.nan
    return array, wanted, nodata


def read_onto(
    path: str | Path | NamedBytes, geobox: GeoBox, resampling: str = "nearest", crs: str | None = None
) -> FloatArray:
    """Read the first band resampled onto another grid: for masks and other auxiliary layers, never for light.

    Args:
        path: A raster in any CRS, or its name and bytes.
        geobox: The grid wanted.
        resampling: A name of `rasterio.enums.Resampling`: "nearest", "average", "mode", …
        crs: The raster's coordinate system, where it is not the one that the file says; the band is then read whole.

    Returns:
        (y, x) float32, NaN where the file has no data.

    Raises:
        ProductError: The file is absent, not a raster, truncated, or has no georeference.
    """
    target = np.full(geobox.shape, np.nan, np.float32)
    with opened(path) as source, _understood(source.name):
        own = source.dataset
        rasterio.warp.reproject(
            rasterio.band(own, 1) if crs is None else own.read(1),
            target,
            **({} if crs is None else {"src_transform": own.transform, "src_crs": crs, "src_nodata": own.nodata}),
            dst_transform=geobox.transform,
            dst_crs=str(geobox.crs),
            dst_nodata=np.nan,
            resampling=rasterio.enums.Resampling[resampling],
        )
    return target


def write_geotiff(
    path: str | Path,
    array: FloatArray | IntArray,
    geobox: GeoBox,
    *,
    nodata: float | None,
    descriptions: Sequence[str] = (),
    tags: Mapping[str, str] | None = None,
) -> None:
    """Write (y, x) or (band, y, x) as a DEFLATE GeoTIFF in the array's dtype; the file appears whole or not at all.

    Raises:
        ValueError: The array does not fit the grid, or descriptions do not fit the bands.
        StoreError: The disk is full, or the folder cannot be written.
    """
    _write_whole(Path(path), as_geotiff(array, geobox, nodata, descriptions, tags))


def cog_bytes(
    array: FloatArray,
    geobox: GeoBox,
    *,
    nodata: float | None,
    descriptions: Sequence[str] = (),
    tags: Mapping[str, str] | None = None,
) -> bytes:
    """Cloud-optimised GeoTIFF of (band, y, x), float32, as bytes that depend on the arguments alone.

    DEFLATE with the floating-point predictor: every reader in use opens it. Overviews are averages.

    Raises:
        ValueError: The array does not fit the grid, or descriptions do not fit the bands.
    """
    return as_cog(np.asarray(array, np.float32), geobox, nodata, descriptions, tags)


def write_cog(path: str | Path, array: FloatArray | IntArray, geobox: GeoBox, *, nodata: float | None) -> None:
    """Write (y, x) or (band, y, x) as a cloud-optimised GeoTIFF in the array's dtype, as `cog_bytes` does.

    Raises:
        ValueError: The array does not fit the grid.
        StoreError: The disk is full, or the folder cannot be written.
    """
    _write_whole(Path(path), as_cog(array, geobox, nodata))


def read_cog(data: bytes) -> tuple[FloatArray, GeoBox, tuple[str, ...]]:
    """All bands of a GeoTIFF held in memory: (band, y, x) array, grid, band descriptions ("" where absent).

    Raises:
        ProductError: The bytes are not a readable raster.
    """
    with MemoryFile(data) as memory, opened(memory.name) as source, _understood(source.name):
        return source.dataset.read(), source.geobox, tuple(text or "" for text in source.dataset.descriptions)


def rasterize(geometries: Sequence[BaseGeometry], values: Sequence[int], geobox: GeoBox, fill: int = -1) -> IntArray:
    """Burn integer values where a pixel's centre lies inside a geometry; the later geometry wins where two overlap.

    Args:
        geometries: Polygons in the grid's CRS; empty ones burn nothing.
        values: One integer per geometry.
        geobox: The grid.
        fill: Value of pixels in no geometry.

    Returns:
        (y, x) int32.
    """
    shapes = [(g, int(v)) for g, v in zip(geometries, values, strict=True) if not g.is_empty]
    if not shapes:
        return np.full(geobox.shape, fill, np.int32)
    burned = rasterio.features.rasterize(
        shapes, out_shape=tuple(geobox.shape), transform=geobox.transform, fill=fill, dtype="int32", all_touched=False
    )
    return np.asarray(burned)


def copy_window(
    source: str | Path,
    target: str | Path,
    bounds: tuple[float, float, float, float],
    tags: Mapping[str, str] | None = None,
    options: Mapping[str, str] | None = None,
) -> None:
    """Write what the first band holds under `bounds` (WGS84 degrees): same values, dtype, nodata and lattice.

    Of a tiled file only the header and the tiles under the window are read: that makes `/vsicurl/` paths cheap.
    `options` are GDAL's configuration for this read, such as `GDAL_HTTP_TIMEOUT`. The target appears whole or not.

    Raises:
        ProductError: Unreadable or truncated file, or one that does not touch the bounds.
        StoreError: As `write_geotiff`.
    """
    with opened(source, options) as whole, _understood(whole.name):
        window, row, col = covered_window(bounds, whole.geobox, where=whole.name)
        array, nodata = _read_part(whole.dataset, 1, window, row, col), whole.dataset.nodata
    write_geotiff(target, array, window, nodata=nodata, tags=tags)


_HINT_FILE = "Download the file again and compare its size with the provider's."


@contextlib.contextmanager
def opened(
    source: str | Path | BinaryIO | NamedBytes, options: Mapping[str, str] | None = None
) -> Iterator[OpenRaster]:
    """Open for reading; of a file that is open already GDAL reads the parts it needs, and does not open it again.

    Raises:
        ProductError: The file is absent, not a raster, or has no georeference.
    """
    name = Path(
        source if isinstance(source, str | Path) else source[0] if isinstance(source, tuple) else source.name
    ).name
    with contextlib.ExitStack() as stack:
        with _understood(name), warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            stack.enter_context(rasterio.Env(**GDAL_OPTIONS, **(options or {})))
            dataset = stack.enter_context(_dataset(source, stack))
            if dataset.crs is None or dataset.transform.is_identity:
                raise ProductError("has no georeference", where=name, hint="Use the original GeoTIFF.")
            geobox = GeoBox.from_rio(dataset)
        yield OpenRaster(name, geobox, dataset)


def _dataset(source: str | Path | BinaryIO | NamedBytes, stack: contextlib.ExitStack) -> DatasetReader:
    if isinstance(source, tuple):
        return stack.enter_context(MemoryFile(source[1])).open()
    if isinstance(source, str | Path):
        return rasterio.open(source)
    # Given the file object alone, rasterio would read the whole file into memory.
    return rasterio.open(source.name, opener=lambda *_, **__: SecondReader(source))


@contextlib.contextmanager
def _understood(name: str) -> Iterator[None]:
    """Everything GDAL finds wrong, at opening or while reading, becomes one line that names the file."""
    try:
        yield
    except GvioError:
        raise
    except Exception as error:  # of a damaged file GDAL and what reads its georeference raise almost anything
        # The outer message of a failed read says only "see previous exception".
        reason = re.sub(r"/vsiriopener_\w+/", "", str(error.__cause__ or error))  # rasterio's own, new each time
        raise ProductError(f"cannot be read as a raster ({reason})", where=name, hint=_HINT_FILE) from error


def _read_part(source: DatasetReader, band: int, wanted: GeoBox, row: int, col: int) -> FloatArray | IntArray:
    """The pixels of `wanted` that the file has, at their place in an array of fill."""
    rows, cols = wanted.shape
    dtype = np.dtype(source.dtypes[band - 1])
    # Not rasterio's `boundless` reading, which goes through a warp: pixels must stay as they are.
    array = np.full((rows, cols), np.nan if np.issubdtype(dtype, np.floating) else source.nodata or 0, dtype)
    top, left = max(row, 0), max(col, 0)
    bottom, right = min(row + rows, source.height), min(col + cols, source.width)
    if bottom > top and right > left:
        window = Window(left, top, right - left, bottom - top)
        array[top - row : bottom - row, left - col : right - col] = source.read(band, window=window)
    return array


def _write_whole(target: Path, data: bytes) -> None:
    """By Python, not by GDAL, which only logs what fails when it closes a file: a full disk would leave half of it."""
    try:
        write_bytes(target, data)
    except OSError as error:
        what, hint = f"cannot be written ({error.strerror})", "Free space, or write into another folder."
        raise StoreError(what, where=str(target), hint=hint) from error
