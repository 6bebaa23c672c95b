"""Light as the model sees it: log radiance, its training mean, and the anomaly against that mean."""

from __future__ import annotations

import numpy as np

from gvio.types import BoolArray, FloatArray, IntArray

# nW cm⁻² sr⁻¹. About the noise floor of a monthly VIIRS composite (Elvidge et al. 2017, Int. J. Remote Sensing
# 38:5860): below it differences are noise, so the logarithm is made linear there instead of blowing them up.
LOG_OFFSET = 0.3


def log_light(radiance: FloatArray) -> FloatArray:
    """log(max(radiance, 0) + 0.3), NaN kept. Radiance in nW cm⁻² sr⁻¹, any shape; float32 stays float32."""
    return np.log(np.maximum(radiance, 0) + radiance.dtype.type(LOG_OFFSET))


def training_mean(log_radiance: FloatArray, observations: IntArray, train: BoolArray) -> FloatArray:
    """Mean log light per pixel over the training months, weighted by cloud-free observations.

    Args:
        log_radiance: (T, y, x) from `log_light`, NaN = not observed.
        observations: (T, y, x) cloud-free observations, the weight: the variance of a composite is σ²/n.
        train: (T,) training months; the others have no influence.

    Returns:
        (y, x) float64, NaN where no training month saw the pixel.
    """
    total, summed = (np.zeros(log_radiance.shape[1:]) for _ in range(2))
    for month in np.flatnonzero(train):  # one at a time: float64 of all months are many
        x, weight = log_radiance[month], observations[month].astype(np.float64)
        weight = np.where(np.isfinite(x), weight, 0.0)
        total += weight
        summed += weight * np.where(weight > 0, x, 0.0)
    return np.asarray(np.divide(summed, total, out=np.full(total.shape, np.nan), where=total > 0))


def anomaly(
    log_radiance: FloatArray, mean: FloatArray, observations: IntArray, shrink: float = 3.0
) -> tuple[FloatArray, FloatArray]:
    """Log-light anomaly against the pixel's own training mean, and its weight.

    The anomaly itself is not shrunk: `validity` is the channel to multiply by or to feed beside it. With n
    observations of variance σ² and a prior variance σ²/k of the anomaly, n / (n + k) is the posterior weight.

    Args:
        log_radiance: (T, y, x), NaN = not observed.
        mean: (y, x) from `training_mean`, NaN = never seen.
        observations: (T, y, x) cloud-free observations.
        shrink: k, the number of observations at which anomaly and prior have equal weight.

    Returns:
        (T, y, x) float32 anomaly, 0 where the month or the mean is missing; (T, y, x) float32 validity in [0, 1).
    """
    change, validity = (np.zeros(log_radiance.shape, np.float32) for _ in range(2))
    for t, light in enumerate(log_radiance):  # one month at a time: differences are float64, and all months' are many
        difference = light - mean
        known = np.isfinite(difference)
        count = np.where(known, observations[t], 0).astype(np.float32)
        change[t] = np.where(known, difference, 0.0)
        validity[t] = count / (count + np.float32(shrink))
    return change, validity
