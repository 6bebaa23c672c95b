"""How far a pixel may be off: its district's interval and the spread of the allocation inside the district.

Everything is in log space and lognormal. Nobody publishes the output of a pixel, so the spread inside districts cannot
be measured; it is inferred from the errors of the relation on left-out districts, with what all pixels of a district
have in common separated as far as districts of unequal size allow.
"""

from __future__ import annotations

import numpy as np

from gvio.map.industry import Industry
from gvio.map.linear import predict_left_out
from gvio.types import FloatArray

Z80 = 1.2815515655446004
"""The 90 % point of the normal distribution: half the width of a central 80 % interval."""

PRIOR_SIGMA = 1.0
PRIOR_DISTRICTS = 8.0
"""Log output of establishments of one trade spreads by about one; that counts like eight districts of evidence."""

_SIGMA = np.exp(np.linspace(np.log(0.2), np.log(5.0), 81))  # candidates, evenly in the logarithm; the middle is one
_TAU = np.linspace(0.0, 2.0, 81)


def allocation_sigma(industry: Industry, estimates: FloatArray, raked: FloatArray) -> float:
    """Spread of a pixel's log output about the linear map (standard deviation of the natural log).

    If pixels err independently by σ and all pixels of a district alike by τ, the log error of a district of effective
    size K = 1/Σ share² has variance τ² + σ²/K. Both are estimated from left-out districts: the most likely pair under a
    log-normal prior of σ about 1, as sharp as `PRIOR_DISTRICTS` errors would make it (a log standard deviation that is
    estimated from n has variance 1/2n); τ is free.

    Args:
        industry: Terms over the same months as `estimates`.
        estimates: (D, T) the pooled months.
        raked: (P,) raked output of the month, for the shares.
    """
    count, light = industry.by_district(industry.count), industry.by_district(industry.light)
    predicted, known = predict_left_out(count, light, estimates).sum(axis=1), estimates.sum(axis=1)
    # A district without prediction or output has no log error.
    used = np.isfinite(predicted) & (predicted > 0) & (known > 0)
    error = np.log(predicted[used] / known[used])
    inverse_size = concentration(industry, raked)[used]
    return most_likely_sigma(error, inverse_size)


def most_likely_sigma(error: FloatArray, inverse_size: FloatArray) -> float:
    """σ of `allocation_sigma` from log errors of districts (n,) and 1/K (n,); `PRIOR_SIGMA` without any."""
    sigma, tau = _SIGMA[:, None, None], _TAU[None, :, None]
    variance = tau**2 + sigma**2 * np.maximum(inverse_size, 1e-6)
    # On a grid: with two parameters it is cheap, needs no starting point and cannot end in a local minimum.
    prior = PRIOR_DISTRICTS * np.log(_SIGMA / PRIOR_SIGMA) ** 2
    loss = 0.5 * (np.log(variance) + error**2 / variance).sum(axis=2) + prior[:, None]
    return float(_SIGMA[np.unravel_index(np.argmin(loss), loss.shape)[0]])


def concentration(industry: Industry, raked: FloatArray) -> FloatArray:
    """(D,) Σ share² of the district's pixels: 1 when one pixel has everything, 1/n when n share evenly, 0 when none."""
    return industry.by_district(shares(industry, raked) ** 2)


def shares(industry: Industry, raked: FloatArray) -> FloatArray:
    """(P,) every pixel's share of its district."""
    total = industry.by_district(raked)[industry.district]
    return np.divide(raked, total, out=np.zeros(len(raked)), where=total > 0)


def pixel_interval(
    industry: Industry,
    raked: FloatArray,
    estimates: FloatArray,
    lower80: FloatArray,
    upper80: FloatArray,
    sigma: float,
) -> tuple[FloatArray, FloatArray]:
    """Central 80 % interval of every industry pixel.

    The share s_p = x_p / Σ x_q of independent lognormal x with spread σ has log variance σ²((1−s_p)² + Σ_{q≠p} s_q²)
    (delta method), which vanishes for the only pixel of a district. The estimate is a mean, so the interval is centred
    on the median, exp(−v/2) below it. The district's own interval is added in quadrature on either side.

    Args:
        industry: Pixels and districts.
        raked: (P,) raked output.
        estimates, lower80, upper80: (D,) the districts' estimate and interval.
        sigma: From `allocation_sigma`.

    Returns:
        (P,) lower and (P,) upper, lower ≤ raked ≤ upper; both 0 where the pixel is 0.
    """
    share = shares(industry, raked)
    rest = concentration(industry, raked)[industry.district] - share**2
    variance = sigma**2 * ((1 - share) ** 2 + np.maximum(rest, 0.0))
    below = _log_ratio(estimates, lower80)[industry.district]
    above = _log_ratio(upper80, estimates)[industry.district]
    lower = raked * np.exp(-variance / 2 - np.hypot(below, Z80 * np.sqrt(variance)))
    upper = raked * np.exp(-variance / 2 + np.hypot(above, Z80 * np.sqrt(variance)))
    return lower, np.maximum(upper, raked)


def _log_ratio(high: FloatArray, low: FloatArray) -> FloatArray:
    """log(high / low) ≥ 0; a lower bound of 0 is read as a millionth, a district without output has no width."""
    ratio = np.divide(high, np.maximum(low, 1e-6 * high), out=np.ones_like(high, dtype=np.float64), where=high > 0)
    out: FloatArray = np.log(np.maximum(ratio, 1.0))
    return out
