"""Copies all objects from one store to another: out of one that may be written meanwhile, and back into another."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from gvio.errors import StoreError
from gvio.files import sha256
from gvio.publish.manifest import COG_TYPE, ITEM_TYPE, JSON_TYPE, MEDIA_TYPES
from gvio.store.documents import LATEST
from gvio.store.objects import ObjectStore
from gvio.types import Progress

_THREADS = 8
_ROUNDS = 5
_WRITTEN_ONCE = frozenset(
    {"releases", "grids", "items", "thumbnails", "history"}
)  # folders of a region whose objects never change
_BY_END = {".json": JSON_TYPE, ".tif": COG_TYPE}
_ANY = "application/octet-stream"

T = TypeVar("T")
Digests = Mapping[str, tuple[int, str]]
"""Size and SHA-256 by key."""


def copy_out(source: ObjectStore, target: ObjectStore, progress: Progress | None = None) -> Digests:
    """Copy a store that may be written meanwhile, as it was at one moment; what was copied.

    Whatever may change is read again until a whole round finds it as it was copied, and nothing new beside it.

    Raises:
        StoreError: Source or target fail, or the source never stands still.
    """
    done: dict[str, tuple[int, str]] = {}
    for _ in range(_ROUNDS):
        listed = source.list_("")
        again = [key for key, size in listed.items() if may_change(key) or done.get(key, (-1, ""))[0] != size]
        copied = _side_by_side(lambda key: _copied(source, target, key), again, "backup", progress)
        gone = done.keys() - listed.keys()
        for key in gone:
            target.delete(key)
        if not gone and all(done.get(key) == found for key, found in copied.items()):
            return done
        done = {key: value for key, value in done.items() if key not in gone} | copied
    hint = "Wait for the run that publishes to end, then back up again."
    raise StoreError(f"changed while it was copied, {_ROUNDS} times in a row", where=source.url, hint=hint)


def copy_in(source: ObjectStore, target: ObjectStore, wanted: Digests, progress: Progress | None = None) -> list[str]:
    """Make a store hold exactly these objects; keys that were removed. What readers begin with is written last.

    Raises:
        StoreError: Source or target fail.
    """
    types = _media_types(source, wanted)
    pointers = [key for key in wanted if key.endswith(LATEST)]
    rest = [key for key in wanted if key not in pointers]
    removed = sorted(target.list_("").keys() - wanted.keys())

    def put(key: str) -> None:
        data, there = source.get(key), target.read_versioned(key)
        if there is None:
            target.put_new(key, data, types.get(key) or media_type(key))
        elif there[0] != data:
            target.replace(key, data, there[1], types.get(key) or media_type(key))

    _side_by_side(put, rest, "restore", progress)
    for key in removed:
        target.delete(key)
    for key in pointers:
        put(key)
    return removed


def digests_of(store: ObjectStore, keys: Iterable[str], progress: Progress | None = None) -> Digests:
    """What a store holds under these keys, read in full.

    Raises:
        StoreError: An object is absent, or the store cannot be read.
    """

    def of(key: str) -> tuple[int, str]:
        data = store.get(key)
        return len(data), sha256(data)

    return _side_by_side(of, list(keys), "verify", progress)


def may_change(key: str) -> bool:
    """Whether an object of a published store is ever replaced."""
    return key.split("/")[1:2] == [] or key.split("/")[1] not in _WRITTEN_ONCE


def media_type(key: str) -> str:
    """What an object is, by its name, where no manifest says it."""
    name = key.rpartition("/")[2]
    if "/items/" in key:
        return ITEM_TYPE
    return MEDIA_TYPES.get(name) or next((kind for end, kind in _BY_END.items() if name.endswith(end)), _ANY)


def _copied(source: ObjectStore, target: ObjectStore, key: str) -> tuple[int, str]:
    data, there = source.get(key), target.read_versioned(key)
    target.replace(key, data, None if there is None else there[1])
    return len(data), sha256(data)


def _media_types(source: ObjectStore, keys: Iterable[str]) -> dict[str, str]:
    """As the manifests have them; one that cannot be read says nothing."""
    found: dict[str, str] = {}
    for key in keys:
        region, _, name = key.partition("/")
        if name.startswith("releases/") and name.endswith("/manifest.json"):
            try:
                listed = json.loads(source.get(key))["objects"]
                found |= {f"{region}/{one['key']}": str(one["media_type"]) for one in listed}
            except (ValueError, KeyError, TypeError):
                continue
    return found


def _side_by_side(do: Callable[[str], T], keys: list[str], what: str, progress: Progress | None) -> dict[str, T]:
    found: dict[str, T] = {}
    with ThreadPoolExecutor(_THREADS) as pool:
        for done, (key, value) in enumerate(zip(keys, pool.map(do, keys), strict=True), start=1):
            found[key] = value
            if progress is not None:
                progress(what, done, len(keys))
    return found
