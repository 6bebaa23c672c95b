"""Where industry is and how bright it is: the two terms of the linear relation, on industry pixels only."""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import sparse

from gvio.errors import ModelError
from gvio.sample.samples import Samples
from gvio.types import BoolArray, FloatArray, IntArray

TRAILING_MONTHS = 12
"""A pixel's light is its mean over a year, so that angles, snow and gaps of single months do not move output about
inside a district (docs/map.md has the measurement)."""


@dataclasses.dataclass(frozen=True, eq=False)
class Industry:
    """The pixels with at least one factory, in ascending flat order.

    `pixels` (P,) int64, `row * x + col`; `district` (P,) int64, index of the district that owns the pixel; `count`
    (P, T) float64, weighted number of active factories; `light` (P, T) float64, nW cm⁻² sr⁻¹ ≥ 0, trailing mean;
    `owner` (y, x) int, district of every pixel or −1; `n_districts` D.
    """

    pixels: IntArray
    district: IntArray
    count: FloatArray
    light: FloatArray
    owner: IntArray
    n_districts: int

    @property
    def bright(self) -> FloatArray:
        """(P, T) factories × √light: the light term of the relation (docs/map.md says why the root)."""
        return self.count * np.sqrt(self.light)

    def by_district(self, values: FloatArray) -> FloatArray:
        """Sum (P, …) over the pixels of every district: (D, …) float64."""
        out = np.zeros((self.n_districts, *values.shape[1:]))
        np.add.at(out, self.district, values)
        return out

    def on_grid(self, values: FloatArray) -> FloatArray:
        """(P,) values on the grid (y, x) float64: NaN outside the districts, 0 in districts without industry."""
        grid = np.where(self.owner >= 0, 0.0, np.nan)
        grid.flat[self.pixels] = values
        return grid


def industry_of(samples: Samples) -> Industry:
    """The industry of a region's samples.

    Raises:
        ModelError: No factory lies on a pixel of a district.
    """
    place = place_factories(samples.row, samples.col, samples.district, samples.owner, samples.footprint)
    n_districts = len(samples.area_ids)
    return industry_terms(samples.radiance, samples.owner, place, samples.weight, samples.active, n_districts)


def place_factories(
    row: IntArray, col: IntArray, district: IntArray, owner: IntArray, footprint: sparse.csr_array
) -> sparse.csr_array:
    """Put every factory into one pixel of its own district, as a 0/1 matrix.

    That is the pixel of its representative point; where that pixel's centre lies in another district (a factory at a
    border), the pixel of its own district that its buffer covers most.

    Args:
        row, col: (F,) pixel of the representative point.
        district: (F,) index of the factory's district.
        owner: (y, x) district index or −1.
        footprint: (F, y*x) shares of the smallest buffer in pixels of the own district.

    Returns:
        (F, y*x) float64, one 1 a row; a factory that covers no pixel of its district has an empty row.
    """
    n, size = len(row), owner.size
    own = row * owner.shape[1] + col
    at_home = owner.flat[own] == district
    shared = sparse.csr_array(footprint).multiply(owner.reshape(1, -1) == district[:, None]).tocsr()
    best = np.asarray(shared.argmax(axis=1)).ravel()
    pixel = np.where(at_home, own, best)
    kept = at_home | (np.asarray(shared.sum(axis=1)).ravel() > 0)
    return sparse.csr_array((np.ones(kept.sum()), (np.flatnonzero(kept), pixel[kept])), shape=(n, size))


def industry_terms(
    radiance: FloatArray,
    owner: IntArray,
    place: sparse.csr_array,
    weight: FloatArray,
    active: BoolArray,
    n_districts: int,
    window: int = TRAILING_MONTHS,
) -> Industry:
    """Count and light of every industry pixel and month.

    Args:
        radiance: (T, y, x) nW cm⁻² sr⁻¹, NaN = not observed.
        owner: (y, x) district index or −1; factories on pixels of no district are left out.
        place: (F, y*x) how a factory's weight is spread over pixels (`place_factories`, or row-normalised buffers).
        weight: (F,) weight of a factory, mean 1.
        active: (F, T) whether it exists that month.
        n_districts: D.
        window: Months of the trailing mean of light.

    Raises:
        ModelError: No factory lies on a pixel of a district.
    """
    spread = sparse.csr_array(place)
    reached = np.flatnonzero((np.asarray(spread.sum(axis=0)).ravel() > 0) & (owner.ravel() >= 0))
    if not reached.size:
        hint = "Check the coordinates of the factories against the districts."
        raise ModelError(f"none of {len(weight)} factories lies on a pixel of a district", where="map", hint=hint)
    count = spread[:, reached].T @ (weight[:, None] * active)
    seen = radiance.reshape(radiance.shape[0], -1)[:, reached].T
    return Industry(
        pixels=reached,
        district=owner.ravel()[reached].astype(np.int64),
        count=np.asarray(count, dtype=np.float64),
        light=np.maximum(trailing_mean(seen, window), 0.0),
        owner=owner,
        n_districts=n_districts,
    )


def trailing_mean(values: FloatArray, window: int) -> FloatArray:
    """Mean of the observed months among the last `window`, this one included: (P, T) in, (P, T) float64 out.

    Where none of them was observed: the mean of everything observed before; where there is none either, of
    everything observed later; a pixel never observed is 0.
    """
    known = np.isfinite(values)
    total = np.cumsum(np.where(known, values, 0.0), axis=1, dtype=np.float64)
    number = np.cumsum(known, axis=1)
    inside, inside_n = _lagged(total, window), _lagged(number, window)
    whole = _ratio(total[:, -1:], number[:, -1:], np.zeros((len(values), 1)))
    before = _ratio(total, number, np.broadcast_to(whole, total.shape))
    return _ratio(inside, inside_n, before)


def _lagged(running: FloatArray | IntArray, window: int) -> FloatArray:
    out = running.astype(np.float64)
    out[:, window:] -= running[:, :-window]
    return out


def _ratio(total: FloatArray, number: FloatArray | IntArray, otherwise: FloatArray) -> FloatArray:
    return np.divide(total, number, out=np.array(otherwise, dtype=np.float64), where=number > 0)
