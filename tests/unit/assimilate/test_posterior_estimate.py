"""The estimate: figures honoured, light believed as far as it deserves, shocks left common, the past revised."""

import dataclasses

import dense_oracle
import numpy as np
import pytest
from assimilate_worlds import figures, monthly, setting_of, spans, with_light, world

from gvio.assimilate.covariance import as_tensors
from gvio.assimilate.hyper import START
from gvio.assimilate.linearise import first_guess
from gvio.assimilate.observed import observe
from gvio.assimilate.posterior import assimilate
from gvio.errors import ModelError
from gvio.ledger.rows import GROUP

D, T = 3, 48
CLEAR = dataclasses.replace(
    START, gain=1.0, light_common=0.002, light_walk=0.002, light_season=0.002, light_shock=0.002
)
BLIND = dataclasses.replace(START, gain=1e-4)


def city(x):
    return np.log(np.exp(x).sum(axis=0))


def shares(x):
    return x - city(x)


def mixed(x, until=None):
    """City monthly and district annual figures."""
    return spans(x, 1, [-1]) + spans(x, 12, range(len(x)), until)


def gaussian(setting, hyper):
    """The same model without heavy steps and without believing outliers less."""
    mean = first_guess(setting.sums, setting.prior_share)
    for _ in range(3):
        mean = dense_oracle.posterior(as_tensors(hyper, len(mean)), observe(setting, mean))[0]
    return mean


def test_monthly_figures_are_honoured_within_their_noise():
    x = world(D, T, 1)
    got = assimilate(setting_of(monthly(x, range(36)), D, T), START)
    assert np.abs(got.mean - x)[:, :36].max() < START.noise
    assert (got.sd[:, :36] < 1.01 * START.noise).all()
    exact = assimilate(setting_of(monthly(x, range(36)), D, T), dataclasses.replace(START, noise=1e-4))
    assert np.abs(exact.mean - x)[:, :36].max() < 1e-4


def test_sums_over_months_and_districts_are_honoured():
    x = world(D, T, 1)
    setting = setting_of(spans(x, 3, [-1]) + spans(x, 12, range(D)), D, T)
    got = assimilate(setting, START)
    told = np.log(setting.sums.G @ np.exp(got.mean).ravel() / setting.sums.values)
    assert np.abs(told).max() < START.noise
    assert np.abs(got.mean - x).max() > 2 * START.noise, "and no single month was given away"


def test_the_city_is_the_sum_of_its_districts():
    x = world(D, T, 2)
    got = assimilate(setting_of(mixed(x), D, T), START)
    np.testing.assert_allclose(got.city_mean, city(got.mean), rtol=1e-12)
    assert (got.city_sd < got.sd.max(axis=0)).all(), "errors of districts cancel in a city that is published"


def test_light_without_gain_changes_nothing():
    x = world(D, T, 1)
    setting = setting_of(mixed(x), D, T)
    noise = 0.1 * np.random.default_rng(0).standard_normal(x.shape)
    got, dark = assimilate(with_light(setting, noise), BLIND), assimilate(setting, BLIND)
    np.testing.assert_allclose(got.mean, dark.mean, atol=1e-4)
    np.testing.assert_allclose(got.sd, dark.sd, rtol=1e-3)


def test_light_that_shows_output_finds_what_the_figures_hide():
    x = world(D, T, 1)
    setting = setting_of(mixed(x), D, T)
    dark, lit = assimilate(setting, CLEAR), assimilate(with_light(setting, x - 5.0), CLEAR)
    assert np.abs(lit.mean - x).mean() < 0.2 * np.abs(dark.mean - x).mean()
    assert lit.sd.mean() < 0.5 * dark.sd.mean()


def test_the_level_of_a_districts_light_is_not_its_output():
    x = world(D, T, 1)
    setting = setting_of(mixed(x), D, T)
    z = x - x.mean(axis=1, keepdims=True)
    tilted = z + np.array([[0.3], [-0.3], [0.1]])
    a, b = (assimilate(with_light(setting, light), CLEAR).mean for light in (z, tilted))
    np.testing.assert_allclose(a, b, atol=2e-3)


def test_light_seen_poorly_is_believed_less():
    x = world(D, T, 1)
    setting = setting_of(mixed(x), D, T)
    sd = [assimilate(with_light(setting, x, p), START).sd[:, 40:].mean() for p in (1.0, 0.3, 0.1)]
    assert sd[0] < sd[1] < sd[2] < assimilate(setting, START).sd[:, 40:].mean()


def test_light_unseen_everywhere_is_no_light():
    x = world(D, T, 3)
    setting = setting_of(mixed(x), D, T)
    unseen = with_light(setting, np.full(x.shape, np.nan))
    np.testing.assert_array_equal(assimilate(unseen, START).mean, assimilate(setting, START).mean)


def test_a_drift_of_all_light_is_not_the_citys_growth():
    x = world(D, T, 5)
    setting = setting_of(monthly(x, range(24)) + spans(x, 1, [-1], 24), D, T)
    drifting = x + 0.02 * np.arange(T)  # two percent a month that no output made
    steady = dataclasses.replace(START, gain=1.0, light_common=0.01, light_drift=1e-4, light_shock=0.01)
    aware = dataclasses.replace(steady, light_drift=0.03)
    error = {name: assimilate(with_light(setting, drifting), h) for name, h in (("s", steady), ("a", aware))}
    off = {name: np.abs(got.city_mean - city(x))[36:] for name, got in error.items()}
    assert off["a"].mean() < 0.7 * off["s"].mean()
    assert (off["a"] < 2 * error["a"].city_sd[36:]).all(), "and the interval says how little is known"
    assert (off["s"] > 2 * error["s"].city_sd[36:]).any()


def test_where_no_figure_reaches_light_of_low_gain_opens_no_jump():
    x = world(D, T, 6)
    setting = setting_of(monthly(x, range(24)) + spans(x, 1, [-1], 24), D, T)
    z = 0.05 * x
    z[:, 30:] += 0.2  # another calibration; read as output it would be a factor of fifty
    hyper = dataclasses.replace(START, gain=0.05, light_common=0.005, light_shock=0.005)
    got = assimilate(with_light(setting, z), hyper)
    assert np.abs(got.city_mean - city(x))[24:].max() < 1.0, "widened without end it is 3.7"


def test_a_late_figure_revises_the_months_it_sums():
    x = world(D, T, 4, walk=0.04)
    before = assimilate(setting_of(mixed(x, until=36), D, T), START)
    late = assimilate(setting_of(mixed(x), D, T), START)
    past = slice(36, 48)
    assert np.abs(before.mean - late.mean)[:, past].max() > 0.01
    assert np.abs(late.mean - x)[:, past].mean() < 0.7 * np.abs(before.mean - x)[:, past].mean()
    assert (late.sd[:, past] < before.sd[:, past]).all()


def test_a_collapse_of_the_city_is_not_read_as_one_of_its_districts():
    x = world(D, T, 1)
    x[0] += 1.0  # one district is most of the city
    x[:, 40:43] -= np.log(2)  # after the last figure of a district
    setting = setting_of(mixed(x, until=36), D, T)
    got, plain = assimilate(setting, START).mean, gaussian(setting, START)
    moved = [np.abs(np.diff(shares(m), axis=1)[:, 39]).max() for m in (got, plain)]
    assert moved[0] < 0.002
    assert moved[1] > 0.02, "Gaussian steps would have moved the shares"
    assert abs(city(got)[40] - city(x)[40]) < 0.02


def test_one_figure_against_many_is_an_outlier():
    x = world(D, T, 1)
    rows = monthly(x, range(T)) + [
        (a, s, e, 2 * v if s == 20 else v)
        for a, s, e, v in spans(x, 1, [-1])  # one figure of the city is doubled
    ]
    setting = setting_of(rows, D, T)
    assert abs(assimilate(setting, START).city_mean[20] - city(x)[20]) < 0.005
    assert abs(city(gaussian(setting, START))[20] - city(x)[20]) > 0.1


def test_intervals_widen_with_the_distance_from_the_last_figure():
    x = world(D, T, 5)
    got = assimilate(setting_of(monthly(x, range(24)), D, T), START)
    for sd in (*got.sd, got.city_sd):
        assert sd[20] < sd[24]
        assert (np.diff(sd[24:]) > 0).all()


def test_the_unit_of_the_figures_does_not_matter():
    x = world(D, T, 6)
    one, other = (assimilate(setting_of(mixed(x + shift), D, T), START) for shift in (0.0, np.log(1e4)))
    np.testing.assert_allclose(other.mean - np.log(1e4), one.mean, atol=1e-7)
    np.testing.assert_allclose(other.sd, one.sd, rtol=1e-6)


def test_the_order_of_districts_does_not_matter():
    x = world(D, T, 7)
    order = [2, 0, 1]
    one, other = assimilate(setting_of(mixed(x), D, T), START), assimilate(setting_of(mixed(x[order]), D, T), START)
    np.testing.assert_allclose(other.mean, one.mean[order], atol=1e-8)
    np.testing.assert_allclose(other.sd, one.sd[order], rtol=1e-6)


def test_a_district_without_figures_takes_the_share_it_is_given():
    rows = [(0, t, t, 30.0) for t in range(24)] + [(-1, t, t, 100.0) for t in range(24)]
    setting = dataclasses.replace(setting_of(rows, 3, 24), prior_share=np.array([0.3, 0.5, 0.2]))
    got = np.exp(assimilate(setting, START).mean[:, 10])
    assert got == pytest.approx([30.0, 50.0, 20.0], rel=0.02)


def test_no_visible_figure_is_an_error():
    with pytest.raises(ModelError, match="no official figure is visible"):
        assimilate(setting_of([], D, T), START)


def test_an_estimate_that_is_not_finite_is_an_error():
    x = world(D, T, 1)
    sums = figures(mixed(x), D, T)
    sums = dataclasses.replace(sums, values=np.where(np.arange(len(sums.values)) == 3, np.nan, sums.values))
    with pytest.raises(ModelError, match="the estimate is not finite"):
        assimilate(dataclasses.replace(setting_of(mixed(x), D, T), sums=sums), START)


def test_figures_of_groups_alone_give_a_level():
    x = world(D, T, 1)
    told = figures(spans(x, 1, [-1]), D, T)
    grouped = dataclasses.replace(told, area=np.full_like(told.area, GROUP))
    alone, as_city = (
        assimilate(dataclasses.replace(setting_of([], D, T), sums=sums), START) for sums in (grouped, told)
    )
    np.testing.assert_allclose(alone.mean, as_city.mean, atol=1e-6)
