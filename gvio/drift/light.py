"""Light and its counts as the series that drift is looked for in: one of the city, one of each district."""

from __future__ import annotations

import dataclasses

import numpy as np

from gvio.sample.rings import away_from
from gvio.types import BoolArray, FloatArray, IntArray

_FEWEST_PIXELS = 20  # away from factories; a district with fewer is watched over all of its pixels
_LEAST_SEEN = 0.25  # of a district's mean light, in a month that counts


@dataclasses.dataclass(frozen=True, eq=False)
class LightSeries:
    """Of the city and of D districts less what all of them share (the city's median), in logarithms, NaN unknown:
    `city` (1, T) and `districts` (D, T) light away from factories, `city_counts` (1, T) and `counts` (D, T)
    observations."""

    city: FloatArray
    districts: FloatArray
    city_counts: FloatArray
    counts: FloatArray


def light_series(
    radiance: FloatArray, observations: IntArray, owner: IntArray, rows: IntArray, cols: IntArray, n_areas: int
) -> LightSeries:
    """Light away from factories, so that a change of output is no drift of light.

    A month's light is the sum over the pixels seen in it, divided by the sum of the same pixels' means: a cloud takes
    nothing away, and bright pixels count as they shine.

    Args:
        radiance: (T, y, x) nW cm⁻² sr⁻¹, NaN not observed.
        observations: (T, y, x) cloud-free observations.
        owner: (y, x) index of the district, −1 outside.
        rows: (F,) pixels of factories.
        cols: (F,) the same.
        n_areas: D.
    """
    pixels, member = _members(owner, away_from(rows, cols, owner.shape), n_areas)
    x = radiance.reshape(len(radiance), -1)[:, pixels].astype(np.float64)
    seen = np.isfinite(x)
    light = np.where(seen, np.maximum(x, 0.0), 0.0)
    count = seen.sum(axis=0)
    mean = np.divide(light.sum(axis=0), count, out=np.zeros(len(pixels)), where=count > 0)
    total, usual = member @ light.T, member @ (seen * mean).T
    enough = usual > _LEAST_SEEN * (member @ mean)[:, None]
    district = _log_ratio(total, np.where(enough, usual, 0.0))
    whole = usual.sum(axis=0) > _LEAST_SEEN * float((member @ mean).sum())
    city = _log_ratio(total.sum(axis=0), np.where(whole, usual.sum(axis=0), 0.0))[None]
    looks = member @ observations.reshape(len(radiance), -1)[:, pixels].astype(np.float64).T
    looks = looks / np.maximum(member.sum(axis=1), 1.0)[:, None]
    counts = np.log(looks + 0.5)
    counts[:, ~seen.any(axis=1)] = np.nan
    return LightSeries(city, _own(district), _shared(counts), _own(counts))


def _members(owner: IntArray, away: BoolArray, n_areas: int) -> tuple[IntArray, FloatArray]:
    """Flat pixels that count, and (D, N) whether each belongs to a district."""
    flat, dark = owner.ravel(), away.ravel()
    few = np.bincount(flat[(flat >= 0) & dark], minlength=n_areas)[:n_areas] < _FEWEST_PIXELS
    pixels = np.flatnonzero((flat >= 0) & (dark | few[np.maximum(flat, 0)]))
    return pixels, (flat[pixels] == np.arange(n_areas)[:, None]).astype(np.float64)


def _log_ratio(above: FloatArray, below: FloatArray) -> FloatArray:
    """log of a ratio, NaN where there is none."""
    there = (above > 0) & (below > 0)
    ratio = np.divide(above, below, out=np.ones(above.shape), where=there)
    return np.asarray(np.where(there, np.log(ratio), np.nan))


def _shared(table: FloatArray) -> FloatArray:
    """(1, T) median of what is known of each month."""
    known = np.isfinite(table).any(axis=0)
    shared = np.full((1, table.shape[1]), np.nan)
    if known.any():
        shared[0, known] = np.nanmedian(table[:, known], axis=0)
    return shared


def _own(table: FloatArray) -> FloatArray:
    """(D, T) less the median; with one or two districts nothing is left that is one's own: NaN."""
    return table - _shared(table) if len(table) > 2 else np.full(table.shape, np.nan)
