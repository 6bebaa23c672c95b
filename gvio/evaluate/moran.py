"""Whether what the model gets wrong lies together on the map: Moran's I of residuals over districts."""

from __future__ import annotations

import numpy as np

from gvio.scoreboard.scores import Moran
from gvio.types import BoolArray, FloatArray, IntArray

PERMUTATIONS = 999
LEAST_DISTRICTS = 4  # fewer have too few arrangements to test against


def neighbours(owner: IntArray, n_areas: int) -> BoolArray:
    """(D, D) symmetric: districts whose pixels touch, corners included (queen); one that touches none and its nearest.

    Args:
        owner: (y, x) district of every pixel, −1 for none.
        n_areas: D.
    """
    out = np.zeros((n_areas, n_areas), dtype=bool)
    rows, cols = owner.shape
    for down, right in ((0, 1), (1, 0), (1, 1), (1, -1)):
        here = owner[: rows - down, max(0, -right) : cols - max(0, right)]
        there = owner[down:, max(0, right) : cols + min(0, right)]
        touch = (here != there) & (here >= 0) & (there >= 0)
        out[here[touch], there[touch]] = True
    out |= out.T
    centre = np.array([_centre(owner, d) for d in range(n_areas)])
    distance = np.hypot(*(centre[:, None] - centre[None]).transpose(2, 0, 1))
    np.fill_diagonal(distance, np.inf)
    for d in np.flatnonzero(~out.any(axis=1)):
        if np.isfinite(distance[d]).any():
            nearest = int(np.nanargmin(distance[d]))
            out[d, nearest] = out[nearest, d] = True
    return out


def morans_i(values: FloatArray, adjacent: BoolArray) -> float | None:
    """Moran's I (Moran 1950, Biometrika 37:17–23) with row-standardised weights; None where values do not vary.

    Args:
        values: (D,) one per district, finite.
        adjacent: (D, D) neighbours; a district without any does not count as anybody's neighbour.
    """
    deviation = values - values.mean()
    spread = float(deviation @ deviation)
    weights = adjacent / np.maximum(adjacent.sum(axis=1, keepdims=True), 1)
    total = float(weights.sum())
    if spread <= 1e-20 * len(values) or total == 0:
        return None
    return float(len(values) / total * (deviation @ weights @ deviation) / spread)


def residual_pattern(residuals: FloatArray, owner: IntArray, seed: int = 0) -> Moran | None:
    """Moran's I of residuals and its permutation test.

    Args:
        residuals: (D,) mean log error of every district, NaN where it was not scored: those are left out.
        owner: (y, x) district of every pixel.
        seed: Of the rearrangements.

    Returns:
        None with fewer than `LEAST_DISTRICTS` scored districts, or when residuals do not vary.
    """
    known = np.flatnonzero(np.isfinite(residuals))
    if len(known) < LEAST_DISTRICTS:
        return None
    adjacent, values = neighbours(owner, len(residuals))[np.ix_(known, known)], residuals[known]
    found = morans_i(values, adjacent)
    if found is None:
        return None
    expected = -1 / (len(known) - 1)
    rng = np.random.default_rng(seed)
    drawn = np.array([morans_i(rng.permutation(values), adjacent) for _ in range(PERMUTATIONS)], dtype=np.float64)
    extreme = int((np.abs(drawn - expected) >= abs(found - expected) - 1e-12).sum())
    p_value = (extreme + 1) / (PERMUTATIONS + 1)
    return Moran(i=found, expected=expected, p_value=p_value, n=len(known))


def _centre(owner: IntArray, district: int) -> FloatArray:
    cells = np.argwhere(owner == district)
    return cells.mean(axis=0) if len(cells) else np.full(2, np.nan)
