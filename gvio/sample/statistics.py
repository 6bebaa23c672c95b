"""Urban and rural light, near and away from factories: the month's calibration, weather and season."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, csr_array

from gvio.sample.means import masked_means
from gvio.types import FloatArray, IntArray

STATISTIC_NAMES = ("urban_near", "urban_away", "rural_near", "rural_away")

# The other of near and away, of the same urban or rural kind, in the order of STATISTIC_NAMES.
_SIBLING = [1, 0, 3, 2]


def light_statistics(
    radiance: FloatArray, owner: IntArray, urban: FloatArray, near: FloatArray, middle: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Mean log1p(max(radiance, 0)) per district and month, of urban/rural land near/away from factories.

    Near weighs a pixel by the share inside a smallest buffer, away by the share outside every middle one; the
    belt between is neither, because factory light blooms into it. A combination without an observation takes
    the change of the district's other one, then of its mean, then of the city, then of all pixels: the donor's
    value shifted by the mean difference to it in months where both were seen, so that a cloudy month is no jump.

    Args:
        radiance: (T, y, x) nW cm⁻² sr⁻¹, NaN = not observed.
        owner: (y, x) district index, −1 for none.
        urban: (y, x) 1 urban, 0 rural, or a share.
        near: (y, x) share of the pixel inside a smallest buffer.
        middle: (y, x) share inside a middle buffer, ≥ `near`.

    Returns:
        (D, T, 4) districts and (T, 4) city (all districts), float64, in the order of `STATISTIC_NAMES`; NaN only
        for months without any observation.
    """
    weights = _weights(owner, urban, near, middle)
    means, _ = masked_means(weights, np.log1p(np.maximum(radiance, 0)))
    n_areas = (len(means) - 1) // 4
    # The first block of four rows is the city, the last row is every pixel.
    areas, everything = means[:-1].reshape(n_areas, 4, -1), means[-1]
    city = _filled(_siblings(areas[:1]), everything)
    districts = _filled(_siblings(areas[1:]), city)
    return districts.transpose(0, 2, 1), city[0].T


def _weights(owner: IntArray, urban: FloatArray, near: FloatArray, middle: FloatArray) -> csr_array:
    """((1 + D)·4 + 1, P): city and districts × four combinations, then all pixels."""
    flat, u = owner.ravel().astype(np.int64), urban.ravel().astype(np.float64)
    inside, outside = near.ravel(), 1.0 - middle.ravel()
    kinds = np.concatenate([u * inside, u * outside, (1 - u) * inside, (1 - u) * outside]).reshape(4, -1)
    pixels = np.flatnonzero(flat >= 0)
    n_rows, k = 4 * (2 + int(flat.max())) + 1, np.arange(4)[:, None]
    rows = [np.broadcast_to(k, (4, len(pixels))), 4 * (1 + flat[pixels]) + k, np.full((1, len(flat)), n_rows - 1)]
    columns = [np.broadcast_to(pixels, (4, len(pixels)))] * 2 + [np.arange(len(flat))]
    data = [kinds[:, pixels]] * 2 + [np.ones(len(flat))]
    where = (np.concatenate([r.ravel() for r in rows]), np.concatenate([c.ravel() for c in columns]))
    matrix = coo_array((np.concatenate([d.ravel() for d in data]), where), shape=(n_rows, len(flat))).tocsr()
    matrix.eliminate_zeros()
    return matrix


def _siblings(values: FloatArray) -> FloatArray:
    """Fill (A, 4, T) from the other of near and away, then from the mean of what the area has."""
    filled = _filled(values, values[:, _SIBLING])
    seen = np.isfinite(filled)
    count = seen.sum(axis=1, keepdims=True)
    total = np.where(seen, filled, 0.0).sum(axis=1, keepdims=True)
    mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return _filled(filled, mean)


def _filled(values: FloatArray, donor: FloatArray) -> FloatArray:
    """`values` with gaps taken from `donor` plus their mean difference over common months (last axis)."""
    donor = np.broadcast_to(donor, values.shape)
    both = np.isfinite(values) & np.isfinite(donor)
    count = both.sum(axis=-1, keepdims=True)
    offset = np.where(both, values - donor, 0.0).sum(axis=-1, keepdims=True) / np.maximum(count, 1)
    return np.where(np.isfinite(values), values, donor + offset)
