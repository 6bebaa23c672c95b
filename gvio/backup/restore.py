"""Restores a backup: nothing is written before all of it was read and found whole, and every target found empty."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Sequence
from pathlib import Path

from gvio.backup import sqlite
from gvio.backup.manifest import ARTIFACTS, STORE, Backup, KeptDatabase, KeptFile, read_backup
from gvio.backup.objects import Digests, copy_in, digests_of
from gvio.backup.places import Places, nobody_at_work
from gvio.backup.postgresql import Database, content_digest
from gvio.errors import ConfigError, DamagedStore, StoreError
from gvio.files import sha256
from gvio.store.local import LocalStore
from gvio.store.objects import ObjectStore
from gvio.types import Progress


@dataclasses.dataclass(frozen=True)
class RestoreReport:
    """What was restored, all of it read again and found the same.

    Attributes:
        created: When the backup was made (ISO 8601).
        objects: Objects of the store.
        artifacts: Files of the registry.
        databases: Their names.
        removed: Objects that were there and are not in the backup; only with `replace`.
        left_out: Parts of the backup that nobody asked for, by name.
        findings: What was damaged in the store when it was backed up, a line each, with its places of then.
    """

    created: str
    objects: int
    artifacts: int
    databases: tuple[str, ...]
    removed: tuple[str, ...]
    left_out: tuple[str, ...]
    findings: tuple[str, ...] = ()


def restore_backup(
    places: Places, folder: Path, *, replace: bool = False, progress: Progress | None = None
) -> RestoreReport:
    """Write a backup back: registry before store, and what readers begin with last. Then read all of it again.

    Args:
        places: Where to.
        folder: Of the backup.
        replace: Overwrite what is there, and remove what is not in the backup.
        progress: Told of each object.

    Raises:
        ConfigError: The folder is no backup; a database of it is not among the targets; or a target is not empty and
            `replace` is not said.
        DamagedStore: A file of the backup is absent or another; nothing was written.
        StoreError: A target cannot be written, or is not what was written.
        RunHeld: A run or a server is at work on the targets.
    """
    backup = read_backup(folder)
    _require_whole(backup, folder)
    found = _targets(backup, places)
    with nobody_at_work(places.busy):
        if not replace:
            _require_empty(backup, places, found)
        for kept, target in found:
            _put(folder, kept, target)
        removed: list[str] = []
        parts = [(ARTIFACTS, places.artifacts, backup.artifacts), (STORE, places.store, backup.store)]
        for name, target_store, files in parts:
            if target_store is not None and (name == STORE or backup.artifacts_source is not None):
                removed += _filled(LocalStore(folder / name), target_store, _digests(name, files), progress)
    return RestoreReport(
        created=backup.created,
        objects=len(backup.store),
        artifacts=0 if places.artifacts is None else len(backup.artifacts),
        databases=tuple(kept.name for kept, _ in found),
        removed=tuple(removed),
        left_out=_left_out(backup, places, [kept for kept, _ in found]),
        findings=backup.findings,
    )


Target = Path | Database


def _require_whole(backup: Backup, folder: Path) -> None:
    for file in backup.files:
        path = folder / file.path
        data = path.read_bytes() if path.is_file() else None
        if data is None or sha256(data) != file.sha256:
            what = "is absent" if data is None else "is not the file that was backed up"
            raise DamagedStore(
                f"a file of the backup {what}", where=str(path), hint="Nothing was written. Use another backup."
            )


def _targets(backup: Backup, places: Places) -> list[tuple[KeptDatabase, Target]]:
    """Where each database goes; none where databases are not asked for."""
    if not places.sqlite and not places.databases:
        return []
    by_name: dict[tuple[str, str], Target] = {("sqlite", name): path for name, path in places.sqlite.items()}
    by_name |= {("postgresql", database.name): database for database in places.databases}
    found = []
    for kept in backup.databases:
        target = by_name.get((kept.kind, kept.name))
        if target is None:
            what = f"the backup holds the {kept.kind} database {kept.name!r}, and no such one is named as target"
            hint = "Name it in GVIO_DATABASE_URLS (unset it for SQLite), or use --store-only."
            raise ConfigError(what, where="GVIO_DATABASE_URLS", hint=hint)
        found.append((kept, target))
    return found


def _require_empty(backup: Backup, places: Places, found: Sequence[tuple[KeptDatabase, Target]]) -> None:
    full = [places.store.url] if places.store.list_("") else []
    if places.artifacts is not None and backup.artifacts and places.artifacts.list_(""):
        full.append(places.artifacts.url)
    for _, target in found:
        if isinstance(target, Path) and target.exists():
            full.append(str(target))
        if isinstance(target, Database) and not target.is_empty():
            full.append(target.shown)
    if full:
        hint = "Restore to an empty place, or say --replace: what is there and not in the backup is then lost."
        raise ConfigError("is not empty; nothing was written", where=full[0], hint=hint)


def _put(folder: Path, kept: KeptDatabase, target: Target) -> None:
    source = folder / kept.file.path
    if isinstance(target, Path):
        sqlite.put_back(source, target)
        same, where = sha256(target.read_bytes()) == kept.file.sha256, str(target)
    else:
        target.restore(source)
        with tempfile.TemporaryDirectory() as again:
            target.dump(Path(again, "again.dump"))
            same, where = content_digest(Path(again, "again.dump")) == kept.content, target.shown
    if not same:
        hint = "Is a server using it? End it, then restore again with --replace."
        raise StoreError("the restored database is not what the backup holds", where=where, hint=hint)


def _filled(source: ObjectStore, target: ObjectStore, wanted: Digests, progress: Progress | None) -> list[str]:
    removed = copy_in(source, target, wanted, progress)
    there = digests_of(target, wanted, progress)
    others = sorted(target.list_("").keys() - wanted.keys())
    if wrong := [key for key in wanted if there[key] != wanted[key]] or others:
        hint = "Is a run publishing there? End it, then restore again with --replace."
        raise StoreError(
            "the restored object is not what the backup holds", where=f"{target.url}/{wrong[0]}", hint=hint
        )
    return removed


def _digests(part: str, files: Sequence[KeptFile]) -> Digests:
    return {file.path.removeprefix(f"{part}/"): (file.size, file.sha256) for file in files}


def _left_out(backup: Backup, places: Places, restored: Sequence[KeptDatabase]) -> tuple[str, ...]:
    left = [f"database {kept.name}" for kept in backup.databases if kept not in restored]
    return (*left, *(["files of the registry"] if backup.artifacts and places.artifacts is None else []))
