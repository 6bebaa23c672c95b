"""The only user of rasterio: GeoTIFF in and out, on exactly the grid that was asked for.

Nothing is resampled here except where the name says so (`read_onto`). What a product's bands mean belongs to
`gvio.sources`; where a window lies belongs to `gvio.grid`.
"""

from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import rasterio
import rasterio.features
import rasterio.shutil
import rasterio.warp
from odc.geo.geobox import GeoBox
from rasterio.errors import NotGeoreferencedWarning, RasterioError
from rasterio.io import DatasetReader, MemoryFile
from rasterio.windows import Window
from shapely.geometry.base import BaseGeometry

from gvio.errors import ProductError, StoreError
from gvio.files import write_bytes
from gvio.grid.align import check_aligned
from gvio.grid.region import covered_window
from gvio.types import FloatArray, IntArray

# Packs are input: GDAL must leave no .aux.xml, .gz.properties or the like beside them, nor scan their folder.
_ENV = {
    "GDAL_PAM_ENABLED": "NO",
    "CPL_VSIL_GZIP_WRITE_PROPERTIES": "NO",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
}


def geobox_of(path: str | Path) -> GeoBox:
    """Grid of a raster file; reads its header only.

    Raises:
        ProductError: The file is absent, not a raster, or has no georeference.
    """
    with _open(path) as source:
        return GeoBox.from_rio(source)


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
    with _open(path) as source:
        if not 1 <= band <= source.count:
            raise ProductError(f"has {source.count} band(s), not band {band}", where=_name(path), hint=_HINT_FILE)
        own = GeoBox.from_rio(source)
        wanted = own if geobox is None else geobox
        row, col = check_aligned(own, wanted, where=_name(path))
        array = _read_part(source, band, wanted, -row, -col)  # where the grid begins in the file, not the reverse
        nodata = source.nodata
    # Compared in the band's own type: -999.9 as float64 is not the float32 that the file holds.
    if nodata is not None and np.issubdtype(array.dtype, np.floating) and not np.isnan(nodata):
        array[array == array.dtype.type(nodata)] = np.nan
    return array, wanted, nodata


def read_onto(path: str | Path, geobox: GeoBox, band: int = 1, resampling: str = "nearest") -> FloatArray:
    """Read one band resampled onto another grid: for masks and other auxiliary layers, never for light.

    Args:
        path: A raster in any CRS.
        geobox: The grid wanted.
        band: Band number, from 1.
        resampling: A name of `rasterio.enums.Resampling`: "nearest", "average", "mode", …

    Returns:
        (y, x) float32, NaN where the file has no data.

    Raises:
        ProductError: The file is absent, not a raster, truncated, or has no georeference.
    """
    target = np.full(geobox.shape, np.nan, np.float32)
    with _open(path) as source:
        rasterio.warp.reproject(
            rasterio.band(source, band),
            target,
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
    bands = _as_bands(array, geobox, descriptions)
    with rasterio.Env(**_ENV), MemoryFile() as memory:
        with memory.open(**_profile(bands, geobox, nodata)) as sink:
            _fill(sink, bands, descriptions, tags)
        _write_whole(Path(path), bytes(memory.getbuffer()))


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
    return _cog(_as_bands(np.asarray(array, np.float32), geobox, descriptions), geobox, nodata, descriptions, tags)


def write_cog(path: str | Path, array: FloatArray | IntArray, geobox: GeoBox, *, nodata: float | None) -> None:
    """Write (y, x) or (band, y, x) as a cloud-optimised GeoTIFF in the array's dtype, as `cog_bytes` does.

    Raises:
        ValueError: The array does not fit the grid.
        StoreError: The disk is full, or the folder cannot be written.
    """
    _write_whole(Path(path), _cog(_as_bands(array, geobox, ()), geobox, nodata, (), None))


def read_cog(data: bytes) -> tuple[FloatArray, GeoBox, tuple[str, ...]]:
    """All bands of a GeoTIFF held in memory: (band, y, x) array, grid, band descriptions ("" where absent).

    Raises:
        ProductError: The bytes are not a readable raster.
    """
    with MemoryFile(data) as memory, _open(memory.name) as source:
        array = source.read()
        return array, GeoBox.from_rio(source), tuple(text or "" for text in source.descriptions)


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
    with _open(source, options) as opened:
        window, row, col = covered_window(bounds, GeoBox.from_rio(opened), where=_name(source))
        array, nodata = _read_part(opened, 1, window, row, col), opened.nodata
    write_geotiff(target, array, window, nodata=nodata, tags=tags)


_HINT_FILE = "Download the file again and compare its size with the provider's."


@contextlib.contextmanager
def _open(path: str | Path, options: Mapping[str, str] | None = None) -> Iterator[DatasetReader]:
    """Open for reading; everything GDAL finds wrong, now or while reading, becomes one line that names the file."""
    try:
        with rasterio.Env(**_ENV, **(options or {})), warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            with rasterio.open(path) as source:
                if source.crs is None or source.transform.is_identity:
                    raise ProductError("has no georeference", where=_name(path), hint="Use the original GeoTIFF.")
                yield source
    except RasterioError as error:
        # The outer message of a failed read says only "see previous exception".
        reason = error.__cause__ or error
        raise ProductError(f"cannot be read as a raster ({reason})", where=_name(path), hint=_HINT_FILE) from error


def _read_part(source: DatasetReader, band: int, wanted: GeoBox, row: int, col: int) -> FloatArray | IntArray:
    """The pixels of `wanted` that the file has, at their place in an array of fill."""
    rows, cols = wanted.shape
    dtype = np.dtype(source.dtypes[band - 1])
    # Not rasterio's `boundless` reading, which goes through a warp: pixels must stay as they are.
    array = np.full((rows, cols), _outside(dtype, source.nodata), dtype)
    top, left = max(row, 0), max(col, 0)
    bottom, right = min(row + rows, source.height), min(col + cols, source.width)
    if bottom > top and right > left:
        window = Window(left, top, right - left, bottom - top)
        array[top - row : bottom - row, left - col : right - col] = source.read(band, window=window)
    return array


def _outside(dtype: np.dtype[Any], nodata: float | None) -> float:
    return float("nan") if np.issubdtype(dtype, np.floating) else nodata or 0


def _as_bands(array: FloatArray | IntArray, geobox: GeoBox, descriptions: Sequence[str]) -> Any:
    bands = array[None] if array.ndim == 2 else array
    if bands.ndim != 3 or bands.shape[1:] != tuple(geobox.shape):
        raise ValueError(f"array of shape {array.shape} does not fit a grid of {tuple(geobox.shape)}")
    if descriptions and len(descriptions) != len(bands):
        raise ValueError(f"{len(descriptions)} descriptions for {len(bands)} bands")
    return bands


def _cog(
    bands: Any, geobox: GeoBox, nodata: float | None, descriptions: Sequence[str], tags: Mapping[str, str] | None
) -> bytes:
    options = {"COMPRESS": "DEFLATE", "PREDICTOR": "YES", "BLOCKSIZE": 256, "OVERVIEW_RESAMPLING": "AVERAGE"}
    # GDAL makes a COG only as a copy of another file: overviews must be known before the first byte is written.
    with rasterio.Env(**_ENV), MemoryFile() as plain, MemoryFile(ext=".tif") as cog:
        with plain.open(**_profile(bands, geobox, nodata)) as sink:
            _fill(sink, bands, descriptions, tags)
        with plain.open() as source:
            rasterio.shutil.copy(source, cog.name, driver="COG", **options)
        return bytes(cog.getbuffer())


def _write_whole(target: Path, data: bytes) -> None:
    """By Python, not by GDAL, which only logs what fails when it closes a file: a full disk would leave half of it."""
    try:
        write_bytes(target, data)
    except OSError as error:
        what, hint = f"cannot be written ({error.strerror})", "Free space, or write into another folder."
        raise StoreError(what, where=str(target), hint=hint) from error


def _profile(bands: Any, geobox: GeoBox, nodata: float | None) -> dict[str, Any]:
    count, rows, cols = bands.shape
    shape = {"count": count, "height": rows, "width": cols, "dtype": bands.dtype.name}
    place = {"crs": str(geobox.crs), "transform": geobox.transform, "nodata": nodata}
    predictor = 3 if np.issubdtype(bands.dtype, np.floating) else 2  # TIFF's for floating point, and for integers
    profile: dict[str, Any] = {"driver": "GTiff", **shape, **place, "compress": "deflate", "predictor": predictor}
    if min(rows, cols) > 512:  # a smaller one is read whole anyway
        profile |= {"tiled": True, "blockxsize": 256, "blockysize": 256}
    return profile


def _fill(sink: Any, bands: Any, descriptions: Sequence[str], tags: Mapping[str, str] | None) -> None:
    sink.write(bands)
    for number, text in enumerate(descriptions, start=1):
        sink.set_band_description(number, text)
    sink.update_tags(**(tags or {}))


def _name(path: str | Path) -> str:
    return Path(path).name
