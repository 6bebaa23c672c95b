"""What sites show of every month, batch after batch: no step holds more than the light of one batch's pixels.

A batch is the sites of one tile (`gvio.grid.tiles`), and what their patches reach of the tiles beside it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import numpy as np

from gvio.grid.tiles import tiles_of
from gvio.model.sites import sites_of
from gvio.sample.anomaly import Anomalies
from gvio.sample.clutter import Clutter, without_clutter
from gvio.sample.patches import patch_pixels, ring_means_at
from gvio.sample.samples import Samples
from gvio.sample.surroundings import Surroundings, city_means, surroundings
from gvio.types import BoolArray, FloatArray, IntArray

# Months of weather can move a pixel far beyond what output does; beyond ±2 (a factor of 7) it is fire, flare or error.
_CLIP = 2.0


@dataclasses.dataclass(frozen=True, eq=False)
class Looked:
    """What U sites show: `dynamic` (U, T, 2, 1 + q // 2) float32, the believed anomaly and its validity at the site and
    over every square ring round it in a patch of q pixels; `around` (U, T, 1 + R) float32 anomalies of the city and of
    the site's rings, both away from factories.
    """

    dynamic: FloatArray
    around: FloatArray


@dataclasses.dataclass(frozen=True, eq=False)
class Seen:
    """Light at `pixels` (N,), ascending flat indices: `change` (T, N) float32 anomaly, 0 where nothing was seen,
    `validity` (T, N) how far to believe it, in [0, 1); `around` their surroundings.
    """

    pixels: IntArray
    change: FloatArray
    validity: FloatArray
    around: Surroundings

    def positions(self, pixels: IntArray) -> IntArray:
        """Of flat indices, each of which must be among `pixels`."""
        return np.asarray(np.searchsorted(self.pixels, pixels))

    def of(self, pixels: IntArray) -> Seen:
        """The light of some of the pixels."""
        at = self.positions(pixels)
        # `take` lays months out as they were: sums over another layout are rounded in another order.
        return Seen(pixels, np.take(self.change, at, axis=1), np.take(self.validity, at, axis=1), self.around.of(at))

    def cleared(self, clutter: Clutter) -> Seen:
        """Without the clutter of these pixels."""
        return dataclasses.replace(self, change=without_clutter(self.change, clutter, self.around))

    def believed(self) -> FloatArray:
        """(T, N) the anomaly as far as it is believed."""
        # Clipped before weighting, so that the limit does not depend on how often a pixel was seen.
        return np.clip(self.change, -_CLIP, _CLIP) * self.validity

    def own(self, pixels: IntArray) -> tuple[FloatArray, FloatArray]:
        """(N, T) anomaly, clipped, and validity of some of the pixels."""
        at = self.positions(pixels)
        return np.clip(self.change[:, at], -_CLIP, _CLIP).T, self.validity[:, at].T


@dataclasses.dataclass(frozen=True, eq=False)
class LitRegion:
    """Light of a region less its sky: `anomalies`, pixels `away` (y, x) from factories, and the `city`'s mean (T,)."""

    anomalies: Anomalies
    away: BoolArray
    city: FloatArray

    @classmethod
    def of(cls, anomalies: Anomalies, away: BoolArray) -> LitRegion:
        """Of these anomalies."""
        return cls(anomalies, away, city_means(anomalies, away))

    def at(self, pixels: IntArray) -> Seen:
        """What is seen at pixels, ascending flat indices."""
        around = surroundings(self.anomalies, self.away, self.city, pixels)
        return Seen(pixels, *self.anomalies.at(pixels), around)


@dataclasses.dataclass(frozen=True, eq=False)
class Batch:
    """Sites of one tile: `sites` (B,) in the order of `sites_of`, at the pixels `own` (B,); of those that are looked at
    `chosen` (C,) positions among all that are, and `patches` (q, q, C) flat indices of their patches.
    """

    sites: IntArray
    own: IntArray
    chosen: IntArray
    patches: IntArray

    @property
    def pixels(self) -> IntArray:
        """Flat indices, ascending, of all pixels that are looked at."""
        return np.union1d(self.patches, self.own)

    def look(self, seen: Seen, looked: Looked) -> None:
        """Write what the chosen sites show, by light that is cleared, into their places."""
        at = seen.positions(self.patches)
        for channel, values in enumerate((seen.believed(), seen.validity)):
            looked.dynamic[self.chosen, :, channel] = ring_means_at(values, at)
        looked.around[self.chosen] = seen.around.beside(at[len(at) // 2, len(at) // 2])


def batches_of(samples: Samples, dynamic_px: int, only: IntArray | None) -> list[Batch]:
    """Batches of all sites, of which `only` some are looked at, or all."""
    shape, (_, first) = samples.owner.shape, sites_of(samples)
    row, col = samples.row[first], samples.col[first]
    own, wanted = row * shape[1] + col, np.arange(len(first)) if only is None else only
    place = np.full(len(first), -1)
    place[wanted] = np.arange(len(wanted))
    found = []
    for tile in tiles_of((shape[0], shape[1])):
        sites = tile.members(own, shape[1])
        if len(sites):
            chosen = sites[place[sites] >= 0]
            patches = patch_pixels(row[chosen], col[chosen], shape, dynamic_px)
            found.append(Batch(sites, own[sites], place[chosen], patches))
    return found


def nothing_looked(batches: Sequence[Batch], months: int, dynamic_px: int, around: int) -> Looked:
    """Room for what the chosen sites of all batches show."""
    sites = sum(len(batch.chosen) for batch in batches)
    return Looked(
        np.zeros((sites, months, 2, 1 + dynamic_px // 2), np.float32), np.zeros((sites, months, around), np.float32)
    )
