"""What a forecast is scored against: published figures of districts, each at the month its period ends.

Figures of one month, a quarter or a year-to-date are scored alike: as the mean month of their period. So a ledger with
annual rows only can be scored too, and no figure is first taken apart.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from gvio.ledger.rows import CITY
from gvio.ledger.sums import Sums
from gvio.types import BoolArray, FloatArray, IntArray


@dataclasses.dataclass(frozen=True, eq=False)
class Targets:
    """`value` (D, T) mean month of the figure that ends there, NaN where none; `row` (D, T) its row in the sums, −1."""

    value: FloatArray
    row: IntArray


def targets_of(sums: Sums) -> Targets:
    """District figures by the month they end in; where several end together the shortest period counts."""
    value = np.full((sums.n_areas, sums.n_months), np.nan)
    row = np.full(value.shape, -1)
    length = sums.end - sums.start + 1
    for i in np.argsort(-length, kind="stable"):  # the shortest is written last
        if sums.area[i] >= 0:
            value[sums.area[i], sums.end[i]] = sums.values[i] / length[i]
            row[sums.area[i], sums.end[i]] = i
    return Targets(value, row)


def city_targets(sums: Sums) -> Targets:
    """The city's figures, as `targets_of` those of districts: arrays (1, T)."""
    value, row = np.full((1, sums.n_months), np.nan), np.full((1, sums.n_months), -1)
    length = sums.end - sums.start + 1
    for i in np.argsort(-length, kind="stable"):
        if sums.area[i] == CITY:
            value[0, sums.end[i]], row[0, sums.end[i]] = sums.values[i] / length[i], i
    return Targets(value, row)


def path_on_city(sums: Sums, targets: Targets, path: FloatArray) -> FloatArray:
    """Mean month of the city's `path` (T,) over the period of every target of `city_targets`: (T,), NaN where none."""
    running = np.concatenate([[0.0], np.cumsum(path)])
    mean = (running[sums.end + 1] - running[sums.start]) / (sums.end - sums.start + 1)
    row = targets.row[0]
    return np.where(row >= 0, mean[row], np.nan)


def on_targets(sums: Sums, targets: Targets, path: FloatArray) -> FloatArray:
    """Mean month of `path` (D, T) over the period of every target: (D, T), NaN where there is no target."""
    summed = sums.G @ path.ravel() / (sums.end - sums.start + 1)
    return np.where(targets.row >= 0, summed[targets.row], np.nan)


def sd_on_targets(sums: Sums, targets: Targets, output: FloatArray, sd: FloatArray) -> FloatArray:
    """Standard deviation of log of every target's sum, months taken as fully correlated (an upper bound): (D, T)."""
    weighted = sums.G @ (output * sd).ravel() / np.maximum(sums.G @ output.ravel(), 1e-300)
    return np.where(targets.row >= 0, weighted[targets.row], np.nan)


def starts_after(sums: Sums, targets: Targets, last_known: int) -> BoolArray:
    """(D, T) targets whose whole period lies after month index `last_known`."""
    return np.asarray((targets.row >= 0) & (sums.start[targets.row] > last_known))
