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

from gvio.sample.anomaly import added_light
from gvio.sample.rings import like_factories
from gvio.types import BoolArray, FloatArray, IntArray

_SPREAD = 0.3  # of a month's log gain, and of added radiance in units of `LOG_OFFSET`, before any pixel is seen
_NOISE = 0.3  # of one pixel's log light that neither explains
_ALIKE = 10.0  # its errors are correlated: about ten pixels count as one
_YEAR = 12


def sky_pixels(mean: FloatArray, away: BoolArray) -> IntArray:
    """Flat indices of the pixels that the change is told from: `away` (y, x) from factories, and not dimmer than the
    others, by their `mean` (y, x) of log light, NaN never seen."""
    # Dim pixels are left out: added light moves their logarithm by less than the reciprocal of brightness, and the
    # difference would be mistaken for a gain.
    return like_factories(mean, away, mean[~away])


def radiometric_change(
    change: FloatArray, validity: FloatArray, mean: FloatArray, regimes: Sequence[str]
) -> FloatArray:
    """(T, 2) log gain of every month, and the radiance that is added to all, in units of `LOG_OFFSET`; without changes
    slower than a year. What they do to a pixel is told by `sky_at`.

    Args:
        change: (T, N) log-light anomaly of `sky_pixels`, 0 where nothing was seen.
        validity: (T, N) weight of the anomaly, in [0, 1].
        mean: (N,) their training mean of log light.
        regimes: (T,) processing of every month, "" where it is missing.
    """
    x = np.stack([np.ones(len(mean)), added_light(mean)])
    weight = validity.astype(np.float64) / (_NOISE**2 * _ALIKE)
    # One ridge regression for each month; the prior keeps a month with few observations near no change at all.
    gram = np.einsum("in,tn,jn->tij", x, weight, x, optimize=True) + np.eye(2) / _SPREAD**2
    found = np.linalg.solve(gram, ((weight * change) @ x.T)[..., None])[..., 0]
    return fast_part(np.asarray(found), regimes)


def sky_at(found: FloatArray, mean: FloatArray) -> FloatArray:
    """(T, …) change of the log light of pixels of `mean` (…) log light, NaN never seen; `found` (T, 2) from
    `radiometric_change`."""
    terms = np.stack([np.where(np.isfinite(mean), 1.0, 0.0), added_light(mean)])
    return np.asarray(np.tensordot(found, terms, axes=1))


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
        sky: (T, N) from `sky_at`.
        share: (N,) factories' part of a pixel's light; the rest shares in the change by its part.
    """
    # Steps instead of levels: slow movements of output and of the change may agree by chance. A step is as good as the
    # worse of its two months.
    both, driven = np.minimum(validity[1:], validity[:-1]), np.diff(sky, axis=0)
    # The background shares in the change fully; only what is left tests the factories' part.
    left, own = np.diff(change, axis=0) - (1 - share) * driven, share * driven
    size = float((both * own**2).sum())
    return float(np.clip((both * own * left).sum() / size, 0.0, 1.0)) if size > 0 else 0.0
