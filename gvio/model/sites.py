"""Sites: factories that share a pixel and a district, their weight over months, and their own light."""

from __future__ import annotations

import dataclasses

import numpy as np

from gvio.sample.anomaly import LOG_OFFSET
from gvio.sample.deblend import Deblended, deblend_once, share_of_light
from gvio.sample.samples import Samples
from gvio.types import BoolArray, FloatArray, IntArray

NONE = -30.0
"""Log weight of no factory."""

_FAINTEST = 2.5  # log light of a factory against a usual one; less than a twelfth or more than twelve times is error
_SAME = 0.3  # largest range of a site's log weight over months at which its factories count as the same


def sites_of(samples: Samples) -> tuple[IntArray, IntArray]:
    """Site of every factory (F,), and the first factory of every site (U,)."""
    # The district is part of the key: a border pixel holds factories of two districts, with one patch each.
    key = np.stack([samples.row, samples.col, samples.district])
    _, first, site = np.unique(key, axis=1, return_index=True, return_inverse=True)
    return np.asarray(site).ravel(), first


def log_weight_of(weight: FloatArray, active: BoolArray, site: IntArray, n_sites: int) -> FloatArray:
    """(U, T) log weight of the factories that work at a site, −inf where none does."""
    total = np.zeros((n_sites, active.shape[1]))
    np.add.at(total, site, weight[:, None] * active)
    logarithm: FloatArray = np.log(total, out=np.full(total.shape, -np.inf), where=total > 0)
    return logarithm


def is_steady(log_weight: FloatArray) -> BoolArray:
    """(U,) sites at which about the same factories work in all months."""
    known = np.where(np.isfinite(log_weight), log_weight, NONE)
    return np.asarray(np.isfinite(log_weight).all(axis=1) & (np.ptp(known, axis=1) < _SAME))


def deblended_at(
    mean_log_light: FloatArray, row: IntArray, col: IntArray, weight: FloatArray
) -> tuple[IntArray, IntArray, FloatArray, Deblended, FloatArray]:
    """Of N factories or sites: their flat pixels (P,), which of them each is in (N,), the weight in each (P,), their
    deblended, and its share of every pixel's light (y, x)."""
    mean = np.exp(mean_log_light) - LOG_OFFSET
    pixels, inverse = np.unique(row * mean.shape[1] + col, return_inverse=True)
    count = np.asarray(np.bincount(inverse, weight), dtype=np.float64)
    deblended = deblend_once(mean, pixels, count)
    return pixels, inverse, count, deblended, share_of_light(mean, deblended, pixels)


@dataclasses.dataclass(frozen=True, eq=False)
class OwnLight:
    """Of U sites: `log_excess` (U,) log own light of their factories against as many usual ones, `share` (U,) their
    part of the site's light; `shares` (y, x) that of all factories in every pixel's light, from brightness alone.

    `share` is the mean of two with different errors: one from brightness, one from how the light moves with the city.
    """

    log_excess: FloatArray
    share: FloatArray
    shares: FloatArray


def own_light_of(
    mean_log_light: FloatArray, background: FloatArray, log_weight: FloatArray, row: IntArray, col: IntArray
) -> OwnLight:
    """What the mean image says of the factories' own light; arguments as of `Normalisation` and of the sites."""
    # The mean image holds the light of all factories that ever worked, so their largest number counts.
    weight = np.exp(log_weight).max(axis=1)
    _, inverse, count, deblended, shares = deblended_at(mean_log_light, row, col, weight)
    against = np.maximum(deblended.light, 1e-6) / np.maximum(deblended.usual * count, 1e-6)
    share = (shares + 1 - background)[row, col] / 2
    return OwnLight(np.clip(np.log(against), -_FAINTEST, _FAINTEST)[inverse], share, shares)
