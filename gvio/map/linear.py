"""The linear relation of light in factory areas to output: E ≈ a · factories + b · their own light.

Form and constants were chosen out of sample, by leaving districts out; docs/measurements/maps.md has the scores. Gong
et al. (2025, JAG 143:104781) say "a linear relation of light in factory areas to the estimates"; the rest is ours.
"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy.optimize import nnls

from gvio.errors import ModelError
from gvio.map.industry import Industry
from gvio.types import FloatArray

PRIOR_WEIGHT = 4.0
"""Weight of "light explains most and count the rest", in squared relative errors of one district.

A dozen districts cannot separate the two slopes: without it the slopes jump between the corners (all count, all
light) from one window to the next, and a left-out district is predicted worse."""


PRIOR_SHARES = (0.15, 0.85)
"""Shares that count and light explain before any district is seen (scores: docs/measurements/maps.md)."""


@dataclasses.dataclass(frozen=True)
class Relation:
    """The two non-negative slopes, in the pack's unit per month.

    Attributes:
        per_factory: a, output per weighted factory.
        per_light: b, output per nW cm⁻² sr⁻¹ of factories' own light.
    """

    per_factory: float
    per_light: float

    def apply(self, count: FloatArray, light: FloatArray) -> FloatArray:
        """Output ≥ 0 of `count` factories with light term `light`; any shape."""
        return self.per_factory * count + self.per_light * light


def pooled_months(t: int, n_months: int, pool: int) -> slice:
    """The `pool` months that end at `t`; near the start of the series the first `pool` months."""
    start = max(0, t - pool + 1)
    return slice(start, min(n_months, start + pool))


def fit_relation(count: FloatArray, light: FloatArray, estimates: FloatArray) -> Relation:
    """Fit the slopes to district-months by non-negative least squares of relative errors.

    Relative, so that a large district does not decide alone; the rows of one district together weigh one, because its
    months repeat each other. The level is then set so that the sum over all rows is exact: least squares of relative
    errors alone is biased low.

    Args:
        count: (D, T) factories of the district (`Industry.by_district(count)`).
        light: (D, T) its light term.
        estimates: (D, T) output; rows of a district without factories or with zero output are left out.

    Raises:
        ModelError: An estimate is not finite or negative.
    """
    require_estimates(estimates)
    used = (estimates > 0) & (count > 0)
    y, terms = estimates[used], np.stack([count[used], light[used]], axis=1)
    if not y.size:
        return Relation(0.0, 0.0)
    # Each column in units of "explains everything alone", so that the prior means shares.
    scale = np.divide(y.sum(), terms.sum(axis=0), out=np.zeros(2), where=terms.sum(axis=0) > 0)
    # Divided by the root of the months: the rows of a district together weigh one.
    weight = 1.0 / (y * np.sqrt(estimates.shape[1]))
    prior = np.sqrt(PRIOR_WEIGHT) * np.eye(2)
    rows = np.vstack([terms * scale * weight[:, None], prior])
    share, _ = nnls(rows, np.concatenate([y * weight, np.sqrt(PRIOR_WEIGHT) * np.array(PRIOR_SHARES)]))
    slopes = share * scale
    # Least squares of relative errors favours small rows and is low in total; one factor restores the total.
    slopes *= y.sum() / (terms @ slopes).sum()
    return Relation(float(slopes[0]), float(slopes[1]))


def predict_left_out(count: FloatArray, light: FloatArray, estimates: FloatArray) -> FloatArray:
    """Every district from the relation of the others: (D, T) from (D, T); with a single district NaN."""
    out = np.full(estimates.shape, np.nan)
    if len(estimates) < 2:
        return out
    for d in range(len(estimates)):
        others = np.arange(len(estimates)) != d
        out[d] = fit_relation(count[others], light[others], estimates[others]).apply(count[d], light[d])
    return out


def raw_map(industry: Industry, estimates: FloatArray, t: int, pool: int) -> tuple[FloatArray, Relation]:
    """The linear map of month `t` before raking.

    Args:
        industry: Pixels and their terms, T months.
        estimates: (D, T) district estimates.
        t: Month index.
        pool: Months pooled in the fit (`MapParams.pooled_months`).

    Returns:
        (P,) output ≥ 0 of the industry pixels, and the relation that made it.

    Raises:
        ModelError: As for `fit_relation`.
    """
    window = pooled_months(t, estimates.shape[1], pool)
    count, light = (terms[:, window] for terms in industry.of_districts)
    relation = fit_relation(count, light, estimates[:, window])
    return relation.apply(industry.count[:, t], industry.light[:, t]), relation


def require_estimates(estimates: FloatArray) -> None:
    """Refuse estimates that are not finite or negative: a NaN would pass every comparison below.

    Raises:
        ModelError: Names how many and the first of them by (district, month) index.
    """
    # Finiteness first: a NaN is never below zero.
    bad = ~np.isfinite(estimates)
    bad |= np.where(bad, 0.0, estimates) < 0
    if bad.any():
        first = tuple(int(i) for i in np.argwhere(bad)[0])
        what = f"{int(bad.sum())} estimates are negative or not finite, the first is {estimates[first]}"
        raise ModelError(what, where=f"estimates {first}", hint="Do not map this model; look at its training run.")
