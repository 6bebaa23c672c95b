"""Covariances of the linear-Gaussian model of log output (district × month) and of light as its measurement.

Log output x = m + common(t) + own(d, t); both are trend + walk + season + shock, common has the calendar, own has a
level and a swing that fades (Uhlenbeck & Ornstein 1930). Light z = gain · sensitivity(d) · x + error; error =
common(t), shock and drift, + district level + walk + season + shock / precision.
Everything in torch float64, differentiable in the hyperparameters; D districts, T months.
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
JITTER = 1e-9  # added to the variance of every observation: the least that makes rounding harmless


@dataclasses.dataclass(frozen=True, eq=False)
class Months:
    """What is known of months: `steps` (T,) factors on the variance of the common walk's steps, `calendar` (T, c)."""

    steps: Tensor
    calendar: Tensor

    def __len__(self) -> int:
        return len(self.steps)


@dataclasses.dataclass(frozen=True, eq=False)
class Component:
    """One independent term of log output: `part` under which it is explained; `own` one for each district, otherwise
    one that all share; `months` (T, T) its covariance over months.
    """

    part: Part
    own: bool
    months: Tensor


def month_kernels(months: Months) -> dict[str, Tensor]:
    """Unit kernels over months (T, T): walk with given steps, plain walk, month of year, calendar, shock, constant,
    straight line a year."""
    n_months = len(months)
    t = torch.arange(n_months)
    # A walk with steps of unequal size is a walk in the time that the steps' variances add up to.
    reached = torch.cumsum(months.steps, 0)
    years = (t - (n_months - 1) / 2).to(torch.float64) / 12
    return {
        "steps": torch.minimum(reached[:, None], reached[None]),
        "walk": (torch.minimum(t[:, None], t[None]) + 1).to(torch.float64),
        # Less 1/12: a pattern of zero mean over the year, or it would compete with the level.
        "season": ((t[:, None] - t[None]) % 12 == 0).to(torch.float64) - 1 / 12,
        "calendar": months.calendar @ months.calendar.T,
        "shock": torch.eye(n_months, dtype=torch.float64),
        "constant": torch.ones(n_months, n_months, dtype=torch.float64),
        "trend": years[:, None] * years[None],
    }


def fading(n_months: int, memory: Tensor) -> Tensor:
    """(T, T) exp(−|t − s| / memory): a movement that has faded to 1/e after `memory` months."""
    t = torch.arange(n_months, dtype=torch.float64)
    return torch.exp(-(t[:, None] - t[None]).abs() / memory)


def output_components(h: Mapping[str, Tensor], months: Months) -> tuple[Component, ...]:
    """The independent terms of log output. A new term belongs here: the prior and the explanation then both have it."""
    k = month_kernels(months)
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
        Component("own", True, h["swing"] ** 2 * fading(len(months), h["memory"])),
    )


@dataclasses.dataclass(frozen=True, eq=False)
class Kernels:
    """Covariances over months (T, T) for one set of hyperparameters, each made once a pass.

    `common` of the output that all districts share, `own` of what each has by itself; `light_common` of the errors that
    all districts' light shares, `light_own` of each one's slow errors, at their usual size (`light_errors`).
    """

    common: Tensor
    own: Tensor
    light_common: Tensor
    light_own: Tensor


def kernels_of(h: Mapping[str, Tensor], months: Months) -> Kernels:
    """The kernels of the model."""
    components, k = output_components(h, months), month_kernels(months)
    common, own = (functools.reduce(torch.add, [c.months for c in components if c.own is o]) for o in (False, True))
    return Kernels(
        common,
        own,
        light_common=h["light_common"] ** 2 * k["shock"] + h["light_drift"] ** 2 * k["walk"],
        light_own=h["light_walk"] ** 2 * k["walk"] + h["light_season"] ** 2 * k["season"],
    )


def light_errors(kernels: Kernels, rough: Tensor) -> Tensor:
    """(D, T, T) covariance of each district's own slow errors of light, its free level among them; `rough` (D,).

    A month's common error is calibration and weather, the same for rough districts: only own errors are scaled.
    """
    return _FREE_LIGHT_LEVEL + (rough**2)[:, None, None] * kernels.light_own


def light_shock(h: Mapping[str, Tensor], rough: Tensor, precision: Tensor) -> Tensor:
    """(D, T) variance of a reading's own error of a month; `rough` (D,) and `precision` (D, T) of the light.

    The precision divides this one only: more observations do not make a district's slow errors smaller.
    """
    return (h["light_shock"] * rough[:, None]) ** 2 / precision


def light_gain(h: Mapping[str, Tensor]) -> Tensor:
    """(D,) how much of a log change of output a district's light shows."""
    return h["gain"] * h["sensitivity"]


def cholesky(matrix: Tensor) -> Tensor:
    """Lower factors of one matrix or of a batch.

    Raises:
        ModelError: One is not positive definite, or not finite.
    """
    factor: Tensor
    factor, failed = torch.linalg.cholesky_ex(matrix)
    if failed.any():
        what = f"the covariance of {matrix.shape[-1]} figures and readings of light is not positive definite"
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
