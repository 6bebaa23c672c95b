"""Outlines and factories in the shifted coordinates of China's map services, under a label that says WGS84."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.config import parse_region
from gvio.region.coordinates import bd09_to_wgs84, gcj02_to_wgs84, wgs84_to_bd09, wgs84_to_gcj02
from gvio.region.datum import factories_and_light, known_provider, outlines_and_factories
from gvio.region.districts import read_districts
from gvio.region.files import PackFile
from gvio.sample.owner import pixel_owner
from gvio.types import LightStack, Month

REAL = Path(__file__).parents[4] / "shared" / "data" / "boundaries_shanghai"
PIXEL = 1 / 240
GRID = GeoBox((120, 120), Affine(PIXEL, 0, 121.0, 0, -PIXEL, 31.5), "EPSG:4326")


def config(districts="", factories="", bounds="[121.0, 31.0, 121.5, 31.5]"):
    return parse_region(
        f"""
name: toy
title: Toy
bounds: {bounds}
area_crs: EPSG:32651
first_month: "2020-01"
unit: CNY
ntl: {{product: vnl-monthly, source: ntl}}
districts: {{path: d.json, id: adcode, name: adcode{districts}}}
city_id: CITY
factories: {{path: f.csv{factories}}}
statistics: {{path: s.csv}}
"""
    )


def moved(points, way):
    return np.column_stack(way(points[:, 0], points[:, 1]))


@pytest.fixture(scope="module")
def points():
    return np.random.default_rng(5).uniform((121.05, 31.05), (121.45, 31.45), (300, 2))


@pytest.fixture(scope="module")
def light(points):
    """Every factory lights its surroundings, on the slope of a city's light."""
    rows, cols = np.mgrid[:120, :120] + 0.5
    lon, lat = 121.0 + cols * PIXEL, 31.5 - rows * PIXEL
    image = 40 * np.exp(-np.hypot(lon - 121.0, lat - 31.5) / 0.3)
    for x, y in points:
        image += 20 * np.exp(-((lon - x) ** 2 + (lat - y) ** 2) / (2 * (0.8 * PIXEL) ** 2))
    stack = np.stack([image, np.full_like(image, np.nan)]).astype(np.float32)
    months = (Month(2020, 1), Month(2020, 2))
    return LightStack(months, stack, np.ones((2, 120, 120), np.uint16), GRID, ((), ()), ())


def checked(points, light, **changes):
    frame = gpd.GeoDataFrame(geometry=shapely.points(points), crs="EPSG:4326")
    return factories_and_light(frame, light, config(**changes), "f.csv")


def test_factories_on_their_light_are_let_pass(points, light):
    assert checked(points, light) == ()
    assert checked(points, light, factories=", crs: gcj02") == ()


@pytest.mark.parametrize(
    ("way", "said", "cure"),
    [
        (wgs84_to_gcj02, "", "gcj02"),
        (wgs84_to_bd09, "", "bd09"),
        (gcj02_to_wgs84, ", crs: gcj02", "wgs84"),
        (bd09_to_wgs84, ", crs: bd09", "wgs84"),
    ],
)
def test_light_beside_the_factories_is_refused_with_the_system_that_puts_it_right(points, light, way, said, cure):
    (found,) = checked(moved(points, way), light, factories=said)
    assert (found.name, found.passed, found.required) == ("factories.coordinates", False, True)
    assert found.observed["crs"] == cure
    assert f"write `crs: {cure}` beside factories.path in region.yaml" in found.message


def test_light_that_has_nothing_to_do_with_factories_says_nothing(light):
    elsewhere = np.random.default_rng(6).uniform((121.05, 31.05), (121.45, 31.45), (300, 2))
    assert checked(moved(elsewhere, wgs84_to_gcj02), light) == ()


def test_outside_china_and_with_few_factories_nothing_is_said(points, light):
    shifted = moved(points, wgs84_to_gcj02)
    assert checked(shifted, light, bounds="[72.7, 18.8, 73.0, 19.3]") == ()
    assert checked(shifted[:10], light) == ()


def outlines(way=None):
    box = shapely.segmentize(shapely.box(121.0, 31.0, 121.5, 31.5), 0.05)
    shape = box if way is None else shapely.transform(box, lambda xy: moved(xy, way))
    return gpd.GeoDataFrame({"area_id": ["A"]}, geometry=[shape], crs="EPSG:4326")


@pytest.fixture(scope="module")
def to_the_border():
    return np.random.default_rng(7).uniform((121.0001, 31.0001), (121.4999, 31.4999), (2000, 2))


def test_outlines_and_factories_that_agree_are_let_pass(to_the_border):
    assert outlines_and_factories(to_the_border, outlines(), config(), "d.json") == ()
    both = moved(to_the_border, wgs84_to_gcj02)
    assert outlines_and_factories(both, outlines(wgs84_to_gcj02), config(), "d.json") == ()


@pytest.mark.parametrize(("way", "name"), [(wgs84_to_gcj02, "gcj02"), (wgs84_to_bd09, "bd09")])
def test_shifted_outlines_are_refused_unless_somebody_says_that_they_are_right(to_the_border, way, name):
    (found,) = outlines_and_factories(to_the_border, outlines(way), config(), "d.json")
    assert (found.name, found.passed, found.required) == ("districts.coordinates", False, True)
    assert f"with districts.crs: {name};" in found.message
    assert "or `districts.crs: wgs84` if both are right" in found.message
    (stated,) = outlines_and_factories(to_the_border, outlines(way), config(districts=", crs: wgs84"), "d.json")
    assert not stated.required


def test_shifted_factories_are_told_from_shifted_outlines(to_the_border):
    (found,) = outlines_and_factories(moved(to_the_border, wgs84_to_gcj02), outlines(), config(), "d.json")
    assert "with factories.crs: gcj02;" in found.message


@pytest.mark.parametrize("columns", [["adcode", "childrenNum", "acroutes"], ["adcode", "CHILDRENNU", "subFeature"]])
def test_outlines_of_geoatlas_are_known_by_their_columns_also_in_a_shapefile(columns):
    (found,) = known_provider(columns, config(), "d.json")
    assert (found.name, found.required) == ("districts.coordinates", True)
    assert known_provider(columns, config(districts=", crs: gcj02"), "d.json") == ()
    assert known_provider(columns, config(districts=", crs: wgs84"), "d.json") == ()


def test_codes_of_china_alone_are_only_asked_about():
    (found,) = known_provider(["AdCode", "Name"], config(), "d.json")
    assert (found.name, found.required) == ("pack.coordinates", False)
    assert known_provider(["AdCode"], config(bounds="[72.7, 18.8, 73.0, 19.3]"), "d.json") == ()


@pytest.mark.skipif(not REAL.exists(), reason="real district outlines are not beside this checkout (../shared)")
def test_the_file_most_start_from_is_refused_and_its_cure_puts_every_pixel_right():
    shanghai = "[120.85, 30.65, 122.15, 31.90]"
    file = PackFile(REAL / "gcj02_datav_v3" / "310000.json")
    notes = read_districts(file, config(bounds=shanghai))[1]
    assert [note.name for note in notes if note.required] == ["districts.coordinates"]
    cured, notes = read_districts(file, config(bounds=shanghai, districts=", crs: gcj02"))
    assert [note for note in notes if note.required] == []
    truth = gpd.read_file(REAL / "wgs84_amap16" / "shanghai_districts_boundary.shp")
    truth["area_id"] = truth["AdCode"].astype(str)
    as_it_is = gpd.read_file(file.path)
    as_it_is["area_id"] = as_it_is["adcode"].astype(str)
    assert 0.015 < elsewhere(as_it_is, truth) < 0.03
    assert elsewhere(cured, truth) < 0.002


def elsewhere(outlines, truth):
    """Share of the pixels that both have, in another district."""
    grid = GeoBox((300, 312), Affine(PIXEL, 0, 120.85, 0, -PIXEL, 31.9), "EPSG:4326")
    ours, theirs = (pixel_owner(frame.sort_values("area_id"), grid) for frame in (outlines, truth))
    both = (ours >= 0) & (theirs >= 0)
    return (ours != theirs)[both].mean()
