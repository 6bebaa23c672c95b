"""Learn the hyperparameters by maximum marginal likelihood: the prior's from figures, then the light's."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np
import torch
from scipy.optimize import minimize

from gvio.assimilate.covariance import Observed, cholesky, joint_covariance, light_error_covariance, residual
from gvio.assimilate.hyper import FLOORS, HIGHEST, LIGHT_NAMES, LOWEST, NAMES, SPREAD, SPREADS, START, Hyper
from gvio.assimilate.posterior import Measurement, Setting, assimilate, observe
from gvio.errors import ModelError
from gvio.ledger.select import select_rows
from gvio.types import FloatArray

_GIVE_UP = 1e12


def learn_hyper(setting: Setting, start: Hyper = START, *, window: int = 72, max_iterations: int = 20) -> Hyper:
    """Hyperparameters most probable given the figures of the last `window` months, then light's given those.

    Two steps, because they cost the cube of what they look at: the prior's are learned from the figures alone, then
    `learn_light` reads the light against the figures' posterior.

    Raises:
        ModelError: No figure is visible, or the estimate is not finite.
    """
    recent = _recent(dataclasses.replace(setting, light=None), window)
    seen = observe(recent, assimilate(recent, start).mean)
    names = tuple(n for n in NAMES if n not in LIGHT_NAMES)

    def likelihood(h: Mapping[str, torch.Tensor]) -> torch.Tensor:
        return _gaussian(residual(seen), joint_covariance(h, seen)[2])

    learned = _maximise(likelihood, names, start, max_iterations)
    return learned if setting.light is None else learn_light(setting, learned, window=window)


def learn_light(setting: Setting, hyper: Hyper, *, window: int = 72, max_iterations: int = 20) -> Hyper:
    """The light's hyperparameters, the prior's kept: maximum of p(light | figures) over the last `window` months.

    Given the figures, log output has mean μ and covariance V; then z − gain·(μ − m) has covariance gain²·V + errors.

    Raises:
        ModelError: No figure is visible, or the estimate is not finite.
    """
    recent = _recent(setting, window)
    lit = observe(recent, assimilate(dataclasses.replace(recent, light=None), hyper).mean)
    if not len(lit.seen):
        return hyper
    fixed = {name: torch.tensor(value, dtype=torch.float64) for name, value in hyper.as_dict().items()}
    deviation, covariance = _given_figures(fixed, lit)

    def likelihood(h: Mapping[str, torch.Tensor]) -> torch.Tensor:
        error = light_error_covariance(h, lit)
        return _gaussian(lit.z - h["gain"] * deviation, h["gain"] ** 2 * covariance + error)

    return _maximise(likelihood, LIGHT_NAMES, hyper, max_iterations)


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
    linear = weights @ error + (slope * covariance).sum()
    found: torch.Tensor = value + linear - linear.detach()
    return found


def _maximise(
    likelihood: Callable[[Mapping[str, torch.Tensor]], torch.Tensor],
    names: tuple[str, ...],
    start: Hyper,
    max_iterations: int,
) -> Hyper:
    """Hyperparameters `names` that make `likelihood` (negative log) plus their prior smallest, the others kept."""
    values = start.as_dict()

    def objective(x: FloatArray) -> tuple[float, FloatArray]:
        return _objective(x, names, values, likelihood)

    x0 = np.log([values[name] for name in names])
    bounds = [(np.log(FLOORS.get(name, LOWEST)), np.log(HIGHEST)) for name in names]
    options = {"maxiter": max_iterations, "ftol": 1e-5}  # a hundredth of a nat is beneath the noise of any figure
    found = minimize(objective, x0, jac=True, method="L-BFGS-B", bounds=bounds, options=options)
    return dataclasses.replace(start, **dict(zip(names, np.exp(found.x).tolist(), strict=True)))


def _objective(
    x: FloatArray,
    names: tuple[str, ...],
    fixed: Mapping[str, float],
    likelihood: Callable[[Mapping[str, torch.Tensor]], torch.Tensor],
) -> tuple[float, FloatArray]:
    """Negative log posterior of the log hyperparameters, and its gradient."""
    free = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    h = {name: torch.tensor(value, dtype=torch.float64) for name, value in fixed.items()}
    h |= dict(zip(names, torch.exp(free), strict=True))
    centre = torch.tensor([np.log(START.as_dict()[name]) for name in names], dtype=torch.float64)
    spread = torch.tensor([SPREADS.get(name, SPREAD) for name in names], dtype=torch.float64)
    try:
        value = likelihood(h)
    except ModelError:
        return _GIVE_UP, np.zeros(len(x))
    value = value + 0.5 * (((free - centre) / spread) ** 2).sum()
    (gradient,) = torch.autograd.grad(value, free)
    return float(value.detach()), np.asarray(gradient.numpy())


def _recent(setting: Setting, window: int) -> Setting:
    """The same setting cut to its last `window` months that carry figures."""
    if not len(setting.sums.values):
        return setting
    last = int(setting.sums.end.max()) + 1
    first = max(0, last - window)
    sums = select_rows(setting.sums, setting.sums.start >= first, months=slice(first, last))
    if not len(sums.values):
        return setting
    light = setting.light
    if light is not None:
        light = Measurement(light.z[:, first:last], light.precision[:, first:last])
    return dataclasses.replace(setting, sums=sums, light=light, calendar=setting.calendar[first:last])
