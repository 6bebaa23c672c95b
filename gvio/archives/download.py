"""One file from an archive, whole and verified: a partial sibling that resumes → size, magic bytes, checksum → rename.

What came so far survives a kill, and the next call asks only for the rest (`Range` with `If-Range`, RFC 9110 §13–14).
What is read is written at once, so that no more than one block, which is what comes in a moment, is fetched twice.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import threading
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import BinaryIO

from gvio.archives.archive import RemoteFile
from gvio.archives.http_errors import is_login_error, login_page, safe_url, starts_a_page
from gvio.archives.manifest import RawFile, raw_file
from gvio.archives.partial import (
    Digests,
    Note,
    discard,
    partial_path,
    read_note,
    resume_point,
    settle,
    sha256_if_there,
    write_note,
)
from gvio.archives.ranges import Get, Kept, RangeReader
from gvio.archives.retry import RETRY_POLICY, RetryPolicy
from gvio.archives.version import Version, checksum_text
from gvio.errors import ProductError, StoreError
from gvio.files import flush, move
from gvio.sources.files import DOWNLOAD_AGAIN, MAGIC

_WRITE_AHEAD = 4 * 2**20  # bytes after which the disk is asked to begin, so that fsync has little left to wait for
_HEAD = 512  # bytes that tell a page and a product file apart


@dataclasses.dataclass(frozen=True)
class _Task:
    """What one download needs, bound once; `digests` grow with the partial file."""

    get: Get
    remote: RemoteFile
    into: Path
    magic: str
    archive: str
    stop: threading.Event
    digests: Digests

    @property
    def where(self) -> str:
        return safe_url(self.remote.url)

    @property
    def path(self) -> Path:
        return partial_path(self.into, self.remote.name)


def download(
    get: Get,
    remote: RemoteFile,
    into: Path,
    magic: str,
    *,
    archive: str = "the archive",
    version: str = "",
    renew: Callable[[], None] | None = None,
    retry: RetryPolicy = RETRY_POLICY,
    stop: threading.Event | None = None,
) -> RawFile:
    """Bring one file into a folder under its official name; the record's path is relative to that folder.

    Nothing is asked of the network when the whole file lies there already and can be told to be this version. A server
    that ignores `Range`, and a file that changed meanwhile, start over. Content is never decoded: the bytes of the wire
    are the file. A download that turns out damaged is tried once more from its beginning.

    Args:
        get: Asks for a URL with headers.
        remote: The file.
        into: Folder; made when absent.
        magic: What the first bytes must be, a key of `gvio.sources.files.MAGIC`.
        archive: What messages call the archive.
        version: Collection and production stamp, for the record.
        renew: Logs in again; called at most once, when the credential is not accepted or a login page comes.
        retry: Attempts without progress; bytes that arrive give them anew.
        stop: Ends the download after the next block when set; what came is kept.

    Raises:
        ConfigError: Credential, licence or address, as `check_answer` and `answering` say.
        UpstreamUnavailable: Likewise; or the download was stopped, or another size is offered than was listed.
        ProductError: The file is gone, twice damaged, not what it should be, or its name is no file name.
        StoreError: The folder cannot be written.
    """
    if "/" in remote.name or "\0" in remote.name or remote.name.startswith(".") or not remote.name:
        what = f"the archive lists {remote.name!r}, which is no file name"
        raise ProductError(what, where=safe_url(remote.url), hint="Nothing was fetched; tell the archive.")
    task = _Task(get, remote, into, magic, archive, stop or threading.Event(), Digests(remote))
    with _writing(into):
        into.mkdir(parents=True, exist_ok=True)
        sha256 = sha256_if_there(into, remote)
        if sha256 is None:
            sha256 = _renewing(partial(_whole_file, task, retry), renew)
        note = read_note(into, remote.name)
        return raw_file(into / remote.name, remote, sha256=sha256, version=version, etag=note.etag if note else None)


def _renewing(work: Callable[[], str], renew: Callable[[], None] | None) -> str:
    try:
        return work()
    except Exception as error:
        if renew is None or not is_login_error(error):
            raise
    renew()
    return work()


def _whole_file(task: _Task, retry: RetryPolicy, again: bool = True) -> str:
    _all_bytes(task, retry)
    problem = _damage(task)
    if problem is None:
        return _finish(task)
    discard(task.into, task.remote.name)
    if again:
        return _whole_file(task, retry, again=False)
    raise problem


def _all_bytes(task: _Task, retry: RetryPolicy) -> None:
    """Append what is missing to the partial file, which starts over when that does not continue it."""
    remote, into = task.remote, task.into
    note = read_note(into, remote.name)
    have = resume_point(into, remote, note)
    task.digests.catch_up(task.path, have)
    kept = Kept(have, note.version if note else None, partial(_restart, task), verified=remote.checksum is not None)
    with RangeReader(task.get, remote, task.archive, retry, task.stop, kept) as reader:
        data = reader.block()
        with task.path.open("ab") as file:
            _append(task, reader, file, data)


def _append(task: _Task, reader: RangeReader, file: BinaryIO, data: bytes) -> None:
    begun = 0
    while data:
        fresh = task.digests.hashed < _HEAD
        file.write(data)
        file.flush()  # a kill loses no more than one block, and `_restart` finds every byte in the file
        task.digests.add(data)
        if fresh and task.digests.hashed >= _HEAD:
            _check_head(task, reader)
        begun = min(begun, task.digests.hashed)
        if task.digests.hashed - begun >= _WRITE_AHEAD:  # Linux begins to write what is dirty, and keeps it cached
            os.posix_fadvise(file.fileno(), begun, task.digests.hashed - begun, os.POSIX_FADV_DONTNEED)
            begun = task.digests.hashed
        data = reader.block()
    _check_head(task, reader)


def _restart(task: _Task, version: Version | None) -> None:
    """Forget the bytes before the note says which version the next ones are of: a kill between mixes no two."""
    if task.path.exists():
        os.truncate(task.path, 0)
    task.digests.catch_up(task.path, 0)
    if version is None:
        settle(task.into, task.remote.name)
        return
    listed_size, listed_checksum = task.remote.size, checksum_text(task.remote)
    note = Note(version.validator, version.etag, version.total, listed_size, listed_checksum)
    write_note(task.into, task.remote.name, note)


def _check_head(task: _Task, reader: RangeReader) -> None:
    """Refuse a login page and anything else that is no such file, before more of it comes."""
    with task.path.open("rb") as stream:
        head = stream.read(_HEAD)
    if head.startswith(MAGIC[task.magic]) or reader.answer is None:  # nothing was asked for: all was there, and checked
        return
    discard(task.into, task.remote.name)
    if starts_a_page(head):
        raise login_page(reader.answer, task.remote.url, task.archive)
    found = f"it starts with {head[:8]!r}" if head else "it is empty"
    raise ProductError(f"{task.archive} sent no {task.magic}: {found}", where=task.where, hint=DOWNLOAD_AGAIN)


def _damage(task: _Task) -> ProductError | None:
    """What is wrong with the bytes that came, if anything."""
    size, listed = task.digests.hashed, task.remote.size
    if listed is not None and size != listed:
        what = f"{size} bytes came, {listed} were listed"
    elif task.digests.agrees is False:
        what = f"the {task.remote.checksum.algorithm if task.remote.checksum else ''} checksum is not the listed one"
    else:
        return None
    return ProductError(f"{what}, twice", where=task.where, hint="Try again later, or tell the archive.")


def _finish(task: _Task) -> str:
    """Rename, after the note says that the file is whole: a process that dies between is understood."""
    name, sha256 = task.remote.name, task.digests.sha256
    flush(task.path)
    note = read_note(task.into, name) or Note()
    write_note(task.into, name, dataclasses.replace(note, sha256=sha256))
    move(task.path, task.into / name)
    return sha256


@contextlib.contextmanager
def _writing(into: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = f"cannot be written ({error.strerror or type(error).__name__})"
        raise StoreError(what, where=str(into), hint="Free space, or use another --workspace.") from None
