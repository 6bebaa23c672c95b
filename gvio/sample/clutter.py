"""Clutter: the change of a pixel's light that no factory caused, learned away from factories.

A pixel's light is that of factories and of everything else: streets, fields, atmosphere and sensor. The change of the
rest in a month is predicted from pixels away from every factory, near ones and all of them together, by weights that
predict such pixels best from each other (kriging with learned weights, Cressie 1993, §3.2). A factory's pixel shows
this change in proportion to the background's share of its light; the rest is the factory's.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable

import numpy as np
from scipy import ndimage, optimize

from gvio.sample.rings import SCALES_PX, like_factories, ring_means
from gvio.types import BoolArray, FloatArray, IntArray

_PRIOR_SPREAD = 0.3  # of a background share about the value that the brightness of its surroundings suggests
_BACKGROUND_PX = 4.0
_ROWS = 16  # of pixels that are worked on at once
_NOTHING = 1e-12  # mean square of log light that is rounding
_LEAST_SPREAD = 0.014  # of a month's light: 2 % between two months


@dataclasses.dataclass(frozen=True, eq=False)
class Clutter:
    """`rings` (1 + R,) ≥ 0, weights of the city's and the rings' anomalies in a pixel's expected anomaly;
    `background` (y, x) in [0, 1.5], how much of that the pixel shows; `spread` (y, x) standard deviation of a month's
    log light about it.
    """

    rings: FloatArray
    background: FloatArray
    spread: FloatArray


def surroundings(change: FloatArray, validity: FloatArray, away: BoolArray) -> FloatArray:
    """(1 + R, T, y, x) float32 anomaly of the city, then of every pixel's rings; a pixel is not in its own rings.

    Each is a mean over pixels `away` (y, x), weighted by `validity` (T, y, x) in [0, 1]; a ring in which little was
    seen takes the next larger one's. `change` (T, y, x) is 0 where nothing was seen.
    """
    around = np.empty((1 + len(SCALES_PX), *change.shape), np.float32)
    for t in range(len(change)):
        around[:, t] = _around(change[t], validity[t], away)
    return around


def fit_clutter(
    change: FloatArray, validity: FloatArray, mean: FloatArray, away: BoolArray, rows: IntArray, cols: IntArray
) -> tuple[Clutter, FloatArray, FloatArray]:
    """Learn from the training months, and take what was learned off them; no figure is used.

    The second and third value are those of `without_clutter`.

    Args:
        change: (T, y, x) log-light anomaly, 0 where nothing was seen.
        validity: (T, y, x) weight of the anomaly, in [0, 1], 0 where nothing was seen.
        mean: (y, x) training mean of log light, NaN never seen.
        away: (y, x) from `away_from`.
        rows: (F,) pixel rows of the factories.
        cols: (F,) pixel columns.
    """
    around = surroundings(change, validity, away)
    rings = _ring_weights(change, validity, around, like_factories(mean, away, mean[rows, cols]))
    prior = _expected_share(mean, away)
    background, spread = np.empty(mean.shape), np.empty(mean.shape)
    for first in range(0, len(mean), _ROWS):  # pixels are independent here, and some rows' months fit into the cache
        rows_of = slice(first, first + _ROWS)
        expected = np.tensordot(rings.astype(np.float32), around[:, :, rows_of], axes=1)
        # A step between two months is as reliable as the worse of them.
        both = np.minimum(validity[1:, rows_of], validity[:-1, rows_of])
        steps, driven = np.diff(change[:, rows_of], axis=0), np.diff(expected, axis=0)
        background[rows_of] = _background(steps, driven, both, prior[rows_of])
        seen = np.maximum(both.sum(axis=0), 1e-9)
        left = (both * (steps - background[rows_of] * driven) ** 2).sum(axis=0) / seen
        # A step holds the noise of two months, so half of its variance is one month's.
        spread[rows_of] = np.sqrt(left / 2) + _LEAST_SPREAD
    clutter = Clutter(rings, background, spread)
    return clutter, *_without(change, validity, clutter, rows, cols, lambda t: around[:, t])


def without_clutter(
    change: FloatArray, validity: FloatArray, away: BoolArray, clutter: Clutter, rows: IntArray, cols: IntArray
) -> tuple[FloatArray, FloatArray]:
    """(T, y, x) `change` less that of the surroundings, by a pixel's background share, and (F, T, 1 + R) the anomalies
    of the surroundings of the pixels `rows`, `cols` (F,); other arguments as `surroundings`.
    """
    return _without(change, validity, clutter, rows, cols, lambda t: _around(change[t], validity[t], away))


def _without(
    change: FloatArray,
    validity: FloatArray,
    clutter: Clutter,
    rows: IntArray,
    cols: IntArray,
    around: Callable[[int], FloatArray],
) -> tuple[FloatArray, FloatArray]:
    rings, background = clutter.rings.astype(np.float32), clutter.background.astype(np.float32)
    left = np.array(change, np.float32)
    at = np.zeros((len(rows), len(change), len(rings)), np.float32)
    for t in np.flatnonzero(validity.any(axis=(1, 2))).tolist():
        beside = around(t)
        left[t] = change[t] - background * np.tensordot(rings, beside, axes=1)
        at[:, t] = beside[:, rows, cols].T
    return left, at


def _around(change: FloatArray, validity: FloatArray, away: BoolArray) -> FloatArray:
    """(1 + R, y, x) of one month: one month at a time fits into the processor's cache."""
    return ring_means(change.astype(np.float32), np.where(away, validity, 0).astype(np.float32))


def _ring_weights(change: FloatArray, validity: FloatArray, around: FloatArray, examples: IntArray) -> FloatArray:
    """(1 + R,) non-negative least squares of the examples' anomalies on those of their surroundings."""
    y = change.reshape(len(change), -1)[:, examples].ravel().astype(np.float64)
    root = np.sqrt(validity.reshape(len(change), -1)[:, examples].ravel().astype(np.float64))
    x = around.reshape(*around.shape[:2], -1)[:, :, examples].reshape(len(around), -1).astype(np.float64) * root
    gram = x @ x.T
    if not np.trace(gram) > _NOTHING * (root**2).sum():
        return np.asarray(np.eye(len(around))[0])  # nothing was seen: any weights give zero, the city's are taken
    # Hundreds of thousands of rows, 1 + R unknowns: the triangle of the normal equations poses the same problem small.
    triangle = np.linalg.cholesky(gram + 1e-9 * np.trace(gram) * np.eye(len(gram))).T
    return np.asarray(optimize.nnls(triangle, np.linalg.solve(triangle.T, x @ (y * root)))[0])


def _background(steps: FloatArray, driven: FloatArray, weight: FloatArray, prior: FloatArray) -> FloatArray:
    """(y, x) slope of a pixel's monthly steps on its surroundings' (T − 1, y, x), shrunk to `prior` (y, x).

    Steps, because trends and seasons of output and of streets may agree by chance.
    """
    size, shared = (weight * driven * driven).sum(axis=0), (weight * driven * steps).sum(axis=0)
    # The unshrunk slope only serves to estimate the noise, which decides how far to shrink.
    slope = shared / np.maximum(size, 1e-9)
    left = (weight * (steps - slope * driven) ** 2).sum(axis=0)
    noise = np.maximum(left / np.maximum(weight.sum(axis=0), 1e-9), 1e-6)
    firm = 1 / _PRIOR_SPREAD**2
    return np.asarray(np.clip((shared / noise + firm * prior) / (size / noise + firm), 0.0, 1.5))


def _expected_share(mean: FloatArray, away: BoolArray) -> FloatArray:
    """(y, x) light of the surroundings away from factories over a pixel's own, in [0.05, 1]."""
    known = np.isfinite(mean)
    # A pixel that was never seen must not look dark, or its neighbours would look bright.
    filled = np.where(known, mean, np.median(mean[known]) if known.any() else 0.0)
    light, mass = (ndimage.gaussian_filter(part, _BACKGROUND_PX) for part in (filled * away, away.astype(np.float64)))
    around = light / np.maximum(mass, 1e-6)
    return np.asarray(np.clip(np.exp(around - filled), 0.05, 1.0))
