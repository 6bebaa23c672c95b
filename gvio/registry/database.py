"""The embedded registry's SQLite file: created whole or not at all, and replaced where an older run left half of one.

MLflow creates its schema in some hundred steps, which take seconds. They run on a file beside the place, which is
renamed when it is complete; `application_id` in the file's header marks it as complete, and later openings look there.
"""

from __future__ import annotations

import contextlib
import datetime as dt
import importlib.util
import logging
import os
import sqlite3
import time
from pathlib import Path

from gvio.errors import ModelError, RunHeld
from gvio.files import held

_MARK = 0x6776696F  # "gvio"
_SIDECARS = ("", "-journal", "-wal", "-shm")
_LOCK_SECONDS = 300.0
_STILL_SECONDS = 2.0
_STILL_LOOKS = 60
_UPGRADE = "Copy the file, then run `mlflow db upgrade {uri}`; a file of a newer MLflow needs that MLflow."
_DAMAGED = "Restore a copy of it, or move it away: the next run then makes a new registry and trains again."
_UNREADABLE = "Check the disk, the rights and which other program uses the file, then run again."

_log = logging.getLogger("gvio.registry")


def require_whole_database(path: Path, uri: str, artifacts: str) -> None:
    """Make sure that MLflow finds a complete database at `path`.

    An absent one is created. Half of one, as a run that was killed while it created it leaves behind, is moved aside
    with a message and created anew; it holds neither models nor runs.

    Args:
        path: The database file.
        uri: The same as `sqlite:///…`.
        artifacts: URI of the folder that a new database names for its artifacts.

    Raises:
        ModelError: The file holds models or runs but is of another MLflow, cannot be read, or is no database while
            models lie beside it.
        RunHeld: Another process has been creating it for minutes.
    """
    if _is_marked(path):
        return
    path.parent.mkdir(parents=True, exist_ok=True)

    def refuse() -> RunHeld:
        what = "another process has been creating the registry's database for minutes"
        return RunHeld(what, where=str(path), hint="Wait for it or end it, then run again.")

    with held(path.with_name(f".{path.name}.lock"), refuse, _LOCK_SECONDS):
        if not _is_marked(path) and not _is_whole(path, uri):
            _move_aside(path)
            _create(path, artifacts)


def _is_marked(path: Path) -> bool:
    """Whether the file was completed by `_create` or found complete before."""
    try:
        with _opened(path) as database:
            return bool(database.execute("PRAGMA application_id").fetchone()[0] == _MARK)
    except sqlite3.Error:
        return False


def _is_whole(path: Path, uri: str) -> bool:
    """Whether the unmarked file is a complete database of this MLflow, which then gets the mark.

    Raises:
        ModelError: It is not, and must not be replaced.
    """
    if not path.exists():
        return False
    _wait_until_still(path)
    try:
        with _opened(path) as database:
            revision, rows = _revision(database), _rows(database)
    except sqlite3.OperationalError as error:
        raise ModelError(f"the model registry failed: {error}", where=str(path), hint=_UNREADABLE) from None
    except sqlite3.DatabaseError as error:
        if _models_beside(path):
            raise ModelError(f"the model registry failed: {error}", where=str(path), hint=_DAMAGED) from None
        return False
    if revision == _newest_revision():
        with contextlib.suppress(sqlite3.OperationalError), _opened(path) as database:  # it may be read-only here
            database.execute(f"PRAGMA application_id = {_MARK}")
        return True
    if rows:
        what = f"the registry's database is of another MLflow (schema {revision}) and holds {rows} models and runs"
        raise ModelError(what, where=str(path), hint=_UPGRADE.format(uri=uri))
    return False


def _create(path: Path, artifacts: str) -> None:
    from mlflow.store.tracking.sqlalchemy_store import SqlAlchemyStore

    beside = path.with_name(f".{path.name}.new")
    for end in _SIDECARS:  # what a killed creation left
        beside.with_name(beside.name + end).unlink(missing_ok=True)
    store = SqlAlchemyStore(f"sqlite:///{beside}", artifacts)  # type: ignore[no-untyped-call]
    store.engine.dispose()
    with _opened(beside) as database:
        database.execute(f"PRAGMA application_id = {_MARK}")
    with beside.open("rb") as file:
        os.fsync(file.fileno())
    beside.replace(path)


def _move_aside(path: Path) -> None:
    """Out of the way with everything SQLite keeps beside it: an old journal would be applied to the new file."""
    stamp = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S%fZ")
    for end in _SIDECARS:
        old = path.with_name(path.name + end)
        if old.exists():
            old.replace(path.with_name(f"{path.name}.broken-{stamp}{end}"))
            _log.warning("%s was only half made and holds no models: moved to %s.broken-%s", old, path.name, stamp)


def _wait_until_still(path: Path) -> None:
    """An MLflow server or an older gvio may be creating it at this moment, in its place."""
    before = None
    for _ in range(_STILL_LOOKS):
        now = [(s.st_size, s.st_mtime_ns) for end in _SIDECARS if (s := _status(path.with_name(path.name + end)))]
        if now == before:
            return
        before = now
        time.sleep(_STILL_SECONDS)


def _status(path: Path) -> os.stat_result | None:
    try:
        return path.stat()
    except FileNotFoundError:
        return None


def _opened(path: Path) -> contextlib.closing[sqlite3.Connection]:
    return contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, timeout=20))


def _revision(database: sqlite3.Connection) -> str | None:
    if "alembic_version" not in _tables(database):
        return None
    row = database.execute("SELECT version_num FROM alembic_version").fetchone()
    return None if row is None else str(row[0])


def _rows(database: sqlite3.Connection) -> int:
    """Number of models and runs."""
    kept = {"runs", "registered_models", "model_versions"} & _tables(database)
    return sum(int(database.execute(f"SELECT count(*) FROM {table}").fetchone()[0]) for table in kept)


def _tables(database: sqlite3.Connection) -> set[str]:
    return {str(name) for (name,) in database.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}


def _newest_revision() -> str | None:
    """The schema that the installed MLflow wants: the last of its migrations."""
    from alembic.script import ScriptDirectory

    spec = importlib.util.find_spec("mlflow")
    folder = Path(str(spec.origin)).parent if spec is not None else Path()
    return ScriptDirectory(str(folder / "store" / "db_migrations")).get_current_head()


def _models_beside(path: Path) -> bool:
    artifacts = path.parent / "mlartifacts"
    return artifacts.is_dir() and any(artifacts.iterdir())
