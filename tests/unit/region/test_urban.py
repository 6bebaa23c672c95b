import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio import raster
from gvio.errors import PackError
from gvio.region.pack import read_pack
from gvio.region.urban import read_urban

PIXEL = 1 / 240
GRID = GeoBox((48, 96), Affine(PIXEL, 0, 121.0, 0, -PIXEL, 31.2), "EPSG:4326")


def pack_with(pack_dir, rewrite, name):
    rewrite("region.yaml", "statistics: {", f"urban: {{path: {name}}}\nstatistics: {{")
    return read_pack(pack_dir)


def test_a_pack_without_a_mask_says_none(pack_dir):
    assert read_urban(read_pack(pack_dir), GRID) is None


def test_a_raster_on_the_grid_is_read_as_it_is(pack_dir, rewrite):
    mask = np.random.default_rng(3).integers(0, 2, (48, 96)).astype(np.uint8)
    raster.write_geotiff(pack_dir / "urban.tif", mask, GRID, nodata=255)
    urban = read_urban(pack_with(pack_dir, rewrite, "urban.tif"), GRID)
    assert urban.dtype == np.float32
    np.testing.assert_array_equal(urban, mask)


def test_no_data_and_outside_the_file_is_rural(pack_dir, rewrite):
    mask = np.ones((48, 96), np.uint8)
    mask[:, :10] = 255
    raster.write_geotiff(pack_dir / "urban.tif", mask, GRID, nodata=255)
    wider = GeoBox((48, 106), GRID.transform, "EPSG:4326")
    urban = read_urban(pack_with(pack_dir, rewrite, "urban.tif"), wider)
    assert urban[:, 10:96].all()
    assert not urban[:, :10].any()
    assert not urban[:, 96:].any()


def test_a_finer_raster_counts_from_one_half(pack_dir, rewrite):
    fine = GeoBox((96, 192), Affine(PIXEL / 2, 0, 121.0, 0, -PIXEL / 2, 31.2), "EPSG:4326")
    mask = np.zeros((96, 192), np.uint8)
    mask[0, :2] = 1  # half of the first pixel
    mask[0, 2] = 1  # a quarter of the second
    raster.write_geotiff(pack_dir / "urban.tif", mask, fine, nodata=255)
    urban = read_urban(pack_with(pack_dir, rewrite, "urban.tif"), GRID)
    assert urban[0, :2].tolist() == [1, 0]
    assert urban.sum() == 1


def test_other_values_are_refused(pack_dir, rewrite):
    raster.write_geotiff(pack_dir / "urban.tif", np.full((48, 96), 7, np.uint8), GRID, nodata=255)
    with pytest.raises(PackError, match=r"urban\.tif: values from 7 to 7; an urban mask holds 1"):
        read_urban(pack_with(pack_dir, rewrite, "urban.tif"), GRID)


def test_polygons_count_by_pixel_centre(pack_dir, rewrite):
    box = shapely.box(121.0, 31.1, 121.2, 31.2)
    gpd.GeoDataFrame({"kind": ["urban"]}, geometry=[box], crs="EPSG:4326").to_file(pack_dir / "urban.geojson")
    urban = read_urban(pack_with(pack_dir, rewrite, "urban.geojson"), GRID)
    assert urban[:24, :48].all()
    assert urban.sum() == 24 * 48


def test_a_vector_mask_without_polygons_is_refused(pack_dir, rewrite):
    point = gpd.GeoDataFrame({"kind": ["urban"]}, geometry=[shapely.Point(121.1, 31.1)], crs="EPSG:4326")
    point.to_file(pack_dir / "urban.geojson")
    with pytest.raises(PackError, match=r"urban\.geojson: holds no polygon"):
        read_urban(pack_with(pack_dir, rewrite, "urban.geojson"), GRID)
