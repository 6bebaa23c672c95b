"""The stages of the model: train or fine-tune, evaluate, and decide whether the challenger becomes champion."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from gvio.errors import InputRefused, ModelError, OutdatedModel
from gvio.pipeline.evidence import evaluate_model
from gvio.pipeline.inputs import Inputs, architecture_digest, load_inputs
from gvio.pipeline.job import Job, StageReport, read_json, write_bytes, write_json
from gvio.pipeline.promotion import decide, register
from gvio.pipeline.workers import Threads, one_thread_each
from gvio.registry.connection import default_uri
from gvio.registry.package import load_champion
from gvio.registry.record import CONFIG, WEIGHTS
from gvio.train.fit import Fitted, fit_model, mean_member
from gvio.train.metadata import InputHashes, ModelMetadata
from gvio.train.package import pack_model, unpack_model, weights_sha256
from gvio.types import Progress


def tracking_uri(job: Job) -> str:
    """Where MLflow keeps runs and models: the job's, else a database in the workspace."""
    return job.tracking_uri or default_uri(job.workspace)


def train(job: Job, progress: Progress | None = None) -> StageReport:
    """Train from scratch or fine-tune the champion, by rule; write the challenger's package.

    Raises:
        InputRefused: `sample` has not run.
        ModelError: Training failed.
    """
    one_thread_each()
    inputs = load_inputs(job)
    kept = _kept(job, "challenger", inputs)
    if kept is not None and not job.retrain:
        return _train_report(job, inputs, *kept, outcome="unchanged")
    champion = champion_of(job)
    reason, start = training_rule(job, inputs, champion)
    fitted = fit_model(
        inputs.samples,
        inputs.sums,
        len(inputs.samples.months),
        job.params.model,
        job.params.sample.patch_px,
        start=start,
        workers=Threads(progress),
    )
    about = ModelMetadata(
        region=job.region,
        reason=reason,
        inputs=InputHashes.model_validate(inputs.hashes),
        input_key=inputs.key,
        architecture_digest=architecture_digest(job.params),
        parameters=job.params.model_dump(mode="json", by_alias=True),
        code=job.code,
    )
    weights, document = pack_model(fitted, about)
    write_bytes(job.path("challenger") / WEIGHTS, weights)
    write_bytes(job.path("challenger") / CONFIG, document)
    return _train_report(job, inputs, weights, document, outcome="done")


def training_rule(job: Job, inputs: Inputs, champion: tuple[Fitted, ModelMetadata] | None) -> tuple[str, Fitted | None]:
    """The recorded reason, and the model to fine-tune (None: train from scratch). See ADR 0007."""
    if job.retrain:
        return "retrain: asked for", None
    if champion is None:
        return "retrain: no usable champion", None
    fitted, about = champion
    if about.architecture_digest != architecture_digest(job.params):
        return "retrain: model or sample parameters changed", None
    if about.inputs.pack_digest != inputs.hashes["pack_digest"]:
        return "retrain: the region pack changed", None
    if fitted.trained > inputs.month:
        return "retrain: the champion has seen later months", None
    if inputs.month.month == 1 and fitted.trained < inputs.month:
        return "retrain: January's run", None
    return f"fine-tune: champion of {fitted.trained} on the newest figures", fitted


def evaluate(job: Job, progress: Progress | None = None) -> StageReport:
    """Score the challenger's method, calibrate its intervals, register it, promote it or keep the champion.

    Raises:
        InputRefused: `train` has not run on these inputs.
        ModelError: The package is damaged or MLflow refused it.
    """
    one_thread_each()
    inputs = load_inputs(job)
    kept = _kept(job, "challenger", inputs)
    if kept is None:
        hint = "Run `gvio train` with the same --region and --workspace first."
        raise InputRefused("there is no challenger trained on these inputs", where=str(job.folder), hint=hint)
    if _already_judged(job, inputs, kept[0]):
        decision = read_json(job, "decision.json", "evaluate")
        return StageReport("evaluate", str(inputs.month), "unchanged", {}, decision)
    fitted, about = unpack_model(*kept)
    calibrated, scoreboard, figures = evaluate_model(job, inputs, fitted, progress)
    write_json(job.path("scoreboard.json"), scoreboard.document())
    weights, document = pack_model(calibrated, about.evaluated(scoreboard))
    write_bytes(job.path("candidate") / WEIGHTS, weights)
    write_bytes(job.path("candidate") / CONFIG, document)
    decision = decide(inputs, calibrated, scoreboard, champion_of(job))
    version = register(job, tracking_uri(job), about, calibrated, scoreboard, figures, decision)
    result = {
        "input_key": inputs.key,
        "weights_sha256": weights_sha256(weights),
        "promoted": decision.promote,
        "reason": decision.reason,
        "version": version,
        "verdict": scoreboard.verdict,
        "skill": scoreboard.skill,
    }
    write_json(job.path("decision.json"), result)
    return StageReport("evaluate", str(inputs.month), "done", {"scoreboard": str(job.path("scoreboard.json"))}, result)


def champion_of(job: Job) -> tuple[Fitted, ModelMetadata] | None:
    """The champion as the registry holds it, verified and unpacked; None when there is none, or one of an older method,
    which the next training replaces.

    Raises:
        ModelError: Its package is damaged.
    """
    uri = tracking_uri(job)
    if uri == default_uri(job.workspace) and not (job.workspace / "mlflow.db").exists():
        return None  # spares the first run the creation of an empty database just to find it empty
    with tempfile.TemporaryDirectory() as folder:
        loaded = load_champion(uri, job.region, Path(folder))
        if loaded is None:
            return None
        try:
            fitted, about = unpack_model((loaded.path / WEIGHTS).read_bytes(), (loaded.path / CONFIG).read_bytes())
        except OutdatedModel:
            return None
        return fitted, about.registered(loaded.version.version, loaded.version.weights_sha256)


def _kept(job: Job, name: str, inputs: Inputs) -> tuple[bytes, bytes] | None:
    """A package of the workspace, if it was trained on exactly these inputs."""
    folder = job.path(name)
    try:
        weights, document = (folder / WEIGHTS).read_bytes(), (folder / CONFIG).read_bytes()
        _, about = unpack_model(weights, document)
    except (OSError, ModelError):
        return None
    return (weights, document) if about.input_key == inputs.key else None


def _already_judged(job: Job, inputs: Inputs, weights: bytes) -> bool:
    if not (job.path("decision.json").exists() and job.path("scoreboard.json").exists()):
        return False
    decision = read_json(job, "decision.json", "evaluate")
    same = decision.get("input_key") == inputs.key and decision.get("weights_sha256") == weights_sha256(weights)
    return same and champion_of(job) is not None


def _train_report(job: Job, inputs: Inputs, weights: bytes, document: bytes, *, outcome: Any) -> StageReport:
    fitted, about = unpack_model(weights, document)
    figures = {
        "reason": about.reason,
        "weights_sha256": weights_sha256(weights),
        "mean_best_epoch": mean_member(fitted.ensemble.members),
    }
    return StageReport("train", str(inputs.month), outcome, {"challenger": str(job.path("challenger"))}, figures)
