"""Overlapping buffers share light instead of counting it twice. Pure sparse linear algebra."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from gvio.types import FloatArray


def share(coverage: csr_array) -> csr_array:
    """Divide every pixel among the buffers that cover it.

    W[f, p] = cov[f, p] · min(1, Σ_g cov[g, p]) / Σ_g cov[g, p], so that a pixel is never handed out more than
    once (Σ_f W[f, p] = min(1, Σ_f cov[f, p]) ≤ 1) and buffers that do not meet are left as they are.

    Args:
        coverage: (F, P) coverage fractions in [0, 1].

    Returns:
        (F, P) float64 with the same pattern.
    """
    return scale_columns(coverage, 1.0 / np.maximum(1.0, covered(coverage)))


def covered(coverage: csr_array) -> FloatArray:
    """Σ_f coverage[f, p], float64 (P,): how many buffers a pixel lies in, by area."""
    return np.asarray(np.bincount(coverage.indices, coverage.data, coverage.shape[1]), dtype=np.float64)


def near_share(coverage: csr_array) -> FloatArray:
    """min(1, Σ_f coverage[f, p]), float64 (P,): the share of a pixel that lies in any buffer."""
    return np.minimum(1.0, covered(coverage))


def rings(inner: csr_array, outer: csr_array) -> csr_array:
    """Weights of the local background: the outer buffer without the inner one and without any factory's inner one.

    Where neighbours' inner buffers fill the whole ring nothing of it is free of factories; such a factory keeps
    its plain ring (outer minus inner), which is better than no background at all.

    Args:
        inner: (F, P) coverage of the smallest radius.
        outer: (F, P) coverage of the largest radius, ≥ `inner` everywhere.

    Returns:
        (F, P) float64 ≥ 0.
    """
    ring = csr_array((outer - inner).maximum(0))
    free = scale_columns(ring, 1.0 - near_share(inner))
    empty = (row_sums(free) <= 1e-9).astype(np.float64)
    total = csr_array(scale_rows(free, 1 - empty) + scale_rows(ring, empty))
    total.eliminate_zeros()
    total.sort_indices()
    return total


def row_sums(matrix: csr_array) -> FloatArray:
    """Σ_p matrix[f, p], float64 (F,): area in pixels of every row."""
    return np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()


def scale_columns(matrix: csr_array, factors: FloatArray) -> csr_array:
    """Matrix · diag(factors), the pattern's arrays shared; `factors` is (P,)."""
    return csr_array((matrix.data * factors[matrix.indices], matrix.indices, matrix.indptr), shape=matrix.shape)


def scale_rows(matrix: csr_array, factors: FloatArray) -> csr_array:
    """diag(factors) · matrix, the pattern's arrays shared; `factors` is (F,)."""
    data = matrix.data * np.repeat(factors, np.diff(matrix.indptr))
    return csr_array((data, matrix.indices, matrix.indptr), shape=matrix.shape)
