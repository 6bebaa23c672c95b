"""Writes one training into MLflow: a run with its evidence, then a registered version called `challenger`."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gvio.errors import ModelError
from gvio.registry.aliases import set_alias
from gvio.registry.connection import artifact_location, connect
from gvio.registry.record import CHALLENGER, CONFIG, WEIGHTS, ModelVersion, TrainingRecord, model_name, package_digests
from gvio.registry.versions import EPOCH_PREFIX, read_version

if TYPE_CHECKING:
    from mlflow.entities import Metric
    from mlflow.tracking import MlflowClient

T = TypeVar("T")

PACKAGE_PATH = "model"
_BATCH = 90  # MLflow takes 100 parameters or 1000 metrics in one request


def log_training(uri: str, record: TrainingRecord) -> ModelVersion:
    """Log the run and register its package as the region's newest version, with the alias `challenger`.

    The version is created last: a run that dies on the way is marked failed and leaves no version. Weights are
    stored as the package's own files, never pickled.

    Args:
        uri: Registry, see `connection.connect`.
        record: The training.

    Raises:
        ModelError: The package is incomplete, is not the one its tags speak of, or the registry refused.
        UpstreamUnavailable: No server answers at `uri`.
    """
    digests = package_digests(record.package)
    _require_same_weights(record, digests["weights_sha256"])
    tags = {**record.tags, **digests, "reason": record.reason}
    name = model_name(record.region)
    with connect(uri) as client:
        run_id = _start_run(client, uri, name, tags)
        try:
            _log(client, run_id, record)
            version = _register(client, name, run_id, tags)
        except BaseException:
            client.set_terminated(run_id, "FAILED")
            raise
        client.set_terminated(run_id)
        return read_version(client, record.region, version)


def _require_same_weights(record: TrainingRecord, actual: str) -> None:
    claimed = record.tags.get("weights_sha256", actual)
    if claimed != actual:
        raise ModelError(
            f"{WEIGHTS} has SHA-256 {actual[:12]}…, its tags say {claimed[:12]}…",
            where=str(record.package),
            hint="Save the package again before logging it.",
        )


def _start_run(client: MlflowClient, uri: str, name: str, tags: Mapping[str, str]) -> str:
    run = client.create_run(_experiment_id(client, uri, name), tags=dict(tags))
    return str(run.info.run_id)


def _experiment_id(client: MlflowClient, uri: str, name: str) -> str:
    from mlflow.exceptions import MlflowException

    if (found := client.get_experiment_by_name(name)) is not None:
        return str(found.experiment_id)
    try:
        return str(client.create_experiment(name, artifact_location=artifact_location(uri)))
    except MlflowException as error:
        if error.error_code == "RESOURCE_ALREADY_EXISTS" and (found := client.get_experiment_by_name(name)):
            return str(found.experiment_id)  # another process was first
        raise


def _log(client: MlflowClient, run_id: str, record: TrainingRecord) -> None:
    from mlflow.entities import Param

    for params in _batches([Param(key, str(value)) for key, value in record.parameters.items()]):
        client.log_batch(run_id, params=params)
    for metrics in _batches(_metrics(record)):
        client.log_batch(run_id, metrics=metrics)
    with tempfile.TemporaryDirectory() as folder:
        _lay_out(record, Path(folder))
        client.log_artifacts(run_id, folder)


def _metrics(record: TrainingRecord) -> list[Metric]:
    from mlflow.entities import Metric

    now = int(time.time() * 1000)
    curves = [
        Metric(f"{EPOCH_PREFIX}{name}", float(value), now, epoch)
        for name, values in record.epochs.items()
        for epoch, value in enumerate(values)
    ]
    return curves + [Metric(name, float(value), now, 0) for name, value in record.metrics.items()]


def _lay_out(record: TrainingRecord, folder: Path) -> None:
    """Put all artifacts into one folder, so that they travel in one call."""
    for part in (PACKAGE_PATH, "figures", "documents"):
        (folder / part).mkdir()
    for name in (WEIGHTS, CONFIG):
        shutil.copyfile(record.package / name, folder / PACKAGE_PATH / name)
    for name, png in record.figures.items():
        (folder / "figures" / name).write_bytes(png)
    for name, text in record.documents.items():
        (folder / "documents" / name).write_text(text, encoding="utf-8")


def _register(client: MlflowClient, name: str, run_id: str, tags: Mapping[str, str]) -> int:
    from mlflow.exceptions import MlflowException

    try:
        client.create_registered_model(name)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise
    created = client.create_model_version(name, f"runs:/{run_id}/{PACKAGE_PATH}", run_id=run_id, tags=dict(tags))
    set_alias(client, name, CHALLENGER, int(created.version))
    return int(created.version)


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))
