"""How files reach the disk: whole or not at all, and by one process at a time.

A reader never sees half a file, also when the writer is killed or the disk is full: bytes go to a temporary sibling,
are flushed to the disk and renamed. Errors of the file system (`OSError`) are left to the caller, who knows the cure;
those of a lock are not, because the caller's work runs under it.

And `SecondReader`: one open file for several libraries that read it.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import secrets
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from filelock import FileLock, Timeout

from gvio.errors import ConfigError, GvioError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

_LEFTOVER_SECONDS = 3600.0  # a sibling that nobody wrote to for so long belongs to a writer that was killed
_LONGEST_NAME = 180  # bytes; with the rest of a sibling's name it stays below the 255 of the usual file systems
_SUFFIXES = (".npz", ".npy")  # numpy adds them to a name that lacks them
_POLL_SECONDS = 0.005


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Replace a file as a whole: the body writes to the sibling that is yielded, which then takes the name `path`.

    Parent folders are made. When the body raises, the sibling is removed and `path` stays as it was. Several writers of
    one path, in any thread or process, do not disturb each other: the last to end wins.

    Raises:
        OSError: The folder cannot be written.
    """
    with sibling(path) as written:
        yield written
        move(written, path)


@contextlib.contextmanager
def sibling(path: Path) -> Iterator[Path]:
    """A temporary name beside `path`, removed at the end unless `move` gave it its final name.

    For writers that decide only after writing whether the file shall appear; others use `replacing`. The name starts
    with a dot, is unique, and ends with `.partial` (and the suffix that numpy insists on). Siblings of the same path
    that killed writers left behind are removed first.

    Raises:
        OSError: The folder cannot be written.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    suffix = path.suffix if path.suffix in _SUFFIXES else ""
    temporary = path.with_name(f".{_label(path)}.{os.getpid()}-{secrets.token_hex(4)}.partial{suffix}")
    try:
        yield temporary
    finally:
        temporary.unlink(missing_ok=True)


def move(temporary: Path, path: Path) -> None:
    """Rename a file over `path`, on the same file system, after its bytes are safe on the disk.

    Raises:
        OSError: It cannot be flushed or renamed.
    """
    flush(temporary)
    temporary.replace(path)
    flush(path.parent)  # the rename itself must survive a power cut, too


def flush(path: Path) -> None:
    """Return when the bytes of a file, or the names in a folder, are on the disk.

    Raises:
        OSError: The disk is full or failed: only now does the system say so of what was written before.
    """
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def write_bytes(path: Path, data: bytes) -> None:
    """Write a file as a whole.

    Raises:
        OSError: It cannot be written; what was there before is still there.
    """
    with replacing(path) as temporary:
        temporary.write_bytes(data)


def write_json(path: Path, document: object) -> None:
    """Write JSON as a whole: sorted keys, two spaces of indent, a newline at the end.

    Raises:
        ValueError: A NaN or an infinity is in it, which JSON has no word for.
        TypeError: Something in it is no JSON.
        OSError: It cannot be written; what was there before is still there.
    """
    write_bytes(path, (json.dumps(document, indent=2, sort_keys=True, allow_nan=False) + "\n").encode())


def sha256(data: bytes) -> str:
    """Hex digest that names and verifies content."""
    return hashlib.sha256(data).hexdigest()


@contextlib.contextmanager
def held(
    path: Path,
    error: Callable[[], GvioError],
    timeout_s: float = 0.0,
    unwritable: Callable[[OSError], GvioError] | None = None,
) -> Iterator[None]:
    """Hold the lock file `path`, alone among all threads and processes of this machine; parent folders are made.

    A lock ends with the process that holds it: a lock file that a killed process left behind holds nobody up.

    Args:
        path: The lock file; its content means nothing.
        error: Makes what is raised when somebody else still holds it.
        timeout_s: Seconds to wait for it; 0 tries once.
        unwritable: Makes what is raised when the lock cannot be written; None: an error that blames the workspace,
            where most locks lie.

    Raises:
        GvioError: What `error` or `unwritable` makes.
    """
    # A new object each time: the operating system's lock then also holds between threads of this process.
    lock = FileLock(path, timeout=timeout_s, poll_interval=_POLL_SECONDS)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        lock.acquire()
    except Timeout:
        raise error() from None
    except OSError as cause:  # a read-only folder, somebody else's, a full disk
        raise (unwritable(cause) if unwritable else _unwritable(path, cause)) from None
    try:
        yield
    finally:
        lock.release()


def _unwritable(path: Path, cause: OSError) -> GvioError:
    what = f"cannot be written ({cause.strerror or type(cause).__name__})"
    return ConfigError(what, where=str(path), hint="Choose another --workspace.")


class SecondReader(io.RawIOBase):
    """Reads a file that is open already, from a position of its own; closing it leaves the file open.

    For libraries that want a file to themselves and close it: they need not open the path again.
    """

    def __init__(self, file: BinaryIO) -> None:
        self._descriptor, self._at = file.fileno(), 0

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Move only this position, not that of the open file."""
        origin = {os.SEEK_SET: 0, os.SEEK_CUR: self._at, os.SEEK_END: os.fstat(self._descriptor).st_size}[whence]
        self._at = origin + offset
        return self._at

    def tell(self) -> int:
        """The position, in bytes from the beginning."""
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill the buffer as far as the file goes; the number of bytes."""
        count = os.preadv(self._descriptor, [buffer], self._at)
        self._at += count
        return count


def _label(path: Path) -> str:
    """What the names of all siblings of a path begin with, after the dot."""
    if len(os.fsencode(path.name)) <= _LONGEST_NAME:
        return path.name
    return hashlib.sha256(os.fsencode(path.name)).hexdigest()


def _sweep(path: Path) -> None:
    """Remove what killed writers of this path left; a live writer, which has just written, is left alone."""
    left = re.compile(rf"\.{re.escape(_label(path))}\.\d+-[0-9a-f]{{8}}\.partial(\.np[yz])?")
    with os.scandir(path.parent) as entries:
        for entry in entries:
            if left.fullmatch(entry.name) is None:
                continue
            with contextlib.suppress(OSError):  # another writer removes it, or moves it away, at the same time
                if time.time() - entry.stat(follow_symlinks=False).st_mtime > _LEFTOVER_SECONDS:
                    Path(entry.path).unlink()
