"""SQLite databases: copied whole while others write them, and put back in their place."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path

from gvio.errors import StoreError
from gvio.files import replacing

_SIDECARS = ("-journal", "-wal", "-shm")
_PATIENCE_S = 60.0


def copy_out(source: Path, target: Path) -> None:
    """Copy a database as it is at one moment, and check the copy.

    Raises:
        StoreError: It cannot be read, or is damaged.
    """
    address = f"{source.absolute().as_uri()}?mode=ro"
    target.parent.mkdir(parents=True, exist_ok=True)
    try:
        with (
            contextlib.closing(sqlite3.connect(address, uri=True, timeout=_PATIENCE_S)) as opened,
            contextlib.closing(sqlite3.connect(target)) as copy,
        ):
            opened.backup(copy)
            copy.execute("PRAGMA journal_mode = DELETE")
            found = copy.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        hint = "Check its rights and which program uses it, then back up again."
        raise StoreError(f"the database cannot be copied ({error})", where=str(source), hint=hint) from None
    if found is None or found[0] != "ok":
        hint = "Restore an older backup of it, or move it away: the next run makes a new one."
        raise StoreError("the database is damaged", where=str(source), hint=hint)


def put_back(source: Path, target: Path) -> None:
    """Put a copy in its place, whole, without what SQLite keeps beside the file that was there."""
    with replacing(target) as written:
        written.write_bytes(source.read_bytes())
        for end in _SIDECARS:
            target.with_name(target.name + end).unlink(missing_ok=True)
