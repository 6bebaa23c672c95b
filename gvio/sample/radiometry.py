"""Radiometric change: what atmosphere and sensor do to all light of a month, factories' light included.

A month's gain moves all log light alike; stray light, airglow and a background offset add to all radiance, so they move
log light by the reciprocal of its brightness. Both are estimated from pixels away from factories and as bright as
theirs, month by month. How far factories' own light shares in them is learned at factories' pixels: a true sensor sees
it through the same atmosphere, light that is planted on top of an image does not share in it. Only what changes within
a year counts: slower growth may be growth of streets, unless a change of processing is recorded.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gvio.sample.anomaly import LOG_OFFSET
from gvio.sample.rings import like_factories
from gvio.types import BoolArray, FloatArray

_SPREAD = 0.3  # of a month's log gain, and of added radiance in units of `LOG_OFFSET`, before any pixel is seen
_NOISE = 0.3  # of one pixel's log light that neither explains
_ALIKE = 10.0  # its errors are correlated: about ten pixels count as one
_YEAR = 12


def radiometric_change(
    change: FloatArray, validity: FloatArray, mean: FloatArray, away: BoolArray, regimes: Sequence[str]
) -> FloatArray:
    """(T, y, x) float32 what atmosphere and sensor do to log light, without changes slower than a year.

    Args:
        change: (T, y, x) log-light anomaly, 0 where nothing was seen.
        validity: (T, y, x) weight of the anomaly, in [0, 1].
        mean: (y, x) training mean of log light, NaN never seen.
        away: (y, x) pixels away from factories.
        regimes: (T,) processing of every month, "" where it is missing.
    """
    found = fast_part(_monthly(change, validity, mean, away), regimes)
    return np.asarray(np.tensordot(found.astype(np.float32), _terms(mean).astype(np.float32), axes=1))


def monthly_gain(
    change: FloatArray, validity: FloatArray, mean: FloatArray, away: BoolArray, regimes: Sequence[str]
) -> FloatArray:
    """(T,) the log gain of what `radiometric_change` finds: what is added to all light moves no factory's own."""
    return np.asarray(fast_part(_monthly(change, validity, mean, away), regimes)[:, 0])


def fast_part(found: FloatArray, regimes: Sequence[str]) -> FloatArray:
    """(T, K) without its slow part: how the mean of the last twelve months of a regime differs from its first twelve's.

    So the step between two regimes is not slow: processing causes it, not growth of streets. No later month counts.
    """
    slow = np.zeros_like(found)
    carried = np.zeros(found.shape[1])
    for start, end in _runs(regimes):
        # Means of twelve months inside one regime: they average the season out, and no mean mixes two processings.
        total = np.concatenate([np.zeros((1, found.shape[1])), np.cumsum(found[start:end], axis=0)])
        means = (total[_YEAR:] - total[:-_YEAR]) / _YEAR
        # The slow part found so far continues into the next regime; the level of the regime itself stays fast.
        slow[start:end] = carried
        if len(means):
            slow[start + _YEAR - 1 : end] += means - means[0]
        carried = slow[end - 1]
    return found - slow


def _runs(regimes: Sequence[str]) -> list[tuple[int, int]]:
    """First month and end of every run of one regime; a missing month belongs to the run before it."""
    starts, current = [0], ""
    for t, regime in enumerate(regimes):
        if regime and current and regime != current:
            starts.append(t)
        current = regime or current
    return list(zip(starts, [*starts[1:], len(regimes)], strict=True))


def shared_part(change: FloatArray, validity: FloatArray, sky: FloatArray, share: FloatArray) -> float:
    """How far factories' light shares in the change, in [0, 1]: least squares over all steps from month to month.

    Args:
        change: (T, N) log-light anomaly of factories' pixels, 0 where nothing was seen.
        validity: (T, N) weight of the anomaly.
        sky: (T, N) from `radiometric_change`.
        share: (N,) factories' part of a pixel's light; the rest shares in the change by its part.
    """
    # Steps instead of levels: slow movements of output and of the change may agree by chance. A step is as good as the
    # worse of its two months.
    both, driven = np.minimum(validity[1:], validity[:-1]), np.diff(sky, axis=0)
    # The background shares in the change fully; only what is left tests the factories' part.
    left, own = np.diff(change, axis=0) - (1 - share) * driven, share * driven
    size = float((both * own**2).sum())
    return float(np.clip((both * own * left).sum() / size, 0.0, 1.0)) if size > 0 else 0.0


def without_radiometric(change: FloatArray, validity: FloatArray, sky: FloatArray, shared: float) -> FloatArray:
    """(T, y, x) `change` less the `shared` part of `sky` (T, y, x) where something was seen; arguments as above."""
    return np.asarray(change - np.float32(shared) * np.where(validity > 0, sky, 0))


def _monthly(change: FloatArray, validity: FloatArray, mean: FloatArray, away: BoolArray) -> FloatArray:
    """(T, 2) log gain, and added radiance in units of `LOG_OFFSET`, of every month: ridge regression over pixels."""
    # Dim pixels are left out: added light moves their logarithm by less than the reciprocal of brightness, and the
    # difference would be mistaken for a gain.
    known = like_factories(mean, away, mean[~away])
    x = _terms(mean).reshape(2, -1)[:, known]
    y, weight = (part.reshape(len(part), -1)[:, known].astype(np.float64) for part in (change, validity))
    weight = weight / (_NOISE**2 * _ALIKE)
    # One ridge regression for each month; the prior keeps a month with few observations near no change at all.
    gram = np.einsum("in,tn,jn->tij", x, weight, x) + np.eye(2) / _SPREAD**2
    return np.asarray(np.linalg.solve(gram, ((weight * y) @ x.T)[..., None])[..., 0])


def _terms(mean: FloatArray) -> FloatArray:
    """(2, y, x): one, and the noise floor over a pixel's light; 0 where a pixel was never seen."""
    known = np.isfinite(mean)
    added = LOG_OFFSET * np.exp(-np.where(known, mean, 0.0))
    return np.stack([np.where(known, 1.0, 0.0), np.where(known, added, 0.0)])
