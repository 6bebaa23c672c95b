"""Artifacts of the embedded registry lie in `mlartifacts` beside its database, wherever the two are now.

MLflow records absolute addresses. Once a workspace was moved or copied, or is mounted elsewhere, they name the old
place. Our own reads and writes go beside the database whatever is recorded; the records are corrected as well, so that
MLflow's pages show the files that are here.
"""

from __future__ import annotations

import contextlib
import re
import sqlite3
import urllib.parse
from pathlib import Path

_FOLDER = "mlartifacts"
_OURS = re.compile(rf"file://.*/{_FOLDER}(?=/|$)")
_ADDRESSES = (
    ("experiments", "artifact_location"),
    ("runs", "artifact_uri"),
    ("model_versions", "source"),
    ("model_versions", "storage_location"),
    ("logged_models", "artifact_location"),
)
_SECONDS = 1.0  # for a database that another process is writing: the next opening corrects it


def artifact_root(database: Path) -> Path:
    """The folder of all artifacts of the embedded registry at `database`."""
    return database.parent / _FOLDER


def present_address(recorded: str, database: Path) -> str | None:
    """The address under which the artifacts recorded at `recorded` lie now; None where that is no `mlartifacts`."""
    found = _OURS.match(recorded)
    return None if found is None else artifact_root(database).as_uri() + recorded[found.end() :]


def run_folder(recorded: str, database: Path) -> Path | None:
    """The folder of a run's artifacts, from its recorded address; None where a person put them somewhere else."""
    address = present_address(recorded, database)
    return None if address is None else Path(urllib.parse.unquote(urllib.parse.urlsplit(address).path))


def correct_addresses(database: Path) -> None:
    """Let the database name the folder beside it, in one transaction.

    A database that cannot be written now stays as it is: only MLflow's own pages need what is recorded.
    """
    address = f"{database.as_uri()}?mode=rw"
    with (
        contextlib.suppress(sqlite3.Error),
        contextlib.closing(sqlite3.connect(address, uri=True, timeout=_SECONDS)) as opened,
    ):
        wrong = [
            (table, column, present, recorded)
            for table, column in _ADDRESSES
            for recorded in _recorded(opened, table, column)
            if (present := present_address(recorded, database)) not in (None, recorded)
        ]
        with opened:
            for table, column, present, recorded in wrong:
                opened.execute(f"UPDATE {table} SET {column} = ? WHERE {column} = ?", (present, recorded))


def _recorded(opened: sqlite3.Connection, table: str, column: str) -> list[str]:
    query = f"SELECT DISTINCT {column} FROM {table} WHERE {column} LIKE 'file:%'"
    return [str(text) for (text,) in opened.execute(query)]
