"""Reads and writes `last-look.json`, the document beside the releases that says how the last look ended."""

from __future__ import annotations

import datetime as dt

from gvio.errors import ConflictError, DamagedStore
from gvio.publish.look import LastLook, look_json, look_line, parse_look
from gvio.store.documents import LATEST, parsed
from gvio.store.objects import ObjectStore

LOOK = "last-look.json"
_ATTEMPTS = 5


def look_key(region: str) -> str:
    """Key of the document."""
    return f"{region}/{LOOK}"


def read_look(store: ObjectStore, region: str) -> LastLook | None:
    """How the last look at a region ended; None where nobody looked, or the document is damaged: the next look
    replaces it.

    Raises:
        StoreError: The store cannot be read, or the document is of a newer schema.
    """
    read = store.read_versioned(look_key(region))
    return None if read is None else _parsed(read[0], store, region)


def write_look(store: ObjectStore, look: LastLook) -> None:
    """Replace the document, unless another look has ended later.

    Raises:
        StoreError: The store cannot be written.
    """
    key = look_key(look.region)
    for attempt in range(1, _ATTEMPTS + 1):
        there = store.read_versioned(key)
        last = None if there is None else _parsed(there[0], store, look.region)
        if last is not None and last.looked_at > look.looked_at:
            return
        try:
            store.replace(key, look_json(look), None if there is None else there[1])
            return
        except ConflictError:
            if attempt == _ATTEMPTS:
                raise


def _parsed(data: bytes, store: ObjectStore, region: str) -> LastLook | None:
    try:
        return parsed(data, store, look_key(region), parse_look)
    except DamagedStore:
        return None


def last_look_line(store: ObjectStore, region: str, now: dt.datetime, *, aged: bool = True) -> str | None:
    """One sentence about the last look, with ages of its input where `aged`; None where nobody looked.

    Raises:
        StoreError: As for `read_look`.
    """
    look = read_look(store, region)
    return None if look is None else look_line(look, now, aged=aged)


def regions_seen(store: ObjectStore) -> list[str]:
    """Names of the regions with a release or a look, sorted: also those where nothing could be published yet.

    Raises:
        StoreError: The store cannot be read.
    """
    return [n for n in store.list_folders("") if store.exists(f"{n}/{LATEST}") or store.exists(look_key(n))]
