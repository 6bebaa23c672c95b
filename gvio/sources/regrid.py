"""Light on another lattice: pixels averaged by the area they share. Only for a product that stands in for another."""

from __future__ import annotations

import numpy as np
from odc.geo.geobox import GeoBox

from gvio.errors import ProductError
from gvio.types import FloatArray, IntArray


def area_weighted(
    values: FloatArray, observations: IntArray, source: GeoBox, target: GeoBox
) -> tuple[FloatArray, IntArray]:
    """Mean of (y, x) `values` over `target`'s pixels, weighted by the area shared; NaN where less than half is known.

    Both grids are north up and in degrees; within a pixel the change of area with latitude is neglected (< 10⁻⁴).

    Returns:
        float32 values and uint16 observations (the mean of those seen, at least 1) on `target`.

    Raises:
        ProductError: The grids are in different coordinate systems.
    """
    if source.crs != target.crs:
        what = f"the other product's grid is in {source.crs}, the region's in {target.crs}"
        raise ProductError(what, hint="Use products in their original geographic coordinates.")
    a, b = source.transform, target.transform
    # Overlap on a lattice is a product of overlaps along the axes, so two small matrices do instead of one large one.
    rows = _overlap(target.shape[0], source.shape[0], (b.f - a.f) / a.e, b.e / a.e)
    cols = _overlap(target.shape[1], source.shape[1], (b.c - a.c) / a.a, b.a / a.a)
    known = np.isfinite(values) & (observations > 0)
    share = rows @ known.astype(np.float64) @ cols.T
    # Half of the target pixel's own area, in source pixels; the margin keeps an exact half on the side of enough.
    enough = share >= 0.5 * (b.e / a.e) * (b.a / a.a) - 1e-6
    # The known area, not the whole: a missing neighbour makes a mean of fewer pixels, not a darker one.
    weight = np.where(enough, share, 1.0)
    mean = rows @ np.where(known, values, 0.0).astype(np.float64) @ cols.T / weight
    looks = rows @ np.where(known, observations, 0).astype(np.float64) @ cols.T / weight
    counts = np.where(enough, np.maximum(np.rint(looks), 1), 0).astype(np.uint16)
    return np.where(enough, mean, np.nan).astype(np.float32), counts


def _overlap(n_target: int, n_source: int, start: float, step: float) -> FloatArray:
    """(target, source) shared length of pixels along one axis, in source pixels."""
    low = start + step * np.arange(n_target)[:, None]
    edge = np.arange(n_source)[None, :]
    return np.asarray(np.clip(np.minimum(low + step, edge + 1) - np.maximum(low, edge), 0, None))
