"""Learning from sums: the loss is zero where every figure holds, and pulls towards it elsewhere."""

import dataclasses

import numpy as np
import pytest
import torch
from train_worlds import D, output_of, setting_of

from gvio.assimilate.hyper import START
from gvio.assimilate.observed import Measurement, observe
from gvio.train.loss import Whitened, figures_loss, whiten

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


def test_where_every_figure_holds_the_loss_is_zero(x, setting):
    whitened = whiten(setting, START, x, all_rows(setting))
    truth = centred(x, setting)
    assert float(figures_loss(whitened, truth)) < 1e-6
    for d in range(D):
        away = truth.clone()
        away[d, 7] += 0.1
        assert float(figures_loss(whitened, away)) > 1e-3


def test_whitened_figures_have_unit_covariance(x, setting):
    """White means: the design of figures that are exactly what the prior expects of noise has the prior's whitener."""
    whitened = whiten(setting, START, x, all_rows(setting))
    n = len(setting.sums.values)
    assert (whitened.target.shape, whitened.design.shape) == ((n,), (n, D * T))
    assert (whitened.target.dtype, whitened.design.dtype) == (torch.float32, torch.float32)
    quiet = whiten(setting, dataclasses.replace(START, noise=1.0), x, all_rows(setting))
    assert float(quiet.design.norm()) < float(whitened.design.norm()), "noisy figures weigh less"


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
    assert len(whitened.target) == city.sum() == T
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
    np.testing.assert_array_equal(one.target, two.target)
    np.testing.assert_array_equal(one.design, two.design)


def test_one_wild_figure_pulls_with_bounded_force():
    design = torch.eye(2)
    pull = []
    for wild in (10.0, 1000.0):
        guess = torch.zeros(2, requires_grad=True)
        figures_loss(Whitened(torch.tensor([wild, 1.0]), design), guess).backward()
        assert guess.grad is not None
        pull.append(guess.grad.tolist())
    assert pull[0] == pull[1] == [-1.5, -0.5], "Huber with δ = 3, mean over two figures"
