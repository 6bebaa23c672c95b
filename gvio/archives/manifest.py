"""The record of every raw file: where it came from and what it is, so that nothing is fetched or believed twice.

A raw folder holds product files under their official names and `manifest.json`. What a provider republishes under the
same name lies as `vintages/<version>/NAME`, and the older record is kept as superseded. No URL in it holds a secret.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Protocol, TypeVar

from gvio.archives.http_errors import safe_url
from gvio.archives.version import Listed, bare_etag, checksum_text, differs
from gvio.errors import InputRefused, RunHeld
from gvio.files import held, write_bytes
from gvio.types import CheckResult, Month, Progress

MANIFEST = "manifest.json"
VINTAGES = "vintages"
VERIFYING = "verifying raw files"
_LOCK = ".manifest.lock"
_LOCK_SECONDS = 60.0  # it is held for one reading and one writing: longer means that its holder hangs
_SCHEMA_VERSION = 1


@dataclasses.dataclass(frozen=True)
class RawFile:
    """One file that was fetched.

    Attributes:
        path: Relative to the raw folder, posix.
        name: Official name of the product file.
        month: YYYY-MM.
        url: Where it came from, without secrets.
        size: Bytes here.
        sha256: Digest of the bytes here.
        etag: Version at the archive, if it said so.
        fetched_at: UTC, ISO 8601, seconds.
        version: Collection and production stamp as the name says them, e.g. "002/2024123456789".
        superseded: A newer vintage of the same name is there; kept, not read.
        listed_size: Bytes that the archive listed; differs from `size` where only a window was kept.
        listed_checksum: Digest that the archive listed, as "md5:…" or "sha256:…".
    """

    path: str
    name: str
    month: str
    url: str
    size: int
    sha256: str
    etag: str | None
    fetched_at: str
    version: str
    superseded: bool = False
    listed_size: int | None = None
    listed_checksum: str | None = None


Manifest = Mapping[str, RawFile]
"""Records by path, in order of month and name; cannot be changed."""


L = TypeVar("L", bound=Listed)


class Remote(Listed, Protocol):
    """A listed file (`gvio.archives.archive.RemoteFile`), of which only this is read here."""

    @property
    def month(self) -> Month:
        """The month of the composite."""
        ...


def read_manifest(folder: Path) -> Manifest:
    """The records of a raw folder; empty where none was made yet.

    Raises:
        InputRefused: The manifest is damaged, or of another schema version.
    """
    path = folder / MANIFEST
    try:
        document = json.loads(path.read_bytes())
        version = document["schema_version"]
        files = [RawFile(**item) for item in document["files"]] if version == _SCHEMA_VERSION else []
    except FileNotFoundError:
        return MappingProxyType({})
    except (ValueError, KeyError, TypeError) as error:
        hint = "Move it away and fetch again: files that the archive's checksums confirm are not downloaded twice."
        raise InputRefused(f"is damaged ({type(error).__name__})", where=str(path), hint=hint) from None
    if version != _SCHEMA_VERSION:
        hint = "Use the gvio that wrote it, or another --workspace."
        raise InputRefused(f"has schema version {version!r}, not {_SCHEMA_VERSION}", where=str(path), hint=hint)
    return MappingProxyType({file.path: file for file in files})


def record(folder: Path, *files: RawFile) -> Manifest:
    """Add files to the manifest, all or none, and mark older records of the same name as superseded.

    The manifest appears whole or not at all, also when the process is killed; threads and processes wait for each
    other. URLs lose user, password and query.

    Raises:
        InputRefused: The manifest that is there is damaged.
        RunHeld: Another process holds the manifest, and does not end.
    """
    with held(folder / _LOCK, lambda: _locked(folder), _LOCK_SECONDS):
        known = dict(read_manifest(folder))
        for file in files:
            for path, other in known.items():
                if other.name == file.name and path != file.path:
                    known[path] = dataclasses.replace(other, superseded=True)
            known[file.path] = dataclasses.replace(file, url=safe_url(file.url))
        files_now = sorted(known.values(), key=lambda file: (file.month, file.name, file.fetched_at))
        _write(folder / MANIFEST, files_now)
    return MappingProxyType({file.path: file for file in files_now})


def new_files(listed: Sequence[L], manifest: Manifest) -> list[L]:
    """Those that are not recorded, or whose listing says another version than the record: a new vintage."""
    return [item for item in listed if is_new(item, manifest)]


def is_new(item: Listed, manifest: Manifest) -> bool:
    """Whether a listed file is not recorded, or listed with another ETag, size or checksum than it was."""
    records = records_of(item, manifest)
    return not records or any(differs(item, found.etag, found.listed_size, found.listed_checksum) for found in records)


def records_of(item: Listed, manifest: Manifest) -> list[RawFile]:
    """The records that count for a listed file: of its name, or made of it (the windows of an archive file)."""
    url = safe_url(item.url)
    return [file for file in manifest.values() if not file.superseded and (file.name == item.name or file.url == url)]


def current_files(folder: Path, manifest: Manifest) -> list[Path]:
    """The files to read: the newest vintage of every name, sorted by month and name."""
    return [folder / file.path for file in manifest.values() if not file.superseded]


def verify(folder: Path, progress: Progress | None = None) -> list[CheckResult]:
    """Read every file of a raw folder again: `raw.intact` per recorded file, `raw.known` per file without a record.

    Superseded vintages are looked at as well. Unknown files are no danger to a run that reads what is recorded.

    Raises:
        InputRefused: The manifest is damaged.
    """
    manifest = read_manifest(folder)
    checks = []
    for done, file in enumerate(manifest.values(), start=1):
        checks.append(_intact(folder / file.path, file))
        if progress is not None:
            progress(VERIFYING, done, len(manifest))
    names = sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    unknown = [n for n in names if n not in manifest and n != MANIFEST and not Path(n).name.startswith(".")]
    return checks + [_unknown(name) for name in unknown]


def _intact(path: Path, file: RawFile) -> CheckResult:
    size = path.stat().st_size if path.is_file() else None
    digest = None
    if size == file.size:
        with path.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    passed = digest == file.sha256
    found = "is missing" if size is None else f"has {size} bytes, not {file.size}" if digest is None else "has changed"
    again = f"{file.path} {found} since it was fetched on {file.fetched_at[:10]}; remove it and fetch again"
    message = f"{file.path} is as it was fetched" if passed else again
    return CheckResult("raw.intact", passed, True, file.path, message, {"size": size, "sha256": digest})


def _unknown(name: str) -> CheckResult:
    message = f"{name} has no record in {MANIFEST}: it was not fetched, or is left over; it is not read"
    return CheckResult("raw.known", False, False, name, message)


def raw_file(
    path: Path, remote: Remote, *, sha256: str, version: str, etag: str | None = None, name: str | None = None
) -> RawFile:
    """The record of a file that lies whole at `path`, made now; recorded by its name, relative to its own folder.

    Args:
        path: The file.
        remote: What the archive listed; its version is kept, so that the next listing is compared with this one.
        sha256: Digest of the bytes at `path`.
        version: Collection and production stamp.
        etag: Of the answer, for archives that list none.
        name: Official name, where it is not that of the listed file.
    """
    return RawFile(
        path=path.name,
        name=name or remote.name,
        month=str(remote.month),
        url=safe_url(remote.url),
        size=path.stat().st_size,
        sha256=sha256,
        etag=bare_etag(remote.etag or etag),
        fetched_at=dt.datetime.now(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        version=version,
        listed_size=remote.size,
        listed_checksum=checksum_text(remote),
    )


def _write(path: Path, files: Sequence[RawFile]) -> None:
    """One record a line: it is written after every file, and people read it."""
    lines = ",\n".join(json.dumps(vars(file), sort_keys=True) for file in files)
    write_bytes(path, f'{{"schema_version": {_SCHEMA_VERSION}, "files": [\n{lines}\n]}}\n'.encode())


def _locked(folder: Path) -> RunHeld:
    what = f"another process has held the record of fetched files for over {_LOCK_SECONDS:g} s"
    return RunHeld(what, where=str(folder / MANIFEST), hint="End that process, then run again.")
