"""Raking: scale every district's pixels so that they sum exactly to its estimate."""

from __future__ import annotations

import numpy as np

from gvio.errors import ModelError
from gvio.map.industry import Industry
from gvio.map.linear import require_estimates
from gvio.types import FloatArray, IntArray


def rake_pixels(raw: FloatArray, industry: Industry, estimates: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Rake the industry pixels to the district estimates.

    The sum of a district's pixels equals its estimate to 1e-9 relative in float64. Rounding the result to float32
    moves each pixel, hence each sum of non-negative pixels, by at most 6e-8 relative.

    Args:
        raw: (P,) linear map, ≥ 0.
        industry: The pixels and their districts.
        estimates: (D,) output of the month.

    Returns:
        (P,) raked output, and (D,) factor = estimate / raw sum; NaN where the raw sum is 0 (nothing to adjust: the
        estimate is then spread evenly over the district's industry pixels).

    Raises:
        ModelError: An estimate is negative or not finite, or is positive in a district without industry.
    """
    require_estimates(estimates)
    number = np.bincount(industry.district, minlength=industry.n_districts)
    _require_industry(number, estimates)
    total = industry.by_district(raw)
    factor = np.divide(estimates, total, out=np.full(len(estimates), np.nan), where=total > 0)
    # Where the raw map is zero everywhere nothing says which pixel has more.
    even = estimates[industry.district] / number[industry.district]
    shaped = total[industry.district] > 0
    # Share first, then scale: a tiny raw sum would overflow the factor but not the share.
    share = np.divide(raw, total[industry.district], out=np.zeros_like(raw, dtype=np.float64), where=shaped)
    return np.where(shaped, share * estimates[industry.district], even), factor


def spread_districts(values: FloatArray, industry: Industry) -> FloatArray:
    """(D,) values of districts on all their pixels: (y, x) float64, NaN outside the districts."""
    return np.append(values.astype(np.float64), np.nan)[industry.owner]


def _require_industry(number: IntArray, estimates: FloatArray) -> None:
    empty = np.flatnonzero((number == 0) & (estimates > 0))
    if empty.size:
        what = f"district {int(empty[0])} has output {estimates[empty[0]]:g} and no pixel with a factory to put it in"
        hint = "Add a factory to the district, or leave the district out of the pack."
        raise ModelError(what, where=f"map, {empty.size} of {len(estimates)} districts", hint=hint)
