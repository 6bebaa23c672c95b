"""Hyperparameters learned from figures and light."""

import dataclasses

import numpy as np
import pytest
from assimilate_worlds import monthly, setting_of, spans, with_light, world

from gvio.assimilate.hyper import FLOORS, LIGHT_NAMES, START
from gvio.assimilate.learn import learn_hyper
from gvio.assimilate.posterior import assimilate
from gvio.errors import ModelError

D, T = 3, 48


def mixed(x):
    return spans(x, 1, [-1]) + spans(x, 12, range(len(x)))


def noise(seed: int, size: float):
    return size * np.random.default_rng(seed).standard_normal((D, T))


def test_a_walkier_world_is_found_walkier():
    learned = [
        learn_hyper(setting_of(monthly(world(D, T, 5, walk=walk), range(T)), D, T)).walk for walk in (0.003, 0.02, 0.08)
    ]
    np.testing.assert_allclose(learned, (0.003, 0.02, 0.08), rtol=0.4)


def test_without_light_the_hyperparameters_of_light_stay():
    x = world(D, T, 1)
    start = dataclasses.replace(START, gain=0.77, light_walk=0.033)
    learned = learn_hyper(setting_of(mixed(x), D, T), start)
    assert {n: getattr(learned, n) for n in LIGHT_NAMES} == {n: getattr(start, n) for n in LIGHT_NAMES}
    assert learned.common_season != start.common_season


def test_light_is_believed_when_it_shows_output_and_not_when_it_does_not():
    x = world(D, T, 1)
    setting = setting_of(mixed(x), D, T)
    told, tale = with_light(setting, x - 3 + noise(0, 0.01)), with_light(setting, noise(1, 0.1))
    good, useless = learn_hyper(told), learn_hyper(tale)
    assert good.gain / good.light_shock > 20 * useless.gain / useless.light_shock
    dark = assimilate(setting, learn_hyper(setting)).mean
    error = np.abs(dark - x).mean()
    assert np.abs(assimilate(told, good).mean - x).mean() < 0.5 * error
    assert np.abs(assimilate(tale, useless).mean - dark).mean() < 0.3 * error, "near the estimate without light"


def test_figures_that_never_contradict_are_still_not_trusted_beyond_the_floor():
    x = world(D, T, 2)
    learned = learn_hyper(setting_of(monthly(x, range(T)) + spans(x, 1, [-1]), D, T))
    assert learned.noise == pytest.approx(FLOORS["noise"])
    assert all(getattr(learned, name) >= 0.999 * floor for name, floor in FLOORS.items())


def test_only_the_window_before_the_last_figure_counts():
    x, other = world(D, T, 3), world(D, T, 4)
    other[:, 20:] = x[:, 20:]
    a, b = (setting_of(monthly(w, range(44)), D, T) for w in (x, other))
    assert learn_hyper(a, window=24) == learn_hyper(b, window=24)
    assert learn_hyper(a, window=44) != learn_hyper(b, window=44)


def test_a_figure_longer_than_the_window_leaves_the_window_aside():
    x = world(D, T, 3)
    only_annual = setting_of(spans(x, 12, range(D)), D, T)
    assert learn_hyper(only_annual, window=6) == learn_hyper(only_annual, window=T)


def test_no_visible_figure_is_an_error():
    with pytest.raises(ModelError, match="no official figure is visible"):
        learn_hyper(setting_of([], D, T))


def test_districts_whose_light_shows_more_are_found_more_sensitive():
    x = world(D, T, 1)
    shown = np.array([0.3, 1.0, 2.0])[:, None] * (x - x.mean(axis=1, keepdims=True))
    learned = learn_hyper(with_light(setting_of(monthly(x, range(T)), D, T), shown + noise(0, 0.01)))
    assert len(learned.sensitivity) == D
    assert learned.sensitivity[0] < 0.6 * learned.sensitivity[1] < 0.6 * learned.sensitivity[2]
    again = learn_hyper(with_light(setting_of(monthly(x, range(T)), D, T), shown + noise(0, 0.01)), learned)
    np.testing.assert_allclose(again.sensitivity, learned.sensitivity, rtol=0.1, err_msg="where it was left off")


def test_a_district_that_grows_steadily_goes_on_growing():
    """Without the trend a forecast stays where the last figure was."""
    rise = np.array([0.08, 0.0, -0.08])[:, None] * np.arange(T) / 12
    x = world(D, T, 3, walk=0.003) + rise
    setting = setting_of(monthly(x, range(24)) + spans(x, 1, [-1]), D, T)
    learned = learn_hyper(setting)
    stays = dataclasses.replace(learned, trend=1e-4)
    error = {h.trend: np.abs(assimilate(setting, h).mean[:, 36:] - x[:, 36:]).mean() for h in (learned, stays)}
    assert error[learned.trend] < 0.6 * error[stays.trend]


def test_openings_move_the_prior_where_no_figure_does():
    x = world(D, T, 4, walk=0.003)
    setting = setting_of(monthly(x, range(24)), D, T)
    opened = np.zeros((D, T))
    opened[1, 30:] = 0.3
    moved = assimilate(dataclasses.replace(setting, openings=opened), START).mean - assimilate(setting, START).mean
    np.testing.assert_allclose(moved[1, 30:], 0.3, atol=0.01)
    np.testing.assert_allclose(moved[[0, 2]], 0.0, atol=0.01)
