"""Damaged files of every kind that a pack may hold: read, or refused in our words; no exception of a library."""

import contextlib
import random
import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio import raster
from gvio.config import parse_region
from gvio.errors import GvioError
from gvio.region.districts import read_districts
from gvio.region.factories import read_factories
from gvio.region.files import PackFile
from gvio.region.pack import Places, read_pack
from gvio.region.urban import read_urban

GRID = GeoBox((48, 96), Affine(1 / 240, 0, 121.0, 0, -1 / 240, 31.2), "EPSG:4326")
VECTORS = ("d.geojson", "d.gpkg", "d.shp", "d.parquet", "d.fgb", "d.kml", "d.gml", "d.zip", "d.gdb")
FAST, LONG = 12, 400


def damaged(data: bytes, rng: random.Random) -> bytes:
    """Cut, overwritten, emptied, doubled or shuffled bytes, as disks, networks and editors leave them."""
    if not data:
        return rng.randbytes(64)
    way, at = rng.randrange(6), rng.randrange(len(data))
    if way == 0:
        return data[:at]
    if way == 1:
        return rng.randbytes(len(data))
    if way == 2:
        return data[:at] + data[at + rng.randrange(1, 9) :]
    if way == 3:
        return data[:at] + bytes(min(512, len(data) - at)) + data[at + 512 :]
    if way == 4:
        return data[:at] + data[at // 2 :]
    edited = bytearray(data)
    for _ in range(rng.randrange(1, 40)):
        edited[rng.randrange(len(data))] = rng.randrange(256)
    return bytes(edited)


def write_vector(path: Path) -> None:
    ids = {"code": ["W", "E"], "name": ["West", "Ost"], "zone": ["a", "b"], "factory_id": ["1", "2"]}
    boxes = [shapely.box(121.0, 31.0, 121.2, 31.2), shapely.box(121.2, 31.0, 121.4, 31.2)]
    frame = gpd.GeoDataFrame(ids, geometry=boxes, crs="EPSG:4326")
    if path.suffix == ".parquet":
        frame.to_parquet(path)
    elif path.suffix == ".zip":
        (path.parent / "z").mkdir()
        frame.to_file(path.parent / "z" / "d.shp")
        shutil.make_archive(str(path.with_suffix("")), "zip", path.parent / "z")
    else:
        frame.to_file(path, driver={".kml": "KML", ".gml": "GML", ".gdb": "OpenFileGDB"}.get(path.suffix))


@pytest.fixture(scope="module")
def vectors(tmp_path_factory):
    folder = tmp_path_factory.mktemp("vectors")
    for name in VECTORS:
        write_vector(folder / name)
    return folder


def config_of(pack_dir):
    text = (pack_dir / "region.yaml").read_text()
    return parse_region(text.replace("id: district_id", "id: code").replace("group: group", "group: zone"))


def fuzz_vector(vectors, name, folder, config, rng):
    """One file of a data set is damaged, sometimes removed."""
    folder.mkdir()
    source, target = vectors / name, folder / name
    if source.is_dir():
        shutil.copytree(source, target)
        parts = sorted(target.iterdir())
    else:
        siblings = vectors.glob(f"{source.stem}.*") if source.suffix == ".shp" else [source]
        parts = [folder / shutil.copy(part, folder) for part in sorted(siblings) if part.is_file()]
        parts = [part for part in parts if part.suffix in {".shp", ".shx", ".dbf", ".prj", ".cpg", target.suffix}]
    part = rng.choice(parts)
    part.write_bytes(damaged(part.read_bytes(), rng)) if rng.random() < 0.9 else part.unlink()
    with contextlib.suppress(GvioError):
        districts, _ = read_districts(PackFile(target), config)
        read_factories(PackFile(target), config, districts)


@pytest.mark.parametrize("name", VECTORS)
def test_damaged_vector_files(vectors, tmp_path, pack_dir, name):
    rng, config = random.Random(name), config_of(pack_dir)
    for trial in range(FAST):
        fuzz_vector(vectors, name, tmp_path / f"t{trial}", config, rng)


def fuzz_text(pack_dir, name, original, rng):
    (pack_dir / name).write_bytes(damaged(original, rng))
    with contextlib.suppress(GvioError):
        read_pack(pack_dir)


@pytest.mark.parametrize("name", ["region.yaml", "factories.csv", "statistics.csv"])
def test_damaged_text(pack_dir, name):
    rng, original = random.Random(name), (pack_dir / name).read_bytes()
    for _ in range(FAST):
        fuzz_text(pack_dir, name, original, rng)


def fuzz_urban(folder, original, rng):
    (folder / "urban.tif").write_bytes(damaged(original, rng))
    with contextlib.suppress(GvioError):
        read_urban(Places(gpd.GeoDataFrame(), gpd.GeoDataFrame(), PackFile(folder / "urban.tif"), ()), GRID)


@pytest.fixture
def urban(tmp_path):
    mask = np.random.default_rng(3).integers(0, 2, GRID.shape).astype(np.uint8)
    raster.write_geotiff(tmp_path / "urban.tif", mask, GRID, nodata=255)
    return (tmp_path / "urban.tif").read_bytes()


def test_damaged_urban_masks(urban, tmp_path):
    rng = random.Random("urban")
    for _ in range(4 * FAST):
        fuzz_urban(tmp_path, urban, rng)


@pytest.mark.slow
def test_many_damaged_files(vectors, urban, tmp_path, pack_dir):
    rng, config = random.Random(1), config_of(pack_dir)
    texts = {name: (pack_dir / name).read_bytes() for name in ("region.yaml", "factories.csv", "statistics.csv")}
    for trial in range(LONG):
        fuzz_vector(vectors, rng.choice(VECTORS), tmp_path / f"t{trial}", config, rng)
        fuzz_urban(tmp_path, urban, rng)
        name = rng.choice(sorted(texts))
        fuzz_text(pack_dir, name, texts[name], rng)
        (pack_dir / name).write_bytes(texts[name])
