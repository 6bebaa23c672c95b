import datetime as dt

import numpy as np
import pandas as pd
import pytest
import shapely

from gvio import raster
from gvio.config import Params
from gvio.grid.align import check_aligned
from gvio.ledger.checks import check_ledger
from gvio.ledger.rows import as_of
from gvio.ledger.sums import official_monthly, sums_matrix
from gvio.region.pack import read_pack
from gvio.simulate.economy import holiday_share, persistent, simulate_economy
from gvio.simulate.geography import lattice
from gvio.simulate.pack import simulate_pack
from gvio.simulate.spec import WorldSpec
from gvio.simulate.statistics import publish_figures
from gvio.simulate.world import simulate_world
from gvio.types import Month

SMALL = WorldSpec(bounds=(121.0, 31.0, 121.2, 31.15), months=30, n_factories=60, n_districts=4)


def variant(**changes):
    return SMALL.model_copy(update=changes)


@pytest.fixture(scope="module")
def world():
    return simulate_world(SMALL, seed=5)


def test_shapes_and_types(world):
    shape = (30, *world.places.geobox.shape)
    assert world.radiance.shape == world.observations.shape == world.truth.shape == shape
    assert (world.radiance.dtype, world.observations.dtype, world.truth.dtype) == ("float32", "uint16", "float32")
    assert world.labels.shape == (4, 30)


def test_light_is_missing_exactly_where_nothing_was_observed(world):
    np.testing.assert_array_equal(np.isnan(world.radiance), world.observations == 0)
    assert 0 < np.isnan(world.radiance).mean() < 0.05


def test_the_truth_adds_up_to_the_districts(world):
    sums = [world.truth[:, world.places.owner == d].sum(axis=1, dtype=np.float64) for d in range(4)]
    np.testing.assert_allclose(sums, world.labels, rtol=1e-5)
    assert world.labels.sum(axis=0).mean() == pytest.approx(SMALL.city_output, rel=0.3)


def test_nothing_is_made_outside_factory_pixels(world):
    made = np.zeros(world.places.owner.shape, bool)
    made[world.places.row, world.places.col] = True
    assert not world.truth[:, ~made].any()
    assert (world.places.owner[world.places.row, world.places.col] == world.places.district).all()


def test_equal_seeds_give_equal_worlds_and_others_do_not(world):
    again, other = simulate_world(SMALL, seed=5), simulate_world(SMALL, seed=6)
    np.testing.assert_array_equal(world.radiance, again.radiance)
    pd.testing.assert_frame_equal(world.statistics, again.statistics)
    assert not np.array_equal(world.economy.output, other.economy.output)


def test_turning_a_knob_of_the_light_leaves_the_economy_alone(world):
    brighter = simulate_world(variant(factory_light=80.0), seed=5)
    np.testing.assert_array_equal(world.economy.output, brighter.economy.output)
    assert np.nansum(brighter.radiance) > 1.2 * np.nansum(world.radiance)


def test_every_district_has_factories_on_the_map(world):
    mapped = np.bincount(world.places.district[world.mapped], minlength=4)
    assert (mapped >= SMALL.least_factories).all()
    assert world.mapped.sum() == 54  # a tenth of 60 is unmapped
    assert world.mapped[:54].all()


def test_light_follows_output_where_the_world_says_so():
    """Without noise, lamps, sensors and blur a bright factory's light is its output to the power of the elasticity."""
    quiet = variant(
        noise=0.0, gain_spread=0.0, gain_drift=0.0, blooming_px=0.0, stray_light=0.0, factory_flicker=0.0,
        led_share=0.0, urban_light=0.0, urban_growth=0.0, elasticity_spread=0.0, dark_share=0.0, shutdowns_per_year=0.0,
        observations=400.0, factory_light=1e4,
    )  # fmt: skip
    world = simulate_world(quiet, seed=1)
    places = world.places
    pixel = places.row * places.geobox.shape[1] + places.col
    alone = np.isin(pixel, [p for p, n in zip(*np.unique(pixel, return_counts=True), strict=True) if n == 1])
    log_light = np.log(world.radiance[:, places.row[alone], places.col[alone]].astype(float)).T
    log_output = np.log(world.economy.output[alone])
    slope = [np.polyfit(x, y, 1)[0] for x, y in zip(log_output, log_light, strict=True)]
    np.testing.assert_allclose(slope, quiet.elasticity, atol=0.01)


def test_a_common_shock_hits_output_and_hardly_light():
    shocked = variant(common_shock_month="2019-03", common_shock=0.4)
    world, calm = simulate_world(shocked, seed=5), simulate_world(SMALL, seed=5)
    at = Month.parse("2019-03") - Month.parse(SMALL.first_month)
    ratio = world.labels / calm.labels
    np.testing.assert_allclose(ratio[:, [at - 1, at, at + 1]], [[1.0, 0.6, 0.8]] * 4, rtol=1e-9)
    light = np.nansum(world.radiance[at], dtype=float) / np.nansum(calm.radiance[at], dtype=float)
    assert 0.95 < light < 1


def test_some_shutdowns_keep_their_lights_on():
    world = simulate_world(variant(shutdowns_per_year=0.3, lights_on_share=0.5), seed=2)
    stopped = np.diff(np.log(world.economy.output), axis=1) < -1.5
    dimmed = np.diff(world.economy.visible, axis=1) < -1.5
    assert stopped.sum() > 20
    assert 0.2 < (stopped & dimmed).sum() / stopped.sum() < 0.8


def test_rain_takes_observations_in_june_and_july(world):
    mean = world.observations.mean(axis=(1, 2))
    rainy = np.array([month.month in (6, 7) for month in SMALL.span])
    assert mean[rainy].mean() < 0.7 * mean[~rainy].mean()


def test_shocks_persist_and_keep_their_spread():
    series = persistent(np.random.default_rng(0), (4000, 60), 0.2)
    assert series.std() == pytest.approx(0.2, rel=0.05)
    assert np.corrcoef(series[:, 30], series[:, 31])[0, 1] == pytest.approx(0.97, abs=0.01)


def test_the_holiday_falls_into_the_right_months():
    assert holiday_share(Month(2018, 2)) == pytest.approx(17 / 28)  # new year on 16 February
    assert holiday_share(Month(2020, 1)) + holiday_share(Month(2020, 2)) > 0.5  # on 25 January
    assert holiday_share(Month(2020, 7)) == 0
    assert holiday_share(Month(1900, 2)) == 0  # unknown years have no dip
    assert holiday_share(Month(2018, 2), "KR") == holiday_share(Month(2018, 2))
    assert holiday_share(Month(2018, 2), "IN") == holiday_share(Month(2018, 2), "none") == 0


def test_a_world_without_the_lunar_new_year_does_not_dip_in_february():
    spec = WorldSpec(months=24)
    district = np.arange(40) % 4
    china, none = (
        simulate_economy(s, district, np.random.default_rng(1)).output.sum(axis=0)
        for s in (spec, spec.model_copy(update={"calendar": "none"}))
    )
    lost = np.log(china / none)
    assert lost[1] == pytest.approx(np.log1p(-0.6 * 17 / 28))
    still = [t for t, month in enumerate(spec.span) if month.month not in (1, 2, 3)]
    np.testing.assert_allclose(lost[still], 0, atol=1e-12)


@pytest.mark.parametrize("product", ["vnl-monthly", "vnp46a3"])
def test_the_grid_lies_on_the_lattice_of_its_product(product):
    geobox = simulate_world(variant(product=product, months=13), seed=1).places.geobox
    check_aligned(geobox, lattice(product))
    west, south, east, north = geobox.boundingbox.bbox
    assert west <= 121.0 + 1e-9 <= east
    assert south <= 31.0 + 1e-9 <= north


@pytest.mark.parametrize(
    ("labels", "kinds"),
    [("rich", {("current", 1), ("current", 2)}), ("few", {("cumulative", 3), ("cumulative", 12), ("current", 12)}),
     ("city", {("current", 12)})],
)  # fmt: skip
def test_figures_of_districts_come_as_the_office_publishes_them(world, labels, kinds):
    figures = publish_figures(variant(labels=labels), world.labels, list("abcd"), np.random.default_rng(1))
    rows = figures[figures["area_id"] != "CITY"]
    months = [Month.parse(e) - Month.parse(s) + 1 for s, e in zip(rows["start"], rows["end"], strict=True)]
    found = set(zip(rows["kind"], months, strict=True))
    assert kinds <= found
    city = figures[figures["area_id"] == "CITY"]
    assert len(city) == 24 + 3  # January and February of three years are one row each


def test_figures_of_districts_may_stop_early(world):
    spec = variant(districts_end_early=4)
    figures = publish_figures(spec, world.labels, list("abcd"), np.random.default_rng(1))
    last = figures.groupby("area_id")["end"].max()
    assert last["CITY"] == str(spec.span[-1])
    assert last["a"] == str(spec.span[-5])


def test_revised_figures_have_a_second_vintage_nearer_the_truth(world):
    spec = variant(revised_share=1.0, reporting_noise=0.05)
    figures = publish_figures(spec, world.labels, list("abcd"), np.random.default_rng(1))
    assert figures.duplicated(["area_id", "start", "end"]).sum() == len(figures) / 2
    march = figures[(figures["area_id"] == "a") & (figures["start"] == "2019-03")]
    assert march["value"].iloc[-1] == pytest.approx(world.labels[0, 14], abs=1e-4)


def test_bad_specifications_are_refused():
    with pytest.raises(ValueError, match="not a month"):
        WorldSpec(first_month="2018-1")
    with pytest.raises(ValueError, match="dark_share"):
        WorldSpec(dark_share=1.5)


@pytest.mark.slow
@pytest.mark.parametrize("labels", ["rich", "few", "city"])
def test_a_written_pack_reads_back_as_the_world_it_came_from(tmp_path, labels):
    spec = variant(labels=labels, revised_share=0.1)
    world = simulate_pack(tmp_path / "pack", spec, seed=5)
    pack = read_pack(tmp_path / "pack")
    assert [note for note in pack.notes if note.required] == []
    assert len(pack.factories) >= 53
    assert pack.config.title == SMALL.title
    with np.load(tmp_path / "pack" / "truth" / "truth.npz") as file:
        truth = dict(file)
    np.testing.assert_array_equal(truth["truth"], world.truth)
    ledger = as_of(pack.ledger, dt.date(2030, 1, 1))
    sums = sums_matrix(ledger, pack.area_ids, "CITY", spec.span)
    errors = np.log(sums.values / (sums.G @ truth["labels"].ravel()))
    assert 0.005 < errors.std() < 0.02
    assert all(result.passed for result in check_ledger(pack.ledger, pack.area_ids, "CITY", Params()))
    assert np.isfinite(official_monthly(ledger, pack.area_ids, "CITY", spec.span)[0][-1]).sum() == 24


def test_equal_arguments_give_equal_bytes(tmp_path):
    spec = variant(months=13)
    for name in ("a", "b"):
        simulate_pack(tmp_path / name, spec, seed=5)
    files = sorted(path.relative_to(tmp_path / "a") for path in (tmp_path / "a").rglob("*") if path.is_file())
    assert len(files) == 6 + 2 * 13
    for name in files:
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes(), name


def test_files_have_official_names_and_hold_the_light(tmp_path):
    reports = []
    world = simulate_pack(tmp_path, variant(months=13), 5, lambda *report: reports.append(report))
    light = sorted((tmp_path / "ntl").glob("SVDNB_npp_20180101-20180131_*.avg_rade9h.tif"))
    assert len(light) == 1
    radiance, geobox, _ = raster.read_window(light[0])
    assert geobox == world.places.geobox
    np.testing.assert_array_equal(radiance, np.nan_to_num(world.radiance[0]))
    assert reports[-1] == ("writing light", 13, 13)


def test_districts_of_the_pack_are_exactly_the_pixels_of_their_owner(world):
    owner = raster.rasterize(list(world.places.districts.geometry), range(4), world.places.geobox, fill=-1)
    np.testing.assert_array_equal(owner, world.places.owner)
    assert shapely.is_valid(world.places.districts.geometry.to_numpy()).all()
