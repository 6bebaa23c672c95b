"""The work of `evaluate`: every protocol, the maps, what light does in each district, pages and pictures."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from gvio.assimilate.explain import Explanation
from gvio.evaluate.every_protocol import calibrated, score_every_protocol, scoreboard_of
from gvio.evaluate.fold import Material
from gvio.evaluate.fold_cache import KeptFits
from gvio.kept import KeptAnswers
from gvio.ledger.sums import official_monthly
from gvio.map.industry import industry_of
from gvio.map.score import rival_months, score_left_out, score_months
from gvio.publish.explanations import explanations_frame
from gvio.report.plots import comparison_files
from gvio.report.reasons import light_table
from gvio.run.artifacts import Sampled
from gvio.run.digests import TRUTH
from gvio.sample.samples import Samples
from gvio.scoreboard.board import Scoreboard, Subject
from gvio.scoreboard.scores import LightInDistrict, MapScores
from gvio.stages.evaluation_pages import evaluation_files
from gvio.stages.sums import sums_of
from gvio.stages.truth import read_truth
from gvio.stages.workers import workers_of
from gvio.train.fit import Fitted, explain_estimate, losses
from gvio.types import FloatArray

if TYPE_CHECKING:
    from gvio.run.context import Context


def evaluation_of(context: Context, sampled: Sampled, fitted: Fitted) -> tuple[Fitted, Scoreboard, dict[str, bytes]]:
    """The model with calibrated intervals, its scoreboard, and pages, pictures and tables by file name.

    Raises:
        ModelError: A model does not predict what it is asked for.
        ConfigError, WorkersUnavailable, TaskFailed: Workers cannot be used, are lost, or fail.
    """
    samples, sums, config = sampled.samples.get(), sums_of(context, sampled), context.config
    official, _ = official_monthly(
        context.ledger, samples.area_ids, config.city_id, samples.months, context.places.groups
    )
    material = Material(samples, sums, official[-1], context.params)
    fit, kept = KeptFits(context.path("folds")), KeptAnswers(context.path("answers"))
    with workers_of(context, samples) as workers:
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
    scoreboard = scoreboard_of(material, folds, maps, names, subject, light, fitted.ensemble.evidence)
    files = evaluation_files(context, samples, fitted, folds.by_protocol, names, output, scoreboard)
    found = calibrated(fitted, folds)
    return found, scoreboard, files | comparison_files(scoreboard, losses(found))


def _light_in_districts(samples: Samples, why: Explanation, names: list[str]) -> list[LightInDistrict]:
    """What light does in each district, most first."""
    frame = explanations_frame(vars(why), samples.area_ids, samples.months)
    table = light_table(frame, dict(zip(samples.area_ids, names, strict=True)))
    rows = zip(table["name"], table["moved"], table["believed"], strict=True)
    return [LightInDistrict(name=n, moved=float(moved) / 100, believed=float(b)) for n, moved, b in rows]


def _map_scores(context: Context, samples: Samples, output: FloatArray, official: FloatArray) -> MapScores:
    industry = industry_of(samples, KeptAnswers(context.path("answers")))
    pool, radiance = context.params.map.pooled_months, samples.radiance
    left_out = score_left_out(industry, radiance, official[:-1], pool)
    truth = read_truth(context.files[TRUTH], samples)
    if truth is None:
        return MapScores(held_out_districts=left_out)
    months = rival_months(industry, radiance, output, pool)
    return MapScores(held_out_districts=left_out, truth=score_months(months, truth, samples.geobox))
