"""A pixel's and an area's series: equal to the table where it can be, to sums of pixels where not; intervals told."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox
from two_districts import EAST, MIDDLE, NORTH, SOUTH, STEP, WEST

import gvio
from gvio.errors import ConfigError, DamagedStore
from gvio.library.series import pixel_cover
from gvio.publish.cube import CubeSource, cube_objects
from gvio.types import ESTIMATE_COLUMNS, Month

LIMITS = list(ESTIMATE_COLUMNS)


def rows_of(release, area: str):
    table = release.estimates
    return table[table["area_id"] == area].set_index("month")[LIMITS]


def test_a_pixel_is_the_grids_with_its_interval(release) -> None:
    series = release.at(120.0 + 5.5 * STEP, 31.0 - 7.5 * STEP)
    cube = release.cube
    for name in ("estimate", "lower80", "upper80"):
        np.testing.assert_array_equal(series[name], cube[name].to_numpy()[:, 7, 5].astype(float))
    assert list(series.index) == list(cube["month"].to_numpy())
    assert (series["lower80"] < series["upper80"]).all()


@pytest.mark.parametrize(
    ("lon", "lat", "message"),
    [
        (119.0, 30.95, r"\(119, 30.95\) lies outside the grid\. Give longitude 120\.000\.\.120\.100"),
        (30.95, 120.02, "lies outside the grid"),
        (float("nan"), 30.95, "lies outside the grid"),
        (120.02, 30.999, "lies in no district"),
    ],
)
def test_a_point_without_output_is_told(release, lon: float, lat: float, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        release.at(lon, lat)


def test_a_whole_district_is_its_row_and_all_of_them_are_the_citys(release, districts) -> None:
    for area, shape in zip(districts["area_id"], districts.geometry, strict=True):
        series = release.within(shape)
        np.testing.assert_array_equal(series[LIMITS], rows_of(release, area))
        assert (series["whole"] == 1).all()
    city = release.within(districts)
    np.testing.assert_array_equal(city[LIMITS], rows_of(release, "CITY"))


def test_a_part_of_a_district_is_the_sum_of_its_pixels_with_the_districts_relative_interval(release) -> None:
    half = shapely.box(WEST, SOUTH, WEST + 6 * STEP, NORTH)
    series, west = release.within(half), rows_of(release, "west")
    pixels = release.cube["estimate"].to_numpy()[:, 4:, :6].astype(np.float64).sum(axis=(1, 2))
    np.testing.assert_allclose(series["estimate"], pixels, rtol=1e-6)
    for limit in LIMITS[1:]:
        np.testing.assert_allclose(series[limit] / series["estimate"], west[limit] / west["estimate"], rtol=1e-12)
    assert (series["whole"] == 0).all()
    assert "without the error of that share" in series.attrs["interval"]


def test_a_cut_pixel_counts_by_its_share(release) -> None:
    inside = shapely.box(WEST + STEP, SOUTH + STEP, WEST + 1.5 * STEP, SOUTH + 2 * STEP)
    pixel = release.cube["estimate"].to_numpy()[:, 22, 1]
    np.testing.assert_allclose(release.within(inside)["estimate"], pixel / 2, rtol=1e-5)


def test_a_whole_district_and_a_part_add_up_and_say_how_much_is_whole(release) -> None:
    area = shapely.box(MIDDLE - 3 * STEP, SOUTH, EAST, NORTH)
    series, east = release.within(area), rows_of(release, "east")
    part = release.within(shapely.box(MIDDLE - 3 * STEP, SOUTH, MIDDLE, NORTH))
    np.testing.assert_allclose(series[LIMITS], east + part[LIMITS], rtol=1e-12)
    np.testing.assert_allclose(series["whole"], east["estimate"] / series["estimate"], rtol=1e-12)


def test_an_area_is_taken_in_every_form(release) -> None:
    box = shapely.box(120.011, 30.921, 120.043, 30.957)
    wanted = release.within(box)["estimate"]
    feature = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(box)}
    frame = gpd.GeoDataFrame(geometry=[box], crs="EPSG:4326")
    forms = [feature["geometry"], feature, {"type": "FeatureCollection", "features": [feature]}, frame, frame.geometry]
    for form in forms:
        np.testing.assert_array_equal(release.within(form)["estimate"], wanted)
    metric = frame.geometry.segmentize(0.001).to_crs("EPSG:32651")
    np.testing.assert_allclose(release.within(metric)["estimate"], wanted, rtol=1e-6)


@pytest.mark.parametrize(
    ("area", "message"),
    [
        (shapely.box(0, 0, 1, 1), r"the area does not touch the region\. It spans longitude 120\.000"),
        (shapely.box(120.01, 30.99, 120.02, 30.999), "the area touches no district"),
        (shapely.Point(120.02, 30.95), "Point is no area"),
        (shapely.Polygon(), "Polygon is no area"),
        ({"type": "Polygon"}, "dict is no area"),
        ("120,30", "str is no area"),
    ],
)
def test_what_is_no_area_of_the_region_is_told(release, area: object, message: str) -> None:
    with pytest.raises(ConfigError, match=message):
        release.within(area)


def test_a_release_with_a_cube_is_read_from_it_and_says_the_same(release, published, districts) -> None:
    inside, cube = release.cube, release.cube.transpose("y", "x", "month")
    values = np.stack([cube[name].to_numpy().reshape(-1, 3) for name in ("estimate", "lower80", "upper80")])
    pixels = np.flatnonzero(np.isfinite(values[0]).all(axis=1))
    geobox, months = release._geobox, [Month(2021, 1 + t) for t in range(3)]
    source = CubeSource(geobox, np.isfinite(inside["estimate"].to_numpy()[0]), pixels, months, values[:, pixels])
    folder = published(more=cube_objects(source, "million CNY", {}))
    for file in folder.rglob("grids/**/*.tif"):
        if "2021-03" not in file.name:
            file.unlink()  # they are not asked for
    again = gvio.open_release(folder, "testland")
    lon, lat, part = 120.0 + 5.5 * STEP, 31.0 - 7.5 * STEP, shapely.box(120.011, 30.921, 120.043, 30.957)
    pd.testing.assert_frame_equal(again.at(lon, lat), release.at(lon, lat))
    pd.testing.assert_frame_equal(again.within(part), release.within(part))
    (shard,) = folder.rglob("cube.zarr/estimate/c/0/0/0")
    shard.write_bytes(b"edited")
    with pytest.raises(DamagedStore, match="its bytes are not the ones published"):
        again.at(lon, lat)


def test_shares_of_pixels_are_exact() -> None:
    geobox = GeoBox((7, 9), Affine(0.5, 0, 3.0, 0, -0.25, 40.0), "EPSG:4326")
    shape = shapely.Polygon([(3.2, 38.4), (7.1, 38.9), (6.3, 39.9), (4.4, 39.5)], [[(5, 39), (5.5, 39), (5.5, 39.3)]])
    cover = pixel_cover(shape, geobox)
    assert cover.min() >= 0
    assert cover.max() <= 1 + 1e-12
    assert cover.sum() * 0.5 * 0.25 == pytest.approx(shape.area, rel=1e-12)
