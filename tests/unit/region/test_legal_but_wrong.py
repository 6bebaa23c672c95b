"""Settings and cells that are legal and wrong: each is refused, warned of by name, or changes nothing."""

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio import raster
from gvio.errors import GvioError
from gvio.region.light_checks import check_against_light
from gvio.region.pack import read_pack
from gvio.region.plausibility import check_weights
from gvio.types import LightStack, Month

GRID = GeoBox((48, 96), Affine(1 / 240, 0, 121.0, 0, -1 / 240, 31.2), "EPSG:4326")


def named(pack_dir):
    return {note.name for note in read_pack(pack_dir).notes}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        (
            "bounds: [121.0, 31.0, 121.4, 31.2]",
            "bounds: [31.0, 121.0, 31.2, 121.4]",
            "are not west < east, south < north",
        ),
        (
            "bounds: [121.0, 31.0, 121.4, 31.2]",
            "bounds: [72.7, 18.8, 73.0, 19.3]",
            "area_crs EPSG:32651 is not of this",
        ),
        (
            "bounds: [121.0, 31.0, 121.4, 31.2]",
            "bounds: [122.0, 31.0, 122.4, 31.2]",
            "district W lies outside the bounds",
        ),
        ("id: district_id", "id: nam", "no column 'nam'; the nearest is 'name'"),
        ("id: district_id", "id: name", "area_id 'W' is neither a district nor the city"),
        ("name: name", "name: nom", "no column 'nom'"),
        ("group: group", "group: grp", "no column 'grp'"),
        ("city_id: CITY", "city_id: Shanghai", "area_id 'CITY' is neither a district nor the city 'Shanghai'"),
        ("city_id: CITY", "city_id: W", "district id 'W' is also the city_id"),
        ("unit: 100 million CNY", "unit: 100", "unit: Input should be a valid string"),
        ("unit: 100 million CNY", "unit: ' '", "unit: String should have at least 1 character"),
        ("crs: wgs84", "crs: wgs84, category: Industry", "holds no factory of category 'Industry'"),
        ("path: factories.csv", "path: statistics.csv", "no column 'factory_id'"),
        ("path: districts.geojson", "path: factories.csv", "holds no geometry"),
        ("path: statistics.csv", "path: factories.csv", "no column 'area_id'"),
    ],
)
def test_keys_that_are_refused(pack_dir, rewrite, old, new, words):
    rewrite("region.yaml", old, new)
    with pytest.raises(GvioError) as caught:
        read_pack(pack_dir)
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("name", "old", "new", "note"),
    [
        ("region.yaml", "31.2]", "31.19]", "districts.cut"),
        ("region.yaml", "[121.0, 31.0, 121.4, 31.2]", "[120.0, 30.0, 122.0, 32.0]", "pack.bounds"),
        ("factories.csv", "2019-01,\n", ",2019-01\n", "factories.never_open"),
    ],
)
def test_settings_that_are_warned_of_by_name(pack_dir, rewrite, name, old, new, note):
    assert note not in named(pack_dir)
    rewrite(name, old, new)
    assert note in named(pack_dir)


def test_a_group_that_is_another_column_changes_no_place(pack_dir, rewrite):
    before = read_pack(pack_dir)
    rewrite("region.yaml", "group: group", "group: name")
    after = read_pack(pack_dir)
    assert after.districts.geometry.equals(before.districts.geometry)
    assert after.factories["weight"].equals(before.factories["weight"])


@pytest.mark.parametrize(("factor", "share"), [(1000, 0.1), (1e4, 0.5), (1e-3, 0.2)])
def test_weights_in_two_units_are_noticed_and_their_lines_named(factor, share):
    rng = np.random.default_rng(3)
    weights = rng.lognormal(0, 1.1, 300)
    other = rng.random(300) < share
    (note,) = check_weights(np.where(other, weights * factor, weights), range(2, 302), "f.csv")
    assert (note.name, note.required) == ("factories.weight_units", False)
    smaller = other if share <= 0.4 else ~other
    assert note.message.startswith(f"lines {np.flatnonzero(smaller)[0] + 2}") or share == 0.5
    assert note.observed["factor"] == pytest.approx(max(factor, 1 / factor), rel=0.6)


def test_weights_of_one_unit_are_let_pass_however_unequal():
    rng = np.random.default_rng(4)
    for weights in (
        rng.lognormal(0, 2.0, 400),
        rng.pareto(1, 400) + 1,
        np.array([1.0] * 400),
        np.array([1.0] * 300 + [2.0] * 100),
        np.array([1.0] * 100 + [5000.0]),
        np.array([3.0]),
    ):
        assert check_weights(weights, range(len(weights)), "f.csv") == ()


@pytest.fixture
def masked(pack_dir, rewrite):
    """What is said of an urban mask, on light whose west is a city."""
    city = np.zeros(GRID.shape, np.uint8)
    city[:, :40] = 1
    image = np.random.default_rng(1).gamma(4, 1, GRID.shape) + 20 * city
    light = image[None].astype(np.float32)
    stack = LightStack((Month(2020, 1),), light, np.ones(light.shape, np.uint16), GRID, ((),), ())
    rewrite("region.yaml", "statistics: {", "urban: {path: urban.tif}\nstatistics: {")

    def check(change):
        raster.write_geotiff(pack_dir / "urban.tif", change(city), GRID, nodata=255)
        pack = read_pack(pack_dir)
        notes = check_against_light(pack.config, pack, stack)
        return [(note.name, note.required) for note in notes]

    return check


def test_urban_masks_beside_their_light(masked):
    assert masked(lambda city: city) == []
    assert masked(lambda city: 1 - city) == [("pack.urban_light", True)]
    assert masked(lambda city: np.roll(city, 28, axis=1)) == [("pack.urban_light", False)]
    assert masked(np.zeros_like) == [("pack.urban_even", False)]
    assert masked(np.ones_like) == [("pack.urban_even", False)]


def test_an_urban_mask_of_another_place_is_refused(pack_dir, rewrite):
    rewrite("region.yaml", "statistics: {", "urban: {path: urban.tif}\nstatistics: {")
    light = np.ones((1, *GRID.shape), np.float32)
    stack = LightStack((Month(2020, 1),), light, np.ones(light.shape, np.uint16), GRID, ((),), ())
    elsewhere = GeoBox(GRID.shape, Affine(1 / 240, 0, 110.0, 0, -1 / 240, 31.2), "EPSG:4326")
    raster.write_geotiff(pack_dir / "urban.tif", np.ones(GRID.shape, np.uint8), elsewhere, nodata=255)
    pack = read_pack(pack_dir)
    with pytest.raises(
        GvioError, match=r"urban\.tif: holds nothing of the region\. Give a mask of this place, or correct"
    ):
        check_against_light(pack.config, pack, stack)


def test_weights_that_are_no_numbers_say_how_to_write_them(pack_dir, rewrite):
    rewrite("factories.csv", ",2.5,", ',"2,5",')
    with pytest.raises(GvioError, match=r"weight '2,5' is not a positive number\. Write plain numbers, like 2\.5"):
        read_pack(pack_dir)
