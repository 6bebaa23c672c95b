"""Clutter: the change of a pixel's light that no factory caused, learned away from factories.

A pixel's light is that of factories and of everything else: streets, fields, atmosphere and sensor. The change of the
rest in a month is predicted from pixels away from every factory, near ones and all of them together, by weights that
predict such pixels best from each other (kriging with learned weights, Cressie 1993, §3.2). A factory's pixel shows
this change in proportion to the background's share of its light; the rest is the factory's.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import ndimage, optimize

from gvio.sample.surroundings import Surroundings
from gvio.types import BoolArray, FloatArray

_PRIOR_SPREAD = 0.3  # of a background share about the value that the brightness of its surroundings suggests
_BACKGROUND_PX = 4.0
_PIXELS = 4096  # that are worked on at once
_NOTHING = 1e-12  # mean square of log light that is rounding
LEAST_SPREAD = 0.014  # of a month's light: 2 % between two months


@dataclasses.dataclass(frozen=True, eq=False)
class Clutter:
    """`rings` (1 + R,) ≥ 0, weights of the city's and the rings' anomalies in a pixel's expected anomaly; of N pixels
    `background` (N,) in [0, 1.5], how much of that the pixel shows, and `spread` (N,) standard deviation of a month's
    log light about it.
    """

    rings: FloatArray
    background: FloatArray
    spread: FloatArray


def fit_clutter(
    change: FloatArray, validity: FloatArray, around: Surroundings, rings: FloatArray, prior: FloatArray
) -> Clutter:
    """How far pixels show their surroundings, learned from the training months; no figure is used.

    Args:
        change: (T, N) log-light anomaly of pixels, 0 where nothing was seen.
        validity: (T, N) weight of the anomaly, in [0, 1), 0 where nothing was seen.
        around: Their surroundings.
        rings: (1 + R,) from `ring_weights`.
        prior: (N,) background share by brightness, from `expected_share`.
    """
    background, spread = np.empty(len(prior)), np.empty(len(prior))
    for first in range(0, len(prior), _PIXELS):  # pixels are independent here, and some of them fit into the cache
        some = slice(first, first + _PIXELS)
        expected = Surroundings(around.city, around.rings[..., some]).expected(rings)
        # A step between two months is as reliable as the worse of them.
        both = np.minimum(validity[1:, some], validity[:-1, some])
        steps, driven = np.diff(change[:, some], axis=0), np.diff(expected, axis=0)
        background[some] = _background(steps, driven, both, prior[some])
        seen = np.maximum(both.sum(axis=0), 1e-9)
        left = (both * (steps - background[some] * driven) ** 2).sum(axis=0) / seen
        # A step holds the noise of two months, so half of its variance is one month's.
        spread[some] = np.sqrt(left / 2) + LEAST_SPREAD
    return Clutter(rings, background, spread)


def without_clutter(change: FloatArray, clutter: Clutter, around: Surroundings) -> FloatArray:
    """(T, N) `change` less that of the surroundings, by a pixel's background share; arguments as of `fit_clutter`."""
    return np.asarray(change - clutter.background.astype(np.float32) * around.expected(clutter.rings))


def ring_weights(change: FloatArray, validity: FloatArray, around: Surroundings) -> FloatArray:
    """(1 + R,) non-negative least squares of examples' anomalies on those of their surroundings; arguments as of
    `fit_clutter`, of pixels away from factories."""
    y = change.ravel().astype(np.float64)
    root = np.sqrt(validity.ravel().astype(np.float64))
    beside = [np.broadcast_to(around.city[:, None], change.shape), *around.rings]
    x = np.stack([part.ravel().astype(np.float64) for part in beside]) * root
    gram = x @ x.T
    if not np.trace(gram) > _NOTHING * (root**2).sum():
        return np.asarray(np.eye(len(beside))[0])  # nothing was seen: any weights give zero, the city's are taken
    # Hundreds of thousands of rows, 1 + R unknowns: the triangle of the normal equations poses the same problem small.
    triangle = np.linalg.cholesky(gram + 1e-9 * np.trace(gram) * np.eye(len(gram))).T
    return np.asarray(optimize.nnls(triangle, np.linalg.solve(triangle.T, x @ (y * root)))[0])


def _background(steps: FloatArray, driven: FloatArray, weight: FloatArray, prior: FloatArray) -> FloatArray:
    """(N,) slope of a pixel's monthly steps on its surroundings' (T − 1, N), shrunk to `prior` (N,).

    Steps, because trends and seasons of output and of streets may agree by chance.
    """
    size, shared = (weight * driven * driven).sum(axis=0), (weight * driven * steps).sum(axis=0)
    # The unshrunk slope only serves to estimate the noise, which decides how far to shrink.
    slope = shared / np.maximum(size, 1e-9)
    left = (weight * (steps - slope * driven) ** 2).sum(axis=0)
    noise = np.maximum(left / np.maximum(weight.sum(axis=0), 1e-9), 1e-6)
    firm = 1 / _PRIOR_SPREAD**2
    return np.asarray(np.clip((shared / noise + firm * prior) / (size / noise + firm), 0.0, 1.5))


def expected_share(mean: FloatArray, away: BoolArray) -> FloatArray:
    """(y, x) light of the surroundings away from factories over a pixel's own, in [0.05, 1]."""
    known = np.isfinite(mean)
    # A pixel that was never seen must not look dark, or its neighbours would look bright.
    filled = np.where(known, mean, np.median(mean[known]) if known.any() else 0.0)
    light, mass = (ndimage.gaussian_filter(part, _BACKGROUND_PX) for part in (filled * away, away.astype(np.float64)))
    around = light / np.maximum(mass, 1e-6)
    return np.asarray(np.clip(np.exp(around - filled), 0.05, 1.0))
