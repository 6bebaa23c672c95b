"""Makes a backup: store, databases and registry into one folder, whole or not at all, while runs go on.

The order matters. A release names a model that was registered before it, and a registered model names files that were
stored before it. So the store is copied first, then the databases, then the files: whatever is named is there.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import shutil
from pathlib import Path

from gvio.backup import sqlite
from gvio.backup.manifest import ARTIFACTS, DATABASES, MANIFEST, STORE, Backup, KeptDatabase, KeptFile, write_backup
from gvio.backup.objects import Digests, copy_out
from gvio.backup.places import Places
from gvio.backup.postgresql import content_digest
from gvio.errors import ConfigError, RunHeld
from gvio.files import held, sha256
from gvio.store.local import LocalStore
from gvio.store.verify import regions_in, verify_release
from gvio.types import Progress


@dataclasses.dataclass(frozen=True)
class BackupReport:
    """What was made: `findings` are damages of the store, which was copied as it is."""

    folder: str
    backup: Backup

    @property
    def findings(self) -> tuple[str, ...]:
        """Damages of the store, a line each."""
        return self.backup.findings


def make_backup(
    places: Places,
    folder: Path,
    *,
    now: dt.datetime,
    code: str,
    replace: bool = False,
    progress: Progress | None = None,
) -> BackupReport:
    """Copy the whole state into `folder`, which appears when all of it is there.

    Args:
        places: The state.
        folder: Of the backup.
        now: Time of the backup.
        code: Version of gvio.
        replace: Let it take the place of an older backup.
        progress: Told of each object.

    Raises:
        ConfigError: The folder holds something else, or an older backup and `replace` is not said; or there is nothing.
        StoreError: A part cannot be read, or the folder cannot be written.
        RunHeld: Another backup is written to the same folder.
    """
    _require_free(folder, replace=replace)

    def refuse() -> RunHeld:
        return RunHeld("another backup is being written here", where=str(folder), hint="Wait for it to end.")

    folder.parent.mkdir(parents=True, exist_ok=True)
    with held(folder.with_name(f".{folder.name}.lock"), refuse):
        new = folder.with_name(f".{folder.name}.new")
        shutil.rmtree(new, ignore_errors=True)  # of one that was killed
        new.mkdir(mode=0o700)  # databases hold passwords, if only their hashes
        backup = _filled(places, new, now, code, progress)
        write_backup(new, backup)
        old = folder.with_name(f".{folder.name}.old")
        if folder.exists():
            folder.rename(old)
        new.rename(folder)
        shutil.rmtree(old, ignore_errors=True)
    return BackupReport(str(folder), backup)


def _filled(places: Places, new: Path, now: dt.datetime, code: str, progress: Progress | None) -> Backup:
    store = LocalStore(new / STORE)
    published = copy_out(places.store, store, progress)
    findings = [f.message for region in regions_in(store) for f in verify_release(store, region, progress=progress)]
    databases = (*_sqlite(places, new), *_postgresql(places, new))
    artifacts: Digests = {}
    if places.artifacts is not None:
        artifacts = copy_out(places.artifacts, LocalStore(new / ARTIFACTS), progress)
    if not published and not databases and not artifacts:
        hint = "Check --store and --workspace."
        raise ConfigError("there is nothing to back up", where=places.store.url, hint=hint)
    return Backup(
        created=now.astimezone(dt.UTC).isoformat(timespec="seconds"),
        code=code,
        store_source=places.store.url,
        store=_kept(STORE, published),
        findings=tuple(line.replace(store.url, places.store.url) for line in findings),
        artifacts_source=None if places.artifacts is None else places.artifacts.url,
        artifacts=_kept(ARTIFACTS, artifacts),
        databases=databases,
    )


def _sqlite(places: Places, new: Path) -> list[KeptDatabase]:
    made = []
    for name, source in places.sqlite.items():
        if source.exists():
            target = new / DATABASES / f"{name}.sqlite"
            sqlite.copy_out(source, target)
            made.append(KeptDatabase(name=name, kind="sqlite", source=str(source), file=_file(new, target)))
    return made


def _postgresql(places: Places, new: Path) -> list[KeptDatabase]:
    made = []
    for database in places.databases:
        target = new / DATABASES / f"{database.name}.dump"
        database.dump(target)
        file, content = _file(new, target), content_digest(target)
        made.append(
            KeptDatabase(name=database.name, kind="postgresql", source=database.shown, file=file, content=content)
        )
    return made


def _kept(part: str, found: Digests) -> tuple[KeptFile, ...]:
    files = ((f"{part}/{key}", size, digest) for key, (size, digest) in sorted(found.items()))
    return tuple(KeptFile(path=path, size=size, sha256=digest) for path, size, digest in files)


def _file(folder: Path, path: Path) -> KeptFile:
    data = path.read_bytes()
    return KeptFile(path=path.relative_to(folder).as_posix(), size=len(data), sha256=sha256(data))


def _require_free(folder: Path, *, replace: bool) -> None:
    if not folder.exists() or (folder.is_dir() and not any(folder.iterdir())):
        return
    if not (folder / MANIFEST).exists():
        raise ConfigError("holds something that is no backup", where=str(folder), hint="Choose another --to.")
    if not replace:
        hint = "Choose another --to, or say --replace."
        raise ConfigError("holds a backup already", where=str(folder), hint=hint)
