import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio import raster
from gvio.errors import PackError
from gvio.region.coordinates import wgs84_to_gcj02
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


def test_a_mask_in_gcj02_is_moved_to_its_place(pack_dir, rewrite):
    fine = GeoBox((480, 960), Affine(PIXEL / 10, 0, 121.0, 0, -PIXEL / 10, 31.2), "EPSG:4326")
    mask = np.zeros((480, 960), np.uint8)
    mask[200:300, 400:600] = 1
    raster.write_geotiff(pack_dir / "urban.tif", mask, fine, nodata=255)
    rewrite("region.yaml", "statistics: {", "urban: {path: urban.tif, crs: gcj02}\nstatistics: {")
    rows, cols = np.nonzero(read_urban(read_pack(pack_dir), GRID))
    east, north = (float(a) - b for a, b in zip(wgs84_to_gcj02(121.2, 31.1), (121.2, 31.1), strict=True))
    middle = 121.0 + (cols.mean() + 0.5) * PIXEL, 31.2 - (rows.mean() + 0.5) * PIXEL
    assert middle == pytest.approx((121.0 + 500 * PIXEL / 10 - east, 31.2 - 250 * PIXEL / 10 - north), abs=PIXEL / 2)


def test_a_raster_whose_file_says_another_system_is_read_in_the_one_named(pack_dir, rewrite):
    mask = np.random.default_rng(3).integers(0, 2, (48, 96)).astype(np.uint8)
    raster.write_geotiff(pack_dir / "urban.tif", mask, GeoBox((48, 96), GRID.transform, "EPSG:4267"), nodata=255)
    rewrite("region.yaml", "statistics: {", "urban: {path: urban.tif, crs: wgs84}\nstatistics: {")
    np.testing.assert_array_equal(read_urban(read_pack(pack_dir), GRID), mask)


def test_a_mask_that_only_points_to_others_is_refused(pack_dir, rewrite):
    (pack_dir / "urban.vrt").write_text("<VRTDataset/>")
    with pytest.raises(PackError, match=r"urban\.vrt: is a VRT, .* Make one file of it: gdal_translate"):
        read_urban(pack_with(pack_dir, rewrite, "urban.vrt"), GRID)


def test_a_raster_that_cannot_be_read_is_not_asked_to_be_downloaded(pack_dir, rewrite):
    (pack_dir / "urban.tif").write_bytes(b"II*\0 and then nothing")
    with pytest.raises(PackError, match=r"urban\.tif: cannot be read as a raster .* Export it again, as a GeoTIFF"):
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
