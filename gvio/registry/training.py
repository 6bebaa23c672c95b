"""Writes one training into MLflow as a run: parameters, curves, metrics, package, pictures and documents."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from gvio.registry.artifacts import run_folder
from gvio.registry.connection import artifact_location, database_path
from gvio.registry.record import CONFIG, WEIGHTS, TrainingRecord, model_name
from gvio.registry.unfinished import writing
from gvio.registry.versions import EPOCH_PREFIX

if TYPE_CHECKING:
    from mlflow.entities import Metric, Run
    from mlflow.tracking import MlflowClient

T = TypeVar("T")

PACKAGE_PATH = "model"
_BATCH = 90  # MLflow takes 100 parameters or 1000 metrics in one request


def log_run(client: MlflowClient, uri: str, record: TrainingRecord, tags: Mapping[str, str]) -> str:
    """Log the run with its artifacts and end it; returns its id. A run that fails on the way is marked as failed.

    Weights are stored as the package's own files, never pickled.

    Raises:
        MlflowException: The registry refused.
    """
    with writing() as own:
        everything = {**tags, **own, "mlflow.note.content": record.summary}
        run = client.create_run(_experiment_id(client, uri, record), tags=everything, run_name=record.title)
        run_id = str(run.info.run_id)
        try:
            _log(client, run_id, record)
            _store(client, uri, run, lambda folder: _lay_out(record, folder))
            client.set_terminated(run_id)
        except BaseException:
            client.set_terminated(run_id, "FAILED")
            raise
        return run_id


def _note(record: TrainingRecord) -> dict[str, str]:
    """The tag that MLflow's pages show as the description of an experiment."""
    return {} if record.description is None else {"mlflow.note.content": record.description}


def _experiment_id(client: MlflowClient, uri: str, record: TrainingRecord) -> str:
    from mlflow.exceptions import MlflowException

    name, tags = model_name(record.region), record.mark | _note(record)

    if (found := client.get_experiment_by_name(name)) is not None:
        return str(found.experiment_id)
    try:
        return str(client.create_experiment(name, artifact_location(uri), tags))
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


def store_package(client: MlflowClient, uri: str, run_id: str, package: Path) -> None:
    """Store the package of a run that was logged before once more.

    Raises:
        MlflowException: The registry refused.
    """
    _store(client, uri, client.get_run(run_id), lambda folder: _lay_out_package(package, folder))


def _store(client: MlflowClient, uri: str, run: Run, lay_out: Callable[[Path], None]) -> None:
    """Beside the embedded registry's database, or to the server in one call."""
    path = database_path(uri)
    place = None if path is None else run_folder(run.info.artifact_uri, path)
    if place is not None:
        lay_out(place)
        return
    with tempfile.TemporaryDirectory() as folder:
        lay_out(Path(folder))
        client.log_artifacts(run.info.run_id, folder)


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
    """Put all artifacts into one folder."""
    _lay_out_package(record.package, folder)
    for part in ("pictures", "documents"):
        (folder / part).mkdir(parents=True, exist_ok=True)
    for name, png in record.pictures.items():
        (folder / "pictures" / name).write_bytes(png)
    for name, text in record.documents.items():
        (folder / "documents" / name).write_text(text, encoding="utf-8")


def _lay_out_package(package: Path, folder: Path) -> None:
    (folder / PACKAGE_PATH).mkdir(parents=True, exist_ok=True)
    for name in (WEIGHTS, CONFIG):
        shutil.copyfile(package / name, folder / PACKAGE_PATH / name)


def _batches(items: Sequence[T]) -> Iterator[Sequence[T]]:
    return (items[start : start + _BATCH] for start in range(0, len(items), _BATCH))
