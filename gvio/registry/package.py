"""Brings the champion's package back from the registry and proves that its bytes are the registered ones."""

from __future__ import annotations

import contextlib
import io
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from gvio.errors import ModelError
from gvio.files import move
from gvio.registry.connection import connect
from gvio.registry.record import CHAMPION, CONFIG, WEIGHTS, LoadedPackage, ModelVersion, model_name, package_digests
from gvio.registry.training import PACKAGE_PATH
from gvio.registry.versions import aliases_of, read_version

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_HINT = "Roll back with `gvio registry rollback`, or train again."


def load_champion(uri: str, region: str, into: Path) -> LoadedPackage | None:
    """Download the champion's package into the folder `into`; None where the region has no champion yet.

    Nothing reaches `into` before the hashes of both files agree with the version's tags.

    Raises:
        ModelError: The stored package is absent or is not the one that was registered.
        UpstreamUnavailable: No server answers at `uri`.
    """
    with connect(uri) as client:
        champion = aliases_of(client, region).get(CHAMPION)
        if champion is None:
            return None
        version = read_version(client, region, champion)
        into.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=into.parent, prefix=".champion-") as folder:
            package = _download(client, version, Path(folder))
            _require_registered_bytes(version, package)
            for name in (WEIGHTS, CONFIG):
                move(package / name, into / name)
    return LoadedPackage(into, version)


def _download(client: MlflowClient, version: ModelVersion, folder: Path) -> Path:
    from mlflow.exceptions import MlflowException

    try:
        with contextlib.redirect_stderr(io.StringIO()):  # MLflow draws a progress bar for two small files
            client.download_artifacts(version.run_id, PACKAGE_PATH, str(folder))
    except (MlflowException, OSError):
        raise ModelError("the stored package cannot be read", where=_name(version), hint=_HINT) from None
    return folder / PACKAGE_PATH


def _require_registered_bytes(version: ModelVersion, package: Path) -> None:
    actual = package_digests(package)
    registered = {"weights_sha256": version.weights_sha256, "config_sha256": version.config_sha256}
    for tag, name in (("weights_sha256", WEIGHTS), ("config_sha256", CONFIG)):
        if actual[tag] != registered[tag]:
            found, wanted = actual[tag][:12], registered[tag][:12] or "nothing"
            raise ModelError(f"{name} has SHA-256 {found}…, registered was {wanted}…", where=_name(version), hint=_HINT)


def _name(version: ModelVersion) -> str:
    return f"model {model_name(version.region)} version {version.version}"
