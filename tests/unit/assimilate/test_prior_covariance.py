"""Covariances of output and of light's errors."""

import dataclasses

import numpy as np
import pytest
import torch
from assimilate_worlds import monthly, setting_of, with_light, world

from gvio.assimilate.covariance import (
    as_tensor,
    as_tensors,
    cholesky,
    fading,
    joint_covariance,
    light_error_covariance,
    month_kernels,
    output_covariance,
    residual,
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
    steps = torch.linspace(1, 9, T, dtype=torch.float64)
    for name, kernel in month_kernels(T, steps, torch.randn(T, 2, dtype=torch.float64)).items():
        np.testing.assert_allclose(kernel, kernel.T, err_msg=name)
        assert torch.linalg.eigvalsh(kernel).min() > -1e-9, name


def test_a_walk_moves_by_its_steps_and_a_season_adds_nothing_over_a_year():
    steps = torch.ones(T, dtype=torch.float64)
    steps[7] = 16.0
    k = month_kernels(T, steps, torch.zeros(T, 1, dtype=torch.float64))
    moves = np.diff(np.diff(k["steps"].numpy(), axis=0), axis=1)
    np.testing.assert_allclose(moves, np.diag([*np.ones(6), 16.0, *np.ones(T - 8)]), err_msg="independent steps")
    np.testing.assert_allclose(np.diff(np.diff(k["walk"].numpy(), axis=0), axis=1), np.eye(T - 1))
    for first in (0, 5, T - 12):
        assert k["season"][first : first + 12].sum(0).abs().max() < 1e-12
    np.testing.assert_array_equal(k["season"][:12, :12], k["season"][12:24, :12])


def test_districts_share_what_is_common_and_nothing_else(seen):
    prior = output_covariance(H, seen).reshape(D, T, D, T).numpy()
    np.testing.assert_allclose(prior[0, :, 0], prior[1, :, 1])
    own = prior[0, :, 0] - prior[0, :, 1]
    level = START.level**2 + START.walk**2 + START.season**2 * 11 / 12 + START.shock**2
    level += START.swing**2 + (START.trend * (T - 1) / 24) ** 2
    assert own[0, 0] == pytest.approx(level)
    quiet = {name: torch.zeros(()).double() if name in OWN else H[name] for name in H}
    same = output_covariance(quiet, seen).reshape(D, T, D, T)
    np.testing.assert_allclose(same[0, :, 0], same[0, :, 1])


def test_errors_of_light_grow_as_it_is_seen_less(seen):
    whole = dataclasses.replace(seen, precision=torch.ones_like(seen.precision))
    more = light_error_covariance(H, seen) - light_error_covariance(H, whole)
    np.testing.assert_allclose(more, START.light_shock**2 * np.eye(len(seen.z)), atol=1e-12)


def test_observations_are_figures_then_seen_light(seen):
    prior, cross, joint = joint_covariance(H, seen)
    n, k = 20 * D, D * T - 1
    assert (prior.shape, cross.shape, joint.shape) == ((D * T, D * T), (n + k, D * T), (n + k, n + k))
    np.testing.assert_allclose(joint, joint.T)
    np.testing.assert_allclose(cholesky(joint) @ cholesky(joint).T, joint, atol=1e-8)
    np.testing.assert_allclose(joint[:n, n:], START.gain * cross[:n, seen.seen])
    np.testing.assert_allclose(cross[n:], START.gain * prior[seen.seen])
    assert 3 not in seen.seen, "an unseen month is no observation"
    np.testing.assert_array_equal(residual(seen)[n:], seen.z)


def test_without_light_only_figures_are_observed(seen):
    dark = dataclasses.replace(seen, z=seen.z[:0], seen=seen.seen[:0], precision=seen.precision[:0])
    _, cross, joint = joint_covariance(H, dark)
    assert (len(cross), len(joint), len(residual(dark))) == (40, 40, 40)


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
    line = month_kernels(T, torch.ones(T, dtype=torch.float64), torch.zeros(T, 1, dtype=torch.float64))["trend"]
    assert float(line[-1, -1]) == pytest.approx(((T - 1) / 24) ** 2)
    assert torch.linalg.matrix_rank(line) == 1
    swing = fading(T, torch.tensor(12.0, dtype=torch.float64))
    np.testing.assert_allclose(swing[0, [0, 12, 24]], np.exp([0.0, -1.0, -2.0]))
    np.testing.assert_allclose(swing, swing.T)
    assert torch.linalg.eigvalsh(swing).min() > 0


def test_light_of_a_sensitive_district_moves_more(seen):
    h = as_tensors(dataclasses.replace(START, sensitivity=(1.0, 3.0)), D)
    _, cross, joint = joint_covariance(h, seen)
    prior, usual, before = joint_covariance(H, seen)
    n, second = 20 * D, seen.seen >= T
    factor = torch.where(second, 3.0, 1.0).double()
    np.testing.assert_allclose(cross[n:], factor[:, None] * usual[n:])
    signal = START.gain**2 * prior[seen.seen][:, seen.seen]
    np.testing.assert_allclose(joint[n:, n:] - before[n:, n:], (factor[:, None] * factor - 1) * signal, atol=1e-12)


def test_sensitivities_of_other_districts_are_refused():
    with pytest.raises(ModelError, match=r"3 sensitivities to light for 2 districts.*gvio train"):
        as_tensors(dataclasses.replace(START, sensitivity=(1.0, 1.0, 2.0)), 2)


def test_hyperparameters_name_themselves():
    assert tuple(START.as_dict()) == NAMES
    assert Hyper(**START.as_dict()) == START
    assert all(value > 0 for value in START.as_dict().values())
