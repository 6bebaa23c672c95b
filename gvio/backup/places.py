"""Where the state of a deployment lies: what `gvio backup` reads and `gvio restore` writes."""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from gvio.backup.postgresql import Database
from gvio.errors import ConfigError, RunHeld
from gvio.files import held
from gvio.registry.artifacts import artifact_root
from gvio.store.objects import ObjectStore, open_store

_REGISTRY, _PREFECT = "mlflow", "prefect"


@dataclasses.dataclass(frozen=True, eq=False)
class Places:
    """The parts of the state.

    Attributes:
        store: The published store.
        artifacts: Files of the registry; None: they are not part of it.
        sqlite: Files of SQLite databases by their name in the backup; they need not exist.
        databases: PostgreSQL databases.
        busy: Lock files that a run, a `serve` or a `demo` holds while it works on this state.
    """

    store: ObjectStore
    artifacts: ObjectStore | None
    sqlite: Mapping[str, Path]
    databases: tuple[Database, ...]
    busy: tuple[Path, ...]


def open_places(
    store: str,
    workspace: Path,
    environment: Mapping[str, str],
    *,
    server_lock: str,
    only_store: bool = False,
) -> Places:
    """The state that flags and environment describe: by default the store, and what a workspace holds beside.

    `GVIO_DATABASE_URLS` names PostgreSQL databases instead of the workspace's SQLite files, and `GVIO_ARTIFACTS`, a
    folder or `s3://bucket/prefix`, the files of the registry.

    Args:
        store: The published store.
        workspace: Files of the work.
        environment: Of the process.
        server_lock: Name of the lock file of a Prefect server, in `workspace/prefect`.
        only_store: Leave out databases and registry.

    Raises:
        ConfigError: An address cannot be used, or the registry is a server of which no database was named.
    """
    endpoint = environment.get("AWS_ENDPOINT_URL")
    objects = open_store(store, endpoint)
    busy = (workspace / _PREFECT / server_lock, *sorted(workspace.glob("*/.lock")))
    if only_store:
        return Places(objects, None, {}, (), busy)
    urls = environment.get("GVIO_DATABASE_URLS", "").split()
    files = environment.get("GVIO_ARTIFACTS")
    if urls:
        known = None if files is None else open_store(files, endpoint)
        return Places(objects, known, {}, tuple(Database(url, environment) for url in urls), busy)
    tracking = environment.get("MLFLOW_TRACKING_URI", "")
    if tracking:
        hint = "Set GVIO_DATABASE_URLS and GVIO_ARTIFACTS to what it keeps them in, or use --store-only."
        raise ConfigError(
            "the registry is a server, and its database is not named", where="MLFLOW_TRACKING_URI", hint=hint
        )
    registry = workspace / "mlflow.db"
    sqlite = {_REGISTRY: registry, _PREFECT: workspace / _PREFECT / "prefect.db"}
    return Places(objects, open_store(files or str(artifact_root(registry)), endpoint), sqlite, (), busy)


@contextlib.contextmanager
def nobody_at_work(busy: Sequence[Path]) -> Iterator[None]:
    """Hold every lock of those who work on the state, as far as there are any.

    Raises:
        RunHeld: One of them is at work.
    """

    def refuse(path: Path) -> RunHeld:
        return RunHeld("a run or a server is at work here", where=str(path.parent), hint="End it, then restore again.")

    with contextlib.ExitStack() as stack:
        for path in busy:
            if path.parent.is_dir():
                stack.enter_context(held(path, lambda path=path: refuse(path)))  # type: ignore[misc]
        yield
