"""Damaged product files: read, or refused in our words; no exception of a library."""

import contextlib
import functools
import random
import tempfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from gvio.errors import GvioError, ProductError
from gvio.grid.region import region_geobox
from gvio.simulate.formats.black_marble import FIELDS, tile_geobox, write_vnp46a3
from gvio.simulate.formats.vnl import pack_vnl
from gvio.sources.folder import open_stack
from gvio.types import Month

MONTH = Month(2021, 12)
LAYER = "AllAngle_Composite_Snow_Free"
BOUNDS = (121.0, 31.0, 121.05, 31.05)
FAST, LONG = 40, 1000


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Cut, emptied, shortened or overwritten; the first bytes stay, which the readers look at first."""
    way, at = rng.randrange(4), rng.randrange(16, len(data))
    if way == 0:
        return data[:at]
    if way == 1:
        return data[:at] + bytes(min(4096, len(data) - at)) + data[at + 4096 :]
    if way == 2:
        return data[:at] + data[at + rng.randrange(1, 99) :]
    edited, reach = bytearray(data), len(data) if rng.random() < 0.5 else min(len(data), 6000)
    for _ in range(rng.randrange(1, 60)):
        edited[rng.randrange(16, reach)] = rng.randrange(256)
    return bytes(edited)


@functools.cache
def granule() -> tuple[str, bytes]:
    small = region_geobox(BOUNDS, tile_geobox(30, 5))
    rng = np.random.default_rng(0)
    with tempfile.TemporaryDirectory() as folder:
        light = rng.gamma(2, 10, small.shape).astype(np.float32)
        (path,) = write_vnp46a3(Path(folder), MONTH, light, rng.integers(1, 9, small.shape), small)
        return path.name, path.read_bytes()


def read(folder: Path, product: str, bounds: tuple[float, float, float, float]) -> None:
    with contextlib.suppress(GvioError):
        open_stack(folder, product, bounds, MONTH, None)


def fuzz_pair(folder: Path, originals: dict[Path, bytes], light, rng: random.Random) -> None:
    path = rng.choice(sorted(originals))
    path.write_bytes(damaged(originals[path], rng))
    read(folder, "vnl-monthly", light.bounds)
    path.write_bytes(originals[path])


def fuzz_granule(folder: Path, rng: random.Random) -> None:
    name, data = granule()
    (folder / name).write_bytes(damaged(data, rng))
    read(folder, "vnp46a3", BOUNDS)


def pairs(folder: Path, light, packed: bool) -> dict[Path, bytes]:
    paths = light.write(folder, "2021-12")
    if packed:
        paths = (pack_vnl(*paths),)
    return {path: path.read_bytes() for path in paths}


@pytest.mark.parametrize("packed", [False, True])
def test_damaged_composites(tmp_path: Path, light, packed: bool) -> None:
    originals, rng = pairs(tmp_path, light, packed), random.Random(3)
    for _ in range(FAST):
        fuzz_pair(tmp_path, originals, light, rng)


def test_damaged_granules(tmp_path: Path) -> None:
    rng = random.Random(4)
    for _ in range(FAST):
        fuzz_granule(tmp_path, rng)


@pytest.mark.slow
def test_many_damaged_products(tmp_path: Path, light) -> None:
    rng = random.Random(5)
    folders = [tmp_path / "loose", tmp_path / "packed"]
    originals = [pairs(folder, light, packed) for folder, packed in zip(folders, (False, True), strict=True)]
    (tmp_path / "hdf").mkdir()
    for _ in range(LONG):
        for folder, files in zip(folders, originals, strict=True):
            fuzz_pair(folder, files, light, rng)
        fuzz_granule(tmp_path / "hdf", rng)


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("scale_factor", "1.0f", "scale_factor of 'AllAngle_Composite_Snow_Free' is '1.0f', not a number"),
        ("scale_factor", h5py.Empty("f"), "scale_factor of 'AllAngle_Composite_Snow_Free' is empty, not a number"),
        ("scale_factor", np.float32("nan"), "scale nan and offset 0 of 'AllAngle_Composite_Snow_Free' cannot be"),
        ("scale_factor", np.float32(0), "scale 0 and offset 0 of 'AllAngle_Composite_Snow_Free' cannot be"),
        ("offset", "none", "offset of 'AllAngle_Composite_Snow_Free' is 'none', not a number"),
        ("_FillValue", "-999.9f", "_FillValue of 'AllAngle_Composite_Snow_Free' is '-999.9f', not a number"),
        ("valid_range", np.array([5.0, 1.0]), "valid_range of 'AllAngle_Composite_Snow_Free' is .*, not two numbers"),
    ],
)
def test_attributes_that_are_no_numbers_are_named(tmp_path: Path, name: str, value: object, words: str) -> None:
    file, data = granule()
    (tmp_path / file).write_bytes(data)
    with h5py.File(tmp_path / file, "r+") as opened:
        opened[FIELDS][LAYER].attrs[name] = value
    with pytest.raises(ProductError, match=rf"{file}: {words}\. Use an unmodified VNP46A3 granule"):
        open_stack(tmp_path, "vnp46a3", BOUNDS, MONTH, None)


@pytest.mark.parametrize("kind", ["group", "text", "elsewhere"])
def test_a_layer_that_is_no_array_of_numbers_is_named(tmp_path: Path, kind: str) -> None:
    file, data = granule()
    (tmp_path / file).write_bytes(data)
    with h5py.File(tmp_path / file, "r+") as opened:
        group = opened[FIELDS]
        del group[LAYER]
        if kind == "group":
            group.create_group(LAYER)
        elif kind == "text":
            group[LAYER] = np.full((4, 4), b"x")
        else:
            group[LAYER] = h5py.ExternalLink("/etc/hostname", "/x")
    with pytest.raises(ProductError, match=rf"layer '{LAYER}' (holds no numbers|lies in another file)\. Use an unmod"):
        open_stack(tmp_path, "vnp46a3", BOUNDS, MONTH, None)


def test_a_group_in_the_place_of_the_structure_says_nothing(tmp_path: Path) -> None:
    file, data = granule()
    (tmp_path / file).write_bytes(data)
    with h5py.File(tmp_path / file, "r+") as opened:
        del opened["HDFEOS INFORMATION/StructMetadata.0"]
        opened["HDFEOS INFORMATION"].create_group("StructMetadata.0")
    assert len(open_stack(tmp_path, "vnp46a3", BOUNDS, MONTH, None)[0].months) == 1
