"""Learn the hyperparameters by maximum marginal likelihood: the prior's from figures, then the light's."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np
import torch
from scipy.optimize import minimize

from gvio.assimilate.covariance import (
    Observed,
    as_tensors,
    cholesky,
    joint_covariance,
    light_error_covariance,
    light_gain,
    residual,
)
from gvio.assimilate.hyper import (
    CEILINGS,
    FLOORS,
    HIGHEST,
    LIGHT_NAMES,
    LOWEST,
    NAMES,
    SENSITIVITY_SPREAD,
    SPREAD,
    SPREADS,
    START,
    Hyper,
)
from gvio.assimilate.posterior import Setting, assimilate, observe
from gvio.errors import ModelError
from gvio.ledger.select import select_rows
from gvio.types import FloatArray

_GIVE_UP = 1e12  # value where the covariance cannot be factorised: the optimiser steps back from it
_FURTHEST = 4.0  # spreads that a sensitivity may lie from one


def learn_hyper(setting: Setting, start: Hyper = START, *, window: int = 72, max_iterations: int = 20) -> Hyper:
    """Hyperparameters most probable given the figures of the last `window` months, then light's given those.

    Two steps, because each costs the cube of its data: the prior's are learned from the figures alone, then
    `learn_light` compares the light with the figures' posterior.

    Raises:
        ModelError: No figure is visible, or the estimate is not finite.
    """
    recent = _recent(dataclasses.replace(setting, light=None), window)
    # Linearised once, at the start's estimate: the likelihood stays smooth while it is maximised.
    seen = observe(recent, assimilate(recent, start).mean)
    names = tuple(n for n in NAMES if n not in LIGHT_NAMES)

    def likelihood(h: Mapping[str, torch.Tensor]) -> torch.Tensor:
        return _gaussian(residual(seen), joint_covariance(h, seen)[2])

    learned = _maximise(likelihood, names, start, max_iterations)
    return learned if setting.light is None else learn_light(setting, learned, window=window)


def learn_light(setting: Setting, hyper: Hyper, *, window: int = 72, max_iterations: int = 40) -> Hyper:
    """The light's hyperparameters, the prior's kept: maximum of p(light | figures) over the last `window` months.

    Given the figures, log output has mean μ and covariance V; then z − g(μ − m) has covariance g V gᵀ + errors, with g
    the gain times each district's sensitivity, which is learned with it, log-normal about one.

    Raises:
        ModelError: No figure is visible, or the estimate is not finite.
    """
    recent = _recent(setting, window)
    lit = observe(recent, assimilate(dataclasses.replace(recent, light=None), hyper).mean)
    if not len(lit.seen):
        return hyper
    # Constant while the light's are learned, so it is computed once: a step then costs the readings only.
    deviation, covariance = _given_figures(as_tensors(hyper, lit.n_areas), lit)

    def likelihood(h: Mapping[str, torch.Tensor]) -> torch.Tensor:
        gain = light_gain(h, lit)
        error = light_error_covariance(h, lit)
        return _gaussian(lit.z - gain * deviation, gain[:, None] * covariance * gain + error)

    return _maximise(likelihood, LIGHT_NAMES, hyper, max_iterations, lit.n_areas)


def _given_figures(h: Mapping[str, torch.Tensor], lit: Observed) -> tuple[torch.Tensor, torch.Tensor]:
    """Mean minus prior mean, and covariance, of log output at the lit district-months, given the figures alone."""
    dark = dataclasses.replace(lit, seen=lit.seen[:0], z=lit.z[:0], precision=lit.precision[:0])
    prior, cross, joint = joint_covariance(h, dark)
    factor = cholesky(joint)
    cross = cross[:, lit.seen]
    deviation = cross.T @ torch.cholesky_solve(residual(dark)[:, None], factor)[:, 0]
    explained = torch.linalg.solve_triangular(factor, cross, upper=False)
    return deviation, prior[lit.seen][:, lit.seen] - explained.T @ explained


def _gaussian(error: torch.Tensor, covariance: torch.Tensor) -> torch.Tensor:
    """Negative log density of `error` (n,), without its constant.

    Its gradients, C⁻¹e and (C⁻¹ − C⁻¹eeᵀC⁻¹) / 2 (Rasmussen & Williams 2006, 5.9), are written out: a third of the time
    that differentiating the factorisation takes.
    """
    with torch.no_grad():
        factor = cholesky(covariance)
        weights = torch.cholesky_solve(error[:, None], factor)[:, 0]
        slope = 0.5 * (torch.cholesky_inverse(factor) - weights[:, None] * weights)
        value = 0.5 * error @ weights + torch.log(torch.diag(factor)).sum()
    # A linear function with the right gradient: its value is subtracted again, so autograd sees the written-out slope.
    linear = weights @ error + (slope * covariance).sum()
    found: torch.Tensor = value + linear - linear.detach()
    return found


def _maximise(
    likelihood: Callable[[Mapping[str, torch.Tensor]], torch.Tensor],
    names: tuple[str, ...],
    start: Hyper,
    max_iterations: int,
    n_sensitive: int = 0,
) -> Hyper:
    """Hyperparameters `names` that make `likelihood` (negative log) plus their prior smallest, the others kept.

    With `n_sensitive` districts their sensitivities are learned, too.
    """

    def objective(x: FloatArray) -> tuple[float, FloatArray]:
        return _objective(x, names, start, likelihood)

    known = start.sensitivity or (1.0,) * n_sensitive
    x0 = np.concatenate([np.log([getattr(start, name) for name in names]), np.log(known) / SENSITIVITY_SPREAD])
    x0 = x0[: len(names) + n_sensitive]
    bounds = [(np.log(FLOORS.get(name, LOWEST)), np.log(CEILINGS.get(name, HIGHEST))) for name in names]
    bounds += [(-_FURTHEST, _FURTHEST)] * n_sensitive
    options = {"maxiter": max_iterations, "ftol": 1e-5}  # a hundredth of a nat is beneath the noise of any figure
    found = minimize(objective, x0, jac=True, method="L-BFGS-B", bounds=bounds, options=options).x
    learned = dict(zip(names, np.exp(found[: len(names)]).tolist(), strict=True))
    if n_sensitive:
        learned["sensitivity"] = tuple(np.exp(SENSITIVITY_SPREAD * found[len(names) :]).tolist())
    return dataclasses.replace(start, **learned)


def _objective(
    x: FloatArray,
    names: tuple[str, ...],
    fixed: Hyper,
    likelihood: Callable[[Mapping[str, torch.Tensor]], torch.Tensor],
) -> tuple[float, FloatArray]:
    """Negative log posterior of the log hyperparameters, then of sensitivities in units of their spread; gradient."""
    free = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    scalars, own = free[: len(names)], free[len(names) :]
    # In logarithms: standard deviations stay positive, and their log-normal priors become Gaussian.
    h = {name: torch.tensor(value, dtype=torch.float64) for name, value in fixed.as_dict().items()}
    h |= dict(zip(names, torch.exp(scalars), strict=True))
    h["sensitivity"] = torch.exp(SENSITIVITY_SPREAD * own)
    centre = torch.tensor([np.log(START.as_dict()[name]) for name in names], dtype=torch.float64)
    spread = torch.tensor([SPREADS.get(name, SPREAD) for name in names], dtype=torch.float64)
    try:
        value = likelihood(h)
    except ModelError:
        return _GIVE_UP, np.zeros(len(x))
    value = value + 0.5 * (((scalars - centre) / spread) ** 2).sum() + 0.5 * (own**2).sum()
    (gradient,) = torch.autograd.grad(value, free)
    return float(value.detach()), np.asarray(gradient.numpy())


def _recent(setting: Setting, window: int) -> Setting:
    """The same setting cut to its last `window` months that carry figures."""
    if not len(setting.sums.values):
        return setting
    # Months after the last figure hold no evidence about output, and would only cost.
    last = int(setting.sums.end.max()) + 1
    first = max(0, last - window)
    # A figure that begins before the window would need months that are cut off.
    sums = select_rows(setting.sums, setting.sums.start >= first, months=slice(first, last))
    if not len(sums.values):
        return setting
    light = setting.light
    if light is not None:
        light = dataclasses.replace(light, z=light.z[:, first:last], precision=light.precision[:, first:last])
    openings = None if setting.openings is None else setting.openings[:, first:last]
    return dataclasses.replace(
        setting, sums=sums, light=light, calendar=setting.calendar[first:last], openings=openings
    )
