"""Does a store keep the one promise that publishing needs: a conditional write that lost writes nothing?

Some S3 gateways accept `If-None-Match` and `If-Match` and ignore them. On such a store two publishers silently
overwrite each other, so it is refused before anything is uploaded.
"""

from __future__ import annotations

import contextlib
import uuid
from typing import NoReturn

from gvio.errors import ConflictError, StoreError
from gvio.store.objects import ObjectStore


def probe_conditional_writes(store: ObjectStore) -> None:
    """Write, overwrite and compare-and-swap a small object named `_probe-…`, and remove it.

    Raises:
        StoreError: A write that had to be refused was accepted or a right one refused; or the store cannot be written.
    """
    key = f"_probe-{uuid.uuid4().hex}"
    try:
        store.replace(key, b"first", None)
        _must_conflict(store, key, b"second", None, "If-None-Match")
        _must_conflict(store, key, b"third", '"00000000000000000000000000000000"', "If-Match")
        _must_swap(store, key)
    finally:
        with contextlib.suppress(StoreError):  # an orphaned probe harms nobody; the first error must be seen
            store.delete(key)


def _must_conflict(store: ObjectStore, key: str, data: bytes, etag: str | None, header: str) -> None:
    with contextlib.suppress(ConflictError):
        store.replace(key, data, etag)
        _refuse(store, f"the store ignores conditional writes ({header})")


def _must_swap(store: ObjectStore, key: str) -> None:
    now = store.read_versioned(key)
    if now is None or now[0] != b"first":
        _refuse(store, "the store does not return what was just written")
    try:
        store.replace(key, b"fourth", now[1])
    except ConflictError:
        _refuse(store, "the store refuses a conditional write that should succeed (If-Match)")


def _refuse(store: ObjectStore, what: str) -> NoReturn:
    raise StoreError(
        what, where=store.url, hint="Publish to a folder or to a server that honours them, such as AWS S3 or SeaweedFS."
    )
