"""How the light of planted factories moves: districts and factories drift, have seasons, flicker, jump and stand still.

Every planted image draws its own sizes from wide ranges (uniform in the logarithm), because nobody knows those of a
region. The reading is linear in light, so that only the sizes of the signal against the clutter matter to it, and not
the shape of a path.
"""

from __future__ import annotations

import numpy as np
from scipy.signal import lfilter

from gvio.types import FloatArray, IntArray

# Standard deviations of log light, each the least and the most of an image.
_SHARED = (0.03, 0.2)  # of what a district's factories do together, about its trend
_TREND = (0.01, 0.08)  # a year
_SEASON = (0.02, 0.2)
_ALONE = (0.05, 0.3)  # of what a factory does by itself
_FLICKER = (0.03, 0.2)  # from one month to the next
_MEMORY = (6.0, 60.0)  # months in which a movement has faded to 1/e
_JUMPS = (0.0, 0.2)  # share of factories that jump once, for three months to the end
_JUMP = 0.7
_STANDSTILLS = (0.0, 0.1)  # share of factories that stand still once, for three to twelve months
_STILL = -2.3  # log of a tenth: somebody leaves the lamps of the gate on
_SHORTEST = 3


def own_light_paths(rng: np.random.Generator, district: IntArray, n_months: int) -> FloatArray:
    """(U, T) change of log own light of planted factories in `district` (U,), about any level."""
    n_districts, n_sites = int(district.max(initial=-1)) + 1, len(district)
    years = (np.arange(n_months) - (n_months - 1) / 2) / 12
    shared = _fading(rng, n_districts, n_months, _drawn(rng, _SHARED))
    shared += rng.normal(0, _drawn(rng, _TREND), (n_districts, 1)) * years
    phase = rng.random((n_districts, 1))
    shared += _drawn(rng, _SEASON) * np.sqrt(2) * np.cos(2 * np.pi * (years - phase))
    alone = _fading(rng, n_sites, n_months, _drawn(rng, _ALONE))
    alone += rng.normal(0, _drawn(rng, _FLICKER), (n_sites, n_months))
    return np.asarray(shared[district] + alone + _events(rng, n_sites, n_months))


def _events(rng: np.random.Generator, n_sites: int, n_months: int) -> FloatArray:
    change = np.zeros((n_sites, n_months))
    jumps, stills = (rng.random(n_sites) < rng.uniform(*share) for share in (_JUMPS, _STANDSTILLS))
    for site in np.flatnonzero(jumps | stills):
        start = int(rng.integers(n_months))
        if jumps[site]:
            months = int(rng.integers(_SHORTEST, max(n_months, _SHORTEST + 1)))
            change[site, start : start + months] = _JUMP * rng.normal()
        else:
            change[site, start : start + int(rng.integers(_SHORTEST, 13))] = _STILL
    return change


def _fading(rng: np.random.Generator, n: int, n_months: int, spread: float) -> FloatArray:
    """(n, T) stationary movements of standard deviation `spread` that fade with a memory of their own."""
    kept = float(np.exp(-1 / _drawn(rng, _MEMORY)))
    steps = rng.normal(0, spread, (n, n_months))
    steps[:, 1:] *= np.sqrt(1 - kept**2)
    return np.asarray(lfilter([1.0], [1.0, -kept], steps, axis=1))


def _drawn(rng: np.random.Generator, limits: tuple[float, float]) -> float:
    return float(np.exp(rng.uniform(*np.log(limits))))
