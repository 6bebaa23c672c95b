"""Where a factory's output may be put: its smallest buffer inside its own district, shared with its neighbours."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.spatial import KDTree

from gvio.sample.sharing import row_sums, scale_rows, share
from gvio.types import FloatArray, IntArray


def footprint(coverage: csr_array, owner: IntArray, district: IntArray, row: IntArray, col: IntArray) -> csr_array:
    """Shared coverage of the smallest buffer, restricted to pixels that the factory's own district owns.

    Pixels are restricted first and shared afterwards: a pixel's output is its owner's, so a factory across the
    border takes no part of it. A factory without any such pixel gets one whole pixel: its own, or where a
    neighbouring district owns that, the nearest pixel of its district.

    Args:
        coverage: (F, P) coverage fractions of the smallest radius.
        owner: (y, x) district index of the pixels, −1 for none; y·x = P.
        district: (F,) district index; each owns at least one pixel.
        row: (F,) pixel row of every factory.
        col: (F,) pixel column of every factory.

    Returns:
        (F, P) float64; every row sums to > 0, every column to ≤ 1.
    """
    mine = np.repeat(district, np.diff(coverage.indptr)) == owner.ravel()[coverage.indices]
    own = coverage.copy()  # eliminate_zeros below works in place; the pattern must not be the caller's
    own.data *= mine
    lost = np.flatnonzero(row_sums(own) <= 1e-9)
    if lost.size:
        own = _add_pixels(own, lost, _nearest_own(owner, district[lost], row[lost], col[lost]))
    own.eliminate_zeros()
    own.sort_indices()
    return share(own)


def factory_density(coverage: csr_array, weight: FloatArray, pixel_area_km2: FloatArray) -> FloatArray:
    """Factories per km²: every factory's weight spread evenly over its buffer.

    Args:
        coverage: (F, P) coverage fractions of the buffer.
        weight: (F,) weights with mean 1.
        pixel_area_km2: (y, x).

    Returns:
        (y, x) float32.
    """
    area = row_sums(coverage)
    spread = scale_rows(coverage, weight / np.maximum(area, 1e-9))
    count = np.asarray(spread.sum(axis=0)).reshape(pixel_area_km2.shape)
    return (count / pixel_area_km2).astype(np.float32)


def _nearest_own(owner: IntArray, district: IntArray, row: IntArray, col: IntArray) -> IntArray:
    """Flat index of the pixel of its own district nearest to each factory's pixel (itself when it is one)."""
    nearest = np.empty(len(district), dtype=np.int64)
    for d in np.unique(district):
        asked, own = district == d, np.argwhere(owner == d)
        _, index = KDTree(own).query(np.column_stack([row[asked], col[asked]]))
        nearest[asked] = own[index] @ np.array([owner.shape[1], 1])
    return nearest


def _add_pixels(matrix: csr_array, rows: IntArray, columns: IntArray) -> csr_array:
    ones = coo_array((np.ones(len(rows)), (rows, columns)), shape=matrix.shape)
    return csr_array(matrix + ones.tocsr())
