"""Optimise one member: (network, inputs, whitened figures, steps) → weights and history. Deterministic by seed."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping, Sequence

import torch
from torch import nn

from gvio.errors import ModelError
from gvio.model.sacnn import Architecture, Inputs, SaCnn, district_output
from gvio.train.adamw import AdamW, one_cycle
from gvio.train.loss import Whitened, figures_loss

Weights = Mapping[str, torch.Tensor]
_FREE = ("gamma", "beta")  # the log-linear model the network starts from; not decayed
_MAX_GRADIENT = 5.0
# The generator belongs to the process; folds are trained in several threads.
_RANDOM = threading.Lock()


@dataclasses.dataclass(frozen=True)
class Optimisation:
    """How a member is optimised: full-batch AdamW with a one-cycle rate."""

    epochs: int
    learning_rate: float
    weight_decay: float
    seed: int


@dataclasses.dataclass(frozen=True, eq=False)
class Member:
    """The best weights, their epoch (0 = the log-linear start), and the losses after every epoch.

    `held_out` is the loss on the figures the member left out; empty when it left none out.
    """

    weights: Weights
    best_epoch: int
    losses: tuple[float, ...]
    held_out: tuple[float, ...]


def train_member(
    architecture: Architecture,
    inputs: Inputs,
    whitened: Whitened,
    how: Optimisation,
    *,
    held_out: Whitened | None = None,
    start: Weights | None = None,
) -> Member:
    """Train from scratch, or from `start` (fine-tune), and keep the epoch that explains the held-out figures best.

    Epoch 0 is a candidate: a network that learns only noise falls back on the log-linear model it started from.
    Without held-out figures the last epoch is kept.

    Raises:
        ModelError: The loss stopped being finite.
    """
    network = new_network(architecture, how.seed)
    if start is not None:
        network.load_state_dict(dict(start))
    device = inputs.anomaly.device
    network, whitened = network.to(device), whitened.to(device)
    held_out = None if held_out is None else held_out.to(device)
    optimisers = _optimisers(network, how.weight_decay)
    losses, judged, best = [], [], (float("inf"), 0, _copy(network))
    # One evaluation more than steps: epoch 0 is judged before any step, the last epoch after its step.
    for epoch in range(how.epochs + 1):
        output = _output(network, inputs)
        loss = figures_loss(whitened, output)
        if not torch.isfinite(loss):
            hint = "Lower model.learning_rate in params.yaml."
            raise ModelError(f"loss is not finite after epoch {epoch}", where="training", hint=hint)
        losses.append(float(loss.detach()))
        if held_out is not None:
            # Judged on years this member does not train on: the training loss cannot show what is noise.
            judged.append(float(figures_loss(held_out, output.detach())))
        if held_out is None or judged[-1] < best[0]:
            best = (judged[-1] if judged else 0.0, epoch, _copy(network))
        if epoch < how.epochs:
            _step(network, optimisers, loss, *one_cycle(epoch, how.epochs + 1, how.learning_rate))
    return Member(best[2], best[1], tuple(losses), tuple(judged))


def _output(network: SaCnn, inputs: Inputs) -> torch.Tensor:
    level, change = network(inputs)
    return district_output(level, change, inputs)


def _step(network: SaCnn, optimisers: Sequence[AdamW], loss: torch.Tensor, rate: float, beta1: float) -> None:
    for optimiser in optimisers:
        optimiser.zero_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    # The first steps away from zero-initialised parts can have steep gradients; one must not undo the start.
    nn.utils.clip_grad_norm_(network.parameters(), _MAX_GRADIENT)
    for optimiser in optimisers:
        optimiser.step(rate, beta1)


def _copy(network: SaCnn) -> Weights:
    # Cloned: the optimiser changes parameters in place, and the best epoch must survive later steps.
    return {name: value.detach().cpu().clone() for name, value in network.state_dict().items()}


def new_network(architecture: Architecture, seed: int) -> SaCnn:
    """A network whose initial weights depend on `seed` alone, not on what ran before."""
    with _RANDOM, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)  # inside the fork: the process's own generator is left as it was
        return SaCnn(architecture)


def apply_member(architecture: Architecture, weights: Weights, inputs: Inputs) -> tuple[torch.Tensor, torch.Tensor]:
    """(D, T) log district output of one member; and the same with no change of light, which only openings move."""
    network = new_network(architecture, 0)
    network.load_state_dict(dict(weights))
    with torch.no_grad():
        level, change = network.to(inputs.anomaly.device)(inputs)
        output = district_output(level, change, inputs).cpu()
        return output, district_output(level, torch.zeros_like(change), inputs).cpu()


def best_device() -> str:
    """`cuda` where there is a GPU, else `cpu`. Products of reduced precision are turned off: results must agree."""
    if not torch.cuda.is_available():
        return "cpu"
    torch.backends.cudnn.allow_tf32 = False
    return "cuda"


def _optimisers(network: SaCnn, weight_decay: float) -> list[AdamW]:
    named = list(network.named_parameters())
    # Decay pulls towards the log-linear model, so its own two parameters are exempt.
    decayed = [p for n, p in named if n not in _FREE]
    free = [p for n, p in named if n in _FREE]
    return [AdamW(decayed, weight_decay), AdamW(free, 0.0)]
