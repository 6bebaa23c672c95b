"""Learn the hyperparameters by maximum marginal likelihood of figures and light together."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import torch
from scipy.optimize import minimize

from gvio.assimilate.covariance import Observed, cholesky, joint_covariance, residual
from gvio.assimilate.hyper import FLOORS, HIGHEST, LIGHT_NAMES, LOWEST, NAMES, SPREAD, SPREADS, START, Hyper
from gvio.assimilate.posterior import Measurement, Setting, assimilate, observe
from gvio.errors import ModelError
from gvio.ledger.select import select_rows
from gvio.types import FloatArray

_GIVE_UP = 1e12


def learn_hyper(setting: Setting, start: Hyper = START, *, window: int = 72, max_iterations: int = 25) -> Hyper:
    """Hyperparameters most probable given the figures and the light of the last `window` months.

    The likelihood costs the cube of the number of observations, hence the window. Light's hyperparameters stay at
    their start when there is no light.

    Raises:
        ModelError: No figure is visible, or the estimate is not finite.
    """
    recent = _recent(setting, window)
    seen = observe(recent, assimilate(recent, start).mean)
    names = NAMES if len(seen.seen) else tuple(n for n in NAMES if n not in LIGHT_NAMES)
    values = start.as_dict()
    x0 = np.log([values[name] for name in names])
    bounds = [(np.log(FLOORS.get(name, LOWEST)), np.log(HIGHEST)) for name in names]
    found = minimize(
        _objective,
        x0,
        args=(names, values, seen),
        jac=True,
        method="L-BFGS-B",
        bounds=bounds,
        options={"maxiter": max_iterations},
    )
    return dataclasses.replace(start, **dict(zip(names, np.exp(found.x).tolist(), strict=True)))


def _objective(
    x: FloatArray, names: tuple[str, ...], fixed: Mapping[str, float], seen: Observed
) -> tuple[float, FloatArray]:
    """Negative log posterior of the log hyperparameters, and its gradient."""
    free = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    h = {name: torch.tensor(value, dtype=torch.float64) for name, value in fixed.items()}
    h |= dict(zip(names, torch.exp(free), strict=True))
    centre = torch.tensor([np.log(START.as_dict()[name]) for name in names], dtype=torch.float64)
    _, _, joint = joint_covariance(h, seen)
    try:
        factor = cholesky(joint)
    except ModelError:
        return _GIVE_UP, np.zeros(len(x))
    white = torch.linalg.solve_triangular(factor, residual(seen)[:, None], upper=False)
    value = 0.5 * (white**2).sum() + torch.log(torch.diag(factor)).sum()
    spread = torch.tensor([SPREADS.get(name, SPREAD) for name in names], dtype=torch.float64)
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
