"""The estimate: posterior of log output given every visible figure and the light (Gauss–Newton, closed form).

With useless light this is a naive forecast that knows persistence, season and shares; official figures are honoured
within their noise, and a late figure revises the past consistently. Conditioning: Rasmussen & Williams (2006), 2.22.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import torch

from gvio.assimilate.condition import Spread, Told, join, spread, told_by_all
from gvio.assimilate.covariance import Kernels, as_tensor, as_tensors, cholesky, kernels_of
from gvio.assimilate.hear import Heard, hear, told_dark, told_lit
from gvio.assimilate.hyper import Hyper
from gvio.assimilate.linearise import first_guess
from gvio.assimilate.observed import Observed, Setting, observe
from gvio.assimilate.robust import downweighting, surprise
from gvio.errors import RETRAIN, ModelError
from gvio.ledger.sums import Sums
from gvio.types import BoolArray, FloatArray

COMPARED = (1, 12)
"""Months that a change goes back: to the month before, and to the same month a year before."""

_PASSES = 3
# Steps of the common walk beyond this many of its standard deviations widen it there (heavy tails): a lockdown is
# common to all districts and must not be read as the largest district's own collapse.
_HEAVY = 1.5
_OPEN = 100.0  # in the first pass every step that figures reach may be large: where the jumps are is not known yet
# Where no figure reaches, only light can show a jump, and light of low gain would exaggerate it many times: there the
# walk starts with usual steps, and their variance is never widened beyond this.
_WIDEST_IN_THE_DARK = 40.0
_LEAST_VARIANCE = 1e-10
_OUTLIER = 4.0  # standard deviations of its noise by which a figure may be off before the noise is widened


@dataclasses.dataclass(frozen=True, eq=False)
class Posterior:
    """Log output: `mean`, `sd` (D, T) of districts; `city_mean`, `city_sd` (T,) of the log of their sum.

    `correlation` by months back (`COMPARED`): of the error of each month with that of the month before it by so many,
    (D + 1, T), the city last; NaN where there is no such month. Empty where it was not asked for.
    """

    mean: FloatArray
    sd: FloatArray
    city_mean: FloatArray
    city_sd: FloatArray
    correlation: Mapping[int, FloatArray] = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True, eq=False)
class Pass:
    """One linear-Gaussian pass: hyperparameters, what was observed, what the observations `told` of every
    district-month (D, T), and the posterior: the mean of any term is its covariance times `told`.
    """

    h: Mapping[str, torch.Tensor]
    seen: Observed
    told: torch.Tensor
    posterior: Posterior


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
    wider: tuple[torch.Tensor, torch.Tensor] | None = None
    heard: list[Heard] = []
    h = as_tensors(hyper, setting.sums.n_areas)
    for turn in range(_PASSES):
        seen = observe(setting, log_output, steps)
        if wider is not None:
            seen = dataclasses.replace(seen, relative=wider[0], shared_relative=wider[1])
        kernels = kernels_of(h, seen.months)
        heard = hear(h, kernels, seen, heard)
        done = _conditioned(h, kernels, seen, told_lit(h, heard), full=turn == _PASSES - 1)
        # Weights of district-months within a sum depend on the estimate: linearise again at the new one.
        log_output = done.posterior.mean
        if turn < _PASSES - 1:
            steps = _common_steps(log_output, hyper, reached)
            wider = _robust(seen, log_output, hyper)
    if not bool(seen.lit.any()):
        return done, done.posterior
    # The same linearisation and weights, so that the difference is due to light alone.
    dark = _conditioned(h, kernels, seen.dark(), told_dark(h, heard), full=True).posterior
    return _doubting(done, kernels, heard, dark), dark


def _doubting(done: Pass, kernels: Kernels, heard: Sequence[Heard], dark: Posterior) -> Pass:
    """The pass again with wider errors of light in districts whose estimate it moved implausibly far, if any."""
    lit = done.posterior
    factor = downweighting(surprise(lit.mean, lit.sd, dark.mean, dark.sd))
    if (factor == 1).all():
        return done
    rougher = dataclasses.replace(done.seen, rough=as_tensor(factor) * done.seen.rough)
    told = told_lit(done.h, hear(done.h, kernels, rougher, heard))
    return _conditioned(done.h, kernels, rougher, told, full=True)


def _finite(done: Pass) -> Pass:
    posterior = done.posterior
    if not all(np.isfinite(part).all() for part in (posterior.mean, posterior.sd, posterior.city_sd)):
        raise ModelError("the estimate is not finite", where="assimilation", hint=RETRAIN)
    return done


def condition(h: Mapping[str, torch.Tensor], kernels: Kernels, seen: Observed, figures: Told, *, full: bool) -> Pass:
    """Condition log output on what was observed; without `full` the standard deviations are left 0.

    Args:
        h: Hyperparameters.
        kernels: `kernels_of` the same.
        seen: What was observed.
        figures: What the districts' own figures say: `told_by_figures` of the same.
        full: Whether standard deviations are wanted.

    Raises:
        ModelError: The posterior is not finite.
    """
    return _conditioned(h, kernels, seen, told_by_all(h, kernels, seen, figures), full=full)


def _conditioned(
    h: Mapping[str, torch.Tensor], kernels: Kernels, seen: Observed, own_told: Told, *, full: bool
) -> Pass:
    joined = join(h, kernels, seen, own_told)
    mean = seen.prior + joined.common + joined.own
    # What gives every district its own path as the mean; solved for, so that the parts of an explanation sum to it.
    told = torch.cholesky_solve(joined.own.T, cholesky(kernels.own)).T
    if not full:
        nothing = np.zeros(mean.shape)
        return _finite(Pass(h, seen, told, Posterior(mean.numpy(), nothing, nothing[0], nothing[0])))
    found = spread(seen, own_told, joined, torch.softmax(mean, 0), COMPARED)
    posterior = Posterior(
        mean=mean.numpy(),
        sd=_deviation(found.districts),
        city_mean=torch.logsumexp(mean, 0).numpy(),
        city_sd=_deviation(found.city),
        correlation=_correlations(found),
    )
    return _finite(Pass(h, seen, told, posterior))


def _deviation(variance: torch.Tensor) -> FloatArray:
    """Rounding can leave a variance a little below zero where a figure settles a district-month."""
    return np.asarray(np.sqrt(np.maximum(variance.numpy(), _LEAST_VARIANCE)))


def _correlations(found: Spread) -> dict[int, FloatArray]:
    """See `Posterior`; within −1 and 1, whatever rounding left."""
    sd = np.vstack([_deviation(found.districts), _deviation(found.city)])
    out = {}
    for back, (districts, city) in found.with_earlier.items():
        earlier = np.full(sd.shape, np.nan)
        earlier[:, back:] = sd[:, : max(sd.shape[1] - back, 0)]
        shared = np.vstack([districts.numpy(), city.numpy()])[:, : sd.shape[1]]
        out[back] = np.clip(shared / (sd * earlier), -1.0, 1.0)
    return out


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


def _robust(seen: Observed, log_output: FloatArray, hyper: Hyper) -> tuple[torch.Tensor, torch.Tensor]:
    """Factors on the noise of districts' figures (D, n) and of shared ones (g,): beyond four standard deviations it is
    widened to match.
    """
    x, least = torch.from_numpy(log_output), _OUTLIER * hyper.noise
    own = (seen.y - torch.einsum("dnt,dt->dn", seen.H, x)).abs() / least
    shared = (seen.shared_y - torch.einsum("dgt,dt->g", seen.G, x)).abs() / least
    return own.clamp(min=1.0), shared.clamp(min=1.0)
