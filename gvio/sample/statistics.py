"""Urban and rural light, near and away from factories: the month's calibration, weather and season."""

from __future__ import annotations

import numpy as np
from scipy.sparse import coo_array, csr_array

from gvio.sample.means import masked_means
from gvio.types import BoolArray, FloatArray, IntArray

STATISTIC_NAMES = ("urban_near", "urban_away", "rural_near", "rural_away")

# The other of near and away, of the same urban or rural kind, in the order of STATISTIC_NAMES.
_SIBLING = [1, 0, 3, 2]


def light_statistics(
    radiance: FloatArray, owner: IntArray, urban: FloatArray, near: FloatArray, middle: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Mean log1p(max(radiance, 0)) per district and month, of urban/rural land near/away from factories.

    Near weighs a pixel by the share inside a smallest buffer, away by the share outside every middle one; the
    belt between is neither, because factory light blooms into it. Every month by itself: gaps are filled by
    `fill_gaps`, with what a training may know.

    Args:
        radiance: (T, y, x) nW cm⁻² sr⁻¹, NaN = not observed.
        owner: (y, x) district index, −1 for none.
        urban: (y, x) 1 urban, 0 rural, or a share.
        near: (y, x) share of the pixel inside a smallest buffer.
        middle: (y, x) share inside a middle buffer, ≥ `near`.

    Returns:
        (D, T, 4) districts and (T, 4) city (all districts), float64, in the order of `STATISTIC_NAMES`, NaN where
        nothing was seen; (T,) mean of every pixel, NaN in months without any observation.
    """
    weights = _weights(owner, urban, near, middle)
    means, _ = masked_means(weights, np.log1p(np.maximum(radiance, 0)))
    n_areas = (len(means) - 1) // 4
    # The first block of four rows is the city, the last row is every pixel.
    areas = means[:-1].reshape(n_areas, 4, -1).transpose(0, 2, 1)
    return areas[1:], areas[0], means[-1]


def gap_offsets(districts: FloatArray, city: FloatArray, everything: FloatArray, train: BoolArray) -> FloatArray:
    """What `fill_gaps` adds to a donor's value, learned on the months where `train` (T,) holds; no other month counts.

    Args:
        districts, city, everything: (D, T, 4), (T, 4) and (T,) from `light_statistics`.
        train: (T,) months that may be looked at.

    Returns:
        (1 + D, 3, 4) float64: city, then districts; the three donors in turn; 0 where an area and a donor were never
        seen together.
    """
    own, whole = _areas(districts, city)[..., train], everything[train]
    filled, of_city = _learned(own[:1], whole)
    _, of_districts = _learned(own[1:], filled)
    return np.concatenate([of_city, of_districts])


def fill_gaps(
    districts: FloatArray, city: FloatArray, everything: FloatArray, offsets: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Statistics without gaps in every month in which anything was seen: (D, T, 4) districts and (T, 4) city.

    A combination without an observation takes the change of the area's other one of near and away, then of its
    mean, then of the city, and the city of all pixels: the donor's value shifted by the mean difference to it, so
    that a cloudy month is no jump. A month's values depend on that month and on `offsets` alone.

    Args:
        districts, city, everything: From `light_statistics`.
        offsets: From `gap_offsets`.
    """
    own = _areas(districts, city)
    whole = _applied(own[:1], everything, offsets[:1])
    rest = _applied(own[1:], whole, offsets[1:])
    return rest.transpose(0, 2, 1), whole[0].T


def _areas(districts: FloatArray, city: FloatArray) -> FloatArray:
    """(1 + D, 4, T): months last, as the donors want them."""
    return np.concatenate([city[None], districts]).transpose(0, 2, 1)


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


def _learned(values: FloatArray, last: FloatArray) -> tuple[FloatArray, FloatArray]:
    """(A, 4, T) `values` filled from the area's own donors and from the `last` one, and the (A, 3, 4) offsets."""
    offsets = []
    for donor in _DONORS:
        given = donor(values, last)
        offsets.append(_difference(values, given))
        values = _filled(values, given, offsets[-1])
    return values, np.stack(offsets, axis=1)


def _applied(values: FloatArray, last: FloatArray, offsets: FloatArray) -> FloatArray:
    """As `_learned`, with the (A, 3, 4) offsets that it gave."""
    for k, donor in enumerate(_DONORS):
        values = _filled(values, donor(values, last), offsets[:, k])
    return values


def _sibling(values: FloatArray, _last: FloatArray) -> FloatArray:
    return values[:, _SIBLING]


def _own_mean(values: FloatArray, _last: FloatArray) -> FloatArray:
    """(A, 1, T) mean of what the area has."""
    seen = np.isfinite(values)
    count = seen.sum(axis=1, keepdims=True)
    total = np.where(seen, values, 0.0).sum(axis=1, keepdims=True)
    mean: FloatArray = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    return mean


def _others(_values: FloatArray, last: FloatArray) -> FloatArray:
    return last


_DONORS = (_sibling, _own_mean, _others)


def _difference(values: FloatArray, donor: FloatArray) -> FloatArray:
    """(A, 4) mean of `values` − `donor` over common months."""
    donor = np.broadcast_to(donor, values.shape)
    both = np.isfinite(values) & np.isfinite(donor)
    return np.asarray(np.where(both, values - donor, 0.0).sum(axis=-1) / np.maximum(both.sum(axis=-1), 1))


def _filled(values: FloatArray, donor: FloatArray, offset: FloatArray) -> FloatArray:
    """`values` (A, 4, T) with gaps taken from `donor` plus the (A, 4) offset."""
    return np.where(np.isfinite(values), values, donor + offset[..., None])
