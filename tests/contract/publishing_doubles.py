"""A publisher that dies at a chosen write, and what must be true of the chain of moves whatever happened."""

from __future__ import annotations

import hashlib
import json
import threading

from gvio.store.objects import ObjectStore


class Interrupted:
    """A store whose process dies at the n-th write: what a killed publisher leaves behind."""

    def __init__(self, store: ObjectStore, writes: int, before_pointer=None) -> None:
        self._store, self._left, self._before_pointer = store, writes, before_pointer
        self._lock = threading.Lock()

    def __getattr__(self, name: str):
        return getattr(self._store, name)

    def _count(self) -> None:
        with self._lock:
            self._left -= 1
            if self._left < 0:
                raise KeyboardInterrupt

    def put_new(self, key: str, data: bytes, media_type: str) -> bool:
        self._count()
        return self._store.put_new(key, data, media_type)

    def replace(self, key: str, data: bytes, etag: str | None, media_type: str = "application/json") -> None:
        if not key.startswith("_probe"):
            self._count()
        if key.endswith("latest.json") and self._before_pointer is not None:
            self._before_pointer()
        self._store.replace(key, data, etag, media_type)


def assert_one_chain(store: ObjectStore) -> list[str]:
    """Numbers without gap, each record with its predecessor's hash, the pointer at the last; its releases in order."""
    keys = list(store.list_("testland/history"))
    assert keys == [f"testland/history/{number:06d}.json" for number in range(1, len(keys) + 1)]
    documents = [json.loads(store.get(key)) for key in keys]
    digests = [hashlib.sha256(store.get(key)).hexdigest() for key in keys]
    named = [(d["predecessor"] or {}).get("sha256") for d in documents]
    assert named == [None, *digests[:-1]]
    pointer = json.loads(store.get("testland/latest.json"))
    assert (pointer["history"]["number"], pointer["history"]["sha256"]) == (len(keys), digests[-1])
    assert pointer["release"] == documents[-1]["release"]
    return [document["release"] for document in documents]
