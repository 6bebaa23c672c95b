"""A folder that keeps the promises of an object store: whole objects, create-once, compare-and-swap.

Bytes go to a sibling temporary file, are flushed to the disk and renamed; looking and renaming happen under one lock
file, so several processes may publish into the same folder. ETag is the SHA-256 of the content.
"""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from filelock import FileLock, Timeout

from gvio.errors import ConflictError, DamagedStore, StoreError
from gvio.store.keys import check_key, check_prefix, repair_hint, sha256

_LOCK = ".gvio.lock"


class LocalStore:
    """Objects as files under `root`, which is created by the first write."""

    def __init__(self, root: Path, lock_seconds: float = 60.0) -> None:
        self._root = root.expanduser().absolute()
        self._lock_seconds = lock_seconds  # it is held for one comparison and one rename: longer means a dead holder

    @property
    def url(self) -> str:
        """See `ObjectStore.url`."""
        return str(self._root)

    def get(self, key: str) -> bytes:
        """See `ObjectStore.get`."""
        data = self._read(key)
        if data is None:
            raise StoreError("no such object", where=f"{self.url}/{key}", hint="Check the store and the region's name.")
        return data

    def exists(self, key: str) -> bool:
        """See `ObjectStore.exists`."""
        with self._translated(key):
            return self._path(key).is_file()

    def list_(self, prefix: str) -> dict[str, int]:
        """See `ObjectStore.list_`."""
        with self._translated(prefix):
            found = {
                "/".join((Path(folder) / name).relative_to(self._root).parts): (Path(folder) / name).stat().st_size
                for folder, _, names in os.walk(self._folder(prefix), onerror=_reraise)
                for name in names
                if not name.startswith(".")
            }
        return dict(sorted(found.items()))

    def list_folders(self, prefix: str) -> list[str]:
        """See `ObjectStore.list_folders`."""
        folder = self._folder(prefix)
        with self._translated(prefix):
            if not folder.is_dir():
                return []
            return sorted(p.name for p in folder.iterdir() if p.is_dir() and not p.name.startswith("."))

    def put_new(self, key: str, data: bytes, media_type: str) -> bool:
        """See `ObjectStore.put_new`; a folder keeps no media types."""
        del media_type
        with self._translated(key), self._written(key, data) as temporary, self._lock():
            there = self._read(key)
            if there is None:
                _move(temporary, self._path(key))
                return True
        if there != data:
            raise DamagedStore(
                f"holds other bytes (sha256 {sha256(there)[:12]}, ours {sha256(data)[:12]}) and is immutable",
                where=f"{self.url}/{key}",
                hint=repair_hint(self.url, key),
            )
        return False

    def read_versioned(self, key: str) -> tuple[bytes, str] | None:
        """See `ObjectStore.read_versioned`."""
        data = self._read(key)
        return None if data is None else (data, sha256(data))

    def replace(self, key: str, data: bytes, etag: str | None, media_type: str = "application/json") -> None:
        """See `ObjectStore.replace`."""
        del media_type
        with self._translated(key), self._written(key, data) as temporary, self._lock():
            there = self._read(key)
            if there == data:
                return
            if (None if there is None else sha256(there)) != etag:
                raise ConflictError(
                    "somebody else wrote it first, nothing was overwritten",
                    where=f"{self.url}/{key}",
                    hint="Run again: the newer state is read first.",
                )
            _move(temporary, self._path(key))

    def delete(self, key: str) -> None:
        """See `ObjectStore.delete`."""
        with self._translated(key):
            self._path(key).unlink(missing_ok=True)

    def _path(self, key: str) -> Path:
        return self._root / check_key(key, self.url)

    def _folder(self, prefix: str) -> Path:
        return self._root / check_prefix(prefix, self.url)

    def _read(self, key: str) -> bytes | None:
        with self._translated(key):
            try:
                return self._path(key).read_bytes()
            except FileNotFoundError:
                return None

    @contextlib.contextmanager
    def _written(self, key: str, data: bytes) -> Iterator[Path]:
        """The bytes, safe on the disk, under a temporary name beside their place; removed if not moved there."""
        path = self._path(key)
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{path.name[:80]}.", dir=path.parent)
        temporary = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.chmod(0o644)  # mkstemp makes it private; a published object is for every reader
            yield temporary
        finally:
            temporary.unlink(missing_ok=True)

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        # A new lock object each time: the operating system's lock then also holds between threads of this process.
        try:
            with FileLock(self._root / _LOCK, timeout=self._lock_seconds, poll_interval=0.005):
                yield
        except Timeout:
            raise StoreError(
                f"locked by another writer for over {self._lock_seconds:g} s",
                where=f"{self.url}/{_LOCK}",
                hint="End the process that holds it, then run again.",
            ) from None

    @contextlib.contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StoreError(
                f"cannot be read or written ({error.strerror or type(error).__name__})",
                where=f"{self.url}/{key}".rstrip("/"),
                hint="Check that the folder exists, its permissions and the free space.",
            ) from error


def _move(temporary: Path, path: Path) -> None:
    temporary.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)  # the rename itself must survive a power cut, too
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _reraise(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):  # nothing published yet is an empty list, not an error
        raise error
