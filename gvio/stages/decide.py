"""Decide: whether the candidate goes into production, and its entry in the registry with the evidence (ADR 0007)."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import JsonValue
from scipy.stats import binom

from gvio.errors import RETRAIN, ModelError
from gvio.evaluate.metrics import diebold_mariano
from gvio.evaluate.target import on_targets, targets_of
from gvio.ledger.select import select_rows
from gvio.ledger.sums import Sums
from gvio.registry.record import Decision, Knowledge, ModelVersion, TrainingRecord
from gvio.registry.registration import decided_before, register
from gvio.report.model_card import model_card
from gvio.run.artifacts import Champion, Decided, DecidedHead, Evaluated, Sampled
from gvio.run.code import source_of
from gvio.run.made import Kept, Made
from gvio.sample.samples import Samples
from gvio.scoreboard.board import Scoreboard
from gvio.scoreboard.names import AS_USED, SIGNIFICANT
from gvio.stages.champion import passed_over, read_champion
from gvio.stages.sums import sums_of
from gvio.stages.workers import one_thread_each
from gvio.train.fit import Fitted, estimate, losses, mean_member
from gvio.train.package import Package
from gvio.types import FloatArray, Month

if TYPE_CHECKING:
    from gvio.run.context import Context

STAGE = "decide"
_TEST_MONTHS = 12
_COVERAGE = (0.60, 0.97)  # an 80 % interval that holds less or more than this out of time is not an interval
_CHANCE = 0.05  # what a true one holds this seldom, or seldomer, is no chance


def decide(context: Context, sampled: Sampled, evaluated: Evaluated, before: Kept[Champion | None]) -> Decided:
    """Register the candidate, promote it or keep the champion, and hand on the model that maps.

    A candidate that was decided on already keeps its decision; the model that maps is whatever is champion now. Where
    people approve (`request.approval`), one that passes waits for them, unless no champion can make this map. Where
    that one cannot make this map, it is decided again: an error would come back at every run, whatever was trained.

    Raises:
        ModelError: The registry refused, or holds no usable champion afterwards.
    """
    why, by = context.request.supersede, context.request.approval
    inputs = {"evaluated": evaluated.head.key} | ({} if why is None else {"supersede": why})
    inputs |= {} if by == "rule" else {"approval": by}
    made = Made(stage=STAGE, inputs=inputs, source=source_of(STAGE))
    head, champion = context.workspace.find(DecidedHead, STAGE, made), before.get()
    undecided = head is None or head.decision == "awaiting"  # a person may have answered since
    if head is None or undecided or champion is None or _other_than(champion.package, evaluated.package.get()):
        one_thread_each()
        head = context.workspace.keep(_decide(context, sampled, evaluated, champion, made), {})
        champion = read_champion(context, Month.parse(sampled.head.month))
    if champion is None:
        where = f"registry, gvio-{context.region}"
        raise ModelError("there is no champion to map with", where=where, hint=RETRAIN)
    return Decided(head, champion)


def _decide(
    context: Context, sampled: Sampled, evaluated: Evaluated, champion: Champion | None, made: Made
) -> DecidedHead:
    damage = passed_over(context, Month.parse(sampled.head.month)) if champion is None else ""
    package, version = evaluated.package.get(), None
    of_no_use = _of_no_use(champion, package, damage)
    if not of_no_use and context.request.supersede is None:
        known = _known(context, package)
        version = decided_before(context.registry_uri, context.region, context.path("candidate"), known)
    by_rule = context.request.approval == "rule"
    if version is None or (by_rule and version.decision == "awaiting"):
        incumbent = None if champion is None else champion.package
        decision = judge(sampled.samples.get(), sums_of(context, sampled), package, incumbent)
        if damage:
            decision = Decision(decision.kind, f"{decision.reason}; the champion counts as none ({damage})")
        if decision.kind == "promoted" and not (by_rule or of_no_use or context.request.supersede):
            decision = Decision("awaiting", f"awaits approval: {decision.reason}")
        decision = dataclasses.replace(decision, at=context.clock())
        version = _register(context, evaluated, package, decision, of_no_use)
    return DecidedHead(
        made=made,
        month=sampled.head.month,
        version=version.version,
        decision=version.decision,
        reason=version.evidence,
    )


def _of_no_use(champion: Champion | None, challenger: Package, damage: str) -> str:
    """Why no champion can make this run's map; "" where one can."""
    if champion is not None:
        other = _other_than(champion.package, challenger)
        return f"the champion is of other {other}" if other else ""
    return "the champion cannot be read" if damage else "there is no champion to map with"


def judge(samples: Samples, sums: Sums, challenger: Package, champion: Package | None) -> Decision:
    """Promote when finite, covering, better than the best naive forecast, and not worse than the champion beyond noise.

    Without a champion that this run may use and that can read its light, a valid model is promoted whatever its skill:
    there is nothing to fall back on, and everything it publishes says so.
    """
    errors = recent_errors(samples, sums, challenger.fitted)
    if not np.isfinite(errors).all():
        return Decision("kept-champion", "keep: the challenger's estimate is not finite")
    skill = challenger.about.skill or "none"
    if champion is None:
        return Decision("promoted", f"promote: no usable champion to compare with, skill {skill}")
    if other := _other_than(champion, challenger):
        return Decision("promoted", f"promote: the champion is of other {other}, skill {skill}")
    scoreboard = challenger.about.scoreboard or Scoreboard()
    coverage = scoreboard.scores(AS_USED).coverage80
    if coverage is not None and no_interval(coverage, independent_figures(scoreboard)):
        return Decision("kept-champion", f"keep: the challenger's 80 % interval held {coverage:.0%} out of time")
    if skill == "none" and champion.about.skill in {"proven", "weak"}:
        judged = "is no better than the best naive forecast" if scoreboard.best_naive else "could not be tested"
        return Decision("kept-champion", f"keep: the challenger {judged}, the champion was better")
    theirs = recent_errors(samples, sums, champion.fitted)
    test = diebold_mariano(errors, theirs) if len(errors) >= _TEST_MONTHS // 2 else None
    if test is not None and test.difference > 0 and test.p_value < SIGNIFICANT:
        return Decision("kept-champion", f"keep: worse than the champion on the same months (p = {test.p_value:.3f})")
    compared = f"{errors.mean():.5f} against {theirs.mean():.5f}" if len(errors) else "no common figures"
    return Decision("promoted", f"promote: not worse than the champion beyond noise ({compared}), skill {skill}")


def no_interval(held: float, n: int | None) -> bool:
    """Whether a share held out of time shows that an 80 % interval is none: too far off, and not by chance.

    Args:
        held: The share.
        n: Independent figures behind it; None: unknown, and as many as it takes.
    """
    if _COVERAGE[0] <= held <= _COVERAGE[1]:
        return False
    if n is None:
        return True
    inside = round(held * n)
    chance = binom.cdf(inside, n, 0.8) if held < 0.8 else binom.sf(inside - 1, n, 0.8)
    return bool(chance < _CHANCE)


def independent_figures(scoreboard: Scoreboard) -> int | None:
    """Figures behind the coverage that do not follow from each other: one a district and origin, because the sums of
    one year overlap and its months err alike. None where the scoreboard does not tell.
    """
    protocol = scoreboard.protocol(AS_USED)
    if not protocol.districts or not protocol.folds:
        return None
    return sum(min(row.scored or 0, len(protocol.folds)) for row in protocol.districts)


def _other_than(champion: Package, challenger: Package) -> Literal["", "districts", "pixels"]:
    """Of what other region the champion is: of other pixels, it cannot read the light of these."""
    if champion.fitted.area_ids != challenger.fitted.area_ids:
        return "districts"
    shapes = {package.fitted.normalisation.mean_log_light.shape for package in (champion, challenger)}
    return "pixels" if len(shapes) > 1 or champion.about.grid not in ("", challenger.about.grid) else ""


def recent_errors(samples: Samples, sums: Sums, fitted: Fitted) -> FloatArray:
    """(n,) mean squared log error per month over the last year of district figures, withheld and re-estimated.

    No member has seen a figure, so neither model's reading is scored on what it was trained on.
    """
    targets = targets_of(sums)
    known = np.flatnonzero((targets.row >= 0).any(axis=0))
    first = known[-1] - _TEST_MONTHS + 1 if len(known) else 0
    withheld = sums.of_districts & (sums.end >= first)
    if withheld.all() or not len(known):
        return np.zeros(0)
    visible = select_rows(sums, ~withheld)
    path = np.exp(estimate(fitted, samples, visible).mean)
    predicted = on_targets(sums, targets, path)
    scored = (targets.row >= 0) & (np.arange(sums.n_months) >= first)
    log_error = np.log(predicted, where=scored, out=np.zeros(scored.shape)) - np.log(
        targets.value, where=scored, out=np.zeros(scored.shape)
    )
    return np.array([(log_error[scored[:, t], t] ** 2).mean() for t in np.flatnonzero(scored.any(axis=0))])


def _register(
    context: Context, evaluated: Evaluated, package: Package, decision: Decision, of_no_use: str
) -> ModelVersion:
    """Log the training to MLflow and register the candidate with its decision, which may move the aliases."""
    about, fitted, scoreboard = package.about, package.fitted, evaluated.scoreboard.get()
    record = TrainingRecord(
        region=context.region,
        reason=about.reason,
        known=_known(context, package),
        parameters=_flat(about.parameters.model_dump(mode="json", by_alias=True))
        | {f"hyper.{k}": v for k, v in fitted.ensemble.hyper.as_dict().items()},
        epochs=losses(fitted),
        metrics=scoreboard.metrics() | {"mean_best_epoch": mean_member(fitted.ensemble.members)},
        package=context.path("candidate"),
        pictures=evaluated.pictures.get(),
        documents={"model-card.md": model_card(context.config, about, scoreboard, decision.reason)},
        tags={"input_key": about.inputs.key, "code": context.code},
        invented=context.config.invented,
    )
    why = context.request.supersede
    return register(context.registry_uri, record, decision, supersede=why, of_no_use=of_no_use)


def _known(context: Context, package: Package) -> Knowledge:
    """What the model of this run has seen."""
    until = package.about.inputs.figures_public_until
    return Knowledge(package.fitted.trained, None if until is None else dt.date.fromisoformat(until), context.as_of)


def _flat(tree: Mapping[str, JsonValue], prefix: str = "") -> dict[str, str | int | float]:
    out: dict[str, str | int | float] = {}
    for key, value in tree.items():
        name = f"{prefix}{key}"
        if isinstance(value, Mapping):
            out |= _flat(value, f"{name}.")
        else:
            out[name] = value if isinstance(value, int | float | str) else str(value)
    return out
