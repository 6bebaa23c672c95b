"""Location of industry and its deblended light: the two terms of the linear relation, on industry pixels only."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Iterator
from functools import partial

import numpy as np
from scipy import sparse

from gvio.errors import ModelError
from gvio.kept import NOTHING_KEPT, KeptAnswers
from gvio.sample.deblend import BLURS_PX, DEBLENDED, deblend_factories
from gvio.sample.samples import Samples
from gvio.types import BoolArray, FloatArray, IntArray

_FIRST_MONTHS = 12  # the mean image of the first year


@dataclasses.dataclass(frozen=True, eq=False)
class Industry:
    """The pixels with at least one factory, in ascending flat order.

    `pixels` (P,) int64, `row * x + col`; `district` (P,) int64, index of the district that owns the pixel; `count`
    (P, T) float64, weighted number of active factories; `light` (P, T) float64, nW cm⁻² sr⁻¹ ≥ 0, their own light;
    `owner` (y, x) int, district of every pixel or −1; `n_districts` D.
    """

    pixels: IntArray
    district: IntArray
    count: FloatArray
    light: FloatArray
    owner: IntArray
    n_districts: int

    def by_district(self, values: FloatArray) -> FloatArray:
        """Sum (P,) or (P, T) over the pixels of every district: (D,) or (D, T) float64."""
        if values.ndim == 1:
            return np.asarray(np.bincount(self.district, values, self.n_districts), dtype=np.float64)
        return np.asarray(self._member @ values, dtype=np.float64)

    @functools.cached_property
    def of_districts(self) -> tuple[FloatArray, FloatArray]:
        """(D, T) count and light of every district."""
        return self.by_district(self.count), self.by_district(self.light)

    @functools.cached_property
    def _member(self) -> sparse.csr_array:
        """(D, P) 1 where a pixel is a district's."""
        n = len(self.pixels)
        return sparse.csr_array((np.ones(n), (self.district, np.arange(n))), shape=(self.n_districts, n))

    def on_grid(self, values: FloatArray) -> FloatArray:
        """(P,) values on the grid (y, x) float64: NaN outside the districts, 0 in districts without industry."""
        grid = np.where(self.owner >= 0, 0.0, np.nan)
        grid.flat[self.pixels] = values
        return grid


@functools.lru_cache(maxsize=2)
def industry_of(samples: Samples, kept: KeptAnswers = NOTHING_KEPT) -> Industry:
    """The industry of a region's samples; the last ones are kept, since a run maps, scores and draws the same.

    Args:
        samples: Of the region.
        kept: Finds the light of years again: the mean image before a year is the same in all of its months.

    Raises:
        ModelError: No factory lies on a pixel of a district.
    """
    place = place_factories(samples.row, samples.col, samples.district, samples.owner, samples.footprint)
    n_districts = len(samples.area_ids)
    years = np.array([month.year for month in samples.months])
    return industry_terms(
        samples.radiance, samples.owner, place, samples.weight, samples.active, n_districts, years, kept
    )


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
    years: IntArray,
    kept: KeptAnswers = NOTHING_KEPT,
) -> Industry:
    """Count and light of every industry pixel and month.

    Args:
        radiance: (T, y, x) nW cm⁻² sr⁻¹, NaN = not observed.
        owner: (y, x) district index or −1; factories on pixels of no district are left out.
        place: (F, y*x) how a factory's weight is spread over pixels (`place_factories`, or row-normalised buffers).
        weight: (F,) weight of a factory, mean 1.
        active: (F, T) whether it exists that month.
        n_districts: D.
        years: (T,) calendar year of every month, ascending.
        kept: Finds the light of years again.

    Raises:
        ModelError: No factory lies on a pixel of a district.
    """
    spread = sparse.csr_array(place)
    reached = np.flatnonzero((np.asarray(spread.sum(axis=0)).ravel() > 0) & (owner.ravel() >= 0))
    if not reached.size:
        hint = "Check the coordinates of the factories against the districts."
        raise ModelError(f"none of {len(weight)} factories lies on a pixel of a district", where="map", hint=hint)
    count = np.asarray(spread[:, reached].T @ (weight[:, None] * active), dtype=np.float64)
    return Industry(
        pixels=reached,
        district=owner.ravel()[reached].astype(np.int64),
        count=count,
        light=own_light(radiance, reached, count, years, kept),
        owner=owner,
        n_districts=n_districts,
    )


def own_light(
    radiance: FloatArray, pixels: IntArray, count: FloatArray, years: IntArray, kept: KeptAnswers = NOTHING_KEPT
) -> FloatArray:
    """Own light of the factories of every industry pixel, from the mean image of all months before the year.

    So later light does not change earlier grids; only the first year is read from its own twelve months. Inside a year
    a pixel's light follows the number of its factories.

    Args:
        radiance: (T, y, x) nW cm⁻² sr⁻¹, NaN = not observed.
        pixels: (P,) flat indices, ascending.
        count: (P, T) weighted number of active factories.
        years: (T,) calendar year of every month, ascending.
        kept: Finds the light of years again.

    Returns:
        (P, T) float64, nW cm⁻² sr⁻¹ ≥ 0.
    """
    light: FloatArray = np.zeros(count.shape)
    blurs: tuple[float, ...] = BLURS_PX
    for inside, mean in _before_each_year(radiance, years):
        most = count[:, inside].max(axis=1, keepdims=True)
        asked = (mean, pixels, most[:, 0], blurs)
        deblended = kept(asked, "own light of a year", DEBLENDED, partial(deblend_factories, *asked))
        blurs = (deblended.blur_px,)  # another blur in another year would move output between pixels at every new year
        working = np.divide(count[:, inside], most, out=np.zeros((len(most), inside.sum())), where=most > 0)
        light[:, inside] = deblended.light[:, None] * working
    return light


def _before_each_year(radiance: FloatArray, years: IntArray) -> Iterator[tuple[BoolArray, FloatArray]]:
    """Per year its months (T,) and the mean image (y, x) of the months before it, NaN where nothing was seen."""
    known = np.isfinite(radiance)
    total, number, read = np.zeros(radiance.shape[1:]), np.zeros(radiance.shape[1:]), 0
    for year in np.unique(years):
        inside = years == year
        new = slice(read, max(int(inside.argmax()), min(_FIRST_MONTHS, len(years))))
        total += np.where(known[new], radiance[new], 0.0).sum(axis=0, dtype=np.float64)
        number, read = number + known[new].sum(axis=0), new.stop
        yield inside, np.divide(total, number, out=np.full(total.shape, np.nan), where=number > 0)
