"""The surroundings of pixels: means over pixels near them and away from factories, near, wide and in the whole city.

A tile at a time, each seen as far beyond its edge as a ring reaches, so that no step holds the light of all months and
pixels, and nothing depends on how a region is cut.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from gvio.grid.tiles import tiles_of
from gvio.sample.anomaly import Anomalies
from gvio.sample.rings import REACH_PX, SCALES_PX, ring_means, weighted_sums
from gvio.types import BoolArray, FloatArray, IntArray


@dataclasses.dataclass(frozen=True, eq=False)
class Surroundings:
    """Anomalies of the `city` (T,) and of the `rings` (R, T, N) of N pixels, float32, each a mean over pixels away from
    factories; 0 in a month in which nothing was seen."""

    city: FloatArray
    rings: FloatArray

    def expected(self, weights: FloatArray) -> FloatArray:
        """(T, N) sum of all, each times its weight; `weights` (1 + R,) of the city and of the rings."""
        whole, *others = weights.astype(np.float32)
        total = np.broadcast_to(whole * self.city[:, None], self.rings.shape[1:]).copy()
        for weight, ring in zip(others, self.rings, strict=True):
            total += weight * ring  # not a product of matrices: its rounding depends on which pixels are beside
        return total

    def of(self, chosen: IntArray) -> Surroundings:
        """Those of some of the pixels, by their position."""
        return Surroundings(self.city, np.take(self.rings, chosen, axis=2))

    def beside(self, positions: IntArray) -> FloatArray:
        """(U, T, 1 + R) of pixels by their position, with the city first."""
        rings = self.rings[..., positions].transpose(2, 1, 0)
        city = np.broadcast_to(self.city[None, :, None], (*rings.shape[:2], 1))
        return np.ascontiguousarray(np.concatenate([city, rings], axis=2))


def surroundings(anomalies: Anomalies, away: BoolArray, city: FloatArray, pixels: IntArray) -> Surroundings:
    """Of `pixels` (N,), ascending flat indices; `city` (T,) from `city_means`.

    Every mean is weighted by validity and over pixels `away` (y, x); a pixel is not in its own rings, and a ring in
    which little was seen takes the next larger one's.
    """
    months, *grid = anomalies.shape
    shape = (grid[0], grid[1])
    rings = np.zeros((len(SCALES_PX), months, len(pixels)), np.float32)
    for tile in tiles_of(shape):
        members = tile.members(pixels, shape[1])
        if not len(members):
            continue
        window = tile.grown(REACH_PX, shape)
        row, col = np.divmod(pixels[members], shape[1])
        row, col, counts = row - window.top, col - window.left, away[window.window]
        for t, (change, validity) in enumerate(anomalies.of_tile(window)):
            if validity.any():
                rings[:, t, members] = ring_means(change, np.where(counts, validity, 0), city[t])[:, row, col]
    return Surroundings(city, rings)


def city_means(anomalies: Anomalies, away: BoolArray) -> FloatArray:
    """(T,) float32 mean anomaly of all pixels away from factories."""
    months, *grid = anomalies.shape
    total = np.zeros((2, months))
    for tile in tiles_of((grid[0], grid[1])):
        counts = away[tile.window]
        for t, (change, validity) in enumerate(anomalies.of_tile(tile)):
            total[:, t] += weighted_sums(change, np.where(counts, validity, 0))
    mean = np.divide(total[0], total[1], out=np.zeros(months), where=total[1] > 0)
    return np.asarray(mean, dtype=np.float32)
