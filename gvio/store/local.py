"""A folder that keeps the promises of an object store: whole objects, create-once, compare-and-swap.

Bytes go to a sibling temporary file, are flushed to the disk and renamed; looking and renaming happen under one lock
file, so several processes may publish into the same folder. ETag is the SHA-256 of the content.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from gvio.errors import ConflictError, DamagedStore, StoreError
from gvio.files import flush, held, move, sibling
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
                move(temporary, self._path(key))
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
            move(temporary, self._path(key))

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
        with sibling(self._path(key)) as temporary:
            temporary.write_bytes(data)
            flush(temporary)  # before the lock is taken: others need not wait for the disk
            yield temporary

    @contextlib.contextmanager
    def _lock(self) -> Iterator[None]:
        with held(self._root / _LOCK, self._locked, self._lock_seconds, self._unwritable):
            yield

    def _locked(self) -> StoreError:
        return StoreError(
            f"locked by another writer for over {self._lock_seconds:g} s",
            where=f"{self.url}/{_LOCK}",
            hint="End the process that holds it, then run again.",
        )

    def _unwritable(self, error: OSError, key: str = _LOCK) -> StoreError:
        return StoreError(
            f"cannot be read or written ({error.strerror or type(error).__name__})",
            where=f"{self.url}/{key}".rstrip("/"),
            hint="Check that the folder exists, its permissions and the free space.",
        )

    @contextlib.contextmanager
    def _translated(self, key: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise self._unwritable(error, key) from error


def _reraise(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):  # nothing published yet is an empty list, not an error
        raise error
