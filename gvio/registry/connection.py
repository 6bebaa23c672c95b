"""The doorway's hinge: opens the registry quietly and turns MLflow's failures into ours.

MLflow is imported inside the functions: it costs seconds, and the record's types are wanted without them.
"""

from __future__ import annotations

import contextlib
import logging
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gvio.errors import ConfigError, ModelError, UpstreamUnavailable
from gvio.registry.artifacts import artifact_root, correct_addresses
from gvio.registry.database import require_whole_database

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_SQLITE = "sqlite:///"
_FAILED = "Check the address, the disk and the rights; the published release stands."
_DRIVER = "Install it beside gvio (for PostgreSQL: pip install psycopg2-binary), or give the http address of a server."
_DENIED = (
    "Ask the server's administrator for EDIT on the experiment and on the registered model gvio-REGION (READ is enough "
    "to map with the champion); infra/README.md says how. The published release stands."
)


def default_uri(workspace: Path) -> str:
    """The embedded registry of a workspace: SQLite beside its artifact folder.

    Raises:
        ConfigError: In the address of an SQLite database a question mark ends the path: the file would lie beside the
            workspace.
    """
    if "?" in str(workspace.resolve()):
        what = f"the registry's database cannot lie under a name with '?': {workspace}"
        raise ConfigError(what, where="--workspace", hint="Choose another --workspace.")
    return f"{_SQLITE}{workspace.resolve() / 'mlflow.db'}"


def artifact_location(uri: str) -> str | None:
    """Where a new experiment keeps its artifacts: beside the SQLite file; a server decides for itself (None)."""
    path = database_path(uri)
    return None if path is None else artifact_root(path).as_uri()


def database_path(uri: str) -> Path | None:
    """The file of an embedded registry; None for a server or another database."""
    return Path(uri.removeprefix(_SQLITE)).resolve() if uri.startswith(_SQLITE) else None


def nothing_stored(uri: str) -> bool:
    """Whether `uri` is an embedded registry that was never written; spares its creation just to find it empty."""
    path = database_path(uri)
    return path is not None and not path.exists()


@contextlib.contextmanager
def connect(uri: str) -> Iterator[MlflowClient]:
    """A client of the registry at `uri`; a failure inside the block leaves it as one of our errors.

    Args:
        uri: `sqlite:///…`, any database URI MLflow takes, or the `http(s)://` address of an MLflow server.

    Raises:
        UpstreamUnavailable: No server answers at `uri`.
        RunHeld: Another process has been creating the embedded registry for minutes.
        ModelError: The registry cannot be opened or refused the request.
    """
    _require_reachable(uri)
    with _quiet():
        from mlflow.exceptions import MlflowException
        from mlflow.tracking import MlflowClient
        from sqlalchemy.exc import SQLAlchemyError

        try:
            if (path := database_path(uri)) is not None:
                require_whole_database(path, uri, str(artifact_location(uri)))
                correct_addresses(path)
            yield MlflowClient(tracking_uri=uri, registry_uri=uri)
        except (MlflowException, SQLAlchemyError, OSError) as error:
            hint = _DENIED if database_path(uri) is None and _is_denied(error) else _FAILED
            what = f"the model registry failed: {_first_line(error).replace(uri, _without_password(uri))}"
            raise ModelError(what, where=_without_password(uri), hint=hint) from error
        except ImportError as error:  # SQLAlchemy looks for the driver of a database's address when it is opened
            what = f"the registry's database needs a driver that is not installed ({error.name or error})"
            raise ModelError(what, where=_without_password(uri), hint=_DRIVER) from error


def _require_reachable(uri: str) -> None:
    """MLflow retries a dead server for minutes; ask once before."""
    if not uri.startswith(("http://", "https://")):
        return
    try:
        with urllib.request.urlopen(f"{uri.rstrip('/')}/health", timeout=10):
            return
    except urllib.error.HTTPError as answer:
        answer.close()  # a gateway may hide /health: whoever answers is there
    except OSError as error:
        raise UpstreamUnavailable(
            f"no MLflow server answers ({_first_line(error)})",
            where=_without_password(uri),
            hint="Start it and run again.",
        ) from None


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Hold back the INFO lines of schema creation, and keep MLflow's chatter out of stdout, which carries results."""
    import mlflow.tracking  # noqa: F401 - its import sets the levels that are raised below

    loggers = [logging.getLogger(name) for name in ("mlflow", "alembic")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.WARNING)
    try:
        with contextlib.redirect_stdout(sys.stderr):
            yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)


def _is_denied(error: BaseException) -> bool:
    text = str(error)
    return "Permission denied" in text or "PERMISSION_DENIED" in text


def _first_line(error: BaseException) -> str:
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def _without_password(uri: str) -> str:
    parts = urllib.parse.urlsplit(uri)
    return uri.replace(f":{parts.password}@", ":***@") if parts.password else uri
