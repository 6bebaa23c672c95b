"""Train the ensemble and learn the weight of its readings.

Member k never sees the figures of years whose number is k modulo the size of the ensemble. So every year's light
can be read by a member that did not train on it, and the precision of light is learned from such readings
(cross-fitting, Chernozhukov et al. 2018), not from the training fit.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from functools import partial

import numpy as np

from gvio.assimilate.hyper import START, Hyper
from gvio.assimilate.learn import learn_light
from gvio.assimilate.observed import Measurement, Setting
from gvio.assimilate.posterior import assimilate
from gvio.ledger.sums import Sums
from gvio.model.panel import Panel
from gvio.model.sacnn import EMPTY, Architecture, Inputs, as_inputs
from gvio.train.loop import Member, Optimisation, Weights, apply_member, best_device, train_member
from gvio.train.loss import whiten
from gvio.train.workers import Workers, in_turn
from gvio.types import FloatArray, IntArray, Month

_SEEN = 0.1  # a district-month whose factory light was seen less than this is no measurement
_LEVEL_WEIGHT = 2.0  # districts that the starting value of `level` counts for
_MIN_ROWS = 8  # a member needs this many figures; with fewer it trains on all


@dataclasses.dataclass(frozen=True, eq=False)
class Ensemble:
    """Trained members and the hyperparameters learned with them."""

    architecture: Architecture
    members: tuple[Member, ...]
    hyper: Hyper


@dataclasses.dataclass(frozen=True, eq=False)
class Reading:
    """Readings of the light: `by_member` (K, D, T) log change of output that light shows, −30 where no
    factory works; each district's `prior_share` (D,); `precision` (D, T) and `rough` (D,) as of the panel.

    Openings and closures are not in the change: they are known from the pack, and the gain of light does not apply.
    """

    by_member: FloatArray
    prior_share: FloatArray
    precision: FloatArray
    rough: FloatArray


def train_ensemble(
    panel: Panel,
    months: Sequence[Month],
    setting: Setting,
    architecture: Architecture,
    how: Optimisation,
    size: int,
    hyper: Hyper,
    *,
    start: Sequence[Weights] = (),
    learn: bool = True,
    hyper_months: int = 72,
    workers: Workers = in_turn,
) -> Ensemble:
    """Train `size` members on the figures of `setting.sums`, then learn the hyperparameters of light.

    Args:
        panel: Inputs of months 0..T−1 of `setting`.
        months: (T,) the months.
        setting: Visible figures; its light is not used.
        architecture: Of every member.
        how: Optimisation; member k uses seed + k.
        size: Members.
        hyper: Those of output learned from these figures (`learn_hyper`), those of light to start from.
        start: Weights to fine-tune from, one set per member, or empty.
        learn: Whether to learn those of light, or to take `hyper` as they are.
        hyper_months: Window of the marginal likelihood.
        workers: Trains the members, in turn or in parallel: the result is the same.

    Raises:
        ModelError: Training failed or no figure is visible.
    """
    # Sums are linearised at the estimate without light, the same for all members and free of what they learn.
    log_output = assimilate(dataclasses.replace(setting, light=None), hyper).mean
    inputs = as_inputs(panel, best_device())
    course = _Course(setting, hyper, log_output, inputs, architecture, how, year_blocks(months, size), size)
    tasks = [partial(_train_one, course, k, start[k] if start else None) for k in range(size)]
    untuned = Ensemble(architecture, tuple(workers("train", tasks)), hyper)
    if not learn:
        return untuned
    reading = _read(untuned, panel, inputs)
    lit = dataclasses.replace(setting, light=measurement(reading, months), prior_share=reading.prior_share)
    levelled = dataclasses.replace(hyper, level=_level(setting.sums, log_output, reading.prior_share))
    return dataclasses.replace(untuned, hyper=learn_light(lit, levelled, window=hyper_months))


@dataclasses.dataclass(frozen=True, eq=False)
class _Course:
    """What all members have in common."""

    setting: Setting
    hyper: Hyper
    log_output: FloatArray
    inputs: Inputs
    architecture: Architecture
    how: Optimisation
    block: IntArray
    size: int


def _train_one(course: _Course, k: int, start: Weights | None) -> Member:
    """Member k; only reads `course`, so that members can train in parallel."""
    rows = _rows_of_member(course.setting.sums, course.block, k, course.size)
    white = whiten(course.setting, course.hyper, course.log_output, rows)
    left_out = None if rows.all() else whiten(course.setting, course.hyper, course.log_output, ~rows)
    seeded = dataclasses.replace(course.how, seed=course.how.seed + k)
    return train_member(course.architecture, course.inputs, white, seeded, held_out=left_out, start=start)


def year_blocks(months: Sequence[Month], size: int) -> IntArray:
    """(T,) the member that leaves a month's year out; fixed by the calendar, so new months change no old block."""
    return np.array([month.year % size for month in months])


def read_light(ensemble: Ensemble, panel: Panel) -> Reading:
    """Apply every member to every month."""
    return _read(ensemble, panel, as_inputs(panel, best_device()))


def _read(ensemble: Ensemble, panel: Panel, inputs: Inputs) -> Reading:
    read = [apply_member(ensemble.architecture, m.weights, inputs) for m in ensemble.members]
    output, unchanged = (np.stack([part.double().numpy() for part in parts]) for parts in zip(*read, strict=True))
    level = np.exp(_typical(output))
    change = np.where(output == EMPTY, EMPTY, output - unchanged)
    return Reading(change, level / level.sum(), panel.precision, panel.rough)


def _typical(by_member: FloatArray) -> FloatArray:
    """(D,) median over members and months with a working factory; other months carry no share of a district."""
    working = [district[district != EMPTY] for district in by_member.swapaxes(0, 1)]
    return np.array([np.median(values) if len(values) else EMPTY for values in working])


def measurement(reading: Reading, months: Sequence[Month], trained: int | None = None) -> Measurement | None:
    """Light as a measurement: in the `trained` first months read by members that left the year out, later by all.

    Returns None when no district-month was seen. A month in which no factory of a district works is not a measurement.
    """
    size, _, n_months = reading.by_member.shape
    seen = (reading.precision >= _SEEN) & (reading.by_member != EMPTY).all(axis=0)
    # Members differ in a district's level, which the assimilation leaves free: only their changes may be spliced.
    level = np.where(seen, reading.by_member, 0).sum(axis=2, keepdims=True) / np.maximum(seen.sum(axis=1), 1)[:, None]
    change = reading.by_member - level
    # Aligned on the months that were seen; unseen ones hold readings of nothing.
    change = change * _same_scale(np.where(seen, change, 0.0))
    mean = change.mean(axis=0)
    z = mean.copy()
    if size > 1:
        block = year_blocks(months, size)
        # Advanced indices: for month t the row of the member whose block holds its year.
        own = change[block, :, np.arange(n_months)].T
        inside = np.arange(n_months) < (n_months if trained is None else trained)
        z = np.where(inside, own, mean)
    z = np.where(seen, z, np.nan)
    if not seen.any():
        return None
    return Measurement(z, np.clip(reading.precision, _SEEN, 1.0), reading.rough)


def _same_scale(change: FloatArray) -> FloatArray:
    """(K, 1, 1) factors, one on the mean, that bring members' changes (K, D, T) to one scale: a member that weights
    light less than the others must not make its own years smoother than theirs.
    """
    shared = np.einsum("kdt,dt->k", change, change.mean(axis=0))
    slope = np.divide(shared, (change**2).sum(axis=(1, 2)), out=np.zeros(len(change)), where=shared > 0)
    usual = slope.mean()
    factor: FloatArray = slope / usual if usual > 0 else np.ones(len(change))
    return factor[:, None, None]


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


def _rows_of_member(sums: Sums, block: IntArray, k: int, size: int) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    """Figures member k may see: all but those that end in a year it leaves out."""
    everything = np.ones(len(sums.values), dtype=bool)
    if size == 1:
        return everything
    rows = block[sums.end] != k
    return rows if rows.sum() >= _MIN_ROWS else everything
