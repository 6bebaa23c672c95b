"""By how much an estimate will be revised: what the figures and the light of a year to come take off its variance.

For jointly Gaussian variables the mean given more is the mean given less plus something independent of it, of variance
var(given less) − var(given more) (Rasmussen & Williams 2006, A.6). Variances depend on which figures and readings there
will be, not on what they say: so the spread of a revision is known before the revision.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from gvio.assimilate.condition import told_by_figures
from gvio.assimilate.covariance import as_tensors, kernels_of
from gvio.assimilate.hyper import Hyper
from gvio.assimilate.observed import Measurement, Setting, observe
from gvio.assimilate.posterior import Posterior, condition
from gvio.ledger.forward import YEAR, a_year_on, lengthened
from gvio.types import FloatArray


@dataclasses.dataclass(frozen=True, eq=False)
class Foresight:
    """Standard deviations of the log estimate, (D + 1, T), the city last: `learned`, of what the year to come changes;
    `now`, of what is not known today."""

    learned: FloatArray
    now: FloatArray


def foresee(setting: Setting, hyper: Hyper, log_mean: FloatArray) -> Foresight:
    """By how much a year of light and figures will change the log estimate, if the model stays.

    The year to come is taken to bring what the last one brought: the same figures a year later, and every month as well
    seen. Where an area's own monthly figure comes out, its noise is added, because the estimate will equal the figure
    and not the truth.

    Args:
        setting: What the estimate is conditioned on, at least 12 months.
        hyper: Hyperparameters.
        log_mean: (D, T) its posterior mean.

    Raises:
        ModelError: A covariance cannot be factored.
    """
    ahead = np.concatenate([log_mean, log_mean[:, -YEAR:]], axis=1)
    later, to_come = a_year_on(setting.sums, np.exp(ahead))
    longer = _lengthened(setting)
    now = _given(dataclasses.replace(longer, sums=lengthened(setting.sums, YEAR), light=_dark(longer)), hyper, ahead)
    then = _given(dataclasses.replace(longer, sums=later), hyper, ahead)
    sd = np.vstack([now.sd, now.city_sd])
    gone = sd**2 - np.vstack([then.sd, then.city_sd]) ** 2
    own = to_come & (later.start == later.end) & (later.of_districts | later.of_city)
    gone[later.area[own], later.start[own]] += hyper.noise**2  # area −1, the city, is the last row
    n_months = log_mean.shape[1]
    return Foresight(np.sqrt(np.maximum(gone, 0.0))[:, :n_months], sd[:, :n_months])


def _lengthened(setting: Setting) -> Setting:
    """Light, calendar and openings of a further year: the last one again."""
    light, openings = setting.light, setting.openings
    again = None if light is None else Measurement(_and_again(light.z), _and_again(light.precision), light.rough)
    opened = None
    if openings is not None:
        opened = np.concatenate([openings, np.repeat(openings[:, -1:], YEAR, axis=1)], axis=1)
    calendar = np.concatenate([setting.calendar, setting.calendar[-YEAR:]])
    return dataclasses.replace(setting, light=again, calendar=calendar, openings=opened)


def _and_again(values: FloatArray) -> FloatArray:
    return np.concatenate([values, values[:, -YEAR:]], axis=1)


def _dark(longer: Setting) -> Measurement | None:
    """The light of the lengthened setting without the year to come."""
    if longer.light is None:
        return None
    unseen = np.arange(longer.light.z.shape[1]) >= longer.light.z.shape[1] - YEAR
    return dataclasses.replace(longer.light, z=np.where(unseen, np.nan, longer.light.z))


def _given(setting: Setting, hyper: Hyper, log_output: FloatArray) -> Posterior:
    """One pass at a given linearisation, without the search for jumps: they are no part of what is to come."""
    h, seen = as_tensors(hyper, setting.sums.n_areas), observe(setting, log_output)
    kernels = kernels_of(h, seen.months)
    return condition(h, kernels, seen, told_by_figures(h, kernels, seen), full=True).posterior
