"""Explanation of an estimate: the posterior mean as a sum of its parts, and what light changed.

The prior is a sum of independent terms and the last Gauss–Newton pass is linear, so the posterior mean is the prior
mean plus, for every term, Cov(term, observations) · weights (Rasmussen & Williams 2006, 2.25; decomposed by terms:
Duvenaud 2014, chapter 2). It is exact, and no order of the parts has to be chosen. Light is not a
further part: it moved those parts.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import torch

from gvio.assimilate.covariance import output_components
from gvio.assimilate.hyper import Hyper
from gvio.assimilate.observed import Setting
from gvio.assimilate.posterior import Pass, Posterior, last_pass
from gvio.types import FloatArray

PARTS = ("level", "season", "calendar", "common", "own")


@dataclasses.dataclass(frozen=True, eq=False)
class Explanation:
    """All (D, T), log units unless said otherwise; the first five sum to the posterior mean.

    Attributes:
        level: Prior share, overall level and the district's own: the intercept, the same in every month.
        season: Month of the year, the city's and the district's own.
        calendar: Holidays: working days, and the lunar new year where it is kept.
        common: Movement that all districts share, trend and lockdowns among it.
        own: The district's own movement, with what factories bring that open or close.
        light: Posterior mean with light minus that without, both on the same figures: what light changed.
        believed: 1 − variance with light / variance without, in [0, 1]: the share of the variance left by the figures
            that light removes.
    """

    level: FloatArray
    season: FloatArray
    calendar: FloatArray
    common: FloatArray
    own: FloatArray
    light: FloatArray
    believed: FloatArray


def explain(setting: Setting, hyper: Hyper) -> tuple[Posterior, Explanation]:
    """The estimate of `assimilate` and its explanation; costs no further pass.

    Raises:
        ModelError: No figure is visible, or the posterior is not finite.
    """
    done, dark = last_pass(setting, hyper)
    lit = done.posterior
    return lit, Explanation(
        **parts(done),
        light=lit.mean - dark.mean,
        believed=np.clip(1.0 - (lit.sd / dark.sd) ** 2, 0.0, 1.0),
    )


def parts(done: Pass) -> dict[str, FloatArray]:
    """The posterior mean of every part, (D, T) by name; they sum to the posterior mean."""
    # A term that all districts share collects what was told of all of them, an own term only its district's.
    told, prior = done.told, done.seen.prior
    found = {name: torch.zeros_like(prior) for name in PARTS}
    found["level"] += prior.mean(dim=1, keepdim=True)
    found["own"] += prior - prior.mean(dim=1, keepdim=True)
    for component in output_components(done.h, done.seen.months):
        heard = told if component.own else told.sum(dim=0).expand_as(told)
        found[component.part] += heard @ component.months
    return {name: part.numpy() for name, part in found.items()}
