"""AdamW (Loshchilov & Hutter 2019) and its rate over one cycle (Smith & Topin 2018), bit for bit as torch has them.

The step is torch's own function. Only its class is left out, and the schedule that needs the class: making one imports
the compiler of torch and SymPy, which takes more CPU than the steps of a small region.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Iterable

import torch
from torch.optim.adamw import adamw

_BETA2, _EPSILON = 0.999, 1e-8
_BETA1 = 0.9  # where the rate does not change
_RISING = 0.3  # of the steps
_FIRST, _LAST = 25.0, 1e4 * 25.0  # what the highest rate is divided by at both ends
_LEAST_BETA1, _MOST_BETA1 = 0.85, 0.95


class AdamW:
    """Decoupled weight decay; a parameter without a gradient is left as it is."""

    def __init__(self, parameters: Iterable[torch.nn.Parameter], weight_decay: float = 0.01) -> None:
        self._parameters, self._decay = list(parameters), weight_decay
        self._states = [_State(torch.zeros_like(p), torch.zeros_like(p), torch.tensor(0.0)) for p in self._parameters]

    def zero_grad(self) -> None:
        """Forget the gradients."""
        for parameter in self._parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self, rate: float, beta1: float = _BETA1) -> None:
        """One step along the gradients; `rate` and `beta1` of this step."""
        moved = [
            (p, p.grad, own.mean, own.square, own.steps)
            for p, own in zip(self._parameters, self._states, strict=True)
            if p.grad is not None
        ]
        if not moved:
            return
        values, gradients, means, squares, steps = (list(each) for each in zip(*moved, strict=True))
        adamw(
            values,
            gradients,
            means,
            squares,
            [],
            steps,
            foreach=False,
            amsgrad=False,
            beta1=beta1,
            beta2=_BETA2,
            lr=rate,
            weight_decay=self._decay,
            eps=_EPSILON,
            maximize=False,
        )


@dataclasses.dataclass(frozen=True, eq=False)
class _State:
    """Of one parameter: running means of its gradient and of its square, and the steps so far; changed in place."""

    mean: torch.Tensor
    square: torch.Tensor
    steps: torch.Tensor


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
