"""Optimise one member: (network, plants, their own light, steps) → weights and history. Deterministic by seed."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Mapping, Sequence

import numpy as np
import torch
from torch import nn

from gvio.errors import ModelError
from gvio.model.sacnn import Architecture, Inputs, SaCnn, Sight, as_inputs, usual_traits
from gvio.plant.lessons import Lesson
from gvio.train.adamw import AdamW, one_cycle

Tensor = torch.Tensor
Weights = Mapping[str, Tensor]
SEEN = 0.1  # a district-month whose factory light was seen less than this is no measurement
_FREE = ("filter",)  # the log-linear reading the network starts from; not decayed
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

    `held_out` is the loss on the planted images the member left out; empty when it left none out.
    """

    weights: Weights
    best_epoch: int
    losses: tuple[float, ...]
    held_out: tuple[float, ...]


@dataclasses.dataclass(frozen=True, eq=False)
class Taught:
    """Lessons as one: the `inputs` of all their plants, and `target` (D, T) the log own light of their districts."""

    inputs: Inputs
    target: Tensor


def taught(lessons: Sequence[Lesson], device: str = "cpu") -> Taught | None:
    """Districts of all lessons after one another; None for no lesson."""
    if not lessons:
        return None
    parts = [as_inputs(lesson.panel, device) for lesson in lessons]
    starts = np.cumsum([0, *(part.n_areas for part in parts)])
    district = torch.cat([part.district + int(start) for part, start in zip(parts, starts[:-1], strict=True)])
    names = ("site", "anomalies", "seen", "weight")
    joined = {name: torch.cat([getattr(part, name) for part in parts]) for name in names}
    target = np.concatenate([lesson.target for lesson in lessons])
    tensor = torch.as_tensor(target, dtype=torch.float32, device=device)
    return Taught(Inputs(**joined, district=district, n_areas=int(starts[-1])), tensor)


def train_member(
    architecture: Architecture,
    lessons: Taught | None,
    how: Optimisation,
    *,
    held_out: Taught | None = None,
    start: Weights | None = None,
) -> Member:
    """Train from scratch, or from `start` (fine-tune), and keep the epoch that reads the held-out images best.

    Epoch 0 is a candidate: a network that learns nothing falls back on the log-linear reading it started from. So does
    one without lessons. Without held-out images the last epoch is kept.

    Raises:
        ModelError: The loss stopped being finite.
    """
    network = new_network(architecture, how.seed)
    if start is not None:
        network.load_state_dict(dict(start))
    if lessons is None:
        return Member(_copy(network), 0, (), ())
    network = network.to(lessons.inputs.seen.device)
    if start is None:
        network.usual, network.spread = usual_traits(lessons.inputs)
    optimisers = _optimisers(network, how.weight_decay)
    losses, judged, best = list[float](), list[float](), (float("inf"), 0, _copy(network))
    # One evaluation more than steps: epoch 0 is judged before any step, the last epoch after its step.
    for epoch in range(how.epochs + 1):
        loss = sight_loss(network(lessons.inputs), lessons.target)
        if not torch.isfinite(loss):
            hint = "Lower model.learning_rate in params.yaml."
            raise ModelError(f"loss is not finite after epoch {epoch}", where="training", hint=hint)
        losses.append(float(loss.detach()))
        if held_out is not None:
            with torch.no_grad():
                judged.append(float(sight_loss(network(held_out.inputs), held_out.target)))
        if held_out is None or judged[-1] < best[0]:
            best = (judged[-1] if judged else 0.0, epoch, _copy(network))
        if epoch < how.epochs:
            _step(network, optimisers, loss, *one_cycle(epoch, how.epochs + 1, how.learning_rate))
    return Member(best[2], best[1], tuple(losses), tuple(judged))


def sight_loss(sight: Sight, target: Tensor) -> Tensor:
    """Negative log likelihood of a Gaussian, per district-month that was seen, up to a constant: a proper score
    (Gneiting & Raftery 2007) of the reading and of how well it says it errs. Levels are free, so both are taken about
    their means.
    """
    counts = (sight.seen >= SEEN).to(target.dtype)
    number = counts.sum(dim=1, keepdim=True)
    error = sight.change - target
    error = (error - (error * counts).sum(dim=1, keepdim=True) / number.clamp_min(1)) * counts
    variance = sight.variance[:, None]
    return ((error**2 / variance + torch.log(variance)) * counts).sum() / (2 * counts.sum().clamp_min(1))


def _step(network: SaCnn, optimisers: Sequence[AdamW], loss: Tensor, rate: float, beta1: float) -> None:
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


def apply_member(architecture: Architecture, weights: Weights, inputs: Inputs) -> Sight:
    """What one member reads, on the CPU."""
    network = new_network(architecture, 0)
    network.load_state_dict(dict(weights))
    with torch.no_grad():
        sight = network.to(inputs.seen.device)(inputs)
    return Sight(sight.change.cpu(), sight.seen.cpu(), sight.variance.cpu())


def best_device() -> str:
    """`cuda` where there is a GPU, else `cpu`. Products of reduced precision are turned off: results must agree."""
    if not torch.cuda.is_available():
        return "cpu"
    torch.backends.cudnn.allow_tf32 = False
    return "cuda"


def _optimisers(network: SaCnn, weight_decay: float) -> list[AdamW]:
    named = list(network.named_parameters())
    # Decay pulls towards the log-linear reading, so its own filter is exempt.
    decayed = [p for n, p in named if n not in _FREE]
    free = [p for n, p in named if n in _FREE]
    return [AdamW(decayed, weight_decay), AdamW(free, 0.0)]
