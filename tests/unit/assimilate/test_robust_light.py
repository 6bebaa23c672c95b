"""Light that claims the nearly impossible is believed less, and no other light is."""

import dataclasses

import numpy as np
import pytest
import torch
from assimilate_worlds import monthly, setting_of, spans, with_light, world

from gvio.assimilate.covariance import as_tensors, kernels_of, light_errors, light_shock
from gvio.assimilate.hyper import MOST_SURPRISE, START
from gvio.assimilate.observed import observe
from gvio.assimilate.posterior import assimilate, last_pass
from gvio.assimilate.robust import downweighting, surprise

D, T, END = 3, 60, 36
HYPER = dataclasses.replace(START, walk=0.01, swing=0.03, trend=0.005, gain=1.0, light_shock=0.02, light_walk=0.003)


def settings(jump: float):
    """District figures end after three years, the city's go on; the second district's light jumps a year later."""
    x = world(D, T, 2, walk=0.01)
    z = x - x.mean(axis=1, keepdims=True) + 0.02 * np.random.default_rng(0).standard_normal(x.shape)
    z[1, END + 6 :] += jump
    dark = setting_of(monthly(x, range(END)) + spans(x, 1, [-1]), D, T)
    return x, dark, with_light(dark, z)


def error(x, estimate) -> float:
    return float(np.abs(estimate.mean[1, END + 6 :] - x[1, END + 6 :]).mean())


def test_a_jump_that_output_cannot_make_is_hardly_believed(monkeypatch):
    x, _, jumped = settings(1.0)
    doubted = error(x, assimilate(jumped, HYPER))
    monkeypatch.setattr("gvio.assimilate.posterior.downweighting", np.ones_like)
    believed = error(x, assimilate(jumped, HYPER))
    assert believed > 0.3
    assert doubted < 0.5 * believed


def test_ordinary_light_is_not_doubted(monkeypatch):
    _, _, lit = settings(0)
    usual = assimilate(lit, HYPER)
    monkeypatch.setattr("gvio.assimilate.posterior.downweighting", np.ones_like)
    np.testing.assert_array_equal(assimilate(lit, HYPER).mean, usual.mean)


def test_surprise_is_what_light_moved_in_its_own_standard_deviations():
    mean, dark = np.zeros((2, 24)), np.zeros((2, 24))
    mean[0, 6:18] = 0.3
    sd, dark_sd = np.full((2, 24), 0.6), np.full((2, 24), 1.0)
    np.testing.assert_allclose(surprise(mean, sd, dark, dark_sd), [0.3 / 0.8, 0.0])
    sd[0, 7:] = 0.99  # there light settles a fiftieth: no month of those counts, and one alone proves little
    np.testing.assert_allclose(surprise(mean, sd, dark, dark_sd), [0.3 / 0.8 / 3, 0.0])
    np.testing.assert_array_equal(surprise(mean, dark_sd, dark, dark_sd), 0.0)


@pytest.mark.parametrize(("size", "factor"), [(0.0, 1.0), (MOST_SURPRISE, 1.0), (2 * MOST_SURPRISE, 16.0), (1e9, 1e3)])
def test_doubt_begins_late_grows_fast_and_is_bounded(size: float, factor: float):
    assert downweighting(np.array([size]))[0] == pytest.approx(factor)


def test_doubt_widens_a_districts_own_errors_and_not_its_level():
    _, dark, lit = settings(0)
    seen = observe(lit, np.log(np.full((D, T), 30.0)))
    h, one = as_tensors(HYPER, D), torch.ones_like(seen.precision)
    doubted = torch.tensor([3.0] + [1.0] * (D - 1)).double()
    kernels = kernels_of(h, seen.months)
    slow = light_errors(kernels, doubted) - light_errors(kernels, seen.rough)
    quick = light_shock(h, doubted, one) - light_shock(h, seen.rough, one)
    expected = 8 * (HYPER.light_shock**2 + HYPER.light_walk**2 * 10 + HYPER.light_season**2 * 11 / 12)
    assert float(slow[0, 9, 9] + quick[0, 9]) == pytest.approx(expected)
    assert slow[1:].abs().max() == quick[1:].abs().max() == 0
    assert not observe(dark, np.zeros((D, T))).lit.any()


def test_rough_light_is_believed_less_and_doubt_comes_on_top(monkeypatch):
    _, _, lit = settings(0)
    rough = dataclasses.replace(lit, light=dataclasses.replace(lit.light, rough=np.array([4.0] + [1.0] * (D - 1))))
    plain = assimilate(lit, HYPER).sd
    assert assimilate(rough, HYPER).sd[0, -6:].mean() > 1.05 * plain[0, -6:].mean()
    monkeypatch.setattr("gvio.assimilate.posterior.downweighting", lambda u: np.full_like(u, 2.0))
    np.testing.assert_array_equal(last_pass(rough, HYPER)[0].seen.rough, [8.0] + [2.0] * (D - 1))
