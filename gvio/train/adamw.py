"""AdamW (Loshchilov & Hutter 2019) and its rate over one cycle (Smith & Topin 2018), bit for bit as torch has them.

Written out, because making an optimiser of `torch.optim` imports the compiler of torch and SymPy, which takes more
CPU than the steps of a small region.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable

import torch

_BETA2, _EPSILON = 0.999, 1e-8
_BETA1 = 0.9  # where the rate does not change
_RISING = 0.3  # of the steps
_FIRST, _LAST = 25.0, 1e4 * 25.0  # what the highest rate is divided by at both ends
_LEAST_BETA1, _MOST_BETA1 = 0.85, 0.95


@dataclasses.dataclass
class _Moments:
    mean: torch.Tensor
    square: torch.Tensor


class AdamW:
    """Decoupled weight decay; a parameter without a gradient is left as it is."""

    def __init__(self, parameters: Iterable[torch.nn.Parameter], weight_decay: float = 0.01) -> None:
        self._parameters, self._decay, self._steps = list(parameters), weight_decay, 0
        self._moments = [_Moments(torch.zeros_like(p), torch.zeros_like(p)) for p in self._parameters]

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self._parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self, rate: float, beta1: float = _BETA1) -> None:
        """One step along the gradients; `rate` and `beta1` of this step."""
        self._steps += 1
        size, bias = rate / (1 - beta1**self._steps), (1 - _BETA2**self._steps) ** 0.5
        for parameter, moments in zip(self._parameters, self._moments, strict=True):
            gradient = parameter.grad
            if gradient is None:
                continue
            parameter.mul_(1 - rate * self._decay)
            moments.mean.lerp_(gradient, 1 - beta1)
            moments.square.mul_(_BETA2).addcmul_(gradient, gradient, value=1 - _BETA2)
            parameter.addcdiv_(moments.mean, (moments.square.sqrt() / bias).add_(_EPSILON), value=-size)


def one_cycle(step: int, steps: int, highest: float) -> tuple[float, float]:
    """Rate and beta1 of a step, counted from 0: up and down along cosines, and beta1 the other way round."""
    top, end = _RISING * steps - 1, float(steps - 1)
    if step <= top:
        part, rates, betas = step / top, (highest / _FIRST, highest), (_MOST_BETA1, _LEAST_BETA1)
    else:
        part, rates, betas = (step - top) / (end - top), (highest, highest / _LAST), (_LEAST_BETA1, _MOST_BETA1)
    return _between(*rates, part), _between(*betas, part)


def _between(start: float, end: float, part: float) -> float:
    return end + (start - end) / 2.0 * (math.cos(math.pi * part) + 1)
