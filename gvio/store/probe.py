"""Can this store be written, and does a conditional write that lost write nothing, as publishing needs?

Some S3 gateways accept `If-None-Match` and `If-Match` and ignore them. On such a store two publishers silently
overwrite each other, so it is refused. A run asks first, before it computes anything; `write_release` asks where nobody
has asked the same open store before.
"""

from __future__ import annotations

import contextlib
import uuid
import weakref
from typing import NoReturn

from gvio.errors import ConflictError, StoreError
from gvio.store.objects import ObjectStore

_PROVEN: weakref.WeakSet[ObjectStore] = weakref.WeakSet()  # open stores that passed, as long as they are open


def require_conditional_writes(store: ObjectStore) -> None:
    """As `probe_conditional_writes`, where this open store has not passed it yet.

    Raises:
        StoreError: As for `probe_conditional_writes`.
    """
    if store not in _PROVEN:
        probe_conditional_writes(store)


def probe_conditional_writes(store: ObjectStore) -> None:
    """Write, overwrite and compare-and-swap a small object named `_probe-…`, and remove it, whatever comes of it.

    Call it before the work of a run: it costs five requests, and a store that cannot be written, a bucket that is not
    there or keys without the right to write are told at once.

    Raises:
        StoreError: The store cannot be written, or a write that had to be refused was accepted or a right one refused.
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
    _PROVEN.add(store)


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
