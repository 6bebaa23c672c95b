"""Factories planted onto light that is given: here the light of an invented world, in every true format."""

import dataclasses

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio import raster
from gvio.errors import ConfigError, ProductError
from gvio.region.pack import read_pack
from gvio.simulate.formats.vnl import vnl_stem, write_vnl
from gvio.simulate.lightfiles import write_light
from gvio.simulate.onto import TITLE, conform, read_base
from gvio.simulate.pack import plant_pack, simulate_pack
from gvio.simulate.spec import WorldSpec
from gvio.simulate.world import simulate_world
from gvio.sources.files import MAGIC
from gvio.sources.folder import list_files, open_stack
from gvio.types import Month

CITY = WorldSpec(bounds=(121.0, 31.0, 121.15, 31.1), months=13, n_factories=10, n_districts=3, observations=3.0)
PLANT = WorldSpec(n_factories=40, n_districts=4)


def city_files(folder, **changes):
    world = simulate_world(CITY.model_copy(update=changes), seed=3)
    folder.mkdir()
    write_light(world, folder)
    return folder


@pytest.fixture(scope="module")
def base(tmp_path_factory):
    folder = city_files(tmp_path_factory.mktemp("real") / "light")
    return folder, read_base(folder, PLANT).stack


@pytest.fixture(scope="module")
def planted(base):
    return simulate_world(PLANT, 1, base=base[1])


def test_light_is_added_only_where_and_when_something_was_observed(base, planted):
    stack = base[1]
    assert (stack.observations == 0).mean() > 0.01
    np.testing.assert_array_equal(planted.observations, stack.observations)
    np.testing.assert_array_equal(np.isnan(planted.radiance), stack.observations == 0)
    added = np.nan_to_num(planted.radiance) - np.nan_to_num(stack.radiance)
    assert added.min() == 0
    assert added.sum() / planted.spec.months > 0.5 * 0.95 * PLANT.n_factories * PLANT.factory_light


def test_what_is_added_is_the_blurred_light_of_the_factories_alone(base):
    stack = base[1]
    sharp = PLANT.model_copy(update={"blooming_px": 0.0})
    world = simulate_world(sharp, 1, base=stack)
    made = np.zeros(world.places.owner.shape, bool)
    made[world.places.row, world.places.col] = True
    np.testing.assert_array_equal(world.radiance[:, ~made], stack.radiance[:, ~made])
    other = simulate_world(
        sharp.model_copy(update={"noise": 9.0, "gain_spread": 1.0, "stray_light": 9.0}), 1, base=stack
    )
    np.testing.assert_array_equal(world.radiance, other.radiance)  # sky and sensor are the base's own


def test_months_bounds_and_product_are_the_bases(base, planted):
    spec, box = planted.spec, base[1].geobox.boundingbox
    assert (spec.months, spec.first_month, spec.product, spec.title) == (13, "2018-01", "vnl-monthly", TITLE)
    assert spec.bounds == (box.left, box.bottom, box.right, box.top)
    assert spec.area_crs == "EPSG:32651"
    assert conform(WorldSpec(title="Mine", area_crs="EPSG:3857"), base[1]).title == "Mine"
    assert conform(WorldSpec(area_crs="EPSG:3857"), base[1]).area_crs == "EPSG:3857"


def test_equal_seeds_plant_equal_factories_and_others_do_not(base, planted):
    again, other = simulate_world(PLANT, 1, base=base[1]), simulate_world(PLANT, 2, base=base[1])
    np.testing.assert_array_equal(planted.radiance, again.radiance)
    assert not np.array_equal(planted.radiance, other.radiance, equal_nan=True)


def test_factories_stand_on_observed_ground_and_zones_cover_everything(base, planted):
    places = planted.places
    assert (places.owner >= 0).all()
    assert np.isfinite(base[1].radiance[:, places.row, places.col]).any(axis=0).all()


@pytest.mark.slow
@pytest.mark.parametrize("product", ["vnl-monthly", "vnp46a3", "light-every-night"])
def test_the_pack_holds_files_of_the_same_names_in_the_same_format(tmp_path, product):
    folder = city_files(tmp_path / "light", product=product)
    world = plant_pack(tmp_path / "pack", folder, PLANT.model_copy(update={"bounds": CITY.bounds}), seed=1)
    pack = read_pack(tmp_path / "pack")
    assert [note for note in pack.notes if note.required] == []
    assert pack.config.ntl.product == product
    real, written = list_files(folder, product), list_files(tmp_path / "pack" / "ntl", product)
    assert [file.path.name for file in written] == [file.path.name for file in real]
    stack, _ = open_stack(tmp_path / "pack" / "ntl", product, pack.config.bounds, Month(2018, 1), None)
    assert stack.geobox == world.places.geobox
    np.testing.assert_array_equal(stack.observations, world.observations)
    np.testing.assert_allclose(stack.radiance, world.radiance, rtol=1e-6)


def test_unobserved_pixels_stay_zero_and_zero_in_the_files(base, tmp_path):
    plant_pack(tmp_path / "pack", base[0], PLANT, seed=1)
    light, count = (sorted((tmp_path / "pack" / "ntl").glob(f"*.{layer}.tif"))[6] for layer in ("avg_rade9h", "cf_cvg"))
    radiance, counts = raster.read_window(light)[0], raster.read_window(count)[0]
    assert (counts == 0).any()
    assert (radiance[counts == 0] == 0).all()


def test_names_of_the_base_are_kept_and_absent_months_stay_absent(base, tmp_path):
    stack, folder = base[1], tmp_path / "light"
    folder.mkdir()
    for t in (0, *range(2, 13)):
        stem = vnl_stem(stack.months[t], satellite="j01", tile="00N060E", config="vcmcfg", stamp="202001010000")
        write_vnl(folder, stack.months[t], stack.radiance[t], stack.observations[t], stack.geobox, stem)
    plant_pack(tmp_path / "pack", folder, PLANT, seed=1)
    names = {path.name for path in (tmp_path / "pack" / "ntl").iterdir()}
    assert names == {path.name for path in folder.iterdir()}


@pytest.mark.slow
def test_a_window_across_tiles_is_named_as_one_of_the_globe(base, tmp_path):
    stack, folder = base[1], tmp_path / "light"
    folder.mkdir()
    half = stack.geobox.shape[1] // 2
    for t, month in enumerate(stack.months):
        for tile, first, last in (("75N060E", 0, half), ("75N180W", half, stack.geobox.shape[1])):
            corner = stack.geobox.transform @ Affine.translation(first, 0)
            grid = GeoBox((stack.geobox.shape[0], last - first), corner, stack.geobox.crs)
            parts = stack.radiance[t][:, first:last], stack.observations[t][:, first:last], grid
            write_vnl(folder, month, *parts, vnl_stem(month, tile=tile))
    whole = PLANT.model_copy(update={"bounds": CITY.bounds})
    plant_pack(tmp_path / "pack", folder, whole, seed=1)
    assert {p.name.split(".")[0] for p in (tmp_path / "pack" / "ntl").iterdir()} == {
        vnl_stem(month, tile="global") for month in stack.months
    }


def test_a_pack_gives_its_light_districts_and_unit(tmp_path):
    spec = CITY.model_copy(update={"unit": "lakh INR", "area_crs": "EPSG:32651"})
    simulate_pack(tmp_path / "one", spec, seed=3)
    plant_pack(tmp_path / "two", tmp_path / "one", PLANT, seed=1)
    one, two = read_pack(tmp_path / "one"), read_pack(tmp_path / "two")
    assert two.config.unit == "lakh INR"
    assert two.area_ids == one.area_ids
    assert two.districts.geometry.geom_equals(one.districts.geometry).all()


def test_a_vector_file_gives_the_districts(base, tmp_path):
    world = simulate_world(CITY, seed=9)
    world.places.districts[["area_id", "geometry"]].to_file(tmp_path / "zones.gpkg")
    found = read_base(base[0], PLANT, districts=tmp_path / "zones.gpkg").districts
    assert found is not None
    assert list(found["area_id"]) == list(found["name"]) == ["D00", "D01", "D02"]
    assert set(found["group"]) == {""}


def test_bounds_and_months_that_were_set_choose_a_part(base):
    part = WorldSpec(bounds=(121.05, 31.02, 121.1, 31.08), first_month="2018-03", months=13)
    with pytest.raises(Exception, match="no product for 2019-03"):
        read_base(base[0], part)
    part = WorldSpec(bounds=(121.05, 31.02, 121.1, 31.08), first_month="2018-01", months=13)
    stack = read_base(base[0], part).stack
    assert stack.geobox.shape[0] < base[1].geobox.shape[0]


def test_the_pack_is_not_written_over_the_real_light(base):
    folder = base[0]
    for out in (folder, folder / "pack", folder.parent):
        with pytest.raises(ConfigError, match="share a folder"):
            plant_pack(out, folder, PLANT, seed=1)


def test_a_folder_without_a_products_names_is_refused(tmp_path):
    with pytest.raises(ConfigError, match="no file has the name of a night-light product"):
        read_base(tmp_path, PLANT)


def test_two_products_in_one_folder_need_a_choice(tmp_path):
    (tmp_path / f"{vnl_stem(Month(2020, 1))}.tgz").touch()
    (tmp_path / "VNP46A3.A2020001.h30v05.002.2020040120000.h5").touch()
    with pytest.raises(ConfigError, match=r"vnl-monthly and vnp46a3 lie together.*--product"):
        read_base(tmp_path, PLANT)


def test_whole_tiles_are_too_large_for_a_region(tmp_path):
    (tmp_path / "VNP46A3.A2020001.h30v05.002.2020040120000.h5").write_bytes(MAGIC["HDF5"][0])
    with pytest.raises(ConfigError, match="2400 x 2400 pixels, too many"):
        read_base(tmp_path, PLANT)


def test_a_pack_whose_light_is_elsewhere_is_refused(tmp_path):
    simulate_pack(tmp_path / "one", CITY, seed=3)
    path = tmp_path / "one" / "region.yaml"
    path.write_text(path.read_text().replace("source: ntl", "source: s3://bucket/ntl"))
    with pytest.raises(ConfigError, match=r"s3://bucket/ntl.*no folder here"):
        read_base(tmp_path / "one", PLANT)


def test_light_that_nobody_ever_saw_is_refused(base, tmp_path):
    stack, folder = base[1], tmp_path / "light"
    folder.mkdir()
    dark = np.zeros(stack.geobox.shape)
    for month in stack.months:
        write_vnl(folder, month, dark, dark.astype(int), stack.geobox)
    with pytest.raises(ProductError, match="no pixel of the light was ever observed"):
        plant_pack(tmp_path / "pack", folder, PLANT, seed=1)


def test_a_base_without_a_year_on_year_is_refused(base):
    stack = base[1]
    short = dataclasses.replace(stack, months=stack.months[:12], radiance=stack.radiance[:12])
    with pytest.raises(ConfigError, match=r"has 12 month\(s\), a world needs 13"):
        conform(PLANT, short)


def test_light_that_came_from_no_file_of_its_product_cannot_be_named(planted, tmp_path):
    renamed = tuple((dataclasses.replace(files[0], file="mine.tif"),) for files in planted.provenance)
    with pytest.raises(ProductError, match=r"mine\.tif is no vnl-monthly file.*Official names are such as SVDNB"):
        write_light(dataclasses.replace(planted, provenance=renamed), tmp_path)
