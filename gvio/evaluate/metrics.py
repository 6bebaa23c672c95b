"""Scores of estimates against official figures, and the test that two models differ.

Arrays are (N, T): one row per district, or per fold and district when folds are stacked. `scored` says which entries
count; outside it anything may stand, NaN too. A NaN inside is refused: it would pass every comparison. A score that is
undefined (fewer than two entries, no variation) is None, never a number.
"""

from __future__ import annotations

import numpy as np
from scipy import stats

from gvio.errors import ModelError
from gvio.scoreboard.scores import DieboldMariano
from gvio.types import BoolArray, FloatArray, IntArray


def pooled_r2(truth: FloatArray, predicted: FloatArray, scored: BoolArray) -> float | None:
    """1 − Σ(y−ŷ)² / Σ(y−ȳ)² over all scored entries together. Flatters: knowing each district's mean already scores.

    Raises:
        ModelError: A scored entry is not finite, or shapes differ.
    """
    y, p = _scored(truth, predicted, scored)
    return _r2(y - p, y - y.mean()) if y.size else None


def within_r2(
    truth: FloatArray, predicted: FloatArray, scored: BoolArray, districts: IntArray | None = None
) -> float | None:
    """R² of log output with every district's own level taken out of the denominator.

    1 − Σ(log y − log ŷ)² / Σ(log y − district mean of log y)²: errors count in full, so a wrong level costs.

    Args:
        truth, predicted: (N, T) output > 0.
        scored: (N, T) entries that count.
        districts: (N,) district of each row when folds are stacked; by default every row is a district.

    Raises:
        ModelError: A scored entry is not finite or not positive, or shapes differ.
    """
    y, p = _scored_logs(truth, predicted, scored)
    own = np.arange(len(truth)) if districts is None else districts
    member = np.broadcast_to(own[:, None], truth.shape)[scored]
    _, member = np.unique(member, return_inverse=True)
    number = np.bincount(member)
    mean = np.bincount(member, weights=y) / np.maximum(number, 1)
    return _r2(y - p, y - mean[member])


def yoy_r2(truth: FloatArray, predicted: FloatArray, scored: BoolArray, lag: int = 12) -> float | None:
    """R² of the change of log output over a year, along the predicted path.

    Compares log y_t − log y_{t−12} with log ŷ_t − log ŷ_{t−12}; the denominator is Σ(Δ − mean Δ)². Counts entries
    that are scored and whose truth a year earlier is known.

    Args:
        truth: (N, T) output; may be NaN where not scored.
        predicted: (N, T) the whole path; needed a year before every scored entry, too.
        scored: (N, T) entries that count.
        lag: Months in a year.

    Raises:
        ModelError: An entry that counts is not finite or not positive, or shapes differ.
    """
    _scored_logs(truth, predicted, scored)
    earlier = np.zeros(scored.shape, dtype=bool)
    earlier[:, :-lag] = scored[:, lag:]
    earlier &= np.isfinite(truth)
    later = np.zeros(scored.shape, dtype=bool)
    later[:, lag:] = earlier[:, :-lag]
    y0, p0 = _scored_logs(truth, predicted, earlier)
    y1, p1 = _scored_logs(truth, predicted, later)
    change = y1 - y0
    return _r2(change - (p1 - p0), change - change.mean()) if change.size else None


def mape(truth: FloatArray, predicted: FloatArray, scored: BoolArray) -> float | None:
    """Mean |y − ŷ| / y, a share (0.1 is 10 %).

    Raises:
        ModelError: A scored entry is not finite or not positive, or shapes differ.
    """
    _scored_logs(truth, predicted, scored)
    y, p = truth[scored], predicted[scored]
    return float(np.mean(np.abs(y - p) / y)) if y.size else None


def seasonal_scale(history: FloatArray, lag: int = 12) -> FloatArray:
    """Mean |y_t − y_{t−12}| of every row over the months known to the training: (N, T) → (N,), NaN without a pair."""
    step = np.abs(history[:, lag:] - history[:, :-lag])
    known = np.isfinite(step)
    total, number = np.where(known, step, 0.0).sum(axis=1), known.sum(axis=1)
    scale: FloatArray = np.divide(total, number, out=np.full(len(history), np.nan), where=number > 0)
    return scale


def mase(truth: FloatArray, predicted: FloatArray, scored: BoolArray, scale: FloatArray) -> float | None:
    """Mean absolute error in units of the in-sample seasonal naive error (Hyndman & Koehler 2006, IJF 22:679–688).

    Args:
        truth, predicted, scored: (N, T).
        scale: (N,) from `seasonal_scale` over what the training could see; rows without one do not count.

    Raises:
        ModelError: A scored entry is not finite, or shapes differ.
    """
    _scored(truth, predicted, scored)
    usable = np.isfinite(scale) & (np.where(np.isfinite(scale), scale, 0.0) > 0)
    counted = scored & usable[:, None]
    row, _ = np.nonzero(counted)
    error = np.abs(truth[counted] - predicted[counted])
    return float(np.mean(error / scale[row])) if error.size else None


def coverage(truth: FloatArray, lower: FloatArray, upper: FloatArray, scored: BoolArray) -> float | None:
    """Share of scored entries inside [lower, upper].

    Raises:
        ModelError: A scored entry or bound is not finite, bounds are crossed, or shapes differ.
    """
    y, low = _scored(truth, lower, scored)
    _, high = _scored(truth, upper, scored)
    if (low > high).any():
        what = f"{int((low > high).sum())} intervals have their lower bound above the upper"
        raise ModelError(what, where="coverage", hint="Order the bounds.")
    return float(np.mean((low <= y) & (y <= high))) if y.size else None


def crps_gaussian(truth: FloatArray, mean: FloatArray, sd: FloatArray, scored: BoolArray) -> float | None:
    """Mean continuous ranked probability score of Gaussian forecasts of log output; lower is better.

    σ (z (2 Φ(z) − 1) + 2 φ(z) − 1/√π), z = (log y − μ) / σ: Gneiting & Raftery (2007), JASA 102:359–378, eq. 21 with
    the sign turned. In units of log output; a forecast without spread has its absolute error.

    Args:
        truth: (N, T) output > 0.
        mean: (N, T) of the logarithm.
        sd: (N, T) > 0 of the logarithm.
        scored: (N, T) entries that count.

    Raises:
        ModelError: A scored entry is not finite, a standard deviation is not positive, or shapes differ.
    """
    y, mu, sigma = _scored_gaussian(truth, mean, sd, scored)
    z = (y - mu) / sigma
    score = sigma * (z * (2 * stats.norm.cdf(z) - 1) + 2 * stats.norm.pdf(z) - 1 / np.sqrt(np.pi))
    return float(np.mean(score)) if y.size else None


def interval_score(
    truth: FloatArray, mean: FloatArray, sd: FloatArray, scored: BoolArray, level: int = 80
) -> float | None:
    """Mean interval score of the central interval of a level in percent, of log output; lower is better.

    Width + 2/α × what lies outside, α = 1 − level/100: Gneiting & Raftery (2007), eq. 43. Arguments and errors as for
    `crps_gaussian`.
    """
    y, mu, sigma = _scored_gaussian(truth, mean, sd, scored)
    half = stats.norm.ppf(0.5 + level / 200) * sigma
    outside = np.maximum(np.abs(y - mu) - half, 0.0)
    return float(np.mean(2 * half + 2 / (1 - level / 100) * outside)) if y.size else None


def diebold_mariano(loss_a: FloatArray, loss_b: FloatArray, horizon: int = 1) -> DieboldMariano | None:
    """Diebold–Mariano test of equal accuracy with the small-sample correction.

    Diebold & Mariano (1995), JBES 13:253–263; correction and t distribution of Harvey, Leybourne & Newbold (1997), IJF
    13:281–291. The long-run variance is Newey–West with max(horizon − 1, ⌊n^⅓⌋) lags, which cannot be negative.

    Args:
        loss_a, loss_b: (n,) losses of consecutive months (a panel: the mean over districts of each month).
        horizon: Months ahead of the forecasts.

    Returns:
        None with fewer than `horizon` + 2 months, or when both lose the same in every month.

    Raises:
        ModelError: A loss is not finite, or lengths differ.
    """
    scored = np.ones(loss_a.shape, dtype=bool)
    a, b = _scored(loss_a, loss_b, scored)
    difference, n = a - b, a.size
    if n < horizon + 2:
        return None
    variance = _long_run_variance(difference, max(horizon - 1, cube_root(n))) / n
    if variance <= 0:
        return None
    correction = (n + 1 - 2 * horizon + horizon * (horizon - 1) / n) / n
    statistic = float(difference.mean() / np.sqrt(variance) * np.sqrt(max(correction, 0.0)))
    p_value = float(2 * stats.t.sf(abs(statistic), n - 1))
    return DieboldMariano(difference=float(difference.mean()), statistic=statistic, p_value=p_value, n=n)


def cube_root(n: int) -> int:
    """⌊n^⅓⌋ of n ≥ 0, also where the floating power falls just short of a whole number: 64 ** (1 / 3) < 4."""
    root: int = round(n ** (1 / 3))
    return root - int(root**3 > n)


def _long_run_variance(x: FloatArray, lags: int) -> float:
    centred = x - x.mean()
    n = len(x)
    total = float(centred @ centred) / n
    for k in range(1, min(lags, n - 1) + 1):
        total += 2 * (1 - k / (lags + 1)) * float(centred[k:] @ centred[:-k]) / n
    # a constant difference leaves rounding only
    return total if total > 1e-24 * max(1.0, float(x.mean()) ** 2) else 0.0


def _scored(truth: FloatArray, predicted: FloatArray, scored: BoolArray) -> tuple[FloatArray, FloatArray]:
    if not truth.shape == predicted.shape == scored.shape:
        what = f"shapes differ: truth {truth.shape}, predicted {predicted.shape}, scored {scored.shape}"
        raise ModelError(what, where="metrics", hint="Score the same districts and months.")
    y, p = truth[scored], predicted[scored]
    for name, values in (("truth", y), ("predicted", p)):
        bad = int((~np.isfinite(values)).sum())
        if bad:
            hint = "A model that does not predict everything it is asked for has no score."
            raise ModelError(f"{bad} of {values.size} scored entries of {name} are not finite", hint=hint)
    return y, p


def _scored_logs(truth: FloatArray, predicted: FloatArray, scored: BoolArray) -> tuple[FloatArray, FloatArray]:
    y, p = _scored(truth, predicted, scored)
    bad = int((y <= 0).sum() + (p <= 0).sum())
    if bad:
        raise ModelError(f"{bad} scored entries are not positive", where="metrics", hint="Output is above zero.")
    return np.log(y), np.log(p)


def _scored_gaussian(
    truth: FloatArray, mean: FloatArray, sd: FloatArray, scored: BoolArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    y, mu = _scored(truth, mean, scored)
    _, sigma = _scored(truth, sd, scored)
    bad = int((y <= 0).sum() + (sigma <= 0).sum())
    if bad:
        raise ModelError(
            f"{bad} scored entries are not positive", where="metrics", hint="Output and spread are above 0."
        )
    return np.log(y), mu, sigma


def _r2(error: FloatArray, deviation: FloatArray) -> float | None:
    spread = float(deviation @ deviation)
    # deviations of equal numbers leave rounding only
    return 1.0 - float(error @ error) / spread if error.size > 1 and spread > 1e-20 * error.size else None
