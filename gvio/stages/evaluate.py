"""Evaluate: what the challenger is worth out of time, and its intervals calibrated by it. Touches no registry."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np

from gvio.assimilate.explain import Explanation
from gvio.config import digest
from gvio.errors import SAME_OPTIONS, InputRefused
from gvio.evaluate.every_protocol import calibrated, score_every_protocol, scoreboard_of
from gvio.evaluate.fold import Material
from gvio.evaluate.fold_cache import KeptFits
from gvio.evaluate.kept_answers import KeptAnswers
from gvio.ledger.sums import official_monthly
from gvio.map.industry import industry_of
from gvio.map.score import rival_maps, score_left_out, score_truth
from gvio.publish.explanations import explanations_frame
from gvio.report.plots import comparison_files
from gvio.report.reasons import light_table
from gvio.run.artifacts import Evaluated, EvaluatedHead, Sampled, Trained
from gvio.run.code import source_of
from gvio.run.digests import TRUTH
from gvio.run.made import Kept, Made
from gvio.run.memory import workers_for
from gvio.sample.samples import Samples
from gvio.scoreboard.board import Scoreboard, Subject
from gvio.scoreboard.scores import LightInDistrict, MapScores
from gvio.stages.evaluation_pages import evaluation_files
from gvio.stages.sums import sums_of
from gvio.stages.truth import read_truth
from gvio.stages.workers import Threads, one_thread_each
from gvio.train.fit import Fitted, explain_estimate, losses
from gvio.train.package import make_package, read_package
from gvio.types import FloatArray

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
    fitted, scoreboard, files = _evaluate(context, sampled, challenger.fitted)
    package = make_package(fitted, challenger.about.evaluated(scoreboard))
    head = EvaluatedHead(
        made=made,
        month=sampled.head.month,
        weights_sha256=package.weights_sha256,
        skill=scoreboard.skill or "none",
        verdict=scoreboard.verdict or "",
    )
    files |= comparison_files(scoreboard, losses(fitted))
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


def _evaluate(context: Context, sampled: Sampled, fitted: Fitted) -> tuple[Fitted, Scoreboard, dict[str, bytes]]:
    """The model with calibrated intervals, its scoreboard, and pages and pictures by file name."""
    samples, sums, config = sampled.samples.get(), sums_of(context, sampled), context.config
    official, _ = official_monthly(
        context.ledger, samples.area_ids, config.city_id, samples.months, context.places.groups
    )
    material = Material(samples, sums, official[-1], context.params)
    fit, kept = KeptFits(context.path("folds")), KeptAnswers(context.path("answers"))
    workers = Threads(context.progress, workers_for(samples, context.params.evaluate.members))
    folds = score_every_protocol(material, fitted, fit, workers, kept)
    fit.sweep()
    kept.sweep()
    names = [str(name) for name in context.places.districts["name"]]
    posterior, why = explain_estimate(fitted, samples, sums)
    output: FloatArray = np.exp(posterior.mean)
    subject = Subject(
        region=context.region,
        months=(str(samples.months[0]), str(samples.months[-1])),
        figures_public_until=context.public_until,
        invented=config.invented,
    )
    maps = _map_scores(context, samples, output, official)
    light = _light_in_districts(samples, why, names)
    scoreboard = scoreboard_of(material, folds, maps, names, subject, light)
    files = evaluation_files(context, samples, fitted, folds.by_protocol, names, output, scoreboard)
    return calibrated(fitted, folds), scoreboard, files


def _light_in_districts(samples: Samples, why: Explanation, names: list[str]) -> list[LightInDistrict]:
    """What light does in each district, most first."""
    frame = explanations_frame(vars(why), samples.area_ids, samples.months)
    table = light_table(frame, dict(zip(samples.area_ids, names, strict=True)))
    rows = zip(table["name"], table["moved"], table["believed"], strict=True)
    return [LightInDistrict(name=n, moved=float(moved) / 100, believed=float(b)) for n, moved, b in rows]


def _map_scores(context: Context, samples: Samples, output: FloatArray, official: FloatArray) -> MapScores:
    industry, pool, radiance = industry_of(samples), context.params.map.pooled_months, samples.radiance
    left_out = score_left_out(industry, radiance, official[:-1], pool)
    truth = read_truth(context.files[TRUTH], samples)
    if truth is None:
        return MapScores(held_out_districts=left_out)
    maps = rival_maps(industry, radiance, output, pool)
    return MapScores(held_out_districts=left_out, truth=score_truth(maps, truth, samples.geobox))


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
    return Made(stage=STAGE, inputs=inputs, source=source_of(STAGE))


def _pictures(files: Mapping[str, bytes]) -> dict[str, bytes]:
    """What the registry keeps of the evaluation: pictures and the page, by plain file name."""
    wanted = (name for name in files if name.startswith(_PICTURES) or name == "evaluation.html")
    return {name.removeprefix(_PICTURES): files[name] for name in wanted}
