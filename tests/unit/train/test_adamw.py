"""Our optimiser is torch's: the same weights to the last bit, at the same rates."""

from __future__ import annotations

import pytest
import torch

from gvio.train.adamw import AdamW, one_cycle


def _weights() -> list[torch.nn.Parameter]:
    generator = torch.Generator().manual_seed(3)
    return [torch.nn.Parameter(torch.randn(shape, generator=generator)) for shape in ((8, 50), (8,), ())]


def _pull(weights: list[torch.nn.Parameter]) -> None:
    sum((w**3).sum() + w.sin().sum() for w in weights[:2]).backward()  # the last one has no gradient


@pytest.mark.slow  # torch's optimisers import its compiler
@pytest.mark.parametrize("steps", [2, 11, 16])
def test_a_cycle_of_steps_is_torchs_to_the_last_bit(steps):
    ours, theirs = _weights(), _weights()
    optimiser = AdamW(ours, 0.05)
    other = torch.optim.AdamW(theirs, lr=0.01, weight_decay=0.05)
    rates = torch.optim.lr_scheduler.OneCycleLR(other, 0.01, total_steps=steps)
    for step in range(steps - 1):
        group = other.param_groups[0]
        rate, beta1 = one_cycle(step, steps, 0.01)
        assert (rate, beta1) == (group["lr"], group["betas"][0])
        optimiser.zero_grad()
        other.zero_grad()
        _pull(ours)
        _pull(theirs)
        optimiser.step(rate, beta1)
        other.step()
        rates.step()
        assert all(torch.equal(a, b) for a, b in zip(ours, theirs, strict=True)), step


def test_the_rate_rises_then_falls_to_nothing_and_beta1_the_other_way_round():
    rates, betas = zip(*(one_cycle(step, 16, 0.01) for step in range(16)), strict=True)
    assert rates[0] == pytest.approx(0.01 / 25)
    assert max(rates) <= 0.01
    assert rates[15] == pytest.approx(0.01 / 25e4)
    assert (betas[0], betas[15]) == (0.95, 0.95)
    assert min(betas) == betas[rates.index(max(rates))]


def test_a_parameter_without_a_gradient_stays_and_decay_is_decoupled():
    weight, still = torch.nn.Parameter(torch.tensor(2.0)), torch.nn.Parameter(torch.tensor(5.0))
    optimiser = AdamW([weight, still], 0.1)
    weight.grad = torch.tensor(0.0)
    optimiser.step(0.5)
    assert float(weight.detach()) == pytest.approx(2.0 * (1 - 0.5 * 0.1))
    assert float(still.detach()) == 5.0
    optimiser.zero_grad()
    assert weight.grad is None
