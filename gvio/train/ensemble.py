"""Train the ensemble on planted light, read the region's own with it, and learn the weight of what it reads.

Member k never sees the planted images whose number is k modulo the size of the ensemble: they choose its epoch. No
member sees a figure, so the precision of light is learned from readings that owe nothing to what they are compared
with.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial

import numpy as np

from gvio.assimilate.hyper import START, Hyper
from gvio.assimilate.learn import believe_light
from gvio.assimilate.observed import Measurement, Setting
from gvio.assimilate.posterior import assimilate
from gvio.ledger.sums import Sums
from gvio.model.panel import Panel
from gvio.model.sacnn import Architecture, as_inputs
from gvio.plant.lessons import Lesson
from gvio.train.loop import SEEN, Member, Optimisation, Weights, apply_member, best_device, taught, train_member
from gvio.train.workers import Workers, in_turn
from gvio.types import FloatArray

_LEVEL_WEIGHT = 2.0  # districts that the starting value of `level` counts for
_WIDEST = 5.0  # times that the variance of one district's reading may differ from the usual one's
_NOTHING = -30.0  # log light of a district without a factory
_HALFWAY = 0.5  # power of what plants say of that: they are no district's own


@dataclasses.dataclass(frozen=True, eq=False)
class Ensemble:
    """Trained members and the hyperparameters learned with them; `evidence` of figures that light shows output, nats,
    as in `gvio.assimilate.learn.believe_light`; None where it was not asked for."""

    architecture: Architecture
    members: tuple[Member, ...]
    hyper: Hyper
    evidence: float | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Reading:
    """What the members read, as their mean: `change` (D, T) of log own light, NaN where too little was seen;
    `precision` (D, T) in [0, 1], how much was; `rough` (D,) errors against the usual district's; each district's
    `prior_share` (D,) by its factories and their light.

    Openings and closures are not in the change: they are known from the pack, and the gain of light does not apply.
    """

    change: FloatArray
    precision: FloatArray
    rough: FloatArray
    prior_share: FloatArray


def train_members(
    lessons: Sequence[Lesson],
    architecture: Architecture,
    how: Optimisation,
    size: int,
    *,
    start: Sequence[Weights] = (),
    workers: Workers = in_turn,
) -> tuple[Member, ...]:
    """Train `size` members.

    Args:
        lessons: Planted images; without any all members stay at the log-linear reading.
        architecture: Of every member.
        how: Optimisation; member k uses seed + k.
        size: Members.
        start: Weights to fine-tune from, one set per member, or empty.
        workers: Trains the members, in turn or in parallel: the result is the same.

    Raises:
        ModelError: Training failed.
    """
    tasks = [partial(_train_one, lessons, architecture, how, k, size, start[k] if start else None) for k in range(size)]
    return tuple(workers("train", tasks))


def _train_one(
    lessons: Sequence[Lesson], architecture: Architecture, how: Optimisation, k: int, size: int, start: Weights | None
) -> Member:
    """Member k; only reads the lessons, so that members can train in parallel."""
    parts = max(2, size)
    left_out = [lesson for number, lesson in enumerate(lessons) if number % parts == k] if len(lessons) > 1 else []
    learned = [lesson for number, lesson in enumerate(lessons) if number % parts != k or len(lessons) == 1]
    device = best_device()
    seeded = dataclasses.replace(how, seed=how.seed + k)
    held_out = taught(left_out, device)
    return train_member(architecture, taught(learned, device), seeded, held_out=held_out, start=start)


def weigh_light(untuned: Ensemble, panel: Panel, setting: Setting, window: int) -> Ensemble:
    """The ensemble with the hyperparameters of light that figures teach; light that they give no reason to believe is
    set aside.

    Args:
        untuned: Members, the hyperparameters of output learned from the figures, those of light to start from.
        panel: The light that the figures are of.
        setting: Visible figures; its light is not used.
        window: Months that are learned from.

    Raises:
        ModelError: No figure is visible.
    """
    # The level of a district is what figures say it is, seen from the estimate without light.
    dark = assimilate(dataclasses.replace(setting, light=None), untuned.hyper).mean
    reading = read_light(untuned, panel)
    lit = dataclasses.replace(setting, light=measurement(reading), prior_share=reading.prior_share)
    levelled = dataclasses.replace(untuned.hyper, level=_level(setting.sums, dark, reading.prior_share))
    hyper, evidence = believe_light(lit, levelled, window=window)
    return dataclasses.replace(untuned, hyper=hyper, evidence=evidence)


def read_light(ensemble: Ensemble, panel: Panel) -> Reading:
    """What the members make of every month."""
    inputs = as_inputs(panel, best_device())
    sights = [apply_member(ensemble.architecture, member.weights, inputs) for member in ensemble.members]
    change, seen = (np.mean([getattr(s, n).double().numpy() for s in sights], axis=0) for n in ("change", "seen"))
    variance = np.mean([s.variance.double().numpy() for s in sights], axis=0)
    level = np.exp(_levels(panel))
    return Reading(np.where(seen >= SEEN, change, np.nan), seen, _rough(variance, seen), level / level.sum())


def _rough(variance: FloatArray, seen: FloatArray) -> FloatArray:
    """(D,) standard deviations against the usual district's; 1 for a district whose light is never read."""
    read = (seen >= SEEN).any(axis=1)
    if not read.any():
        return np.ones(len(variance))
    ratio = np.clip(variance / np.median(variance[read]), 1 / _WIDEST, _WIDEST) ** (_HALFWAY / 2)
    return np.asarray(np.where(read, ratio, 1.0))


def _levels(panel: Panel) -> FloatArray:
    """(D,) log own light of a district's factories: the median of months in which any of them works."""
    output = np.exp(panel.log_excess[:, None] + panel.log_weight)
    total = np.zeros((panel.n_areas, output.shape[1]))
    np.add.at(total, panel.district, output)
    working = [district[district > 0] for district in total]
    return np.array([np.log(np.median(values)) if len(values) else _NOTHING for values in working])


def measurement(reading: Reading) -> Measurement | None:
    """Light as a measurement; None when no district-month was seen."""
    if not np.isfinite(reading.change).any():
        return None
    return Measurement(reading.change, np.clip(reading.precision, SEEN, 1.0), reading.rough)


def _level(sums: Sums, log_output: FloatArray, prior_share: FloatArray) -> float:
    """Spread of districts' levels round the share that light and factories give them.

    From the figures alone it was learned against even shares; against the network's shares districts lie closer, and
    this spread decides how close a district without figures is to the level of its light. Shrunk to the start by a few
    districts' worth of evidence.
    """
    labelled = np.unique(sums.area[sums.of_districts])
    above = log_output[labelled].mean(axis=1) - np.log(prior_share[labelled])
    squares = float(((above - above.mean()) ** 2).sum()) if len(above) else 0.0
    return float(np.sqrt((squares + _LEVEL_WEIGHT * START.level**2) / (max(len(above) - 1, 0) + _LEVEL_WEIGHT)))
