"""A GeoTIFF as bytes, plain or cloud-optimised: how `gvio.raster` encodes what it writes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Literal

import numpy as np
import rasterio
import rasterio.shutil
from odc.geo.geobox import GeoBox
from rasterio.io import MemoryFile

from gvio.types import FloatArray, IntArray

Overviews = Literal["average", "nearest"]
Compression = Literal["deflate", "zstd"]
_COMPRESSIONS: Mapping[Compression, Mapping[str, Any]] = MappingProxyType(
    {
        "deflate": {"COMPRESS": "DEFLATE", "PREDICTOR": "YES", "BLOCKSIZE": 256},
        # 512: a region of one block has no overviews, which hold more than the few pixels that they are made of.
        # 11 is the last level that is as fast as the lowest ones (docs/measurements/maps.md).
        "zstd": {"COMPRESS": "ZSTD", "PREDICTOR": "NO", "LEVEL": 11, "BLOCKSIZE": 512},
    }
)
_OVERVIEWS_TAG = "overviews"  # of a file that has some: what they are

# Packs are input: GDAL must leave no .aux.xml, .gz.properties or the like beside them, nor scan their folder.
GDAL_OPTIONS: Mapping[str, str] = MappingProxyType(
    {
        "GDAL_PAM_ENABLED": "NO",
        "CPL_VSIL_GZIP_WRITE_PROPERTIES": "NO",
        "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    }
)


def as_geotiff(
    array: FloatArray | IntArray,
    geobox: GeoBox,
    nodata: float | None,
    descriptions: Sequence[str] = (),
    tags: Mapping[str, str] | None = None,
) -> bytes:
    """(y, x) or (band, y, x) as a DEFLATE GeoTIFF in the array's dtype.

    Raises:
        ValueError: The array does not fit the grid, or descriptions do not fit the bands.
    """
    bands = _as_bands(array, geobox, descriptions)
    with rasterio.Env(**GDAL_OPTIONS), MemoryFile() as memory:
        with memory.open(**_profile(bands, geobox, nodata), **_compression(bands)) as sink:
            _fill(sink, bands, descriptions, tags)
        return bytes(memory.getbuffer())


def as_cog(
    array: FloatArray | IntArray,
    geobox: GeoBox,
    nodata: float | None,
    descriptions: Sequence[str] = (),
    tags: Mapping[str, str] | None = None,
    *,
    units: Sequence[str] = (),
    statistics: Sequence[Mapping[str, float]] = (),
    overviews: Overviews = "average",
    compression: Compression = "deflate",
) -> bytes:
    """(y, x) or (band, y, x) as a cloud-optimised GeoTIFF in the array's dtype; the same bytes for the same arguments.

    With `units`, one a band, come the bands' `statistics` (`band_statistics`, worked out here where they are not
    given), by which other programs choose their colours. `overviews`: what a pixel of them is of the pixels below,
    their mean or one of them; a grid of one block has none, and the tag "overviews" is left out. `compression`: "zstd"
    without a predictor is for maps that are 0 nearly everywhere, where a predictor breaks the runs: a third of the
    size (docs/cost.md).

    Raises:
        ValueError: The array does not fit the grid, or descriptions do not fit the bands.
    """
    bands = _as_bands(array, geobox, descriptions)
    options = {**_COMPRESSIONS[compression], "OVERVIEW_RESAMPLING": overviews.upper()}
    if max(bands.shape[1:]) <= options["BLOCKSIZE"]:
        # Fitted to the grid, in TIFF's steps of 16: what lies beyond the grid is compressed too.
        options["BLOCKSIZE"] = max(128, -(-max(bands.shape[1:]) // 16) * 16)
        tags = {name: text for name, text in (tags or {}).items() if name != _OVERVIEWS_TAG}
    # GDAL makes a COG only as a copy of another file: overviews must be known before the first byte is written. That
    # one is not compressed, which would take as long as the COG itself and change none of its bytes.
    with rasterio.Env(**GDAL_OPTIONS), MemoryFile() as plain, MemoryFile(ext=".tif") as cog:
        with plain.open(**_profile(bands, geobox, nodata)) as sink:
            _fill(sink, bands, descriptions, tags)
            _describe(sink, units, statistics or [band_statistics(band, nodata) for band in bands if units])
        with plain.open() as source:
            rasterio.shutil.copy(source, cog.name, driver="COG", **options)
        return bytes(cog.getbuffer())


def _as_bands(array: FloatArray | IntArray, geobox: GeoBox, descriptions: Sequence[str]) -> Any:
    bands = array[None] if array.ndim == 2 else array
    if bands.ndim != 3 or bands.shape[1:] != tuple(geobox.shape):
        raise ValueError(f"array of shape {array.shape} does not fit a grid of {tuple(geobox.shape)}")
    if descriptions and len(descriptions) != len(bands):
        raise ValueError(f"{len(descriptions)} descriptions for {len(bands)} bands")
    return bands


def _profile(bands: Any, geobox: GeoBox, nodata: float | None) -> dict[str, Any]:
    count, rows, cols = bands.shape
    shape = {"count": count, "height": rows, "width": cols, "dtype": bands.dtype.name}
    place = {"crs": str(geobox.crs), "transform": geobox.transform, "nodata": nodata}
    profile: dict[str, Any] = {"driver": "GTiff", **shape, **place}
    if min(rows, cols) > 512:  # a smaller one is read whole anyway
        profile |= {"tiled": True, "blockxsize": 256, "blockysize": 256}
    return profile


def _compression(bands: Any) -> dict[str, Any]:
    predictor = 3 if np.issubdtype(bands.dtype, np.floating) else 2  # TIFF's for floating point, and for integers
    return {"compress": "deflate", "predictor": predictor}


def _fill(sink: Any, bands: Any, descriptions: Sequence[str], tags: Mapping[str, str] | None) -> None:
    sink.write(bands)
    for number, text in enumerate(descriptions, start=1):
        sink.set_band_description(number, text)
    sink.update_tags(**(tags or {}))


def _describe(sink: Any, units: Sequence[str], statistics: Sequence[Mapping[str, float]]) -> None:
    """Units, and GDAL's statistics of what is not nodata: QGIS and others would otherwise guess from an overview. The
    first band's share of valid pixels stands for those that have the same.
    """
    shared = statistics[0].get("valid_percent") if statistics else None
    for number, (unit, found) in enumerate(zip(units, statistics, strict=True), start=1):
        sink.set_band_unit(number, unit)
        told = {k: v for k, v in found.items() if number == 1 or k != "valid_percent" or v != shared}
        sink.update_tags(number, **{f"STATISTICS_{name.upper()}": f"{value:.7g}" for name, value in told.items()})


def band_statistics(band: FloatArray | IntArray, nodata: float | None) -> dict[str, float]:
    """minimum, maximum, mean, stddev and valid_percent of a band (y, x), to seven digits; empty where all is nodata."""
    seen = band[np.isfinite(band)]
    if nodata is not None and not np.isnan(nodata):
        seen = seen[seen != nodata]
    if not seen.size:
        return {}
    mean, spread = (float(of(seen, dtype=np.float64)) for of in (np.mean, np.std))
    found = {"minimum": float(seen.min()), "maximum": float(seen.max()), "mean": mean, "stddev": spread}
    found["valid_percent"] = 100 * seen.size / band.size
    return {name: float(f"{value:.7g}") for name, value in found.items()}
