"""Brings a version's package back from the registry and proves that its bytes are the registered ones."""

from __future__ import annotations

import contextlib
import datetime as dt
import io
import logging
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gvio.errors import DamagedModel, ModelError
from gvio.files import sha256
from gvio.registry.artifacts import run_folder
from gvio.registry.connection import connect, database_path, nothing_stored
from gvio.registry.decisions import was_chosen
from gvio.registry.record import CHAMPION, CONFIG, WEIGHTS, Champion, Knowledge, ModelVersion
from gvio.registry.training import PACKAGE_PATH, store_package
from gvio.registry.unfinished import DOWNLOAD_PREFIX, sweep_downloads
from gvio.registry.versions import all_versions, champion_version
from gvio.types import Month

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

REPLACE = "Train again with `gvio run --retrain`, or go back with `gvio registry rollback`."

_log = logging.getLogger("gvio.registry")


def read_champion(uri: str, region: str) -> Champion | None:
    """The region's champion with its package in memory; None where the region has none yet.

    Raises:
        DamagedModel: The stored package is absent or is not the one that was registered.
        UpstreamUnavailable: No server answers at `uri`.
    """
    if nothing_stored(uri):
        return None
    with connect(uri) as client:
        version = champion_version(client, region)
        return None if version is None else read_stored(client, uri, version)


def champion_as_of(
    uri: str, region: str, month: Month, public_until: dt.date | None, as_of: dt.date
) -> Champion | None:
    """The champion for a run that may know light until `month` and statistics until `public_until`, on the day `as_of`.

    That is the present champion if it knows nothing later; otherwise, of the versions that know nothing later and were
    once promoted, by the gate, by hand or for an earlier day (archived), the one that knows most. A version that was
    rolled back does not count, nor one whose promotion was cut off before it became champion. None where there is
    no such version.

    Raises:
        DamagedModel: The stored package is absent or is not the one that was registered.
        UpstreamUnavailable: No server answers at `uri`.
    """
    if nothing_stored(uri):
        return None
    asked = Knowledge(month, public_until, as_of)
    with connect(uri) as client:
        usable = [
            (CHAMPION in version.aliases, version.known.order(), version.version, version)
            for version in all_versions(client, region)
            if version.known is not None and version.known.within(asked) and was_chosen(version)
        ]
        return read_stored(client, uri, max(usable)[-1]) if usable else None


def restore(client: MlflowClient, uri: str, version: ModelVersion, package: Path) -> None:
    """Store the files of `package` again where those of the version were lost or damaged; they are the same ones.

    Raises:
        MlflowException: The registry refused.
    """
    try:
        read_stored(client, uri, version)
    except DamagedModel as error:
        store_package(client, uri, version.run_id, package)
        _log.warning("%s: %s; stored again from the same training", error.where, error.what)


def read_stored(client: MlflowClient, uri: str, version: ModelVersion) -> Champion:
    """The version with its package in memory, through an open client.

    Raises:
        DamagedModel: The stored package is absent or is not the one that was registered.
        ModelError: It cannot be read now.
    """
    from mlflow.exceptions import MlflowException

    try:
        weights, config = _stored(client, uri, version.run_id)
    except (MlflowException, OSError) as error:
        kind = DamagedModel if _is_gone(error) else ModelError
        raise kind("the stored package cannot be read", where=version.name, hint=REPLACE) from None
    _require_registered(version, WEIGHTS, weights, version.weights_sha256)
    _require_registered(version, CONFIG, config, version.config_sha256)
    return Champion(version, weights, config, version.decided)


def _stored(client: MlflowClient, uri: str, run_id: str) -> tuple[bytes, bytes]:
    """The bytes of weights and configuration as they lie there."""
    path = database_path(uri)
    place = None if path is None else run_folder(client.get_run(run_id).info.artifact_uri, path)
    if place is not None:
        return _files(place / PACKAGE_PATH)
    sweep_downloads()
    with tempfile.TemporaryDirectory(prefix=DOWNLOAD_PREFIX) as folder:
        with contextlib.redirect_stderr(io.StringIO()):  # MLflow draws a progress bar for two small files
            client.download_artifacts(run_id, PACKAGE_PATH, folder)
        return _files(Path(folder) / PACKAGE_PATH)


def _is_gone(error: Exception) -> bool:
    """Whether asking again is of no use: a file's own error (those of a connection carry no number), or no such run."""
    number, code = getattr(error, "errno", None), getattr(error, "error_code", "")
    return number is not None or code == "RESOURCE_DOES_NOT_EXIST"


def _files(package: Path) -> tuple[bytes, bytes]:
    return (package / WEIGHTS).read_bytes(), (package / CONFIG).read_bytes()


def _require_registered(version: ModelVersion, name: str, data: bytes, registered: str) -> None:
    actual = sha256(data)
    if actual != registered:
        found, wanted = actual[:12], registered[:12] or "nothing"
        what = f"{name} has SHA-256 {found}…, registered was {wanted}…"
        raise DamagedModel(what, where=version.name, hint=REPLACE)
