"""Keeps the STAC catalogue behind the pointer: it shows one whole release, never one that `latest.json` has not named.

`collection.json` lists the items of a single release, so replacing it is one atomic step. It is derived: whoever finds
it behind the pointer may write it again, and the next publish does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from gvio.errors import ConflictError
from gvio.store.objects import ObjectStore

_ATTEMPTS = 20


def follow_pointer(
    store: ObjectStore, region: str, catalogue: Mapping[str, bytes], still_latest: Callable[[], bool]
) -> None:
    """Write `catalogue` (name → bytes) under the region while its release is the latest.

    The version of each object is read *before* asking whether the release still is the latest. So a publisher that was
    overtaken either sees it, or loses the conditional write and asks again: the last writer is the pointer's owner.

    Raises:
        ConflictError: Other writers won twenty times in a row.
        StoreError: The store cannot be read or written.
    """
    for name, data in catalogue.items():
        _follow(store, f"{region}/{name}", data, still_latest)


def _follow(store: ObjectStore, key: str, data: bytes, still_latest: Callable[[], bool]) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        there = store.read_versioned(key)
        if (there is not None and there[0] == data) or not still_latest():
            return
        try:
            store.replace(key, data, None if there is None else there[1])
            return
        except ConflictError:
            if attempt == _ATTEMPTS:
                raise
