"""The weight of each site's light in the reading of its district: a matched filter that uses no figure.

Of a site's log light the factories' share s answers to output, the rest is noise of variance σ². With sites that move
with their district and, by variance τ², on their own, what all of them make is best read by weights known in closed
form (best linear unbiased prediction, Robinson 1991): f̂ = Σ v a with v ∝ s / (σ² + s² τ²), and a site's own movement
by k = s² τ² / (σ² + s² τ²) of what it shows beyond f̂.
"""

from __future__ import annotations

import numpy as np

from gvio.types import BoolArray, FloatArray, IntArray

_LEAST_SHARE = 0.25  # no site's light is taken to be less its factories' than this: positions err, shares are estimates
_HALFWAY = 0.5  # power of the filter: 0 is a plain mean over sites, 1 the full filter; shares are only estimates


def site_weights(
    share: FloatArray,
    spread: FloatArray,
    own_movement: float,
    output: FloatArray,
    steady: BoolArray,
    district: IntArray,
    n_areas: int,
) -> FloatArray:
    """(U,) factor ≥ 0 on what a site's light changes: the filter against a mean over a district's sites weighted by
    `output`, after the half power.

    A site whose factories open or close has weight 0: its change is known from the pack, not from light.

    Args:
        share: (U,) factories' part of a site's light.
        spread: (U,) σ, standard deviation of a month's log light that is not theirs.
        own_movement: τ > 0, learned from light by `gvio.model.own_movement`.
        output: (U,) a site's usual output, in any unit.
        steady: (U,) whether the same factories work at a site in all months.
        district: (U,) of each site.
        n_areas: D.
    """
    s = np.where(steady, np.clip(share, _LEAST_SHARE, 1.0), 0.0)
    usual = np.where(steady, output, 0.0)

    def per_area(values: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(district, values, n_areas))

    part = usual / np.maximum(per_area(usual), 1e-12)[district]
    total = spread**2 + (s * own_movement) ** 2
    common = (s / total) / np.maximum(per_area(s**2 / total), 1e-12)[district]
    own = (s * own_movement) ** 2 / total
    weight = per_area(part * (1 - own))[district] * common + part * own / np.maximum(s, _LEAST_SHARE)
    site = np.divide(weight, part, out=np.zeros(len(s)), where=part > 0)
    return np.asarray(site**_HALFWAY)
