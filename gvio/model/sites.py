"""Sites: factories that share a pixel and a district, and how many of them work in each month. Pure numpy."""

from __future__ import annotations

import numpy as np

from gvio.sample.samples import Samples
from gvio.types import BoolArray, FloatArray, IntArray

NOBODY = -30.0
"""Log weight of no factory."""
_SAME = 0.3  # largest range of a site's log weight over months at which its factories count as the same


def sites_of(samples: Samples) -> tuple[IntArray, IntArray]:
    """Site of every factory (F,), and the first factory of every site (U,)."""
    # The district is part of the key: a border pixel holds factories of two districts, with one patch each.
    key = np.stack([samples.row, samples.col, samples.district])
    _, first, site = np.unique(key, axis=1, return_index=True, return_inverse=True)
    return np.asarray(site).ravel(), first


def log_weights(weight: FloatArray, active: BoolArray, site: IntArray, n_sites: int) -> FloatArray:
    """(U, T) log of the summed `weight` (F,) of a site's factories that are `active` (F, T); -inf where none is."""
    total = np.zeros((n_sites, active.shape[1]))
    np.add.at(total, site, weight[:, None] * active)
    logarithm: FloatArray = np.log(total, out=np.full(total.shape, -np.inf), where=total > 0)
    return logarithm


def is_steady(log_weight: FloatArray) -> BoolArray:
    """(U,) sites at which about the same factories work in all months, from their (U, T) log weights."""
    known = np.where(np.isfinite(log_weight), log_weight, NOBODY)
    return np.asarray(np.isfinite(log_weight).all(axis=1) & (np.ptp(known, axis=1) < _SAME))
