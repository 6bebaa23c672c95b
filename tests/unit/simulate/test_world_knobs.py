"""Every difficulty does what it says, and leaves the other parts of the world as they were, number by number."""

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from gvio.ledger.rows import as_of
from gvio.region.pack import read_pack
from gvio.simulate.light import regime_start
from gvio.simulate.pack import simulate_pack
from gvio.simulate.spec import WorldSpec
from gvio.simulate.world import simulate_world
from gvio.sources.folder import open_stack
from gvio.types import Month

PLAIN = WorldSpec(
    bounds=(121.0, 31.0, 121.2, 31.15), months=30, n_factories=60, n_districts=4, decoys=5, regime_month="2019-05",
    revised_share=0.3,
)  # fmt: skip


def variant(**changes):
    return PLAIN.model_copy(update=changes)


@pytest.fixture(scope="module")
def plain():
    return simulate_world(PLAIN, seed=5)


def parts(world):
    places, economy = world.places, world.economy
    return {
        "places": (places.owner, places.background, places.row, places.col, places.lon, world.mapped),
        "output": (economy.output, economy.size, economy.sector, economy.dark),
        "visible": (economy.visible,),
        "decoys": (world.decoys.row, world.decoys.lon, world.decoys.light),
        "light": (world.radiance,),
        "counts": (world.observations,),
        "figures": tuple(world.statistics[name].to_numpy() for name in ("area_id", "start", "value", "published")),
    }


def changed(one, other):
    """Names of the parts that differ."""
    first, second = parts(one), parts(other)
    return {name for name in first if not all(map(same, first[name], second[name]))}


def same(a, b):
    return a.shape == b.shape and (np.allclose(a, b, equal_nan=True) if a.dtype.kind == "f" else (a == b).all())


@pytest.mark.parametrize(
    ("knob", "touched"),
    [
        ({"decoys": 9}, {"decoys", "light"}),
        ({"decoy_light": 60.0}, {"decoys", "light"}),
        ({"regime_level": 1.1}, {"light"}),
        ({"regime_background": 0.5}, {"light"}),
        ({"regime_recorded": False}, set()),
        ({"count_bias": 0.2}, {"light"}),
        ({"factory_elasticity_spread": 0.3}, {"light"}),
        ({"efficiency_spread": 0.8}, {"light"}),
        ({"led_share": 0.6}, {"light"}),
        ({"blooming_px": 1.2}, {"light"}),
        ({"revised_share": 0.9}, {"figures"}),
        ({"revision_spread": 0.05}, {"figures"}),
        ({"missing_share": 0.3}, {"figures"}),
        ({"births_share": 0.4}, {"output", "light", "figures"}),
        ({"closures_share": 0.4}, {"output", "light", "figures"}),
        ({"factory_persistence": 0.5}, {"output", "visible", "light", "figures"}),
        ({"year_end_rush": 0.2}, {"output", "visible", "light", "figures"}),
        ({"season_phase_spread": 0.0}, {"output", "visible", "light", "figures"}),
        ({"district_growth_spread": 0.2}, {"output", "visible", "light", "figures"}),
        ({"common_shock_month": "2019-03"}, {"output", "visible", "light", "figures"}),
        ({"cloud_peak": 1.0}, {"counts", "light"}),
        ({"cloud_length": 6.0}, {"counts", "light"}),
        ({"park_spread_px": 1.0}, {"places", "output", "visible", "light", "figures"}),
    ],
)
def test_a_knob_touches_its_own_parts_and_no_others(plain, knob, touched):
    assert changed(plain, simulate_world(variant(**knob), seed=5)) == touched


def test_decoys_are_on_the_map_shine_and_make_nothing(tmp_path):
    quiet = {"decoy_light": 200.0, "noise": 0.0, "decoys": 12}
    world = simulate_pack(tmp_path, variant(**quiet), seed=5)
    without = simulate_world(variant(**quiet | {"decoys": 0}), seed=5)
    assert len(read_pack(tmp_path).factories) >= world.mapped.sum() + 10
    np.testing.assert_array_equal(world.truth, without.truth)
    decoys, places = world.decoys, world.places
    gained = (world.radiance - without.radiance)[:, decoys.row, decoys.col]
    assert np.nanmin(gained) > 20
    on_land = places.background[places.owner >= 0]
    assert places.background[decoys.row, decoys.col].mean() > 2 * on_land.mean()  # where the city is bright


def test_decoys_change_in_their_own_rhythm(plain):
    world = simulate_world(variant(decoys=300), seed=5)
    logs = np.log(world.decoys.light)
    assert np.std(logs.mean(axis=1)) == pytest.approx(0.5, rel=0.2)
    assert np.std(logs - logs.mean(axis=1, keepdims=True)) == pytest.approx(0.1, abs=0.05)
    city = np.log(world.labels.sum(axis=0))
    assert abs(np.corrcoef(logs.mean(axis=0), city)[0, 1]) < 0.6


def test_a_change_of_regime_shifts_level_and_background_from_its_month_on(plain):
    other = simulate_world(variant(regime_level=1.25, regime_background=2.0), seed=5)
    first = Month(2019, 5) - Month(2018, 1)
    assert regime_start(PLAIN) == first
    np.testing.assert_array_equal(other.radiance[:first], plain.radiance[:first])
    np.testing.assert_allclose(other.radiance[first:], plain.radiance[first:] * 1.25 + 2.0, rtol=1e-5)


@pytest.mark.slow
@pytest.mark.parametrize("product", ["vnl-monthly", "vnp46a3", "light-every-night"])
def test_a_recorded_change_of_regime_is_in_the_files_names(tmp_path, product):
    spec = variant(product=product, months=13, regime_month="2018-12")
    simulate_pack(tmp_path / "told", spec, seed=5)
    told = open_stack(tmp_path / "told" / "ntl", product, spec.bounds, Month(2018, 1), None)[0].regimes
    assert len(set(told[:11])) == len(set(told[11:])) == 1
    assert told[0] != told[11]
    if product == "vnl-monthly":
        simulate_pack(tmp_path / "silent", spec.model_copy(update={"regime_recorded": False}), seed=5)
        silent = open_stack(tmp_path / "silent" / "ntl", product, spec.bounds, Month(2018, 1), None)[0].regimes
        assert set(silent) == {told[-1]}


def test_few_observations_read_high_by_what_the_bias_says(plain):
    other = simulate_world(variant(count_bias=0.5, stray_light=0.0, noise=0.0), seed=5)
    fair = simulate_world(variant(count_bias=0.0, stray_light=0.0, noise=0.0), seed=5)
    seen = fair.observations[:17] > 0  # before the change of regime
    excess = np.log(other.radiance[:17][seen] / fair.radiance[:17][seen])
    np.testing.assert_allclose(excess, 0.5 / np.sqrt(fair.observations[:17][seen]), atol=1e-4)


def test_factories_of_one_sector_may_differ_in_elasticity():
    quiet = {"noise": 0.0, "factory_flicker": 0.0, "elasticity_spread": 0.0, "blooming_px": 0.0, "urban_light": 0.0,
             "stray_light": 0.0, "gain_spread": 0.0, "gain_drift": 0.0, "regime_month": None, "decoys": 0,
             "dark_share": 0.0, "shutdowns_per_year": 0.0, "observations": 400.0, "factory_light": 1e5}  # fmt: skip

    def slopes(**more):
        world = simulate_world(variant(**quiet, **more), seed=3)
        places, output = world.places, np.log(world.economy.output)
        key = places.row * 1000 + places.col
        alone = np.array([(key == k).sum() == 1 for k in key])
        light = np.log(world.radiance[:, places.row[alone], places.col[alone]].T)
        return np.array([np.polyfit(x, y, 1)[0] for x, y in zip(output[alone], light, strict=True)])

    assert slopes().std() < 0.02
    assert slopes(factory_elasticity_spread=0.2).std() == pytest.approx(0.2, rel=0.4)


@pytest.mark.slow
def test_factories_open_and_close_and_the_pack_says_when(tmp_path):
    world = simulate_pack(tmp_path, variant(births_share=0.3, closures_share=0.3), seed=5)
    economy = world.economy
    assert ((economy.output > 0) == economy.alive).all()
    assert 0.15 < (economy.opened > 0).mean() < 0.45
    assert 0.15 < (economy.closed < 30).mean() < 0.45
    assert (economy.closed > economy.opened).all()
    assert (world.labels > 0).all()
    listed = pd.read_csv(tmp_path / "factories.csv", dtype=str, keep_default_na=False)
    real = listed.iloc[: world.mapped.sum()]
    first = [str(Month(2018, 1) + int(t)) if t else "" for t in economy.opened[world.mapped]]
    last = [str(Month(2018, 1) + int(t - 1)) if t < 30 else "" for t in economy.closed[world.mapped]]
    assert (list(real["opened"]), list(real["closed"])) == (first, last)
    assert set(listed["opened"][world.mapped.sum() :]) == {""}  # decoys
    assert len(read_pack(tmp_path).factories) == 59


def test_no_light_before_a_factory_opens_or_after_it_closes():
    dark_city = {"urban_light": 0.0, "blooming_px": 0.0, "noise": 0.0, "stray_light": 0.0, "decoys": 0,
                 "dark_share": 0.0, "regime_month": None}  # fmt: skip
    lives = {"births_share": 0.5, "closures_share": 0.5}
    world = simulate_world(variant(**dark_city, **lives), seed=5)
    bright = simulate_world(variant(**dark_city), seed=5)
    row, col, alive = world.places.row, world.places.col, world.economy.alive
    ever = np.zeros((30, *world.places.owner.shape), bool)
    for f in range(len(row)):
        ever[:, row[f], col[f]] |= alive[f]
    made = np.zeros(world.places.owner.shape, bool)
    made[row, col] = True
    empty = made & ~ever & (world.observations > 0)
    assert empty.sum() > 50
    assert world.radiance[empty].max() < bright.radiance[empty].max()
    assert np.median(world.radiance[empty]) < 1.0


def test_missing_figures_are_the_districts_and_what_remains_is_unchanged(plain):
    world = simulate_world(variant(missing_share=0.4), seed=5)
    keys = ["area_id", "start", "end", "published", "value"]
    full, left = plain.statistics[keys], world.statistics[keys]
    assert len(left.merge(full)) == len(left)
    assert (left["area_id"] == "CITY").sum() == (full["area_id"] == "CITY").sum()
    kept = (left["area_id"] != "CITY").sum() / (full["area_id"] != "CITY").sum()
    assert kept == pytest.approx(0.6, abs=0.1)


def test_revisions_have_a_size():
    def sizes(spread):
        world = simulate_world(variant(revised_share=1.0, reporting_noise=0.0, revision_spread=spread), seed=5)
        figures = world.statistics.groupby(["area_id", "start"])["value"]
        return np.log(figures.first() / figures.last())

    assert np.abs(sizes(0.0)).max() < 1e-4
    assert sizes(0.05).std() == pytest.approx(0.05, rel=0.2)


def test_figures_that_are_never_revised_have_no_further_error(plain):
    world = simulate_world(variant(revision_spread=0.2), seed=5)
    once = ~plain.statistics.duplicated(["area_id", "start"], keep=False)
    np.testing.assert_array_equal(world.statistics["value"][once], plain.statistics["value"][once])


def test_the_rains_come_when_the_world_says():
    winter = simulate_world(variant(cloud_peak=12.9, cloud_season=0.9), seed=5)
    mean = winter.observations.mean(axis=(1, 2))
    cloudy = np.array([month.month in (12, 1) for month in PLAIN.span])
    assert mean[cloudy].mean() < 0.6 * mean[~cloudy].mean()
    longer = simulate_world(variant(cloud_length=8.0, cloud_season=0.9), seed=5)
    spring = np.array([month.month in (4, 9) for month in PLAIN.span])
    assert longer.observations[spring].mean() < 0.7 * winter.observations[spring].mean()


def test_shutdown_of_all_with_the_lights_on():
    """Shanghai, first quarter of 2020: output fell by a sixth, light not at all."""
    stop = {"common_shock_month": "2019-03", "common_shock": 0.4, "common_shock_visible": 0.0}
    world, calm = simulate_world(variant(**stop), seed=5), simulate_world(PLAIN, seed=5)
    at = Month(2019, 3) - Month(2018, 1)
    np.testing.assert_allclose(world.labels[:, at], 0.6 * calm.labels[:, at], rtol=1e-9)
    np.testing.assert_array_equal(world.radiance, calm.radiance)


def test_december_gains_what_its_rush_says(plain):
    other = simulate_world(variant(year_end_rush=0.3), seed=5)
    gain = np.log(other.labels / plain.labels).mean(axis=0)
    december = np.array([month.month == 12 for month in PLAIN.span])
    np.testing.assert_allclose(gain[december], 0.28, atol=1e-9)  # 0.02 by default
    np.testing.assert_allclose(gain[~december], 0.0, atol=1e-9)


@pytest.mark.slow
def test_a_factorys_shocks_fade_as_fast_as_the_world_says():
    still = {"n_factories": 2000, "sector_cycle": 0.0, "district_shock": 0.0, "season": 0.0, "new_year_dip": 0.0,
             "year_end_rush": 0.0, "growth_spread": 0.0, "growth": 0.0, "shutdowns_per_year": 0.0}  # fmt: skip
    for persistence in (0.5, 0.9):
        output = simulate_world(variant(**still, factory_persistence=persistence), seed=5).economy.output
        shocks = np.log(output / output[:, :1]) + np.log(output[:, :1])
        centred = shocks - np.log(simulate_world(variant(**still), seed=5).economy.size)[:, None]
        assert np.corrcoef(centred[:, 10], centred[:, 11])[0, 1] == pytest.approx(persistence, abs=0.03)
        assert centred.std() == pytest.approx(0.13, rel=0.05)


def test_districts_may_grow_apart_more_than_sectors():
    apart = simulate_world(variant(district_growth_spread=0.5, n_districts=4), seed=5)
    together = simulate_world(variant(district_growth_spread=0.0), seed=5)
    growth = [np.ptp([np.polyfit(np.arange(30) / 12, np.log(y), 1)[0] for y in w.labels]) for w in (apart, together)]
    assert growth[0] > 3 * growth[1]


@pytest.mark.slow
def test_parks_can_be_tight_loose_and_of_any_size():
    def pixels(**changes):
        places = simulate_world(variant(n_factories=400, decoys=0, **changes), seed=5).places
        return len(set(zip(places.row.tolist(), places.col.tolist(), strict=True)))

    assert pixels(park_spread_px=0.5) < 0.5 * pixels(park_spread_px=3.0)
    assert pixels(park_size=200) < pixels(park_size=5)
    assert pixels(park_spread_variety=1.0) != pixels()


def test_shy_parks_stay_away_from_the_city():
    def light(shyness):
        places = simulate_world(variant(n_factories=3000, least_factories=1, park_shyness=shyness), seed=5).places
        return places.background[places.row, places.col].mean()

    assert light(0.05) < 0.7 * light(5.0)


@pytest.mark.slow
def test_figures_of_hard_worlds_still_read_as_a_ledger(tmp_path):
    simulate_pack(tmp_path, variant(missing_share=0.3, revised_share=0.5, revision_spread=0.05, labels="few"), seed=5)
    pack = read_pack(tmp_path)
    assert [note for note in pack.notes if note.required] == []
    assert len(as_of(pack.ledger, dt.date(2030, 1, 1)).areas) > 1
