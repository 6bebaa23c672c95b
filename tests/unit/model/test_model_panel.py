"""What the network sees: only training months set the scale, and the same light gives the same panel."""

import dataclasses

import numpy as np
import pytest
from model_samples import MISSING, PLACES, SIDE, T, make_panel, make_samples, training

from gvio.model.normalisation import fit_normalisation
from gvio.model.panel import Panel, build_panel
from gvio.sample.anomaly import LOG_OFFSET, SeenAnomalies
from gvio.sample.radiometry import radiometric_change, sky_at, sky_pixels
from gvio.sample.rings import away_from
from gvio.sample.samples import first_months
from gvio.sample.surroundings import city_means, surroundings

SITES = [(3, 4, 0), (5, 12, 1), (9, 2, 0), (12, 11, 1)]
ARRAYS = [f.name for f in dataclasses.fields(Panel) if f.name != "n_areas"]


@pytest.fixture(scope="module")
def samples():
    return make_samples()


def site_of(panel: Panel, samples, row: int, col: int) -> int:
    """Index of the site at a pixel, in the order of rows, columns and districts."""
    places = sorted({(r, c, d) for r, c, d in zip(samples.row, samples.col, samples.district, strict=True)})
    assert len(places) == len(panel.district)
    return next(i for i, place in enumerate(places) if place[:2] == (row, col))


def test_shapes_and_types_are_as_documented():
    panel = make_panel()
    shapes = {name: getattr(panel, name).shape for name in ARRAYS}
    assert shapes == {
        "static": (4, 2, 9, 9),
        "dynamic": (4, T, 2, 3),
        "around": (4, T, 3),
        "traits": (4, 4),
        "log_excess": (4,),
        "log_weight": (4, T),
        "site_weights": (4,),
        "district": (4,),
    }
    assert {panel.static.dtype, panel.dynamic.dtype, panel.around.dtype, panel.traits.dtype} == {np.dtype(np.float32)}
    assert all(np.isfinite(getattr(panel, name)).all() for name in ARRAYS)


def test_factories_of_one_pixel_and_district_are_one_site(samples):
    panel = make_panel()
    assert len(panel.district) == len(set(PLACES)) == len(SITES)
    shared = site_of(panel, samples, 3, 4)
    np.testing.assert_allclose(np.exp(panel.log_weight[shared]), 1.5, err_msg="the weights 1.0 and 0.5 add up")
    np.testing.assert_allclose(np.exp(panel.log_weight).sum(axis=0), samples.weight.sum())
    moved = make_panel(district=np.array([0, 1, 0, 1, 1]))
    assert len(moved.district) == 5, "of one pixel but of two districts: two sites"


def test_only_working_factories_have_weight(samples):
    active = samples.active.copy()
    active[0, :10] = False  # opened in month 10
    active[2, 20:] = False  # closed after month 19
    panel = make_panel(active=active)
    shared, alone = site_of(panel, samples, 3, 4), site_of(panel, samples, 9, 2)
    np.testing.assert_allclose(panel.log_weight[shared], np.log([0.5] * 10 + [1.5] * 20))
    np.testing.assert_allclose(np.exp(panel.log_weight[alone]), [1.5] * 20 + [0.0] * 10)
    assert np.isneginf(panel.log_weight[alone, 20:]).all()


def test_the_normalisation_is_the_mean_of_training_months_weighted_by_observations(samples):
    got = fit_normalisation(samples, training(24), 5)
    row, col = 3, 4
    count = samples.observations[:24, row, col].astype(float)
    light = np.log(np.nan_to_num(samples.radiance[:24, row, col]) + LOG_OFFSET)
    assert got.mean_log_light[row, col] == pytest.approx((count * light).sum() / count.sum(), rel=1e-5)


def test_months_after_training_have_no_influence_on_the_normalisation(samples):
    other = make_samples(9)
    mixed = {
        name: np.concatenate([getattr(samples, name)[:24], getattr(other, name)[24:]])
        for name in ("radiance", "observations", "city_statistics", "region_light")
    }
    mixed["statistics"] = np.concatenate([samples.statistics[:, :24], other.statistics[:, 24:]], axis=1)
    changed = dataclasses.replace(samples, **mixed)
    one, two = fit_normalisation(samples, training(24), 5), fit_normalisation(changed, training(24), 5)
    for field in dataclasses.fields(one):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(two, field.name), err_msg=field.name)
    three = fit_normalisation(changed, training(26), 5)
    assert not np.array_equal(one.mean_log_light, three.mean_log_light, equal_nan=True)


def test_a_model_sees_a_month_as_it_saw_it_in_training(samples):
    """Fit and deployment: the same normalisation gives the same panel, however many months have come since."""
    normalisation = fit_normalisation(samples, training(24), 5)
    then = build_panel(first_months(samples, 24), normalisation, 9, 5)
    now = build_panel(samples, normalisation, 9, 5)
    for name in ("static", "log_excess", "district"):
        np.testing.assert_array_equal(getattr(then, name), getattr(now, name), err_msg=name)
    for name in ("dynamic", "around", "log_weight"):
        np.testing.assert_array_equal(getattr(then, name), getattr(now, name)[:, :24], err_msg=name)


def test_light_of_a_later_month_changes_no_earlier_one(samples):
    normalisation = fit_normalisation(samples, training(24), 5)
    brighter = samples.radiance.copy()
    brighter[27] *= 3
    one, two = (
        build_panel(dataclasses.replace(samples, radiance=light), normalisation, 9, 5)
        for light in (samples.radiance, brighter)
    )
    changed = np.flatnonzero((one.dynamic != two.dynamic).any(axis=(0, 2, 3)))
    assert changed.min() == 27
    assert changed.max() < 27 + 12, "the slow part of the sky is a mean over a year"


def test_what_light_does_away_from_factories_is_taken_off(samples):
    """Weather moves every pixel of a month alike: nearly nothing of it is left in the anomaly at factories."""
    weather = 0.4 * np.random.default_rng(3).standard_normal((T, 1, 1)).astype(np.float32)
    quiet = samples.radiance[:1] * np.random.default_rng(4).lognormal(0, 0.02, (T, SIDE, SIDE)).astype(np.float32)
    quiet = np.where(samples.observations > 0, np.nan_to_num(quiet, nan=1.0) + LOG_OFFSET, np.nan)
    panels = []
    for light in (quiet, quiet * np.exp(weather)):
        shone = dataclasses.replace(samples, radiance=(light - LOG_OFFSET).astype(np.float32))
        panels.append(build_panel(shone, fit_normalisation(shone, training(24), 5), 9, 5))
    left = panels[1].dynamic[:, :, 0].std()
    assert left < 0.25 * (weather * panels[1].dynamic[:, :, 1].mean()).std()


def test_the_centre_of_a_patch_is_the_believed_anomaly_of_the_factory(samples):
    normalisation = fit_normalisation(samples, training(24), 5)
    panel = build_panel(samples, normalisation, 9, 5)
    row, col, t = 9, 2, int(np.flatnonzero(samples.observations[:, 9, 2])[3])
    mean, away = normalisation.mean_log_light, away_from(samples.row, samples.col, (SIDE, SIDE))
    raw = SeenAnomalies(samples.radiance, samples.observations, np.arange(T), mean, np.zeros((T, 2)))
    pixels, here = sky_pixels(mean, away), np.array([row * SIDE + col])
    found = radiometric_change(*raw.at(pixels), mean.ravel()[pixels], samples.regimes)
    lit = dataclasses.replace(raw, sky=normalisation.radiometric * found)
    sky = (normalisation.radiometric * sky_at(found, mean)[t, row, col]).item()
    around = surroundings(lit, away, city_means(lit, away), here).beside(np.array([0]))[0, t]
    change = np.log(samples.radiance[t, row, col] + LOG_OFFSET) - normalisation.mean_log_light[row, col]
    change -= sky
    change -= normalisation.background[row, col] * normalisation.rings @ around
    count = float(samples.observations[t, row, col])
    validity = count / (count + 3)
    centre = panel.dynamic[site_of(panel, samples, row, col), t, :, 0]
    np.testing.assert_allclose(centre, [change * validity, validity], rtol=1e-4, atol=1e-6)
    np.testing.assert_allclose(panel.around[site_of(panel, samples, row, col), t], around, rtol=1e-4, atol=1e-6)


def test_fire_and_flare_are_clipped(samples):
    light = samples.radiance.copy()
    light[10, samples.row, samples.col] *= 1e4
    normalisation = fit_normalisation(samples, training(24) & (np.arange(T) != 10), 5)
    panel = build_panel(dataclasses.replace(samples, radiance=light), normalisation, 9, 5)
    centre, validity = panel.dynamic[:, 10, :, 0].T
    assert validity.any()
    np.testing.assert_allclose(centre, 2.0 * validity, rtol=1e-5)


def test_a_site_that_opens_is_given_no_emphasis(samples):
    active = samples.active.copy()
    active[2, :10] = False
    panel = make_panel(active=active)
    assert panel.site_weights[site_of(panel, samples, 9, 2)] == 0
    assert (np.delete(panel.site_weights, site_of(panel, samples, 9, 2)) > 0).all()


def test_what_was_not_seen_has_no_anomaly_and_no_precision():
    panel = make_panel()
    assert not panel.dynamic[:, MISSING].any()
    assert not panel.around[:, MISSING].any()
    seen = np.delete(panel.dynamic[:, :, 1], MISSING, axis=1)
    assert (seen < 1).all()
    assert seen.mean() > 0.3


def test_static_patches_are_brightness_and_the_share_of_factories(samples):
    panel = make_panel()
    normalisation = fit_normalisation(samples, training(24), 5)
    site, patch = site_of(panel, samples, 9, 2), (slice(9 - 2, 9 + 3), slice(0, 5))
    np.testing.assert_allclose(panel.static[site, 0, 2:7, 2:7], normalisation.mean_log_light[patch], rtol=1e-5)
    assert ((panel.static[:, 1] >= 0) & (panel.static[:, 1] <= 1)).all()
    np.testing.assert_allclose(panel.traits[site, 0], normalisation.background[9, 2], rtol=1e-6)
    np.testing.assert_allclose(panel.traits[site, 1], np.log(normalisation.spread[9, 2]), rtol=1e-6)
    np.testing.assert_allclose(panel.traits[site, 3], np.log(1.5), rtol=1e-6)


def test_a_site_that_shines_more_counts_for_more(samples):
    panel = make_panel()
    radiance = samples.radiance.copy()
    radiance[:, 9, 2] += 60
    lit = make_panel(radiance=radiance)
    site = site_of(panel, samples, 9, 2)
    assert lit.log_excess.argmax() == site
    assert lit.log_excess[site] > panel.log_excess[site] + 0.5
    assert np.abs(lit.log_excess).max() <= 2.5, "beyond a factor of twelve it is error"
