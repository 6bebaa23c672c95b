"""The estimate: posterior of log output given every visible figure and the light (Gauss–Newton, closed form).

With useless light this is a naive forecast that knows persistence, season and shares; official figures are honoured
within their noise, and a late figure revises the past consistently. Conditioning: Rasmussen & Williams (2006), 2.22.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import torch

from gvio.assimilate.covariance import Observed, as_tensor, as_tensors, cholesky, joint_covariance, residual
from gvio.assimilate.hyper import Hyper
from gvio.assimilate.linearise import first_guess, linearise
from gvio.assimilate.robust import downweighting, surprise
from gvio.errors import RETRAIN, ModelError
from gvio.ledger.sums import Sums
from gvio.types import BoolArray, FloatArray

_PASSES = 3
# Steps of the common walk beyond this many of its standard deviations widen it there (heavy tails): a lockdown is
# common to all districts and must not be read as the largest district's own collapse.
_HEAVY = 1.5
_OPEN = 100.0  # in the first pass every step that figures reach may be large: where the jumps are is not known yet
# Where no figure reaches, only light can show a jump, and light of low gain would exaggerate it many times: there the
# walk starts with usual steps, and their variance is never widened beyond this.
_WIDEST_IN_THE_DARK = 40.0
_OUTLIER = 4.0  # standard deviations of its noise by which a figure may be off before the noise is widened


@dataclasses.dataclass(frozen=True, eq=False)
class Measurement:
    """Light as a measurement of log output: `z` (D, T) NaN where unseen, `precision` (D, T) in (0, 1]; `rough` (D,)
    errors of a district's own light against the usual one's, None for no difference.
    """

    z: FloatArray
    precision: FloatArray
    rough: FloatArray | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Posterior:
    """Log output: `mean`, `sd` (D, T) of districts; `city_mean`, `city_sd` (T,) of the log of their sum."""

    mean: FloatArray
    sd: FloatArray
    city_mean: FloatArray
    city_sd: FloatArray


@dataclasses.dataclass(frozen=True, eq=False)
class Setting:
    """What the assimilation conditions on, apart from hyperparameters.

    `sums` the visible figures; `light` the measurement or None; `prior_share` (D,) positive, sums to one: the share
    of a district before any figure; `calendar` (T, c) features; `openings` (D, T) log change of the prior that
    factories bring which open or close, None for none.
    """

    sums: Sums
    light: Measurement | None
    prior_share: FloatArray
    calendar: FloatArray
    openings: FloatArray | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Pass:
    """One linear-Gaussian pass: hyperparameters, what was observed, the observations' `weights` (n + k,), and the
    posterior: its mean is the prior mean + Cov(output, observations) · weights.
    """

    h: Mapping[str, torch.Tensor]
    seen: Observed
    weights: torch.Tensor
    posterior: Posterior


def observe(
    setting: Setting,
    log_output: FloatArray,
    steps: FloatArray | None = None,
    relative: FloatArray | None = None,
) -> Observed:
    """Linearise the figures at `log_output` (D, T) and lay everything out as tensors."""
    sums, light = setting.sums, setting.light
    H, y = linearise(sums, log_output)
    # The level is free in the prior covariance; a good centre only keeps the first linearisation near.
    level = first_guess(sums, setting.prior_share).mean() - np.log(setting.prior_share).mean()
    prior = np.repeat(np.log(setting.prior_share)[:, None] + level, sums.n_months, axis=1)
    if setting.openings is not None:
        prior = prior + setting.openings  # known from the pack: light is not asked, and its gain is not theirs
    z = np.full(prior.shape, np.nan) if light is None else light.z
    seen = np.flatnonzero(np.isfinite(z.ravel()))
    precision = np.ones(prior.shape) if light is None else light.precision
    return Observed(
        H=as_tensor(H),
        y=as_tensor(y),
        relative=as_tensor(np.ones(len(y)) if relative is None else relative),
        prior=as_tensor(prior.ravel()),
        z=as_tensor(z.ravel()[seen]),
        seen=torch.from_numpy(seen),
        precision=as_tensor(precision.ravel()[seen]),
        rough=as_tensor(np.ones(sums.n_areas) if light is None or light.rough is None else light.rough),
        steps=as_tensor(np.ones(sums.n_months) if steps is None else steps),
        calendar=as_tensor(setting.calendar),
        n_areas=sums.n_areas,
        n_months=sums.n_months,
    )


def assimilate(setting: Setting, hyper: Hyper) -> Posterior:
    """Posterior of log output for every district and month of `setting.sums`.

    Raises:
        ModelError: No figure is visible, or the posterior is not finite.
    """
    return last_pass(setting, hyper)[0].posterior


def last_pass(setting: Setting, hyper: Hyper) -> tuple[Pass, Posterior]:
    """The last Gauss–Newton pass, whose posterior is the estimate, and the posterior of its figures without light;
    raises as `assimilate`.
    """
    if not len(setting.sums.values):
        raise ModelError("no official figure is visible", where="assimilation", hint="Choose a later as-of date.")
    log_output = first_guess(setting.sums, setting.prior_share)
    reached = _reached(setting.sums)
    steps: FloatArray = np.where(reached, _OPEN, 1.0)
    relative: FloatArray = np.ones(len(setting.sums.values))
    h = as_tensors(hyper, setting.sums.n_areas)
    for turn in range(_PASSES):
        done = condition(h, observe(setting, log_output, steps, relative), full=turn == _PASSES - 1)
        # Weights of district-months within a sum depend on the estimate: linearise again at the new one.
        log_output = done.posterior.mean
        if turn < _PASSES - 1:
            steps = _common_steps(log_output, hyper, reached)
            relative = _robust(done.seen, log_output, hyper)
    # The same linearisation and weights, so that the difference is due to light alone.
    dark = _without_light(done)
    return _doubting(done, dark), dark


def _without_light(done: Pass) -> Posterior:
    """The posterior of the same linearised figures without light; raises as `condition`."""
    if not len(done.seen.seen):
        return done.posterior
    nothing = {name: getattr(done.seen, name)[:0] for name in ("z", "seen", "precision")}
    return condition(done.h, dataclasses.replace(done.seen, **nothing), full=True).posterior


def _doubting(done: Pass, dark: Posterior) -> Pass:
    """The pass again with wider errors of light in districts whose estimate it moved implausibly far, if any."""
    lit = done.posterior
    factor = downweighting(surprise(lit.mean, lit.sd, dark.mean, dark.sd))
    if (factor == 1).all():
        return done
    return condition(done.h, dataclasses.replace(done.seen, rough=as_tensor(factor) * done.seen.rough), full=True)


def _finite(done: Pass) -> Pass:
    posterior = done.posterior
    if not all(np.isfinite(part).all() for part in (posterior.mean, posterior.sd, posterior.city_sd)):
        raise ModelError("the estimate is not finite", where="assimilation", hint=RETRAIN)
    return done


def condition(h: Mapping[str, torch.Tensor], seen: Observed, *, full: bool) -> Pass:
    """Condition log output on what was observed; without `full` the standard deviations are left 0.

    Raises:
        ModelError: The posterior is not finite.
    """
    prior, cross, joint = joint_covariance(h, seen)
    # One factorisation serves the mean, the variances and, through `weights`, the explanation.
    factor = cholesky(joint)
    weights = torch.cholesky_solve(residual(seen)[:, None], factor)[:, 0]
    shape = (seen.n_areas, seen.n_months)
    mean = (seen.prior + cross.T @ weights).reshape(shape)
    if not full:
        nothing = np.zeros(shape)
        return _finite(Pass(h, seen, weights, Posterior(mean.numpy(), nothing, nothing[0], nothing[0])))
    explained = torch.linalg.solve_triangular(factor, cross, upper=False)
    # Only the covariances of districts within a month are needed, for the city: T blocks (D, D), not (D·T, D·T).
    explained = explained.reshape(-1, *shape)
    by_month = torch.einsum("ndt,net->tde", explained, explained)
    blocks = prior.reshape(shape + shape)
    covariance = torch.stack([blocks[:, t, :, t] for t in range(seen.n_months)]) - by_month
    output = torch.exp(mean)
    # The log of a sum is linear in its logs to first order, with the shares as weights (delta method).
    share = (output / output.sum(0)).T
    city_variance = torch.einsum("td,tde,te->t", share, covariance, share)
    variance = torch.diagonal(covariance, dim1=1, dim2=2).T
    posterior = Posterior(
        mean=mean.numpy(),
        # Rounding can leave a variance a little below zero where a figure settles a district-month.
        sd=np.sqrt(np.maximum(variance.numpy(), 1e-10)),
        city_mean=torch.log(output.sum(0)).numpy(),
        city_sd=np.sqrt(np.maximum(city_variance.numpy(), 1e-10)),
    )
    return _finite(Pass(h, seen, weights, posterior))


def _reached(sums: Sums) -> BoolArray:
    """(T,) months that any figure reaches."""
    month = np.arange(sums.n_months)[:, None]
    return np.asarray(((sums.start <= month) & (month <= sums.end)).any(axis=1))


def _common_steps(log_output: FloatArray, hyper: Hyper, reached: BoolArray) -> FloatArray:
    """(T,) factors on the variance of the common walk's steps: large where the city itself jumped."""
    city = np.log(np.exp(log_output).sum(axis=0))
    step = np.diff(city, prepend=city[:1])
    month = np.arange(len(step)) % 12
    # Against the usual step of that month of the year: each December's rise is season, not a jump.
    usual = np.array([np.median(step[month == m]) if (month == m).any() else 0.0 for m in range(12)])
    surprise = np.abs(step - usual[month]) / (_HEAVY * hyper.common_walk)
    factor: FloatArray = np.maximum(surprise, 1.0) ** 2
    return np.asarray(np.where(reached, factor, np.minimum(factor, _WIDEST_IN_THE_DARK)))


def _robust(seen: Observed, log_output: FloatArray, hyper: Hyper) -> FloatArray:
    """(n,) factors on the noise of figures: beyond four standard deviations it is widened to match."""
    error = np.abs(seen.y.numpy() - seen.H.numpy() @ log_output.ravel()) / (_OUTLIER * hyper.noise)
    return np.maximum(error, 1.0)
