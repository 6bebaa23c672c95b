"""Learn the hyperparameters by maximum marginal likelihood: the prior's from figures, then the light's."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np
import torch
from scipy.optimize import minimize

from gvio.assimilate.condition import join, told_by_all, told_by_figures
from gvio.assimilate.covariance import as_tensors, kernels_of
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
from gvio.assimilate.observed import Setting, observe
from gvio.assimilate.posterior import assimilate
from gvio.errors import ModelError
from gvio.ledger.select import select_rows
from gvio.scoreboard.names import ENOUGH_NATS
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
        kernels = kernels_of(h, seen.months)
        return join(h, kernels, seen, told_by_figures(h, kernels, seen)).fit

    learned = _maximise(likelihood, names, start, max_iterations)
    return learned if setting.light is None else learn_light(setting, learned, window=window)


def learn_light(setting: Setting, hyper: Hyper, *, window: int = 72, max_iterations: int = 40) -> Hyper:
    """The light's hyperparameters, the prior's kept: maximum of p(light | figures) over the last `window` months.

    That is p(light, figures) / p(figures), and the latter does not change. Each district's sensitivity is learned with
    them, log-normal about one.

    Raises:
        ModelError: No figure is visible, or the estimate is not finite.
    """
    told = _told_of_light(setting, hyper, window)
    return hyper if told is None else _maximise(told, LIGHT_NAMES, hyper, max_iterations, setting.sums.n_areas)


def believe_light(setting: Setting, hyper: Hyper, *, window: int = 72, max_iterations: int = 40) -> tuple[Hyper, float]:
    """`learn_light`, and the evidence that light shows output at all, in nats; below `ENOUGH_NATS` it is set aside.

    The evidence is the logarithm of how much likelier the readings are, given the figures, with the gain that was
    learned than with none, the errors of light learned for each. Light that is set aside has the least gain there is:
    the estimate is then that of the figures alone.

    Raises:
        ModelError: As `learn_light`.
    """
    told = _told_of_light(setting, hyper, window)
    if told is None:
        return hyper, 0.0
    n = setting.sums.n_areas
    shown = _maximise(told, LIGHT_NAMES, hyper, max_iterations, n)
    names = tuple(name for name in LIGHT_NAMES if name != "gain")
    silent = _maximise(told, names, dataclasses.replace(hyper, gain=LOWEST, sensitivity=(1.0,) * n), max_iterations)
    without, with_it = (float(told(as_tensors(each, n))) for each in (silent, shown))
    return (shown if without - with_it >= ENOUGH_NATS else silent), without - with_it


def _told_of_light(
    setting: Setting, hyper: Hyper, window: int
) -> Callable[[Mapping[str, torch.Tensor]], torch.Tensor] | None:
    """−log p(light | figures) of hyperparameters of light; None where no light was read."""
    recent = _recent(setting, window)
    lit = observe(recent, assimilate(dataclasses.replace(recent, light=None), hyper).mean)
    if not bool(lit.lit.any()):
        return None
    # Constant while the light's are learned, so it is computed once: a step then costs the readings only.
    kept = as_tensors(hyper, lit.n_areas)
    usual = kernels_of(kept, lit.months)
    figures = told_by_figures(kept, usual, lit)
    of_figures = join(kept, usual, lit.dark(), figures).fit

    def likelihood(h: Mapping[str, torch.Tensor]) -> torch.Tensor:
        kernels = kernels_of(h, lit.months)
        return join(h, kernels, lit, told_by_all(h, kernels, lit, figures)).fit - of_figures

    return likelihood


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
    kept = torch.tensor(fixed.sensitivity, dtype=torch.float64)
    h["sensitivity"] = torch.exp(SENSITIVITY_SPREAD * own) if len(own) or not len(kept) else kept
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
