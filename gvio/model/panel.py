"""What the SA-CNN sees: patches of light at factory pixels, against a training mean that only training months set.

Factories that share a pixel and a district share a patch: they become one *site*. Pure numpy; torch begins in
`gvio.model.sacnn`.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import ndimage

from gvio.sample.anomaly import anomaly, log_light, training_mean
from gvio.sample.patches import gather_patches
from gvio.sample.samples import Samples
from gvio.types import BoolArray, FloatArray, IntArray

STATIC_CHANNELS = ("mean_log_light", "local_excess", "log_factories", "urban")
DYNAMIC_CHANNELS = ("believed_anomaly", "validity")
# Months of weather can move a pixel far beyond what output does; beyond ±2 (a factor of 7) it is fire, flare or error.
_CLIP = 2.0
_BACKGROUND_PX = 9


@dataclasses.dataclass(frozen=True, eq=False)
class Normalisation:
    """What must travel with the weights: the light a pixel is compared with. `mean_log_light` (y, x), NaN never seen;
    `statistics` (D, S) and `city_statistics` (S,) training means.
    """

    mean_log_light: FloatArray
    statistics: FloatArray
    city_statistics: FloatArray


@dataclasses.dataclass(frozen=True, eq=False)
class Panel:
    """Inputs of one region for one normalisation. U sites, T months, D districts, S statistics.

    `static` (U, 4, p, p) float32; `dynamic` (U, T, 2, q, q) float32; `statistics` (D, T, 2S + 1) float32 anomalies of
    the district, of the city, and the mean validity; `log_excess` (U,) log mean light above the surroundings;
    `log_weight` (U, T) log of the weight of active factories, −inf where none; `district` (U,); `precision` (D, T) in
    [0, 1]: how well the district's factory light was seen; 0 in months without light.
    """

    static: FloatArray
    dynamic: FloatArray
    statistics: FloatArray
    log_excess: FloatArray
    log_weight: FloatArray
    district: IntArray
    precision: FloatArray
    n_areas: int


def fit_normalisation(samples: Samples, train: BoolArray) -> Normalisation:
    """Training means over the months where `train` (T,) holds; the other months have no influence."""
    mean = training_mean(log_light(samples.radiance), samples.observations, train)
    seen = train & np.isfinite(samples.city_statistics).all(axis=1)
    return Normalisation(
        mean_log_light=mean,
        statistics=samples.statistics[:, seen].mean(axis=1),
        city_statistics=samples.city_statistics[seen].mean(axis=0),
    )


def build_panel(samples: Samples, normalisation: Normalisation, static_px: int, dynamic_px: int) -> Panel:
    """Cut every patch once.

    Args:
        samples: Light at pixels and factories.
        normalisation: From `fit_normalisation`, of this fold or of the model being applied.
        static_px: Side of the static patch, odd.
        dynamic_px: Side of the anomaly patch, odd.
    """
    log_radiance = log_light(samples.radiance)
    change, validity = anomaly(log_radiance, normalisation.mean_log_light, samples.observations)
    statistics = _statistics(samples, normalisation)
    change = change - _common_mode(samples, normalisation)[:, None, None]
    believed = np.clip(np.where(validity > 0, change, 0.0), -_CLIP, _CLIP) * validity
    site, first = _sites(samples)
    row, col, district = samples.row[first], samples.col[first], samples.district[first]
    dynamic = np.stack([gather_patches(c, row, col, dynamic_px) for c in (believed, validity)], axis=2)
    images = _static_images(samples, normalisation.mean_log_light)
    precision = _precision(validity[:, row, col].T, district, len(samples.area_ids))
    return Panel(
        static=gather_patches(images, row, col, static_px).astype(np.float32),
        dynamic=dynamic.astype(np.float32),
        statistics=np.concatenate([statistics, precision[..., None]], axis=2).astype(np.float32),
        log_excess=images[1][row, col],
        log_weight=_log_weight(samples, site, len(first)),
        district=district.astype(np.int64),
        precision=precision,
        n_areas=len(samples.area_ids),
    )


def _sites(samples: Samples) -> tuple[IntArray, IntArray]:
    """Site of every factory (F,), and the first factory of every site (U,)."""
    key = np.stack([samples.row, samples.col, samples.district])
    _, first, site = np.unique(key, axis=1, return_index=True, return_inverse=True)
    return np.asarray(site).ravel(), first


def _log_weight(samples: Samples, site: IntArray, n_sites: int) -> FloatArray:
    total = np.zeros((n_sites, samples.active.shape[1]))
    np.add.at(total, site, samples.weight[:, None] * samples.active)
    logarithm: FloatArray = np.log(total, out=np.full(total.shape, -np.inf), where=total > 0)
    return logarithm


def _static_images(samples: Samples, mean_log_light: FloatArray) -> FloatArray:
    """(4, y, x) in the order of `STATIC_CHANNELS`, about zero mean and unit size."""
    seen = mean_log_light[np.isfinite(mean_log_light)]
    typical = float(np.median(seen)) if seen.size else 0.0
    mean = np.where(np.isfinite(mean_log_light), mean_log_light, typical)
    excess = mean - ndimage.median_filter(mean, _BACKGROUND_PX)
    return np.stack([mean - typical, excess, np.log1p(samples.density), samples.urban - 0.5])


def _statistics(samples: Samples, normalisation: Normalisation) -> FloatArray:
    """(D, T, 2S) anomalies of district and city statistics, 0 where there is no light at all."""
    own = samples.statistics - normalisation.statistics[:, None]
    city = np.broadcast_to(samples.city_statistics - normalisation.city_statistics, own.shape)
    return np.asarray(np.nan_to_num(np.concatenate([own, city], axis=2)))


def _common_mode(samples: Samples, normalisation: Normalisation) -> FloatArray:
    """(T,) what light did away from every factory: calibration, weather and season, not output."""
    away = [i for i, name in enumerate(samples.statistic_names) if name.endswith("away")]
    change = samples.city_statistics[:, away] - normalisation.city_statistics[away]
    return np.asarray(np.nan_to_num(change.mean(axis=1)))


def _precision(validity: FloatArray, district: IntArray, n_areas: int) -> FloatArray:
    member = district == np.arange(n_areas)[:, None]
    return np.asarray(member @ validity / np.maximum(member.sum(axis=1, keepdims=True), 1))
