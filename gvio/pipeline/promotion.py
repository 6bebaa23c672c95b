"""Whether the challenger becomes champion, and its entry in the registry with the evidence."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
from pydantic import JsonValue

from gvio.evaluate.metrics import diebold_mariano
from gvio.evaluate.target import on_targets, targets_of
from gvio.ledger.select import select_rows
from gvio.pipeline.inputs import Inputs
from gvio.pipeline.job import Job
from gvio.registry.lifecycle import keep_champion, promote
from gvio.registry.record import TrainingRecord
from gvio.registry.training import log_training
from gvio.report.model_card import model_card
from gvio.scoreboard.board import Scoreboard
from gvio.scoreboard.names import AS_USED, SIGNIFICANT
from gvio.train.fit import Fitted, estimate, losses, mean_member
from gvio.train.metadata import ModelMetadata
from gvio.types import FloatArray

_TEST_MONTHS = 12
_COVERAGE = (0.60, 0.97)  # an 80 % interval that holds less or more than this out of time is not an interval


@dataclasses.dataclass(frozen=True)
class Decision:
    """Promote or keep, with the reason the registry records."""

    promote: bool
    reason: str


def decide(
    inputs: Inputs,
    challenger: Fitted,
    scoreboard: Scoreboard,
    champion: tuple[Fitted, ModelMetadata] | None,
) -> Decision:
    """Promote when finite, covering, better than the best naive forecast, and not worse than the champion beyond noise.

    The first valid model is promoted whatever its skill: there is nothing to fall back on, and everything it
    publishes says so.
    """
    errors = recent_errors(inputs, challenger)
    if not np.isfinite(errors).all():
        return Decision(False, "keep: the challenger's estimate is not finite")
    skill = scoreboard.skill or "none"
    if champion is None or champion[0].area_ids != challenger.area_ids:
        return Decision(True, f"promote: first model of these districts, skill {skill}")
    coverage = scoreboard.scores(AS_USED).coverage80
    if coverage is not None and not _COVERAGE[0] <= coverage <= _COVERAGE[1]:
        return Decision(False, f"keep: the challenger's 80 % interval held {coverage:.0%} out of time")
    if skill == "none" and champion[1].skill in {"proven", "weak"}:
        return Decision(False, "keep: the challenger is no better than the best naive forecast, the champion was")
    theirs = recent_errors(inputs, champion[0])
    test = diebold_mariano(errors, theirs) if len(errors) >= _TEST_MONTHS // 2 else None
    if test is not None and test.difference > 0 and test.p_value < SIGNIFICANT:
        return Decision(False, f"keep: worse than the champion on the same months (p = {test.p_value:.3f})")
    compared = f"{errors.mean():.5f} against {theirs.mean():.5f}" if len(errors) else "no common figures"
    return Decision(True, f"promote: not worse than the champion beyond noise ({compared}), skill {skill}")


def recent_errors(inputs: Inputs, fitted: Fitted) -> FloatArray:
    """(n,) mean squared log error per month over the last year of district figures, withheld and re-estimated.

    Light is read by the member that left the year out, so that neither model is scored on what it was trained on.
    """
    sums = inputs.sums
    targets = targets_of(sums)
    known = np.flatnonzero((targets.row >= 0).any(axis=0))
    first = known[-1] - _TEST_MONTHS + 1 if len(known) else 0
    withheld = (sums.area >= 0) & (sums.end >= first)
    if withheld.all() or not len(known):
        return np.zeros(0)
    visible = select_rows(sums, ~withheld)
    path = np.exp(estimate(fitted, inputs.samples, visible, cross_fitted=True).mean)
    predicted = on_targets(sums, targets, path)
    scored = (targets.row >= 0) & (np.arange(sums.n_months) >= first)
    log_error = np.log(predicted, where=scored, out=np.zeros(scored.shape)) - np.log(
        targets.value, where=scored, out=np.zeros(scored.shape)
    )
    return np.array([(log_error[scored[:, t], t] ** 2).mean() for t in np.flatnonzero(scored.any(axis=0))])


def register(
    job: Job,
    uri: str,
    about: ModelMetadata,
    fitted: Fitted,
    scoreboard: Scoreboard,
    figures: Mapping[str, bytes],
    decision: Decision,
) -> int:
    """Log the training to MLflow, register the candidate, and move the aliases. Returns the version."""
    record = TrainingRecord(
        region=job.region,
        reason=about.reason,
        parameters=_flat(about.parameters) | {f"hyper.{k}": v for k, v in fitted.ensemble.hyper.as_dict().items()},
        epochs=losses(fitted),
        metrics=scoreboard.metrics() | {"mean_best_epoch": mean_member(fitted.ensemble.members)},
        package=job.path("candidate"),
        figures=figures,
        documents={"model-card.md": model_card(job.config, about, scoreboard, decision.reason)},
        tags={"input_key": about.input_key, "code": job.code, "trained": str(fitted.trained)},
    )
    version = log_training(uri, record)
    move = promote if decision.promote else keep_champion
    move(uri, job.region, version.version, decision.reason)
    return version.version


def _flat(tree: Mapping[str, JsonValue], prefix: str = "") -> dict[str, str | int | float]:
    out: dict[str, str | int | float] = {}
    for key, value in tree.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            out |= _flat(value, f"{name}.")
        else:
            out[name] = value if isinstance(value, int | float | str) else str(value)
    return out
