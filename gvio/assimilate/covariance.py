"""Covariances of the linear-Gaussian model of log output (district × month) and of light as its measurement.

Log output x = m + common(t) + own(d, t); both are trend + walk + season + shock, common has the calendar, own has a
level and a swing that fades (Uhlenbeck & Ornstein 1930). Light z = gain · sensitivity(d) · x + error; error =
common(t), shock and drift, + district level + walk + season + shock / precision.
Everything in torch float64, differentiable in the hyperparameters; D districts, T months, vectors are district-major.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from typing import Literal

import numpy as np
import torch

from gvio.assimilate.hyper import Hyper
from gvio.errors import RETRAIN, ModelError
from gvio.types import FloatArray, IntArray

Tensor = torch.Tensor
Part = Literal["level", "season", "calendar", "common", "own"]
# Variances of what the data fix by themselves: the overall level of output, and each district's level of light.
_FREE_LEVEL = 25.0
_FREE_LIGHT_LEVEL = 1.0


@dataclasses.dataclass(frozen=True, eq=False)
class Observed:
    """Linearised figures and the light measurement, ready for algebra.

    `H` (n, D·T) weights of district-months in each figure; `y` (n,) log figures minus what the weights leave over;
    `relative` (n,) factor on the noise of each figure; `prior` (D·T,) prior mean; `z` (k,), `seen` (k,) flat indices,
    `precision` (k,) in (0, 1] of the light; `rough` (D,) factor on the errors of a district's own light; `steps` (T,)
    factors on the variance of the common walk's steps; `calendar` (T, c).
    """

    H: Tensor
    y: Tensor
    relative: Tensor
    prior: Tensor
    z: Tensor
    seen: Tensor
    precision: Tensor
    rough: Tensor
    steps: Tensor
    calendar: Tensor
    n_areas: int
    n_months: int


@dataclasses.dataclass(frozen=True, eq=False)
class Component:
    """One independent term of log output: `part` under which it is explained; `own` one for each district, otherwise
    one that all share; `months` (T, T) its covariance over months.
    """

    part: Part
    own: bool
    months: Tensor


def month_kernels(n_months: int, steps: Tensor, calendar: Tensor) -> dict[str, Tensor]:
    """Unit kernels over months (T, T): walk with given steps, plain walk, month of year, calendar, shock, constant,
    straight line a year."""
    t = torch.arange(n_months)
    # A walk with steps of unequal size is a walk in the time that the steps' variances add up to.
    reached = torch.cumsum(steps, 0)
    years = (t - (n_months - 1) / 2).to(torch.float64) / 12
    return {
        "steps": torch.minimum(reached[:, None], reached[None]),
        "walk": (torch.minimum(t[:, None], t[None]) + 1).to(torch.float64),
        # Less 1/12: a pattern of zero mean over the year, or it would compete with the level.
        "season": ((t[:, None] - t[None]) % 12 == 0).to(torch.float64) - 1 / 12,
        "calendar": calendar @ calendar.T,
        "shock": torch.eye(n_months, dtype=torch.float64),
        "constant": torch.ones(n_months, n_months, dtype=torch.float64),
        "trend": years[:, None] * years[None],
    }


def fading(n_months: int, memory: Tensor) -> Tensor:
    """(T, T) exp(−|t − s| / memory): a movement that has faded to 1/e after `memory` months."""
    t = torch.arange(n_months, dtype=torch.float64)
    return torch.exp(-(t[:, None] - t[None]).abs() / memory)


def output_components(h: Mapping[str, Tensor], seen: Observed) -> tuple[Component, ...]:
    """The independent terms of log output. A new term belongs here: the prior and the explanation then both have it."""
    k = month_kernels(seen.n_months, seen.steps, seen.calendar)
    return (
        Component("level", False, _FREE_LEVEL * k["constant"]),
        Component("common", False, h["common_walk"] ** 2 * k["steps"]),
        Component("season", False, h["common_season"] ** 2 * k["season"]),
        Component("calendar", False, h["calendar"] ** 2 * k["calendar"]),
        Component("common", False, h["common_shock"] ** 2 * k["shock"]),
        Component("common", False, h["common_trend"] ** 2 * k["trend"]),
        Component("level", True, h["level"] ** 2 * k["constant"]),
        Component("own", True, h["walk"] ** 2 * k["walk"]),
        Component("season", True, h["season"] ** 2 * k["season"]),
        Component("own", True, h["shock"] ** 2 * k["shock"]),
        Component("own", True, h["trend"] ** 2 * k["trend"]),
        Component("own", True, h["swing"] ** 2 * fading(seen.n_months, h["memory"])),
    )


def output_covariance(h: Mapping[str, Tensor], seen: Observed) -> Tensor:
    """Prior covariance (D·T, D·T) of log output."""
    # Sums over months first, one Kronecker product at the end: (T, T) terms are cheap, (D·T, D·T) are not.
    components = output_components(h, seen)
    common, own = (functools.reduce(torch.add, [c.months for c in components if c.own is o]) for o in (False, True))
    return _kron(seen.n_areas, common, own)


def light_error_covariance(h: Mapping[str, Tensor], seen: Observed) -> Tensor:
    """Covariance (k, k) of the errors of light at the observed district-months."""
    k = month_kernels(seen.n_months, seen.steps, seen.calendar)
    common = h["light_common"] ** 2 * k["shock"] + h["light_drift"] ** 2 * k["walk"]
    own = h["light_walk"] ** 2 * k["walk"] + h["light_season"] ** 2 * k["season"]
    # A month's common error is calibration and weather, the same for rough districts: only own errors are scaled.
    rough = seen.rough**2
    each = _FREE_LIGHT_LEVEL * k["constant"] + rough[:, None, None] * own
    errors = _kron(seen.n_areas, common, each)[seen.seen][:, seen.seen]
    # The precision divides the shock only: more observations do not make a district's slow errors smaller.
    errors.diagonal().add_(h["light_shock"] ** 2 * rough[seen.seen // seen.n_months] / seen.precision)
    return errors


def light_gain(h: Mapping[str, Tensor], seen: Observed) -> Tensor:
    """(k,) how much of a log change of output each reading of light shows."""
    return h["gain"] * h["sensitivity"][seen.seen // seen.n_months]


def joint_covariance(h: Mapping[str, Tensor], seen: Observed) -> tuple[Tensor, Tensor, Tensor]:
    """Output's prior (D·T, D·T), observations × output (n + k, D·T), observations (n + k, n + k)."""
    prior = output_covariance(h, seen)
    figures_output = summed(seen, prior)
    # Errors of figures are independent; what figures share is output itself.
    noise = torch.diag((h["noise"] * seen.relative) ** 2)
    figures = summed(seen, figures_output.T) + noise
    if not len(seen.seen):
        return prior, figures_output, figures
    gain = light_gain(h, seen)
    cross = gain * figures_output[:, seen.seen]
    light = gain[:, None] * prior[seen.seen][:, seen.seen] * gain + light_error_covariance(h, seen)
    joint = torch.cat([torch.cat([figures, cross], 1), torch.cat([cross.T, light], 1)], 0)
    return prior, torch.cat([figures_output, gain[:, None] * prior[seen.seen]], 0), joint


def summed(seen: Observed, covariance: Tensor) -> Tensor:
    """H · covariance, (D·T, m) to (n, m). Figures sum few district-months: an eighth of the time of a dense product."""
    product: Tensor = torch.sparse.mm(seen.H.to_sparse(), covariance)
    return product


def residual(seen: Observed) -> Tensor:
    """Observations minus their prior mean (n + k,); the mean of light is zero, its level is free."""
    figures = seen.y - seen.H @ seen.prior
    return torch.cat([figures, seen.z]) if len(seen.seen) else figures


def cholesky(matrix: Tensor) -> Tensor:
    """Lower factor, with the smallest jitter that makes rounding harmless.

    Raises:
        ModelError: `matrix` is not positive definite, or not finite.
    """
    jittered = matrix.clone()
    jittered.diagonal().add_(1e-9)
    factor: Tensor
    factor, failed = torch.linalg.cholesky_ex(jittered)
    if failed:
        what = f"the covariance of {len(matrix)} figures and readings of light is not positive definite"
        raise ModelError(what, where="assimilation", hint=RETRAIN)
    return factor


def as_tensors(hyper: Hyper, n_areas: int) -> dict[str, Tensor]:
    """Every hyperparameter by name, float64 scalars; `sensitivity` (D,).

    Raises:
        ModelError: The sensitivities are of another number of districts.
    """
    h = {name: torch.tensor(value, dtype=torch.float64) for name, value in hyper.as_dict().items()}
    if len(hyper.sensitivity) not in {0, n_areas}:
        what = f"{len(hyper.sensitivity)} sensitivities to light for {n_areas} districts"
        raise ModelError(what, where="assimilation", hint=RETRAIN)
    own = hyper.sensitivity or (1.0,) * n_areas
    return {**h, "sensitivity": torch.tensor(own, dtype=torch.float64)}


def as_tensor(values: FloatArray | IntArray) -> Tensor:
    """Contiguous float64 copy as a tensor."""
    return torch.from_numpy(np.array(values, dtype=np.float64))


def _kron(n_areas: int, common: Tensor, own: Tensor) -> Tensor:
    """1 ⊗ common + the block diagonal of `own`: (T, T) the same for all, or (D, T, T) one for each."""
    n_months = len(common)
    # Added in place into the diagonal blocks: a dense identity ⊗ own would double the memory.
    blocks = common.repeat(n_areas, n_areas).reshape(n_areas, n_months, n_areas, n_months)
    torch.diagonal(blocks, dim1=0, dim2=2).add_(own[..., None] if own.dim() == 2 else own.movedim(0, -1))
    return blocks.reshape(n_areas * n_months, n_areas * n_months)
