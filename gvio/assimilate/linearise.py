"""A published sum in logarithms: log Σ exp(x) made linear in log output round the current estimate."""

from __future__ import annotations

import numpy as np
from scipy import sparse

from gvio.ledger.sums import Sums
from gvio.types import FloatArray


def linearise(sums: Sums, log_output: FloatArray) -> tuple[sparse.csr_array, FloatArray]:
    """First-order expansion of log(G exp(x)) at x = `log_output` (D, T).

    Returns:
        H (n, D·T) csr, every row sums to one, and y (n,), such that H x ≈ y where the figures hold. Exact for figures
        of one district and month; iterating it is Gauss–Newton.
    """
    output = np.exp(log_output.ravel())
    total = sums.G @ output
    weights = sparse.csr_array(sparse.diags_array(1 / total) @ sums.G @ sparse.diags_array(output))
    left_over = np.log(total) - weights @ log_output.ravel()
    # A figure of one month is linear as it is: without the last digit's rounding it stays the same wherever it is
    # linearised, and what it told need not be worked out again.
    alone = np.diff(weights.indptr) == 1
    weights.data[weights.indptr[:-1][alone]] = 1.0
    left_over[alone] = np.log(sums.G.sum(axis=1)[alone])
    return weights, np.log(sums.values) - left_over


def first_guess(sums: Sums, prior_share: FloatArray) -> FloatArray:
    """Flat log output (D, T) to start from: each district's mean figure, else its share of the city.

    Args:
        sums: Figures visible.
        prior_share: (D,) positive, sums to one.
    """
    per_month = sums.values / (sums.end - sums.start + 1)
    city = _mean(per_month[sums.of_city])
    own = np.array([_mean(per_month[sums.area == d]) for d in range(sums.n_areas)])
    known = np.isfinite(own)
    if not np.isfinite(city) and known.any():
        city = own[known].sum() / max(prior_share[known].sum(), 1e-12)
    elif not np.isfinite(city):  # figures of groups alone
        share = [prior_share[sums.districts_of(row)].sum() for row in range(len(per_month))]
        city = _mean(per_month / np.maximum(share, 1e-12))
    level = np.where(known, own, prior_share * city)
    return np.repeat(np.log(level)[:, None], sums.n_months, axis=1)


def _mean(values: FloatArray) -> float:
    return float(np.exp(np.log(values).mean())) if len(values) else float("nan")
