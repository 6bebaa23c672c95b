"""Learning from sums: the loss is zero where every figure holds, and pulls towards it elsewhere."""

import dataclasses

import numpy as np
import pytest
import torch
from train_worlds import D, output_of, setting_of

from gvio.assimilate.covariance import JITTER, as_tensors, kernels_of, light_errors
from gvio.assimilate.hyper import START
from gvio.assimilate.linearise import linearise
from gvio.assimilate.observed import Measurement, months_of, observe
from gvio.train.loss import LIGHT_ERRORS, Whitened, figures_loss, whiten, whitened_error

T = 24


@pytest.fixture(scope="module")
def x():
    return output_of(T, 0)


@pytest.fixture(scope="module")
def setting(x):
    return setting_of(x, (1, 3, 12))


def all_rows(setting):
    return np.ones(len(setting.sums.values), dtype=bool)


def as_float(values) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float32)


def centred(x, setting):
    """Output as the network must give it: the overall level is the prior's."""
    return as_float(x - float(observe(setting, x).prior.mean()))


def dense_rows(setting, x):
    """Figures as rows over all district-months, and their order: district by district, then the shared ones."""
    sums = setting.sums
    order = np.concatenate([*(np.flatnonzero(sums.area == d) for d in range(D)), np.flatnonzero(sums.area < 0)])
    return linearise(sums, x)[0].toarray()[order], order


def dense_covariance(setting, H):
    """Of everything that neither the network nor noise-free light explains."""
    months = months_of(setting)
    model, light = (kernels_of(as_tensors(hyper, D), months) for hyper in (START, LIGHT_ERRORS))
    common, own, shared = (k.numpy() for k in (model.common, model.own, light.light_common))
    each = light_errors(light, torch.ones(1).double()).numpy()
    own = own + each[0] + LIGHT_ERRORS.light_shock**2 * np.eye(T)
    whole = np.kron(np.ones((D, D)), common + shared) + np.kron(np.eye(D), own)
    return H @ whole @ H.T + (START.noise**2 + JITTER) * np.eye(len(H))


def test_where_every_figure_holds_the_loss_is_zero(x, setting):
    whitened = whiten(setting, START, x, all_rows(setting))
    truth = centred(x, setting)
    assert float(figures_loss(whitened, truth)) < 1e-6
    for d in range(D):
        away = truth.clone()
        away[d, 7] += 0.1
        assert float(figures_loss(whitened, away)) > 1e-3


def test_whitened_figures_have_unit_covariance(x, setting):
    """Whitening is the inverse of the dense covariance's Cholesky factor, figures district by district, shared last."""
    whitened, truth = whiten(setting, START, x, all_rows(setting)), centred(x, setting)
    H, order = dense_rows(setting, x)
    factor = np.linalg.cholesky(dense_covariance(setting, H))
    rng = np.random.default_rng(0)
    for output in (np.zeros((D, T)), np.asarray(truth) + 0.3 * rng.standard_normal((D, T))):
        level = float(observe(setting, x).prior.mean())
        left = linearise(setting.sums, x)[1][order] - H @ (level + output.ravel())
        own, shared = whitened_error(whitened, as_float(output))
        got = np.concatenate([own[whitened.mine].numpy(), shared.numpy()])
        np.testing.assert_allclose(got, np.linalg.solve(factor, left), rtol=0, atol=2e-4 * np.abs(got).max())
    assert not own[~whitened.mine].any()


def test_the_overall_level_is_nearly_free_and_a_districts_path_is_not(x, setting):
    whitened = whiten(setting, START, x, all_rows(setting))
    truth = centred(x, setting)
    shifted = float(figures_loss(whitened, truth + 0.5))
    bent = truth.clone()
    bent[0, T // 2 :] += 0.5
    assert shifted < 0.05 * float(figures_loss(whitened, bent))


def test_the_gradient_points_to_the_truth(x, setting):
    whitened = whiten(setting, START, x, all_rows(setting))
    truth = centred(x, setting)
    start = truth + 0.2 * torch.randn(D, T, generator=torch.Generator().manual_seed(0))
    guess = start.clone().requires_grad_()
    figures_loss(whitened, guess).backward()
    assert guess.grad is not None
    assert float((guess.grad * (start - truth)).sum()) > 0
    assert (guess.grad != 0).all(), "every district-month is in some figure"


def test_only_the_rows_asked_for_count(x, setting):
    city = setting.sums.area < 0
    whitened = whiten(setting, START, x, city)
    assert (int(whitened.mine.sum()), len(whitened.shared_target), city.sum()) == (0, T, T)
    truth = centred(x, setting)
    swapped = truth.clone()  # the city stays, its districts trade one month
    share = torch.softmax(truth[:, 5], 0)
    swapped[0, 5] += 0.01
    swapped[1, 5] -= 0.01 * share[0] / share[1]
    assert float(figures_loss(whitened, swapped)) < 1e-4
    assert float(figures_loss(whiten(setting, START, x, ~city), swapped)) > 1e-4


def test_light_in_the_setting_is_not_used(x, setting):
    lit = dataclasses.replace(setting, light=Measurement(x, np.ones_like(x)))
    one, two = (whiten(s, START, x, all_rows(setting)) for s in (setting, lit))
    for field in dataclasses.fields(Whitened):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(two, field.name))


def test_one_wild_figure_pulls_with_bounded_force():
    pull, one = [], torch.ones(1, 1)
    for wild in (10.0, 1000.0):
        guess = torch.zeros(1, 2, requires_grad=True)
        target, design = torch.tensor([[wild, 1.0]]), torch.eye(2)[None]
        nothing = torch.zeros(1, 2, 2)
        white = Whitened(target, design, one.bool().expand(1, 2), nothing, one[0, :0], nothing[:, :0])
        figures_loss(white, guess).backward()
        assert guess.grad is not None
        pull.append(guess.grad.tolist())
    assert pull[0] == pull[1] == [[-1.5, -0.5]], "Huber with δ = 3, mean over two figures"
