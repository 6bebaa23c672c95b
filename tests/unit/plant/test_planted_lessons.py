"""Plants: where they stand, what their light does, and that a network learns to see it."""

import dataclasses

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox
from scipy import ndimage
from scipy.sparse import csr_array

from gvio.model.normalisation import fit_normalisation
from gvio.model.sacnn import Architecture
from gvio.plant.draw import Ground, Plants, draw_plants
from gvio.plant.lessons import MOST_IMAGES, plant_lessons, planted_samples
from gvio.plant.paths import own_light_paths
from gvio.sample.rings import away_from
from gvio.sample.samples import Samples
from gvio.sample.statistics import STATISTIC_NAMES
from gvio.stages.workers import Threads
from gvio.train.loop import Optimisation, apply_member, new_network, taught, train_member
from gvio.types import Month

T, SIDE, FACTORIES, DISTRICTS = 36, 40, 24, 3


def make_region(seed: int = 0, noise: float = 0.02, **changes) -> Samples:
    """A quiet city: smooth ground, factories in parks, clouds over a tenth of the pixels."""
    rng = np.random.default_rng(seed)
    ground = 6 * np.exp(ndimage.gaussian_filter(rng.standard_normal((SIDE, SIDE)), 4))
    district = np.repeat(np.arange(DISTRICTS), FACTORIES // DISTRICTS)
    centre = np.array([[8, 8], [8, 30], [28, 14]])[district]
    row, col = np.clip(centre + rng.integers(-3, 4, (FACTORIES, 2)), 0, SIDE - 1).T
    scene = ground.copy()
    np.add.at(scene, (row, col), 30.0)
    scene = ndimage.gaussian_filter(scene, 0.7)
    observations = np.where(rng.random((T, SIDE, SIDE)) < 0.1, 0, 8).astype(np.uint16)
    radiance = (scene * rng.lognormal(0, noise, (T, SIDE, SIDE))).astype(np.float32)
    radiance[observations == 0] = np.nan
    statistics = np.ones((DISTRICTS, T, 4))
    region = Samples(
        months=tuple(Month(2018, 1) + t for t in range(T)),
        area_ids=tuple("ABC"),
        factory_ids=tuple(f"F{i}" for i in range(FACTORIES)),
        categories=("",) * FACTORIES,
        radii_m=(500.0, 1000.0),
        geobox=GeoBox((SIDE, SIDE), Affine(1 / 240, 0, 121.0, 0, -1 / 240, 31.5), "EPSG:4326"),
        district=district,
        weight=np.ones(FACTORIES),
        row=row,
        col=col,
        active=np.ones((FACTORIES, T), dtype=bool),
        light=np.ones((2, FACTORIES, T)),
        seen=np.ones((2, FACTORIES, T)),
        background=np.ones((FACTORIES, T)),
        footprint=csr_array((np.ones(FACTORIES), (np.arange(FACTORIES), row * SIDE + col)), (FACTORIES, SIDE**2)),
        statistics=statistics,
        city_statistics=statistics.mean(axis=0),
        region_light=np.ones(T),
        statistic_names=STATISTIC_NAMES,
        radiance=radiance,
        observations=observations,
        owner=np.zeros((SIDE, SIDE), np.int16),
        urban=np.ones((SIDE, SIDE), np.float32),
        density=np.ones((SIDE, SIDE), np.float32),
        regimes=("r",) * T,
        urban_derived=False,
    )
    return dataclasses.replace(region, **changes)


@pytest.fixture(scope="module")
def region() -> Samples:
    return make_region()


@pytest.fixture(scope="module")
def normalisation(region):
    return fit_normalisation(region, np.ones(T, dtype=bool), 5)


def drawn(region, normalisation, seed: int = 0) -> Plants:
    plants = draw_plants(Ground.of(region, normalisation), T, np.random.default_rng(seed))
    assert plants is not None
    return plants


def test_plants_stand_away_from_factories_and_on_ground_like_theirs(region, normalisation):
    plants = drawn(region, normalisation)
    assert away_from(region.row, region.col, (SIDE, SIDE))[plants.row, plants.col].all()
    assert len(plants.row) > FACTORIES / 3
    assert set(plants.district) == set(range(plants.n_areas))
    assert np.isfinite(plants.light).all()
    assert (plants.light >= 0).all()


def test_what_is_to_be_read_is_the_log_of_the_light_that_is_added(region, normalisation):
    plants = drawn(region, normalisation)
    added = planted_samples(region, plants, np.ones(T)).radiance - region.radiance
    total = np.exp(plants.target).sum(axis=0)
    seen = np.isfinite(region.radiance)
    whole = np.nansum(added, axis=(1, 2)) / seen.mean(axis=(1, 2))
    np.testing.assert_allclose(whole, total, rtol=0.2, err_msg="but for clouds and what falls beyond the edge")
    assert np.corrcoef(whole, total)[0, 1] > 0.7


def test_light_that_was_not_seen_stays_unseen_and_the_regions_own_factories_stay(region, normalisation):
    plants = drawn(region, normalisation)
    planted = planted_samples(region, plants, np.full(T, 2.0))
    np.testing.assert_array_equal(np.isnan(planted.radiance), np.isnan(region.radiance))
    assert np.nanmin(planted.radiance - region.radiance) > -1e-3
    np.testing.assert_array_equal(planted.row[:FACTORIES], region.row)
    assert len(planted.factory_ids) == len(planted.district) == FACTORIES + len(plants.row)
    assert planted.district.max() == DISTRICTS + plants.n_areas - 1


def test_the_seed_decides_everything_whoever_works(region, normalisation):
    told = []
    one = plant_lessons(region, normalisation, 9, 5, 3)
    side_by_side = Threads(lambda *at: told.append(at), 2)
    two = plant_lessons(region, normalisation, 9, 5, 3, lambda tasks: side_by_side("plant", tasks))
    other = plant_lessons(region, normalisation, 9, 5, 4)
    assert len(one) == len(two) == MOST_IMAGES
    assert told[-1] == ("plant", MOST_IMAGES - 1, MOST_IMAGES - 1)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_array_equal(a.panel.dynamic, b.panel.dynamic)
        np.testing.assert_array_equal(a.target, b.target)
    assert not np.array_equal(one[0].target, other[0].target)
    assert all(len(a.target) == a.panel.n_areas == a.panel.district.max() + 1 for a in one)


def test_a_network_learns_to_see_plants_it_has_never_seen(region, normalisation):
    lessons = plant_lessons(region, normalisation, 9, 5, 3)
    net, how = Architecture(8, 9, 5), Optimisation(60, 0.02, 0.001, 1)
    member = train_member(net, taught(lessons[:10]), how)
    held = taught(lessons[10:])
    assert held is not None

    def left(weights) -> float:
        sight = apply_member(net, weights, held.inputs)
        error, truth = sight.change - held.target, held.target
        kept = (sight.seen > 0.5) & (truth > -2)
        return float(error[kept].var() / truth[kept].var())

    means = held.target.mean(dim=1, keepdim=True)
    held = dataclasses.replace(held, target=held.target - means)
    assert left(member.weights) < 0.15
    assert left(member.weights) < left(new_network(net, 1).state_dict())


def test_nothing_is_planted_where_nothing_finds_a_place(region):
    everywhere = np.array([(r, c) for r in range(0, SIDE, 3) for c in range(0, SIDE, 3)])
    n = len(everywhere)
    full = dataclasses.replace(
        region,
        row=everywhere[:, 0],
        col=everywhere[:, 1],
        district=np.zeros(n, dtype=int),
        weight=np.ones(n),
        active=np.ones((n, T), dtype=bool),
    )
    assert plant_lessons(full, fit_normalisation(full, np.ones(T, dtype=bool), 5), 9, 5, 1) == ()


def test_a_region_without_light_teaches_nothing(region):
    dark = dataclasses.replace(
        region, radiance=np.full_like(region.radiance, np.nan), observations=np.zeros_like(region.observations)
    )
    assert plant_lessons(dark, fit_normalisation(dark, np.ones(T, dtype=bool), 5), 9, 5, 1) == ()


def test_factories_that_have_not_opened_yet_are_no_model_for_plants(region, normalisation):
    active = region.active.copy()
    active[: FACTORIES // 2] = False
    late = dataclasses.replace(region, active=active)
    plants = drawn(late, fit_normalisation(late, np.ones(T, dtype=bool), 5))
    assert (plants.weight > 0).all()
    assert np.isfinite(plants.light).all()


@pytest.mark.parametrize("n_months", [1, 3, 155])
def test_paths_are_finite_of_any_length(n_months):
    for seed in range(20):
        paths = own_light_paths(np.random.default_rng(seed), np.array([0, 0, 1]), n_months)
        assert paths.shape == (3, n_months)
        assert np.isfinite(paths).all()


def test_factories_of_one_district_move_together_in_part():
    paths = own_light_paths(np.random.default_rng(2), np.repeat([0, 1], 200), 120)
    one, two = paths[:200].mean(axis=0), paths[200:].mean(axis=0)
    assert one.std() > 0.02
    assert abs(np.corrcoef(one, two)[0, 1]) < 0.99
    assert paths.std(axis=1).mean() > one.std()
