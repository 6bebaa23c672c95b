"""The evidence about a model: scoreboard, calibrated intervals, figures for the registry."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from gvio.assimilate.explain import Explanation
from gvio.config import digest
from gvio.errors import ModelError
from gvio.evaluate.districts import leave_districts_out
from gvio.evaluate.fold import Material
from gvio.evaluate.interval_calibration import interval_table
from gvio.evaluate.later_origins import later_origins
from gvio.evaluate.placebo import placebo_gains
from gvio.evaluate.protocols import leave_one_year_out, rolling_origin
from gvio.evaluate.scoreboard import build_scoreboard, interval_scale
from gvio.evaluate.scores import FoldScores
from gvio.ledger.sums import official_monthly
from gvio.map.grids import map_months
from gvio.map.industry import industry_of
from gvio.map.score import rival_maps, score_left_out, score_truth
from gvio.model.panel import DYNAMIC_CHANNELS, STATIC_CHANNELS
from gvio.pipeline.inputs import Inputs
from gvio.pipeline.job import Job, write_bytes
from gvio.pipeline.workers import Threads
from gvio.publish.explanations import explanations_frame
from gvio.report.charts import agreement_png, map_png
from gvio.report.evaluation import evaluation_html, evaluation_markdown
from gvio.report.reasons import light_table
from gvio.report.saliency_picture import saliency_png
from gvio.report.score_charts import score_charts
from gvio.scoreboard.board import Scoreboard, Subject
from gvio.scoreboard.names import AS_USED, BLIND, OURS, YEAR_OUT
from gvio.scoreboard.scores import LightInDistrict, MapScores
from gvio.train.fit import Fitted, explain_estimate, look
from gvio.train.metadata import ModelMetadata
from gvio.train.package import pack_model, unpack_model
from gvio.types import FloatArray, Progress


def evaluate_model(
    job: Job, inputs: Inputs, fitted: Fitted, progress: Progress | None
) -> tuple[Fitted, Scoreboard, dict[str, bytes]]:
    """The model with calibrated intervals, its scoreboard, and pictures and the evaluation page by file name."""
    official, _ = official_monthly(inputs.ledger, inputs.samples.area_ids, job.config.city_id, inputs.samples.months)
    material = Material(inputs.samples, inputs.sums, official[-1], job.params)
    fit = _cached_fit(job, inputs, fitted)
    workers = Threads(progress)
    folds: dict[str, list[FoldScores]] = dict(rolling_origin(material, fit, workers))
    later = later_origins(material, fit, workers)
    folds[YEAR_OUT] = leave_one_year_out(material, fitted, workers)
    folds |= leave_districts_out(material, fit, fitted.ensemble.hyper, workers)
    placebos = placebo_gains(material, fit, workers)
    names = [str(name) for name in inputs.pack.districts["name"]]
    posterior, why = explain_estimate(fitted, inputs.samples, inputs.sums)
    maps = _map_scores(job, inputs, np.exp(posterior.mean), official)
    subject = Subject(
        region=job.region,
        months=(str(inputs.samples.months[0]), str(inputs.month)),
        figures_public_until=inputs.hashes["figures_public_until"],
    )
    light = _light_in_districts(inputs, why, names)
    scoreboard = build_scoreboard(folds, maps, names, subject, inputs.samples.owner, placebos, later, light)
    calibrated = dataclasses.replace(
        fitted, interval_scale=interval_scale(folds), interval_table=interval_table(folds, later)
    )
    figures = _figures(job, inputs, folds, names, np.exp(posterior.mean)) | _saliency(inputs, fitted)
    return calibrated, scoreboard, figures | _report(job, scoreboard, figures)


def _report(job: Job, scoreboard: Scoreboard, figures: dict[str, bytes]) -> dict[str, bytes]:
    """Write the evaluation for reading into the workspace; the page goes into the registry, too."""
    pictures = score_charts(scoreboard) | figures
    page = evaluation_html(scoreboard, pictures, job.config.title).encode()
    text = evaluation_markdown(scoreboard, pictures, job.config.title, "evaluation")
    write_bytes(job.path("evaluation.html"), page)
    write_bytes(job.path("evaluation.md"), text.encode())
    for name, png in pictures.items():
        write_bytes(job.path("evaluation") / name, png)
    return {"evaluation.html": page}


def _light_in_districts(inputs: Inputs, why: Explanation, names: list[str]) -> list[LightInDistrict]:
    """What light does in each district, most first."""
    samples = inputs.samples
    frame = explanations_frame(vars(why), samples.area_ids, samples.months)
    table = light_table(frame, dict(zip(samples.area_ids, names, strict=True)))
    rows = zip(table["name"], table["moved"], table["believed"], strict=True)
    return [LightInDistrict(name=n, moved=float(moved) / 100, believed=float(b)) for n, moved, b in rows]


def _saliency(inputs: Inputs, fitted: Fitted) -> dict[str, bytes]:
    seen = look(fitted, inputs.samples)
    maps = dict(zip(DYNAMIC_CHANNELS, seen.dynamic.swapaxes(0, 1), strict=True))
    picture = saliency_png(maps | dict(zip(STATIC_CHANNELS, seen.static.swapaxes(0, 1), strict=True)))
    return {} if picture is None else {"saliency.png": picture}


def _map_scores(job: Job, inputs: Inputs, output: FloatArray, official: FloatArray) -> MapScores:
    industry, pool = industry_of(inputs.samples), job.params.map.pooled_months
    radiance = inputs.samples.radiance
    left_out = score_left_out(industry, radiance, official[:-1], pool)
    truth = read_truth(job.pack / "truth" / "truth.npz", inputs)
    if truth is None:
        return MapScores(held_out_districts=left_out)
    maps = rival_maps(industry, radiance, output, pool)
    return MapScores(held_out_districts=left_out, truth=score_truth(maps, truth, inputs.samples.geobox))


def read_truth(path: Path, inputs: Inputs) -> FloatArray | None:
    """(T, y, x) true output of a known-truth pack on the region's months and grid; None where there is none or it
    does not fit.
    """
    if not path.exists():
        return None
    with np.load(path, allow_pickle=False) as kept:
        truth, months = kept["truth"], [str(m) for m in kept["months"]]
    wanted = [str(m) for m in inputs.samples.months]
    if truth.shape[1:] != inputs.samples.owner.shape or not set(wanted) <= set(months):
        return None
    chosen: FloatArray = truth[[months.index(m) for m in wanted]].astype(np.float64)
    return chosen


def _cached_fit(job: Job, inputs: Inputs, whole: Fitted) -> Callable[[str, Callable[[], Fitted]], Fitted]:
    """Fits of folds are kept by the hash of all they depend on; a January fold of last month is not fitted again."""
    folder = job.path("folds")

    def fit(name: str, make: Callable[[], Fitted]) -> Fitted:
        hyper = whole.ensemble.hyper if name.startswith("districts") else None
        key = hashlib.sha256(f"{name} {hyper} {_fold_key(job, inputs, name)}".encode()).hexdigest()[:24]
        weights, document = folder / f"{key}.safetensors", folder / f"{key}.json"
        try:
            return unpack_model(weights.read_bytes(), document.read_bytes())[0]
        except (OSError, ModelError):
            fitted = make()
        for path, data in zip((weights, document), pack_model(fitted, ModelMetadata(fold=name)), strict=True):
            write_bytes(path, data)
        return fitted

    return fit


def _fold_key(job: Job, inputs: Inputs, name: str) -> str:
    """Hash of light, figures and parameters up to the fold's origin (all of them where it has none)."""
    samples, sums = inputs.samples, inputs.sums
    origin = next((t for t, m in enumerate(samples.months) if name.endswith(str(m))), len(samples.months))
    seen = sums.end < origin
    parts = [
        samples.radiance[:origin].tobytes(),
        samples.observations[:origin].tobytes(),
        np.stack([sums.area[seen], sums.start[seen], sums.end[seen]]).tobytes(),
        sums.values[seen].tobytes(),
        (digest(job.params.model) + digest(job.params.sample) + digest(job.params.evaluate)).encode(),
        f"{inputs.hashes['pack_digest']} {job.code}".encode(),
    ]
    return hashlib.sha256(b"|".join(parts)).hexdigest()


def _figures(
    job: Job, inputs: Inputs, folds: dict[str, list[FoldScores]], names: list[str], output: FloatArray
) -> dict[str, bytes]:
    month, unit = inputs.month, job.config.unit
    last = len(inputs.samples.months) - 1
    grid = map_months(industry_of(inputs.samples), output, output, output, [last], job.params.map)[0]
    note = "" if "demonstration" not in job.config.title.lower() else "invented light, factories and figures"
    figures = {
        "map.png": map_png(
            grid[0],
            inputs.samples.geobox,
            districts=inputs.pack.districts,
            title=f"{job.config.title}, {month}",
            unit=unit,
            note=note,
        )
    }
    scored = [fold for name in (AS_USED, BLIND) for fold in folds[name]][: len(folds[AS_USED])]
    if scored:
        truth = np.concatenate([np.where(f.scored, f.truth, np.nan) for f in scored])
        ours = np.concatenate([f.predicted[OURS] for f in scored])
        good = np.isfinite(truth) & np.isfinite(ours)
        areas = np.repeat(np.tile(names, len(scored))[:, None], truth.shape[1], axis=1)
        figures["prediction-against-official.png"] = agreement_png(
            truth[good], ours[good], list(areas[good]), good[good], unit=unit, title="Out of time, as used"
        )
    return figures
