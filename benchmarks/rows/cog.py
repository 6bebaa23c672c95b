"""A tile as a cloud-optimised GeoTIFF, and a pixel's series out of many of them."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import rasterio
import rasterio.shutil
from affine import Affine
from odc.geo.geobox import GeoBox
from rasterio.io import MemoryFile

from benchmarks.sides import Limit, Row, Side, compared, largest_difference, seconds
from gvio.geotiff import as_cog
from gvio.publish.cube import CUBE_BANDS, CubeSource, cube_objects
from gvio.publish.cube_series import MONTHS, ROOT, read_layout, shard_series
from gvio.publish.manifest import CUBE
from gvio.types import Month

_AT = 150  # row and column of the pixel that is asked about


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
    """One pixel's months out of the release's cube, hashes compared, and out of as many COGs."""
    months, n = (12, 300) if quick else (96, 300)
    stack = np.stack([_light(n, month) for month in range(months)])
    names = [Month(2014, 1) + month for month in range(months)]
    every = np.broadcast_to(stack.reshape(months, -1).T, (len(CUBE_BANDS), n * n, months))
    source = CubeSource(_geobox(n), np.ones((n, n), dtype=bool), np.arange(n * n), names, every)
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{month:03}.tif" for month in range(months)]
        for path, values in zip(paths, stack, strict=True):
            path.write_bytes(as_cog(values, _geobox(n), np.nan))
        hashes = {}
        for name, data in cube_objects(source, "", {}).items():
            place = Path(folder) / name
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
            hashes[name] = hashlib.sha256(data).digest()
        ours, theirs = _of_cube(Path(folder), hashes), np.array([_pixel(path) for path in paths])
        apart = largest_difference(ours, theirs)
        side = Side(f"{months} COGs opened", seconds(lambda: [_pixel(path) for path in paths], 3), apart)
        plain = np.lib.format.open_memmap(Path(folder) / "cube.npy", "w+", np.float32, (n, n, months))
        limit = Limit("memory map", seconds(lambda: plain[_AT, _AT].copy()))
        took = seconds(lambda: _of_cube(Path(folder), hashes), 9)
    yield compared("series.pixel", f"one pixel's {months} months", took, side, limit, 0.0, "hashes compared")


def _of_cube(folder: Path, hashes: Mapping[str, bytes]) -> np.ndarray:
    """As `gvio.store.cube` reads a release: layout, months and one shard."""

    def read(name: str) -> bytes:
        data = (folder / CUBE / name).read_bytes()
        assert hashlib.sha256(data).digest() == hashes[f"{CUBE}/{name}"]
        return data

    layout = read_layout(read(ROOT), read(MONTHS), CUBE_BANDS[0])
    pixel = np.array([_AT * layout.shape[1] + _AT])
    shard = read(layout.name(CUBE_BANDS[0], int(layout.shard_of(pixel)[0])))
    return shard_series(layout, shard, pixels=pixel)[:, 0]


def default_cog(values: np.ndarray, geobox: GeoBox) -> bytes:
    """As a user writes it: an array in memory, copied by the COG driver without options."""
    shape = {"count": 1, "height": values.shape[0], "width": values.shape[1], "dtype": "float32", "nodata": np.nan}
    with MemoryFile() as plain, MemoryFile(ext=".tif") as cog:
        with plain.open(driver="GTiff", crs=str(geobox.crs), transform=geobox.affine, **shape) as sink:
            sink.write(values, 1)
        with plain.open() as source:
            rasterio.shutil.copy(source, cog.name, driver="COG")
        return bytes(cog.getbuffer())


def _light(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
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
        return float(source.read(1, window=((_AT, _AT + 1), (_AT, _AT + 1)))[0, 0])
