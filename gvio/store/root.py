"""The catalogue above the regions of a store, `<store>/catalog.json`: how it is kept, checked, and made again.

Nothing is decided by it. It depends on names and titles of the regions alone, and each region's own catalogue says its
title, so it can always be made again.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from gvio.errors import ConflictError
from gvio.publish.canonical import root_json
from gvio.publish.manifest import own_name
from gvio.store.documents import CATALOG
from gvio.store.objects import ObjectStore
from gvio.types import Manifest
from gvio.version import code_version

_ATTEMPTS = 20
_SINCE = "terms.md"  # releases have it for as long as stores have this catalogue


def list_region(store: ObjectStore, region: str, title: str) -> None:
    """Let the catalogue lead to a region; one that cannot be understood is begun anew.

    Raises:
        ConflictError: Other writers won twenty times in a row.
        StoreError: The store cannot be read or written.
    """
    _write(store, lambda there: {**_listed(there), region: title})


def mend_root(store: ObjectStore) -> None:
    """Let the catalogue lead to every region that has a catalogue of its own, and to no other.

    Raises:
        ConflictError, StoreError: As for `list_region`.
    """
    titles = {name: title for name in store.list_folders("") if (title := _title(store, name)) is not None}
    _write(store, lambda _: titles)


def root_fault(store: ObjectStore, manifest: Manifest) -> str | None:
    """What of the catalogue is not as the region of a release needs it, which has a sound catalogue; None when all is.

    Raises:
        StoreError: The store cannot be read.
    """
    there = store.read_versioned(CATALOG)
    if there is None:
        known = any(own_name(o.key) == _SINCE for o in manifest.objects)
        return "no such object, so nothing leads to the regions" if known else None
    listed, title = _listed(there[0]), _title(store, manifest.region)
    if title is None:
        return None  # the region's own catalogue is to be made again first
    if listed.get(manifest.region) != title:
        named = listed.get(manifest.region)
        return f"does not lead to {manifest.region}" if named is None else f"calls {manifest.region} {named!r}"
    lost = [name for name in listed if _title(store, name) is None]
    if lost:
        return f"leads to {lost[0]}, which is no region of this store"
    if manifest.code == code_version() and there[0] != root_json(listed):
        return "was edited"
    return None


def _write(store: ObjectStore, wanted: Callable[[bytes], Mapping[str, str]]) -> None:
    for attempt in range(1, _ATTEMPTS + 1):
        there = store.read_versioned(CATALOG)
        data = root_json(wanted(b"" if there is None else there[0]))
        if there is not None and there[0] == data:
            return
        try:
            store.replace(CATALOG, data, None if there is None else there[1])
            return
        except ConflictError:
            if attempt == _ATTEMPTS:
                raise


def _listed(root: bytes) -> dict[str, str]:
    """Titles of the regions that the catalogue leads to, by name."""
    try:
        links = [link for link in json.loads(root)["links"] if link["rel"] == "child"]
        return {str(link["href"]).split("/")[1]: str(link["title"]) for link in links}
    except (ValueError, KeyError, TypeError, IndexError):
        return {}


def _title(store: ObjectStore, region: str) -> str | None:
    """As the region's own catalogue has it; None where there is none."""
    read = store.read_versioned(f"{region}/{CATALOG}")
    try:
        document: Any = json.loads(read[0]) if read else None
        return str(document["title"]) or region
    except (ValueError, KeyError, TypeError):
        return None
