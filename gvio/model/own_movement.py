"""How far a factory's light moves on its own, learned from light: what lasts at a site and is not its district's.

A site's anomaly, cleared of sky, sensor and clutter, is s (f + u) + e: its factories' share s of what the district does
(f) and of what they do themselves (u, variance τ²), and noise e. What is alike in two months that follow each other is
movement, what is not is noise: the covariance of one month with the next is s² τ². Surroundings that were not taken off
whole last, too; how much that is is read at pixels away from factories and shows by a site's background, 1 − s.
No figure is looked at.
"""

from __future__ import annotations

import numpy as np

from gvio.types import FloatArray, IntArray

USUAL = 0.12
"""Before light is looked at: the spread of firms' growth in a year (Gabaix 2011, Econometrica 79:733)."""

_SITES = 10.0  # sites that the usual movement counts for
_LEAST, _MOST = USUAL / 4, USUAL * 4  # whatever light says


def own_movement(
    change: FloatArray, validity: FloatArray, share: FloatArray, district: IntArray, lasting_clutter: float
) -> float:
    """τ, standard deviation of log own light of a site about its district's, in [0.03, 0.48].

    A moment estimate, weighted by s⁴ as its errors are, shrunk towards `USUAL`.

    Args:
        change: (U, T) anomaly of the sites' log light in training months, cleared, 0 where nothing was seen.
        validity: (U, T) how far to believe it, in [0, 1].
        share: (U,) factories' part of a site's light.
        district: (U,) of each site.
        lasting_clutter: From `lasting`, of pixels away from factories.
    """
    common, alone = _common(change, validity, share, district)
    found = _next_month(change - share[:, None] * common, validity) / np.maximum(alone, 1e-6)
    known = (alone > 0.1) & np.isfinite(found)
    if not known.any():
        return USUAL
    s = share[known]
    own = found[known] - (1 - s) ** 2 * lasting_clutter
    n, weight = float(alone[known].sum()), s**4
    moment = float((s**2 * own).sum() / max(float(weight.sum()), 1e-12))
    variance = (n * max(moment, 0.0) + _SITES * USUAL**2) / (n + _SITES)
    return float(np.clip(np.sqrt(variance), _LEAST, _MOST))


def lasting(change: FloatArray, validity: FloatArray) -> float:
    """Mean covariance ≥ 0 of one month's anomaly with the next month's, of pixels (N, T); 0 without any."""
    found = _next_month(change, validity)
    known = found[np.isfinite(found)]
    return max(float(known.mean()), 0.0) if known.size else 0.0


def _common(
    change: FloatArray, validity: FloatArray, share: FloatArray, district: IntArray
) -> tuple[FloatArray, FloatArray]:
    """(U, T) what a site's district does, by least squares over its sites, and (U,) how much of a site's own movement
    that leaves: 1 − s² / Σ s², 0 for the only site of a district.
    """
    member = (district == np.arange(int(district.max()) + 1)[:, None]).astype(np.float64)
    size = member @ (share[:, None] ** 2 * validity)
    common = (member @ (share[:, None] * validity * change)) / np.maximum(size, 1e-9)
    total = member @ share**2
    return common[district], 1 - share**2 / np.maximum(total, 1e-12)[district]


def _next_month(change: FloatArray, validity: FloatArray) -> FloatArray:
    """(N,) covariance of months that follow each other, each pair believed as its worse month; NaN without any."""
    pair = np.minimum(validity[:, 1:], validity[:, :-1])
    total = pair.sum(axis=1)
    product = (pair * change[:, 1:] * change[:, :-1]).sum(axis=1)
    return np.asarray(np.divide(product, total, out=np.full(len(change), np.nan), where=total > 0))
