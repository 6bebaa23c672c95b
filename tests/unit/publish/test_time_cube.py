"""The cube: every month of a pixel in two reads, the same values as the grids, and other people's Zarr opens it."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.publish.cube import CubeSource, crc32c, cube_objects
from gvio.publish.cube_series import read_layout, shard_series
from gvio.types import Month

GEOBOX = GeoBox((270, 300), Affine(1 / 240, 0, 120.0, 0, -1 / 240, 31.0), "EPSG:4326")
MONTHS = [Month(2020, 11) + t for t in range(5)]


@pytest.fixture(scope="module")
def source() -> CubeSource:
    rng = np.random.default_rng(4)
    inside = np.zeros(GEOBOX.shape, bool)
    inside[10:200, 20:290] = True
    pixels = np.sort(rng.choice(np.flatnonzero(inside), 300, replace=False))
    return CubeSource(GEOBOX, inside, pixels, MONTHS, rng.lognormal(0, 1, (3, 300, 5)).astype(np.float32))


@pytest.fixture(scope="module")
def objects(source: CubeSource) -> dict[str, bytes]:
    return cube_objects(source, "million CNY", {"region": "testland"})


def wanted(source: CubeSource, band: int) -> np.ndarray:
    full = np.full((len(MONTHS), GEOBOX.shape[0] * GEOBOX.shape[1]), np.nan, np.float32)
    full[:, source.inside.ravel()] = 0
    full[:, source.pixels] = source.values[band].T
    return full.reshape(-1, *GEOBOX.shape)


def test_the_checksum_is_the_castagnoli_one() -> None:
    assert crc32c(b"123456789") == 0xE3069283


def test_a_pixels_series_is_the_index_of_its_shard_and_one_chunk(source: CubeSource, objects: dict[str, bytes]) -> None:
    """By the specification alone: no library of Zarr, and no code of ours."""
    for number in (0, 150, 299):
        row, col = divmod(int(source.pixels[number]), GEOBOX.shape[1])
        shard = objects[f"cube.zarr/upper80/c/0/{row // 256}/{col // 256}"]
        footer = shard[-(16 * 256 + 4) :]
        assert struct.unpack("<I", footer[-4:])[0] == crc32c(footer[:-4])
        place = (row % 256) // 16 * 16 + (col % 256) // 16
        start, size = struct.unpack_from("<2Q", footer, 16 * place)
        raw = pa.Codec("zstd").decompress(shard[start : start + size], 4 * len(MONTHS) * 16 * 16, asbytes=True)
        chunk = np.frombuffer(raw, "<f4").reshape(len(MONTHS), 16, 16)
        np.testing.assert_array_equal(chunk[:, row % 16, col % 16], source.values[2, number])


def test_our_own_reader_finds_every_pixels_series(source: CubeSource, objects: dict[str, bytes]) -> None:
    layout = read_layout(objects["cube.zarr/zarr.json"], objects["cube.zarr/month/c/0"], "lower80")
    assert layout.months == tuple(map(str, MONTHS))
    pixels = np.sort(np.random.default_rng(1).choice(GEOBOX.shape[0] * GEOBOX.shape[1], 900, replace=False))
    shards = layout.shard_of(pixels)
    assert set(shards) == {0, 1, 2, 3}
    for shard in range(4):
        here = pixels[shards == shard]
        data = objects.get(f"cube.zarr/{layout.name('lower80', shard)}")
        if data is None:
            assert np.isnan(wanted(source, 1).reshape(len(MONTHS), -1)[:, here]).all()
            continue
        np.testing.assert_array_equal(
            shard_series(layout, data, here), wanted(source, 1).reshape(len(MONTHS), -1)[:, here]
        )
    with pytest.raises(ValueError, match="shorter than its index"):
        shard_series(layout, b"short", pixels[:1])


def test_a_cube_that_is_coded_otherwise_is_refused(objects: dict[str, bytes]) -> None:
    other = objects["cube.zarr/zarr.json"].replace(b'"zstd"', b'"gzip"')
    with pytest.raises(ValueError, match="coded in a way that is not known"):
        read_layout(other, objects["cube.zarr/month/c/0"], "estimate")


def test_equal_months_give_equal_bytes_and_empty_blocks_none(source: CubeSource, objects: dict[str, bytes]) -> None:
    assert cube_objects(source, "million CNY", {"region": "testland"}) == objects
    assert "cube.zarr/estimate/c/0/0/1" in objects
    assert "cube.zarr/estimate/c/0/1/0" not in objects, "nothing but NaN"


def test_metadata_are_consolidated_and_say_units_and_system(objects: dict[str, bytes]) -> None:
    root = json.loads(objects["cube.zarr/zarr.json"])
    assert root["attributes"]["region"] == "testland"
    arrays = root["consolidated_metadata"]["metadata"]
    assert set(arrays) == {"estimate", "lower80", "upper80", "month", "x", "y", "spatial_ref"}
    assert arrays["estimate"] == json.loads(objects["cube.zarr/estimate/zarr.json"])
    assert arrays["estimate"]["attributes"]["units"] == "million CNY"
    assert arrays["estimate"]["dimension_names"] == ["month", "y", "x"]
    assert "WGS 84" in arrays["spatial_ref"]["attributes"]["crs_wkt"]


def test_xarray_opens_it(source: CubeSource, objects: dict[str, bytes], tmp_path: Path) -> None:
    pytest.importorskip("zarr")
    import xarray as xr

    for name, data in objects.items():
        file = tmp_path / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(data)
    cube = xr.open_zarr(tmp_path / "cube.zarr", chunks=None)
    for band, name in enumerate(("estimate", "lower80", "upper80")):
        np.testing.assert_array_equal(cube[name].to_numpy(), wanted(source, band))
    assert str(cube["month"].to_numpy()[0])[:10] == "2020-11-01"
    assert cube["x"].to_numpy()[0] == pytest.approx(120.0 + 0.5 / 240)
