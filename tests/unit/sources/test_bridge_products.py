"""Another product in place of absent months: grid, level, what it leaves, and when it is refused."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.errors import ProductError
from gvio.sources.bridge import MIN_COMMON, Plan, bridge, plan_months
from gvio.sources.files import ProductFile
from gvio.sources.light_every_night import recognise as recognise_len
from gvio.sources.regrid import area_weighted
from gvio.sources.vnp46a3 import recognise as recognise_bm
from gvio.types import LightStack, Month, Provenance, month_range

PIXEL = 1 / 240
GRID = GeoBox((40, 50), Affine(PIXEL, 0, 121.0, 0, -PIXEL, 31.0), "EPSG:4326")
HALF = GeoBox((42, 52), Affine(PIXEL, 0, 121.0 - 1.5 * PIXEL, 0, -PIXEL, 31.0 + 1.5 * PIXEL), "EPSG:4326")
START = Month(2020, 1)
GAIN, OFFSET = 1.25, -0.4
NAMES = ("vnp46a3", "light-every-night")


def scene(month: Month, grid: GeoBox) -> np.ndarray:
    """Light as a smooth function of place, so that both grids can sample the same truth; brighter each month."""
    rows, cols = np.indices(grid.shape)
    lon = grid.transform.c + (cols + 0.5) * PIXEL
    lat = grid.transform.f - (rows + 0.5) * PIXEL
    centre = np.exp(-(((lon - 121.1) / 0.03) ** 2 + ((lat - 30.92) / 0.03) ** 2))
    return (1 + 60 * centre) * (1 + 0.01 * (month - START))


def stack(product: str, months: list[Month], grid: GeoBox, level=lambda light: light, noise=0.0) -> LightStack:
    span = tuple(month_range(months[0], months[-1]))
    rng = np.random.default_rng(len(product))
    light = np.stack([level(scene(m, grid)) * np.exp(noise * rng.standard_normal(grid.shape)) for m in span])
    there = np.array([m in months for m in span])[:, None, None]
    origin = [
        (Provenance(f"{product}-{m}", "0" * 64, product, "npp", "v1", "plain", "1"),) if m in months else ()
        for m in span
    ]
    counts = np.where(there, 5, 0) * np.ones(light.shape)
    return LightStack(
        span,
        np.where(there, light, np.nan).astype(np.float32),
        counts.astype(np.uint16),
        grid,
        tuple(origin),
        tuple(m for m in span if m not in months),
    )


def other_level(light: np.ndarray) -> np.ndarray:
    return (light - OFFSET) / GAIN


def both(n_main: int = 20, n_other: int = 24, lacking: tuple[int, ...] = (7,), **more):
    months = [START + i for i in range(n_main) if i not in lacking]
    main = stack("vnp46a3", months, GRID)
    other = stack("light-every-night", [START + i for i in range(n_other)], HALF, other_level, **more)
    gaps = tuple(START + i for i in range(n_other) if START + i not in months)
    return main, other, Plan(NAMES, ("npp", "v1", "plain"), gaps, tuple(m for m in months if m in other.months))


def test_gaps_are_filled_on_the_grid_and_level_of_the_product() -> None:
    main, other, plan = both()
    merged, found = bridge(main, other, plan)
    assert (merged.months[0], merged.months[-1], merged.missing) == (START, START + 23, ())
    assert merged.geobox == GRID
    for month in plan.gaps:
        at = merged.months.index(month)
        np.testing.assert_allclose(merged.radiance[at], scene(month, GRID), rtol=0.02)
        assert merged.observations[at].min() == 5
    assert (found.gain, found.offset) == (pytest.approx(GAIN, rel=0.01), pytest.approx(OFFSET, abs=0.05))
    assert max(found.pixel_error, found.month_error) < 0.01


def test_own_months_stay_as_they_are_and_the_switch_is_a_regime_break() -> None:
    main, other, plan = both()
    merged, _ = bridge(main, other, plan)
    kept = [i for i, m in enumerate(main.months) if m not in main.missing]
    np.testing.assert_array_equal(merged.radiance[kept], main.radiance[kept])
    assert {merged.regimes[i] for i in kept} == {"vnp46a3/npp/v1/plain"}
    assert merged.regimes[7] == merged.regimes[23] == "light-every-night/npp/v1/plain as vnp46a3"


def test_the_error_told_is_the_error_made() -> None:
    main, other, plan = both(noise=0.1)
    merged, found = bridge(main, other, plan)
    gaps = [merged.months.index(m) for m in plan.gaps]
    truth = np.stack([scene(m, GRID) for m in plan.gaps])
    # averaging four noisy pixels halves the noise of each
    made = 1.4826 * np.median(np.abs(np.log1p(merged.radiance[gaps]) - np.log1p(truth))[truth > 1])
    assert found.pixel_error == pytest.approx(made, rel=0.15)
    assert 0.02 < found.pixel_error < 0.06


def test_a_month_as_a_whole_off_its_level_shows_in_the_error_of_months() -> None:
    main, other, plan = both()
    shifts = np.where(np.arange(24) % 2, 1.1, 0.9)[:, None, None].astype(np.float32)
    _, found = bridge(main, dataclasses.replace(other, radiance=other.radiance * shifts), plan)
    assert 0.06 < found.month_error < 0.14


def test_burnt_pixels_do_not_turn_the_level() -> None:
    main, other, plan = both()
    burnt = other.radiance.copy()
    burnt[:, 5:9, 5:25] *= 8
    _, found = bridge(main, dataclasses.replace(other, radiance=burnt), plan)
    assert (found.gain, found.offset) == (pytest.approx(GAIN, rel=0.03), pytest.approx(OFFSET, abs=0.1))


def test_too_few_months_in_common_are_refused() -> None:
    main, other, plan = both(n_main=MIN_COMMON - 1, n_other=MIN_COMMON, lacking=())
    message = (
        r"ntl\.product: light-every-night cannot stand in for vnp46a3 in 2020-12: 11 month\(s\) with the processing "
        r"npp/v1/plain are in both, and 12 are needed to compare levels\. Fetch more months, or wait"
    )
    with pytest.raises(ProductError, match=message):
        bridge(main, other, plan)


def test_light_that_does_not_follow_is_refused() -> None:
    main, other, plan = both()
    backwards = dataclasses.replace(other, radiance=80 - other.radiance)
    with pytest.raises(ProductError, match=r"light-every-night does not follow vnp46a3: a gain of .* fit best\. Leave"):
        bridge(main, backwards, plan)


def test_light_of_another_place_is_refused() -> None:
    main, other, plan = both()
    elsewhere = GeoBox(HALF.shape, Affine.translation(5, 0) @ HALF.transform, "EPSG:4326")
    with pytest.raises(ProductError, match=r"only 0 pixels are seen by vnp46a3 and light-every-night in the 19 months"):
        bridge(main, dataclasses.replace(other, geobox=elsewhere), plan)


def test_grids_in_different_coordinates_are_refused() -> None:
    main, other, plan = both()
    metric = GeoBox(HALF.shape, HALF.transform, "EPSG:32651")
    with pytest.raises(ProductError, match=r"the other product's grid is in EPSG:32651, the region's in EPSG:4326\."):
        bridge(main, dataclasses.replace(other, geobox=metric), plan)


def test_half_a_pixel_is_the_mean_of_four() -> None:
    source = GeoBox((3, 3), Affine(1, 0, 0, 0, -1, 3), "EPSG:4326")
    target = GeoBox((2, 2), Affine(1, 0, 0.5, 0, -1, 2.5), "EPSG:4326")
    values = np.arange(9, dtype=np.float32).reshape(3, 3)
    light, counts = area_weighted(values, np.full((3, 3), 4, np.uint16), source, target)
    np.testing.assert_allclose(light, [[2, 3], [5, 6]])
    assert (counts == 4).all()


def test_unseen_pixels_do_not_darken_their_neighbours() -> None:
    source = GeoBox((2, 2), Affine(1, 0, 0, 0, -1, 2), "EPSG:4326")
    target = GeoBox((1, 1), Affine(1, 0, 0.5, 0, -1, 1.5), "EPSG:4326")
    values = np.array([[8, 8], [0, np.nan]], np.float32)
    counts = np.array([[3, 3], [0, 3]], np.uint16)  # one never seen, one without a value
    light, seen = area_weighted(values, counts, source, target)
    assert (light[0, 0], seen[0, 0]) == (8, 3)
    light, seen = area_weighted(np.where(counts == 3, np.nan, values), counts, source, target)
    assert np.isnan(light[0, 0])
    assert seen[0, 0] == 0


def test_a_coarser_grid_averages_whole_pixels() -> None:
    source = GeoBox((4, 4), Affine(1, 0, 0, 0, -1, 4), "EPSG:4326")
    target = GeoBox((2, 2), Affine(2, 0, 0, 0, -2, 4), "EPSG:4326")
    values = np.arange(16, dtype=np.float32).reshape(4, 4)
    light, _ = area_weighted(values, np.ones((4, 4), np.uint16), source, target)
    np.testing.assert_allclose(light, values.reshape(2, 2, 2, 2).mean((1, 3)))


def granule(month: Month, collection: str = "002") -> ProductFile:
    file = recognise_bm(f"VNP46A3.A{month.first_day:%Y%j}.h30v05.{collection}.1.h5")
    assert file is not None
    return file


def composite(month: Month, config: str = "ecm-slcorr", run: str = "ops") -> ProductFile:
    period = f"{month.first_day:%Y%m%d}-{month.last_day:%Y%m%d}"
    file = recognise_len(f"DNB_npp_{period}_global_{config}_v10_{run}.avg_rade9.tif")
    assert file is not None
    return file


def test_a_plan_takes_absent_months_and_learns_from_the_nearest_of_the_same_processing() -> None:
    ours = [granule(START + i) for i in range(40) if i not in {5, 30}]
    theirs = [composite(START + i, run="rp2") for i in range(10)] + [composite(START + i) for i in range(10, 42)]
    new, old = plan_months(ours, theirs)
    assert old == Plan(
        NAMES, ("npp", "v10", "ecm-slcorr_rp2"), (START + 5,), tuple(START + i for i in range(10) if i != 5)
    )
    assert not old.usable
    assert new.gaps == (START + 30, START + 40, START + 41)
    assert (new.usable, len(new.common)) == (True, 24)
    assert set(new.common) == {START + i for i in range(15, 40) if i != 30}


def test_a_plan_leaves_months_of_another_collection_out_of_the_comparison() -> None:
    ours = [granule(START + i, "001") for i in range(4)] + [granule(START + i) for i in range(3, 9)]
    (plan,) = plan_months(ours, [composite(START + i) for i in range(10)])
    assert plan.common == tuple(START + i for i in range(3, 9)), "2020-04 is there in both; the newer one counts"
    assert plan.gaps == (START + 9,)


def test_nothing_is_planned_where_nothing_is_lacking_or_nothing_is_known() -> None:
    months = [START + i for i in range(3)]
    assert plan_months([granule(m) for m in months], [composite(m) for m in months]) == []
    assert plan_months([], [composite(m) for m in months]) == []
