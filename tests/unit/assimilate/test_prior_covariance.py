"""Covariances of output and of light's errors."""

import dataclasses

import numpy as np
import pytest
import torch
from assimilate_worlds import monthly, setting_of, spans, with_light, world

from gvio.assimilate.covariance import (
    Months,
    as_tensor,
    as_tensors,
    cholesky,
    fading,
    kernels_of,
    light_gain,
    light_shock,
    month_kernels,
)
from gvio.assimilate.hyper import NAMES, START, Hyper
from gvio.assimilate.observed import observe
from gvio.errors import ModelError

D, T = 2, 26
H = as_tensors(START, D)
OWN = {"level", "walk", "season", "shock", "trend", "swing"}


@pytest.fixture(scope="module")
def seen():
    x = world(D, T, 0)
    z = x.copy()
    z[0, 3] = np.nan
    return observe(with_light(setting_of(monthly(x, range(20)), D, T), z, 0.5), x)


def test_kernels_are_symmetric_and_never_negative():
    months = Months(torch.linspace(1, 9, T, dtype=torch.float64), torch.randn(T, 2, dtype=torch.float64))
    for name, kernel in month_kernels(months).items():
        np.testing.assert_allclose(kernel, kernel.T, err_msg=name)
        assert torch.linalg.eigvalsh(kernel).min() > -1e-9, name


def test_a_walk_moves_by_its_steps_and_a_season_adds_nothing_over_a_year():
    steps = torch.ones(T, dtype=torch.float64)
    steps[7] = 16.0
    k = month_kernels(Months(steps, torch.zeros(T, 1, dtype=torch.float64)))
    moves = np.diff(np.diff(k["steps"].numpy(), axis=0), axis=1)
    np.testing.assert_allclose(moves, np.diag([*np.ones(6), 16.0, *np.ones(T - 8)]), err_msg="independent steps")
    np.testing.assert_allclose(np.diff(np.diff(k["walk"].numpy(), axis=0), axis=1), np.eye(T - 1))
    for first in (0, 5, T - 12):
        assert k["season"][first : first + 12].sum(0).abs().max() < 1e-12
    np.testing.assert_array_equal(k["season"][:12, :12], k["season"][12:24, :12])


def test_districts_share_what_is_common_and_nothing_else(seen):
    kernels = kernels_of(H, seen.months)
    common, own = kernels.common.numpy(), kernels.own.numpy()
    level = START.level**2 + START.walk**2 + START.season**2 * 11 / 12 + START.shock**2
    level += START.swing**2 + (START.trend * (T - 1) / 24) ** 2
    assert own[0, 0] == pytest.approx(level)
    quiet = {name: torch.zeros(()).double() if name in OWN else H[name] for name in H}
    np.testing.assert_allclose(kernels_of(quiet, seen.months).common, common)
    assert not kernels_of(quiet, seen.months).own.any()


def test_errors_of_light_grow_as_it_is_seen_less(seen):
    usual = light_shock(H, seen.rough, torch.ones_like(seen.precision))
    half = light_shock(H, seen.rough, torch.full_like(seen.precision, 0.5))
    np.testing.assert_allclose(half - usual, np.full((D, T), START.light_shock**2))


def test_an_unseen_month_is_no_observation(seen):
    assert not seen.lit[0, 3]
    assert int(seen.lit.sum()) == D * T - 1
    assert (seen.z[0, 3], seen.precision[0, 3]) == (0.0, 1.0)
    assert not seen.dark().lit.any()


def test_figures_lie_with_their_district(seen):
    assert (seen.H.shape, seen.mine.sum(), seen.G.shape) == ((D, 20, T), 20 * D, (D, 0, T))
    np.testing.assert_allclose(seen.H[1], np.eye(T)[:20], rtol=1e-12)
    x = world(D, T, 0)
    mixed = observe(setting_of(monthly(x, range(3), [1]) + spans(x, 12, [-1, 0]), D, T), x)
    assert mixed.mine.sum(1).tolist() == [2, 3]
    assert (mixed.H.shape, len(mixed.shared_y)) == ((D, 3, T), 2)
    np.testing.assert_allclose(mixed.G.sum((0, 2)), 1.0)
    assert not mixed.H[0, 2].any()
    one = mixed.part(slice(0, 1))
    assert (one.n_areas, one.H.shape, len(one.shared_y)) == (1, (1, 3, T), 0)


@pytest.mark.parametrize("bad", [float("nan"), -1.0])
def test_a_covariance_that_is_none_is_a_model_error(bad: float):
    matrix = torch.eye(3, dtype=torch.float64)
    matrix[1, 1] = bad
    with pytest.raises(ModelError, match="covariance of 3 figures and readings of light is not positive definite"):
        cholesky(matrix)


def test_tensors_are_copies_in_double_precision():
    values = np.arange(4, dtype=np.int32)[::2]
    tensor = as_tensor(values)
    values[0] = 9
    assert (tensor.dtype, tensor.tolist()) == (torch.float64, [0.0, 2.0])


def test_a_trend_goes_on_and_a_swing_fades(seen):
    even = Months(torch.ones(T, dtype=torch.float64), torch.zeros(T, 1, dtype=torch.float64))
    line = month_kernels(even)["trend"]
    assert float(line[-1, -1]) == pytest.approx(((T - 1) / 24) ** 2)
    assert torch.linalg.matrix_rank(line) == 1
    swing = fading(T, torch.tensor(12.0, dtype=torch.float64))
    np.testing.assert_allclose(swing[0, [0, 12, 24]], np.exp([0.0, -1.0, -2.0]))
    np.testing.assert_allclose(swing, swing.T)
    assert torch.linalg.eigvalsh(swing).min() > 0


def test_light_of_a_sensitive_district_moves_more():
    h = as_tensors(dataclasses.replace(START, sensitivity=(1.0, 3.0)), D)
    np.testing.assert_allclose(light_gain(h), [START.gain, 3 * START.gain])


def test_sensitivities_of_other_districts_are_refused():
    with pytest.raises(ModelError, match=r"3 sensitivities to light for 2 districts.*gvio train"):
        as_tensors(dataclasses.replace(START, sensitivity=(1.0, 1.0, 2.0)), 2)


def test_hyperparameters_name_themselves():
    assert tuple(START.as_dict()) == NAMES
    assert Hyper(**START.as_dict()) == START
    assert all(value > 0 for value in START.as_dict().values())
