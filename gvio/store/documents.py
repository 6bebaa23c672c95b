"""The documents that lead a reader to a release: `latest.json`, then the release's `manifest.json`; and the records of
the pointer's moves.

Light: loads no library of tables or rasters, so that a look at a store costs only its requests.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeVar

from gvio.errors import DamagedStore, StoreError
from gvio.publish.canonical import SCHEMA_VERSION
from gvio.publish.latest import Latest, parse_latest
from gvio.publish.manifest import names_its_content, parse_manifest
from gvio.publish.moves import Move, parse_move
from gvio.store.keys import repair_hint, sha256
from gvio.store.objects import ObjectStore
from gvio.types import Manifest

T = TypeVar("T")

LATEST = "latest.json"
HISTORY = "history"
CATALOG, COLLECTION = "catalog.json", "collection.json"


def latest_key(region: str) -> str:
    """Key of the pointer."""
    return f"{region}/{LATEST}"


def manifest_key(region: str, release: str) -> str:
    """Key of a release's manifest."""
    return f"{region}/releases/{release}/manifest.json"


def move_key(region: str, number: int) -> str:
    """Key of the record of a move."""
    return f"{region}/{HISTORY}/{number:06d}.json"


def numbers_in(keys: Iterable[str], region: str) -> list[int]:
    """Numbers of the records among the keys of a listing, ascending."""
    start, end = f"{region}/{HISTORY}/", ".json"
    names = [key.removeprefix(start).removesuffix(end) for key in keys if key.startswith(start) and key.endswith(end)]
    return sorted(int(name) for name in names if name.isascii() and name.isdigit())


def read_move(store: ObjectStore, region: str, number: int) -> tuple[Move, str] | None:
    """The record of a move and the SHA-256 of its bytes; None when there is none.

    Raises:
        StoreError: The store cannot be read, or the record is of a newer schema.
        DamagedStore: It cannot be understood, or is another one.
    """
    read = store.read_versioned(move_key(region, number))
    return None if read is None else (move_of(read[0], store, region, number), sha256(read[0]))


def move_of(data: bytes, store: ObjectStore, region: str, number: int) -> Move:
    """The record in these bytes; raises as `read_move`."""
    key = move_key(region, number)
    move = parsed(data, store, key, parse_move)
    if (move.region, move.number) != (region, number):
        what = f"is the record {move.number} of the region {move.region!r}"
        raise DamagedStore(what, where=_where(store, key), hint=repair_hint(store.url, key))
    return move


def read_latest(store: ObjectStore, region: str) -> Latest | None:
    """The pointer, or None when nothing is published.

    Raises:
        StoreError: The store cannot be read, or the pointer is of a newer schema.
        DamagedStore: The pointer is damaged.
    """
    read = store.read_versioned(latest_key(region))
    return None if read is None else latest_of(read[0], store, region)


def readable_latest(store: ObjectStore, region: str) -> Latest | None:
    """As `read_latest`; None also when the pointer is damaged."""
    try:
        return read_latest(store, region)
    except DamagedStore:
        return None


def latest_of(data: bytes, store: ObjectStore, region: str) -> Latest:
    """The pointer in these bytes of `region`'s `latest.json`.

    Raises:
        StoreError: Of a newer schema.
        DamagedStore: Damaged, or of another region.
    """
    latest = parsed(data, store, latest_key(region), parse_latest)
    if latest.region != region:
        what = f"is the pointer of the region {latest.region!r}"
        key = latest_key(region)
        raise DamagedStore(what, where=_where(store, key), hint=repair_hint(store.url, key))
    return latest


def read_manifest(store: ObjectStore, region: str, release: str, *, strict: bool = False) -> Manifest:
    """The manifest of a release; `strict` also checks that it is, to the byte, what the release's id stands for.

    Raises:
        StoreError: The store cannot be read, or the manifest is of a newer schema.
        DamagedStore: Absent or damaged.
    """
    key = manifest_key(region, release)
    read = store.read_versioned(key)
    if read is None:
        hint = f"Check the release's name. {repair_hint(store.url, key)}"
        raise DamagedStore("no such object", where=_where(store, key), hint=hint)
    manifest = parsed(read[0], store, key, parse_manifest)
    if strict and not names_its_content(read[0], release):
        what = "its content is not the one that the release's name stands for"
        raise DamagedStore(what, where=_where(store, key), hint=repair_hint(store.url, key))
    return manifest


def parsed(data: bytes, store: ObjectStore, key: str, parser: Callable[[Mapping[str, Any]], T]) -> T:
    """The value of a document of the store.

    Raises:
        StoreError: Of a newer schema.
        DamagedStore: No JSON, or not what the parser understands.
    """
    where, cure = _where(store, key), repair_hint(store.url, key)
    try:
        document = json.loads(data)
    except ValueError:
        raise DamagedStore("is not JSON", where=where, hint=cure) from None
    version = document.get("schema_version") if isinstance(document, dict) else None
    if isinstance(version, int) and version > SCHEMA_VERSION:
        hint = "Read it with the version of gvio that wrote it, or a newer one."
        raise StoreError(f"has schema_version {version}, this program reads {SCHEMA_VERSION}", where=where, hint=hint)
    if version != SCHEMA_VERSION:
        raise DamagedStore(f"has schema_version {version!r}, not {SCHEMA_VERSION}", where=where, hint=cure)
    try:
        return parser(document)
    except KeyError as error:
        raise DamagedStore(f"lacks the field {error}", where=where, hint=cure) from None
    except (ValueError, TypeError, AttributeError, OverflowError) as error:
        raise DamagedStore(f"cannot be understood ({error})", where=where, hint=cure) from None


def _where(store: ObjectStore, key: str) -> str:
    return f"{store.url}/{key}"
