"""Masked means of light over sparse weights, every month in one product."""

from __future__ import annotations

import numpy as np
from scipy.sparse import csr_array

from gvio.sample.sharing import row_sums
from gvio.types import FloatArray


def masked_means(weights: csr_array, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean of the observed pixels under each row's weights, and the share of the weight that was observed.

    mean = (W @ (x·valid)) / (W @ valid), seen = (W @ valid) / (W @ 1); a pixel is valid where finite. Sums are
    accumulated in float64: in float32 they are off by 1e-6 at 3 km.

    Args:
        weights: (N, P) ≥ 0.
        values: (T, y, x) or (T, P) with y·x = P, NaN = not observed.

    Returns:
        (N, T) float64 means, NaN where nothing was seen; (N, T) float64 seen share in [0, 1], 0 for an empty row.
    """
    # Only pixels that carry weight are touched; months are the fast axis, as the product wants them. They are marked:
    # sorting the indices takes longer than all that follows.
    touched = np.zeros(weights.shape[1], dtype=bool)
    touched[weights.indices] = True
    columns, place = np.flatnonzero(touched), np.cumsum(touched) - 1
    x = values.reshape(len(values), -1)[:, columns].T.astype(np.float64)
    valid = np.isfinite(x)
    narrow = csr_array((weights.data, place[weights.indices], weights.indptr), (weights.shape[0], len(columns)))
    light, seen = narrow @ np.where(valid, x, 0.0), narrow @ valid.astype(np.float64)
    total = row_sums(weights)[:, None]
    # An unseen row can carry a rounding crumb instead of zero; a mean of a crumb is noise.
    any_seen = seen > 1e-12
    mean = np.divide(light, seen, out=np.full_like(light, np.nan), where=any_seen)
    share = np.divide(seen, total, out=np.zeros_like(seen), where=any_seen & (total > 0))
    return mean, np.minimum(share, 1.0)
