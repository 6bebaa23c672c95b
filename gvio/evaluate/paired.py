"""Ours against each rival on the same figures: month by month, with a test, and district by district."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gvio.evaluate.metrics import diebold_mariano, mape, within_r2
from gvio.evaluate.scores import FoldScores, district_skill, squared_errors
from gvio.scoreboard.names import OURS
from gvio.scoreboard.scores import DieboldMariano, DistrictRow, LevelScores
from gvio.types import FloatArray

YEAR = 12


def rivals_tested(folds: Sequence[FoldScores]) -> dict[str, DieboldMariano | None]:
    """The test of ours against every other model, on monthly mean squared log errors; None where they cannot be told
    apart.
    """
    return {name: tested_against(folds, name) for name in folds[0].predicted if name != OURS}


def tested_against(folds: Sequence[FoldScores], rival: str) -> DieboldMariano | None:
    """The test against one rival."""
    return losses_tested(monthly_losses(folds, OURS), monthly_losses(folds, rival))


def losses_tested(ours: FloatArray, theirs: FloatArray) -> DieboldMariano | None:
    """Diebold–Mariano on the months that have a loss, with a year of autocorrelation.

    A year is as many losses as fall into one: twelve of monthly figures, four of quarterly ones.

    Args:
        ours, theirs: (T,) loss of each month, NaN where nothing was scored, in the same months.
    """
    months = np.flatnonzero(np.isfinite(ours))
    if len(months) < 2:
        return None
    horizon = max(1, round(YEAR / float(np.median(np.diff(months)))))
    return diebold_mariano(ours[months], theirs[months], horizon=horizon)


def monthly_losses(folds: Sequence[FoldScores], model: str) -> FloatArray:
    """(T,) mean squared log error of each month, over districts and over the folds that score it; NaN where none does.

    Origins a year apart score the second year twice; counted twice, it would look like twice the evidence.
    """
    errors = squared_errors(folds, model)
    seen = np.isfinite(errors)
    number = seen.sum(axis=(0, 1))
    total = np.where(seen, errors, 0.0).sum(axis=(0, 1))
    return np.asarray(np.divide(total, number, out=np.full(len(number), np.nan), where=number > 0))


def mean_log_errors(folds: Sequence[FoldScores]) -> FloatArray:
    """(D,) mean of log estimate − log figure of ours, NaN where a district was never scored."""
    errors = np.stack([np.where(f.scored, np.log(f.predicted[OURS]) - np.log(f.truth), np.nan) for f in folds])
    seen = np.isfinite(errors)
    number = seen.sum(axis=(0, 2))
    total = np.where(seen, errors, 0.0).sum(axis=(0, 2))
    return np.asarray(np.divide(total, number, out=np.full(len(number), np.nan), where=number > 0))


def level_scores(folds: Sequence[FoldScores]) -> dict[str, LevelScores]:
    """How well every model has the level of districts left out whole, by model."""
    out = {}
    for name in folds[0].predicted:
        pairs = [
            (fold.truth[d][fold.scored[d]], fold.predicted[name][d][fold.scored[d]])
            for fold in folds
            for d in np.flatnonzero(fold.scored.any(axis=1))
        ]
        truth, ours = (np.array([np.log(values).mean() for values in column]) for column in zip(*pairs, strict=True))
        spread = float(((truth - truth.mean()) ** 2).sum())
        errors = [abs(p.sum() - y.sum()) / y.sum() for y, p in pairs]
        out[name] = LevelScores(
            log_r2=1 - float(((truth - ours) ** 2).sum()) / spread if spread > 0 else None,
            total_error=float(np.mean(errors)),
        )
    return out


def district_rows(folds: Sequence[FoldScores], rival: str, names: Sequence[str]) -> tuple[DistrictRow, ...]:
    """Every scored district against the rival."""
    skill, rows = district_skill(folds, rival), []
    for d in sorted(skill):
        truth, ours, theirs, scored = (
            np.stack(part)
            for part in zip(
                *((f.truth[d], f.predicted[OURS][d], f.predicted[rival][d], f.scored[d]) for f in folds), strict=True
            )
        )
        rows.append(
            DistrictRow(
                name=names[d],
                labels=int(np.isfinite(folds[-1].known[d]).sum()),
                scored=int(scored.sum()),
                skill=skill[d],
                within_r2=within_r2(truth, ours, scored, np.zeros(len(folds), dtype=np.int64)),
                mape=mape(truth, ours, scored),
                rival_mape=mape(truth, theirs, scored),
            )
        )
    return tuple(rows)
