"""Robust down-weighting: implausible light readings get larger errors, district by district.

If the model is right, the amount by which light moves an estimate has variance var(without light) − var(with light), so
the surprise u = |moved| / its standard deviation is the absolute value of a standard Gaussian. A district whose
surprise stays beyond 2.8 for a year has light with another cause: new lamps, a mine, an unmapped port. Its errors are
widened, so that its influence falls instead of growing with the jump (a redescending weight, Hampel et al. 1986,
chapter 2).
"""

from __future__ import annotations

import numpy as np

from gvio.assimilate.hyper import MOST_SURPRISE
from gvio.types import FloatArray

_RUN = 12  # months whose mean surprise counts
_FEWEST = 3  # the mean divides by at least so many months: a single month is no evidence
_SETTLES = 0.1  # months count in which light removes this share of the variance that the figures leave
_POWER = 4.0
_MOST = 1000.0


def surprise(mean: FloatArray, sd: FloatArray, dark_mean: FloatArray, dark_sd: FloatArray) -> FloatArray:
    """(D,) largest mean surprise of a district's light over a year; 0 where light removes no variance.

    Args:
        mean: (D, T) posterior mean with light.
        sd: (D, T) its standard deviation.
        dark_mean: (D, T) the same without light.
        dark_sd: (D, T) its standard deviation.
    """
    moved = np.maximum(dark_sd**2 - sd**2, 1e-12)
    # Where light settles almost nothing, both numbers of the ratio are small, and it is noise.
    counts = moved >= _SETTLES * dark_sd**2
    size = np.where(counts, np.abs(mean - dark_mean) / np.sqrt(moved), 0.0)
    # Sums over every run of a year: a persistent movement counts, a single month of weather does not.
    months = [np.convolve(row, np.ones(_RUN)) for row in counts.astype(np.float64)]
    total = [np.convolve(row, np.ones(_RUN)) for row in size]
    return np.asarray((np.stack(total) / np.maximum(np.stack(months), _FEWEST)).max(axis=1))


def downweighting(surprised: FloatArray) -> FloatArray:
    """(D,) factor ≥ 1 on the errors of a district's light, from its `surprise`; it is bounded."""
    factor: FloatArray = np.clip(surprised / MOST_SURPRISE, 1.0, None) ** _POWER
    return np.minimum(factor, _MOST)
