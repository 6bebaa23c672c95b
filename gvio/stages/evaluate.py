"""Evaluate: what the challenger is worth out of time, and its intervals calibrated by it. Touches no registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gvio.config import digest
from gvio.errors import SAME_OPTIONS, InputRefused
from gvio.run.artifacts import Evaluated, EvaluatedHead, Sampled, Trained
from gvio.run.code import source_of
from gvio.run.made import Kept, Made
from gvio.scoreboard.board import Scoreboard
from gvio.stages.workers import one_thread_each
from gvio.train.package import make_package, read_package

if TYPE_CHECKING:
    from gvio.run.context import Context

STAGE = "evaluate"
WEIGHTS, CONFIG, SCOREBOARD = "candidate/model.safetensors", "candidate/model.json", "scoreboard.json"
_PICTURES = "evaluation/"
_HINT = f"Run `gvio evaluate` {SAME_OPTIONS} again."


def evaluate(context: Context, sampled: Sampled, trained: Trained) -> Evaluated:
    """Score the challenger's method against every comparator, and calibrate its intervals.

    Raises:
        ModelError: A model does not predict what it is asked for.
    """
    made = _made(context, sampled, trained)
    head = context.workspace.find(EvaluatedHead, STAGE, made)
    if head is not None:
        return kept_evaluation(context, head)
    one_thread_each()
    challenger = trained.package.get()
    standing = _standing(context, sampled, trained, made) if trained.head.nothing_new else None
    if standing is not None:
        return kept_evaluation(context, standing)
    from gvio.stages.evaluation import evaluation_of  # comparators and pictures: a second that a kept one need not wait

    fitted, scoreboard, files = evaluation_of(context, sampled, challenger.fitted)
    package = make_package(fitted, challenger.about.evaluated(scoreboard))
    head = EvaluatedHead(
        made=made,
        month=sampled.head.month,
        weights_sha256=package.weights_sha256,
        skill=scoreboard.skill or "none",
        verdict=scoreboard.verdict or "",
    )
    files |= {SCOREBOARD: scoreboard.to_json().encode(), WEIGHTS: package.weights, CONFIG: package.document}
    kept = context.workspace.keep(head, files)
    return Evaluated(kept, Kept.here(package), Kept.here(scoreboard), Kept.here(_pictures(files)))


def _standing(context: Context, sampled: Sampled, trained: Trained, made: Made) -> EvaluatedHead | None:
    """The champion's own evaluation, where it lies here as made of the same figures: no new one can judge it anew."""
    last = context.workspace.last(EvaluatedHead, STAGE)
    if last is None or last.made.source != made.source:
        return None
    light = {"samples", "trained"}  # of the new month: what may differ
    if any(last.made.inputs.get(name) != value for name, value in made.inputs.items() if name not in light):
        return None
    package = trained.package.get()
    try:
        same = context.workspace.data(last, CONFIG) == package.document
        same = same and context.workspace.data(last, WEIGHTS) == package.weights
    except InputRefused:  # damaged: it is made anew
        return None
    if not same:
        return None
    return context.workspace.renew(last.model_copy(update={"made": made, "month": sampled.head.month}))


def kept_evaluation(context: Context, head: EvaluatedHead) -> Evaluated:
    """The artifact of a head; package, scoreboard and pictures are read when they are asked for."""
    data = context.workspace.data
    files = [name for name in head.files if name.startswith(_PICTURES) or name == "evaluation.html"]
    return Evaluated(
        head,
        Kept(lambda: read_package(data(head, WEIGHTS), data(head, CONFIG))),
        Kept(lambda: Scoreboard.parse(data(head, SCOREBOARD), SCOREBOARD, InputRefused, _HINT)),
        Kept(lambda: _pictures({name: data(head, name) for name in files})),
    )


def _made(context: Context, sampled: Sampled, trained: Trained) -> Made:
    params = context.params
    inputs = {
        "samples": sampled.head.key,
        "statistics": context.ledger_digest,
        "model": trained.head.weights_sha256,
        "trained": trained.head.key,
        "truth": context.truth_digest,
        "params": digest(params.evaluate) + digest(params.map),
    }
    if params.evaluate.judges:
        from gvio.compare.judges.table import libraries  # a second, as above

        inputs["judges"] = " ".join(libraries())  # who installs one wants to see it
    return Made(stage=STAGE, inputs=inputs, source=source_of(STAGE))


def _pictures(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """What the registry keeps of the evaluation: pictures and the page, by plain file name."""
    wanted = (name for name in files if name.startswith(_PICTURES) or name == "evaluation.html")
    return {name.removeprefix(_PICTURES): files[name] for name in wanted}
