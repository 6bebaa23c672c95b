"""A tile as a cloud-optimised GeoTIFF, and a pixel's series out of many of them."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
from affine import Affine
from odc.geo.geobox import GeoBox
from rasterio.io import MemoryFile

from benchmarks.sides import Limit, Row, Side, compared, largest_difference, seconds
from gvio.geotiff import as_cog


def tile(*, quick: bool) -> Iterator[Row]:
    """A Black Marble tile of smooth light with noise, float32."""
    n = 600 if quick else 2400
    values, geobox = _light(n), _geobox(n)
    repeats = 3
    ours = seconds(lambda: as_cog(values, geobox, np.nan), repeats)
    data, other = as_cog(values, geobox, np.nan), default_cog(values, geobox)
    apart = max(largest_difference(values, _read(each)) for each in (data, other))
    side = Side("GDAL's COG driver, its defaults", seconds(lambda: default_cog(values, geobox), repeats), apart)
    with tempfile.TemporaryDirectory() as folder:
        limit = Limit("raw write and fsync", seconds(lambda: _raw(values, Path(folder) / "raw"), repeats))
    sizes = f"{len(data) / 1e6:.1f} MB, the default's {len(other) / 1e6:.1f} MB"
    yield compared("cog.tile", f"COG of {n} × {n} float32", ours, side, limit, 0.0, sizes)


def series(*, quick: bool) -> Iterator[Row]:
    """One pixel's months out of as many COGs; gvio keeps no cube by time."""
    months, n = (12, 300) if quick else (96, 300)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{month:03}.tif" for month in range(months)]
        for path in paths:
            path.write_bytes(as_cog(_light(n), _geobox(n), np.nan))
        theirs = seconds(lambda: [_pixel(path) for path in paths], 3)
        cube = np.lib.format.open_memmap(Path(folder) / "cube.npy", "w+", np.float32, (n, n, months))
        limit = seconds(lambda: cube[150, 150].copy())
    work = f"one pixel's {months} months"
    yield Row("series.pixel/cogs", work, f"{months} COGs opened", "not offered", None, theirs, "memory map", limit)


def default_cog(values: np.ndarray, geobox: GeoBox) -> bytes:
    """As a user writes it: an array in memory, copied by the COG driver without options."""
    shape = {"count": 1, "height": values.shape[0], "width": values.shape[1], "dtype": "float32", "nodata": np.nan}
    with MemoryFile() as plain, MemoryFile(ext=".tif") as cog:
        with plain.open(driver="GTiff", crs=str(geobox.crs), transform=geobox.affine, **shape) as sink:
            sink.write(values, 1)
        with plain.open() as source:
            rasterio.shutil.copy(source, cog.name, driver="COG")
        return bytes(cog.getbuffer())


def _light(n: int) -> np.ndarray:
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:n, :n] / n
    return (20 * np.exp(-8 * ((x - 0.5) ** 2 + (y - 0.4) ** 2)) * rng.gamma(20, 0.05, (n, n))).astype(np.float32)


def _geobox(n: int) -> GeoBox:
    return GeoBox((n, n), Affine(1 / 240, 0, 120, 0, -1 / 240, 40), "EPSG:4326")


def _read(data: bytes) -> np.ndarray:
    with MemoryFile(data) as memory, memory.open() as source:
        return source.read(1)


def _raw(values: np.ndarray, path: Path) -> None:
    with path.open("wb") as file:
        file.write(values.tobytes())
        file.flush()
        os.fsync(file.fileno())


def _pixel(path: Path) -> float:
    with rasterio.open(path) as source:
        return float(source.read(1, window=((150, 151), (150, 151)))[0, 0])
