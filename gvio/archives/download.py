"""One file from an archive, whole and verified: a partial sibling that resumes → size, magic bytes, checksum → rename.

What came so far survives a kill, and the next call asks only for the rest (`Range` with `If-Range`, RFC 9110 §13–14).
What is read is written at once, so that no more than one block, which is what comes in a moment, is fetched twice.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import BinaryIO

import requests

from gvio.archives.archive import RemoteFile
from gvio.archives.http_errors import (
    answering,
    asked_wait,
    check_answer,
    is_login_error,
    login_page,
    safe_url,
    starts_a_page,
)
from gvio.archives.manifest import RawFile, raw_file
from gvio.archives.partial import (
    Digests,
    Note,
    discard,
    partial_path,
    read_note,
    resume_point,
    sha256_if_there,
    write_note,
)
from gvio.archives.retry import RETRY_POLICY, RetryPolicy, retried
from gvio.archives.version import checksum_text
from gvio.errors import ProductError, StoreError, UpstreamUnavailable
from gvio.files import flush, move
from gvio.sources.files import DOWNLOAD_AGAIN, MAGIC

Get = Callable[[str, Mapping[str, str]], requests.Response]
"""URL and headers → response opened with `stream=True` and a timeout, redirects followed, TLS verified."""

CHUNK = 2**20
_BLOCKS = (2**14, 2**19)  # least and most bytes read, written and hashed at a time: a TLS record, a core's own cache
_MOMENT = 0.05  # seconds; a block that takes longer is halved, so that a kill on a slow line loses as little
_WRITE_AHEAD = 4 * 2**20  # bytes after which the disk is asked to begin, so that fsync has little left to wait for
_HEAD = 512  # bytes that tell a page and a product file apart
_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+|\*)")
_RESUMES = "Run again: what came is kept and continued."


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
        retry: Retries without progress; a chunk that arrives gives them anew.
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
    """Attempts until the body is whole; whoever brings a chunk further gets all attempts anew."""
    reached = 0
    while True:
        try:
            return retried(partial(_attempt, task), retry, task.stop)
        except UpstreamUnavailable as error:
            if task.digests.hashed < reached + CHUNK or asked_wait(error) is not None or task.stop.is_set():
                raise
            reached = task.digests.hashed
        task.stop.wait(retry.first_wait)


def _attempt(task: _Task) -> None:
    """Ask for what is missing and append it."""
    remote, into = task.remote, task.into
    note = read_note(into, remote.name)
    have = resume_point(into, remote, note)
    task.digests.catch_up(task.path, have)
    if note is not None and have and have == note.total:
        return
    headers = {"Accept-Encoding": "identity"}
    if note is not None and have:
        headers["Range"] = f"bytes={have}-"
        if note.validator is not None:
            headers["If-Range"] = note.validator
    with answering(remote.url, task.archive), contextlib.closing(task.get(remote.url, headers)) as response:
        if response.status_code == requests.codes.requested_range_not_satisfiable:
            raise _started_over(task, "has less of it than was fetched before")
        check_answer(response, remote.url, task.archive, month=remote.month)
        start = _begin(task, response, note, have)
        task.digests.catch_up(task.path, start)
        with task.path.open("ab" if start else "wb") as file:
            _append(task, response, file)


def _begin(task: _Task, response: requests.Response, note: Note | None, have: int) -> int:
    """Where the body starts in the file; notes which version it is of.

    Raises:
        UpstreamUnavailable: Another part or version than was asked for, no file at all, or another size than listed.
    """
    found = _note_of(response, task.remote)
    if response.status_code == requests.codes.partial_content:
        part = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        changed = note is not None and note.etag is not None and found.etag not in {None, note.etag}
        if part is None or int(part[1]) != have or changed or (note is not None and found.total != note.total):
            raise _started_over(task, "sent another part or version than was asked for")
        return have
    if response.status_code != requests.codes.ok:
        what = f"{task.archive} sent no file (HTTP {response.status_code})"
        raise UpstreamUnavailable(what, where=task.where, hint="Try again later.")
    if task.remote.size is not None and found.total not in {None, task.remote.size}:
        what = f"{task.archive} offers {found.total} bytes, {task.remote.size} were listed"
        raise UpstreamUnavailable(what, where=task.where, hint="Run again later: the listing is then read anew.")
    write_note(task.into, task.remote.name, found)
    return 0


def _note_of(response: requests.Response, remote: RemoteFile) -> Note:
    etag, modified = response.headers.get("ETag"), response.headers.get("Last-Modified")
    strong = etag if etag is not None and etag.startswith('"') else None
    length = response.headers.get("Content-Length", "")
    total = int(length) if length.isdecimal() else None
    if response.status_code == requests.codes.partial_content:
        part = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        total = int(part[2]) if part is not None and part[2].isdecimal() else None
    return Note(strong or modified, etag, total, remote.size, checksum_text(remote))


def _append(task: _Task, response: requests.Response, file: BinaryIO) -> None:
    begun = task.digests.hashed
    for data in _blocks(response):
        fresh = task.digests.hashed < _HEAD
        file.write(data)
        task.digests.add(data)
        if fresh and task.digests.hashed >= _HEAD:
            file.flush()
            _check_head(task, response)
        if task.digests.hashed - begun >= _WRITE_AHEAD:  # Linux begins to write what is dirty, and keeps it cached
            os.posix_fadvise(file.fileno(), begun, task.digests.hashed - begun, os.POSIX_FADV_DONTNEED)
            begun = task.digests.hashed
        if task.stop.is_set():
            raise UpstreamUnavailable("the download was stopped", where=task.where, hint=_RESUMES)
    file.flush()
    _check_head(task, response)


def _blocks(response: requests.Response) -> Iterator[bytes]:
    """The body in blocks as large as come in a moment.

    Every read, write and hash gives up Python's lock and must win it back from the other downloads: with blocks of 16
    KiB, as TLS hands them out, that took more time than all the hashing.
    """
    least, most = _BLOCKS
    size, started = least, time.monotonic()
    while data := response.raw.read(size, decode_content=False):
        size = min(2 * size, most) if time.monotonic() - started < _MOMENT else max(size // 2, least)
        yield data
        started = time.monotonic()


def _check_head(task: _Task, response: requests.Response) -> None:
    """Refuse a login page and anything else that is no such file, before more of it comes."""
    with task.path.open("rb") as stream:
        head = stream.read(_HEAD)
    if head.startswith(MAGIC[task.magic]):
        return
    discard(task.into, task.remote.name)
    if starts_a_page(head):
        raise login_page(response, task.remote.url, task.archive)
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


def _started_over(task: _Task, reason: str) -> UpstreamUnavailable:
    discard(task.into, task.remote.name)
    what = f"{task.archive} {reason}"
    return UpstreamUnavailable(what, where=task.where, hint="Run again: the file starts over.")


@contextlib.contextmanager
def _writing(into: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        what = f"cannot be written ({error.strerror or type(error).__name__})"
        raise StoreError(what, where=str(into), hint="Free space, or use another --workspace.") from None
