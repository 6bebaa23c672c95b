"""Light as the model sees it: log radiance, its training mean, and the anomaly against that mean."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np

from gvio.grid.tiles import Tile, tiles_of
from gvio.types import FloatArray, IntArray

# nW cm⁻² sr⁻¹. About the noise floor of a monthly VIIRS composite (Elvidge et al. 2017, Int. J. Remote Sensing
# 38:5860): below it differences are noise, so the logarithm is made linear there instead of blowing them up.
LOG_OFFSET = 0.3
SHRINK = 3.0  # observations at which an anomaly and what is known before have equal weight


def log_light(radiance: FloatArray) -> FloatArray:
    """log(max(radiance, 0) + 0.3), NaN kept. Radiance in nW cm⁻² sr⁻¹, any shape; float32 stays float32."""
    return np.log(np.maximum(radiance, 0) + radiance.dtype.type(LOG_OFFSET))


def training_mean(radiance: FloatArray, observations: IntArray, months: IntArray) -> FloatArray:
    """Mean log light per pixel over the training months, weighted by cloud-free observations.

    A tile and a month at a time: float64 of all months are many.

    Args:
        radiance: (M, y, x) nW cm⁻² sr⁻¹, NaN = not observed.
        observations: (M, y, x) cloud-free observations, the weight: the variance of a composite is σ²/n.
        months: (T,) indices of the training months; the others have no influence.

    Returns:
        (y, x) float64, NaN where no training month saw the pixel.
    """
    shape = (radiance.shape[1], radiance.shape[2])
    mean = np.empty(shape)
    for tile in tiles_of(shape):
        total, summed = (np.zeros(mean[tile.window].shape) for _ in range(2))
        light, counts = _of_tile(radiance, tile), _of_tile(observations, tile)
        for month in months.tolist():
            x = log_light(light[month])
            weight = np.where(np.isfinite(x), counts[month], 0).astype(np.float64)
            total += weight
            summed += weight * np.where(weight > 0, x, 0.0)
        mean[tile.window] = np.divide(summed, total, out=np.full(total.shape, np.nan), where=total > 0)
    return mean


class Anomalies(Protocol):
    """Anomalies of months on a grid, worked out for the pixels that are asked for.

    An anomaly is 0 where nothing was seen; its validity in [0, 1), 0 there, says how far to believe it. Both float32.
    """

    @property
    def shape(self) -> tuple[int, int, int]:
        """Months, rows, columns."""

    def of_tile(self, tile: Tile) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Anomaly and validity (y, x) of a tile, month after month."""

    def at(self, pixels: IntArray) -> tuple[FloatArray, FloatArray]:
        """Anomaly and validity (T, N) of pixels (N,) by their flat index."""


@dataclasses.dataclass(frozen=True, eq=False)
class SeenAnomalies:
    """`Anomalies` of light: `radiance` and `observations` (M, y, x) of which `months` (T,) count, against the training
    `mean` (y, x) of log light, less the `sky` (T, 2), the log gain of every month and what it adds to all radiance in
    units of `LOG_OFFSET` (`gvio.sample.radiometry`).
    """

    radiance: FloatArray
    observations: IntArray
    months: IntArray
    mean: FloatArray
    sky: FloatArray

    @property
    def shape(self) -> tuple[int, int, int]:
        """Months, rows, columns."""
        return len(self.months), self.mean.shape[0], self.mean.shape[1]

    def of_tile(self, tile: Tile) -> Iterator[tuple[FloatArray, FloatArray]]:
        """Anomaly and validity (y, x) of a tile, month after month: one month's fit into the processor's cache."""
        mean = self.mean[tile.window].astype(np.float32)
        added, light, counts = added_light(mean), _of_tile(self.radiance, tile), _of_tile(self.observations, tile)
        for month, sky in zip(self.months.tolist(), self.sky, strict=True):
            yield _one_month(light[month], counts[month], mean, added, sky)

    def at(self, pixels: IntArray) -> tuple[FloatArray, FloatArray]:
        """Anomaly and validity (T, N) of pixels (N,) by their flat index."""
        change, validity = (np.empty((len(self.months), len(pixels)), np.float32) for _ in range(2))
        for tile in tiles_of(self.shape[1:]):
            members = tile.members(pixels, self.shape[2])
            if not len(members):
                continue
            row, col = np.divmod(pixels[members], self.shape[2])
            mean = self.mean[row, col].astype(np.float32)
            added, inside = added_light(mean), (row - tile.top, col - tile.left)
            light, counts = _of_tile(self.radiance, tile), _of_tile(self.observations, tile)
            for t, (month, sky) in enumerate(zip(self.months.tolist(), self.sky, strict=True)):
                there = _one_month(light[month][inside], counts[month][inside], mean, added, sky)
                change[t, members], validity[t, members] = there
        return change, validity


def _of_tile(values: FloatArray | IntArray, tile: Tile) -> Any:
    """All months of a tile, read at once: a store of time-complete chunks is not asked month by month."""
    return values[(slice(None), *tile.window)]


def added_light(mean: FloatArray) -> FloatArray:
    """The noise floor over a pixel's light: how far light that is added to all radiance moves its logarithm; 0 where a
    pixel was never seen."""
    known = np.isfinite(mean)
    return np.where(known, LOG_OFFSET * np.exp(-np.where(known, mean, 0)), 0).astype(mean.dtype, copy=False)


def _one_month(
    light: FloatArray, count: IntArray, mean: FloatArray, added: FloatArray, sky: FloatArray
) -> tuple[FloatArray, FloatArray]:
    change = log_light(light)
    change -= mean
    # With n observations of variance σ² and a prior variance σ²/k of the anomaly, n / (n + k) is the posterior weight.
    seen = np.where(np.isfinite(change), count, 0).astype(np.float32)
    validity = seen / (seen + np.float32(SHRINK))
    if sky.any():
        change -= np.float32(sky[0]) + np.float32(sky[1]) * added
    return np.where(seen > 0, change, np.float32(0)), validity
