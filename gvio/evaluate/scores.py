"""Scores of one protocol: folds stacked, every model on exactly the same figures."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from gvio.evaluate.metrics import (
    coverage,
    crps_gaussian,
    interval_score,
    mape,
    mase,
    pooled_r2,
    seasonal_scale,
    within_r2,
    yoy_r2,
)
from gvio.map.intervals import gaussian_half_width
from gvio.scoreboard.names import LEVELS, OURS
from gvio.scoreboard.scores import ModelScores
from gvio.types import BoolArray, FloatArray, Month


@dataclasses.dataclass(frozen=True, eq=False)
class CityScores:
    """The city's figures in one fold, all (T,): `truth`, `scored`, our `predicted` and the `sd` of its logarithm."""

    truth: FloatArray
    scored: BoolArray
    predicted: FloatArray
    sd: FloatArray


@dataclasses.dataclass(frozen=True, eq=False)
class FoldScores:
    """One fold on its targets. All arrays (D, T): `truth`, `scored`; `predicted` by model; `sd` of our log estimate,
    `spread` that of other models that have one; `known`: figures visible in the fold, for the scale of MASE. `city` the
    same for the city where its figures were withheld. `last_known` is the index of the last month before the forecast.

    `name` is for people. What a protocol in time cuts at: `origin`, the first month whose figures are hidden, and
    `january`, the origin at which the model was fitted. `known_until` is the last month that was known in it,
    where that is not the evaluation's last one.
    """

    name: str
    truth: FloatArray
    scored: BoolArray
    predicted: Mapping[str, FloatArray]
    sd: FloatArray
    known: FloatArray
    last_known: int = -1
    city: CityScores | None = None
    origin: Month | None = None
    january: Month | None = None
    known_until: Month | None = None
    spread: Mapping[str, FloatArray] = dataclasses.field(default_factory=dict)


def same_models(folds: Sequence[FoldScores]) -> list[FoldScores]:
    """The folds with the models that all of them have: a judge that failed on one is not scored on the others."""
    shared = set.intersection(*(set(fold.predicted) for fold in folds)) if folds else set()
    return [
        dataclasses.replace(
            fold,
            predicted={name: path for name, path in fold.predicted.items() if name in shared},
            spread={name: sd for name, sd in fold.spread.items() if name in shared},
        )
        for fold in folds
    ]


def score_folds(folds: Sequence[FoldScores], widths: Sequence[FloatArray] | None = None) -> dict[str, ModelScores]:
    """Every metric of every model over all folds together.

    Our intervals are calibrated for each fold on the residuals of the other folds, never on its own: coverage measured
    on the residuals it was calibrated on is nominal by construction.

    Args:
        folds: At least one.
        widths: Half-widths (D, T, levels) of every fold; None calibrates by one factor a level (`half_widths`).

    Returns:
        Model → scores; coverage only for ours, whose intervals are published; proper scores of models that have a
        distribution in every fold.
    """
    truth, scored = np.concatenate([f.truth for f in folds]), np.concatenate([f.scored for f in folds])
    out = {}
    for name in folds[0].predicted:
        predicted = np.concatenate([fold.predicted[name] for fold in folds])
        out[name] = _metrics(folds, truth, predicted, scored)
        told = [fold.sd if name == OURS else fold.spread.get(name) for fold in folds]
        spreads = [part for part in told if part is not None]
        if len(spreads) == len(folds):
            out[name] = out[name].model_copy(update=_proper(truth, predicted, np.concatenate(spreads), scored))
        if name == OURS:
            half = np.concatenate(widths or half_widths(folds))
            out[name] = out[name].model_copy(update=_coverages(truth, predicted, half, scored))
    return out


def standardised(folds: Sequence[FoldScores]) -> FloatArray:
    """(n,) |log error| of our estimate over its own standard deviation, at every scored figure."""
    errors = [np.abs(np.log(f.truth) - np.log(f.predicted[OURS]))[f.scored] / f.sd[f.scored] for f in folds]
    return np.concatenate(errors) if errors else np.empty(0)


def calibrate(residuals: FloatArray) -> dict[int, float]:
    """Split-conformal factors per level: the residual quantile over the Gaussian one (Angelopoulos & Bates 2023, §1).

    With fewer than twenty residuals the posterior is taken at its word.
    """
    n = len(residuals)
    if n < 20:
        return dict.fromkeys(LEVELS, 1.0)
    out = {}
    for level in LEVELS:
        rank = min(1.0, np.ceil((n + 1) * level / 100) / n)
        out[level] = float(np.quantile(residuals, rank, method="higher") / gaussian_half_width(level))
    return out


def half_widths(folds: Sequence[FoldScores]) -> list[FloatArray]:
    """Half-widths per standard level of every fold, (D, T, levels), calibrated on the other folds."""
    scales = fold_scales(folds)
    return [np.stack([w * f.sd for w in scale], axis=2) for scale, f in zip(scales, folds, strict=True)]


def fold_scales(folds: Sequence[FoldScores]) -> list[list[float]]:
    """Standard deviations that make each level's interval, per fold, calibrated on the other folds."""
    out = []
    for i in range(len(folds)):
        scale = calibrate(standardised([*folds[:i], *folds[i + 1 :]]))
        out.append([gaussian_half_width(level) * scale[level] for level in LEVELS])
    return out


def district_skill(folds: Sequence[FoldScores], rival: str) -> dict[int, float]:
    """1 − squared log error of ours over the rival's, per district index that was scored."""
    ours, theirs = squared_errors(folds, OURS), squared_errors(folds, rival)
    total_ours, total_theirs = np.nansum(ours, axis=(0, 2)), np.nansum(theirs, axis=(0, 2))
    seen = np.isfinite(ours).any(axis=(0, 2)) & (total_theirs > 0)
    return {int(d): float(1 - total_ours[d] / total_theirs[d]) for d in np.flatnonzero(seen)}


def squared_errors(folds: Sequence[FoldScores], model: str) -> FloatArray:
    """(fold, D, T) squared log error of a model, NaN where not scored."""
    found = [np.where(f.scored, (np.log(f.truth) - np.log(f.predicted[model])) ** 2, np.nan) for f in folds]
    return np.stack(found)


def _metrics(folds: Sequence[FoldScores], truth: FloatArray, predicted: FloatArray, scored: BoolArray) -> ModelScores:
    n_areas = len(folds[0].truth)
    districts = np.tile(np.arange(n_areas), len(folds))
    scale = np.concatenate([seasonal_scale(fold.known) for fold in folds])
    path = np.concatenate([np.where(np.isfinite(f.known), f.known, np.nan) for f in folds])
    path = np.where(scored, predicted, path)
    whole = np.where(scored, truth, np.concatenate([f.known for f in folds]))
    return ModelScores(
        pooled_r2=pooled_r2(truth, predicted, scored),
        within_r2=within_r2(truth, predicted, scored, districts),
        yoy_r2=yoy_r2(whole, path, scored),
        mape=mape(truth, predicted, scored),
        mase=mase(truth, predicted, scored, scale),
        n=float(scored.sum()),
    )


def _proper(truth: FloatArray, predicted: FloatArray, sd: FloatArray, scored: BoolArray) -> dict[str, float | None]:
    mean = np.log(np.where(scored, predicted, 1.0))
    return {
        "crps": crps_gaussian(truth, mean, sd, scored),
        "interval_score80": interval_score(truth, mean, sd, scored, 80),
    }


def _coverages(truth: FloatArray, ours: FloatArray, half: FloatArray, scored: BoolArray) -> dict[str, float | None]:
    return {
        f"coverage{level}": coverage(truth, ours * np.exp(-half[..., i]), ours * np.exp(half[..., i]), scored)
        for i, level in enumerate(LEVELS)
    }
