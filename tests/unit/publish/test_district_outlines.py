"""Districts in the release: other libraries open them, and pixels sum to the table's rows from the release alone."""

from __future__ import annotations

import io
import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import rasterio
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.publish.outlines import NOBODY, outline_objects, read_outlines

GEOBOX = GeoBox((24, 24), Affine(1 / 240, 0, 120.0, 0, -1 / 240, 31.0), "EPSG:4326")


@pytest.fixture(scope="module")
def districts() -> gpd.GeoDataFrame:
    """One with a hole and one of two parts, which are drawn clockwise."""
    ring = shapely.Polygon([(120.06, 30.91), (120.06, 30.97), (120.09, 30.97), (120.09, 30.91)])
    hole = shapely.Polygon([(120.07, 30.93), (120.08, 30.93), (120.08, 30.94)])
    parts = shapely.MultiPolygon([shapely.box(120.0, 30.9, 120.02, 30.95), shapely.box(120.03, 30.9, 120.05, 30.95)])
    names = {"area_id": ["010", "海"], "name": ["Ten", "上海"], "group": ["north", ""]}
    return gpd.GeoDataFrame(names, geometry=[ring.difference(hole).reverse(), parts], crs="EPSG:4326")


@pytest.fixture(scope="module")
def owner() -> np.ndarray:
    owner = np.full(GEOBOX.shape, -1, np.int16)
    owner[4:, :12], owner[4:, 12:] = 1, 0
    return owner


@pytest.fixture(scope="module")
def objects(districts, owner) -> dict[str, bytes]:
    return outline_objects(districts, owner, GEOBOX, "testland", invented=True)


def test_equal_districts_give_equal_bytes(districts, owner, objects) -> None:
    assert outline_objects(districts, owner, GEOBOX, "testland", invented=True) == objects


def test_geoparquet_opens_with_geopandas_and_says_what_columns_hold(districts, objects) -> None:
    data = io.BytesIO(objects["districts.parquet"])
    for found in (gpd.read_parquet(data), read_outlines(data.getvalue())):
        assert list(found.columns) == ["area_id", "name", "group", "code", "geometry"]
        assert list(found["area_id"]) == ["010", "海"]
        assert list(found["code"]) == [1, 2]
        assert found.crs.equals("OGC:CRS84") or found.crs.to_epsg() == 4326
        assert found.geometry.geom_equals(districts.geometry.set_crs(found.crs, allow_override=True)).all()
    assert b"districts.tif" in pq.read_schema(data).field("code").metadata[b"description"]


def test_geojson_opens_with_gdal_and_turns_as_the_standard_says(districts, objects, tmp_path: Path) -> None:
    file = tmp_path / "districts.geojson"
    file.write_bytes(objects["districts.geojson"])
    found = gpd.read_file(file)
    assert list(found["area_id"]) == ["010", "海"]
    np.testing.assert_allclose(shapely.area(found.geometry), shapely.area(districts.geometry), rtol=1e-5)
    rings = [part.exterior for shape in found.geometry for part in shapely.get_parts(shape)]
    assert all(ring.is_ccw for ring in rings)
    assert "crs" not in json.loads(objects["districts.geojson"])


def test_the_raster_holds_the_codes(owner, objects) -> None:
    with rasterio.MemoryFile(objects["districts.tif"]) as memory, memory.open() as source:
        np.testing.assert_array_equal(source.read(1), owner + 1)
        assert source.nodata == NOBODY
        assert source.dtypes == ("uint16",)
        assert source.descriptions == ("district",)
        assert source.tags()["invented"] == "true"
        assert GeoBox.from_rio(source) == GEOBOX


def test_pixels_sum_to_the_rows_from_the_release_alone(make_release, districts, owner) -> None:
    """Nothing but published bytes, and no code of ours reads them: raster of codes, grid, outlines, CSV."""
    named = districts.assign(area_id=["east", "west"])
    release = make_release(outlines=outline_objects(named, owner, GEOBOX, "testland"))
    files = {key.rpartition("/")[2]: data for key, data in release.payloads.items()}
    table = pd.read_csv(io.BytesIO(files["estimates.csv"])).set_index(["month", "area_id"])["estimate"]
    codes = pq.read_table(io.BytesIO(files["districts.parquet"]), columns=["area_id", "code"]).to_pylist()
    with rasterio.MemoryFile(files["districts.tif"]) as memory, memory.open() as source:
        district = source.read(1)
    grids = {o["month"]: o["key"] for o in json.loads(release.manifest)["objects"] if o["month"]}
    assert len(grids) == 3
    for month, key in grids.items():
        with rasterio.MemoryFile(release.payloads[key]) as memory, memory.open() as source:
            estimate = source.read(source.descriptions.index("estimate") + 1).astype(np.float64)
        for row in codes:
            total = np.nansum(estimate[district == row["code"]])
            assert total == pytest.approx(table[month, row["area_id"]], rel=1e-6)
