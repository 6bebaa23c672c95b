"""Page's cumulative sum of standardised errors, two-sided, over many series at once.

Page (1954), Biometrika 41:100. A sum grows by what an error exceeds an allowance, never falls below zero, and alarms
beyond a threshold. Threshold and allowance decide the average run length between false alarms; those in use come
from simulation (docs/measurements/drift.md).
"""

from __future__ import annotations

import dataclasses

import numpy as np

from gvio.types import FloatArray, IntArray


@dataclasses.dataclass(frozen=True)
class Rule:
    """A sequential test, in standard deviations of one error.

    Attributes:
        allowance: What an error may be on average without adding to the sum: half of the shift to be found.
        threshold: The sum that alarms.
        cap: An error counts as this at most; a cap below threshold + allowance keeps one odd month from alarming.
        floor: Least standard deviation of a month, in logarithms; below it nothing is unusual.
        least: Least shift that is told, in logarithms: smaller ones may be sure and are of no consequence.
    """

    allowance: float
    threshold: float
    cap: float
    floor: float = 0.0
    least: float = 0.0


class Sums:
    """The sums of S series, upwards and downwards, and since when each has been above zero."""

    def __init__(self, n: int, rule: Rule) -> None:
        self._rule = rule
        self.height: FloatArray = np.zeros((2, n))
        self.since: IntArray = np.zeros((2, n), dtype=np.int64)

    def add(self, errors: FloatArray, t: int) -> FloatArray:
        """Count the errors (S,) of month `t`, NaN: none; returns the higher sum (S,) of each series."""
        known = np.isfinite(errors)
        capped = np.clip(np.where(known, errors, 0.0), -self._rule.cap, self._rule.cap)
        step = np.where(known, np.stack([capped, -capped]) - self._rule.allowance, 0.0)
        self.since = np.where(self.height > 0, self.since, t)
        self.height = np.maximum(self.height + step, 0.0)
        return np.asarray(self.height.max(axis=0))

    def begun(self, series: int) -> int:
        """Month in which the higher sum of a series began to grow."""
        return int(self.since[int(self.height[:, series].argmax()), series])

    def forget(self, series: int) -> None:
        """Start a series at zero again."""
        self.height[:, series] = 0.0
