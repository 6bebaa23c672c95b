"""How a region stands in a store, at the price of a few small reads and one listing: no object is read for its content.

A run asks first: what is published, which version of the pointer that was, and whether all of it is there. Content is
verified by `store.verify`.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
from collections.abc import Iterator, Mapping
from typing import Any, NoReturn

from gvio.errors import DamagedStore
from gvio.publish.knowledge import Knowledge
from gvio.publish.latest import Latest
from gvio.publish.manifest import told_of
from gvio.store.documents import (
    CATALOG,
    COLLECTION,
    HISTORY,
    latest_key,
    latest_of,
    manifest_key,
    numbers_in,
    read_latest,
    read_manifest,
)
from gvio.store.keys import repair_hint
from gvio.store.objects import ObjectStore
from gvio.types import Manifest


@dataclasses.dataclass(frozen=True)
class Standing:
    """What `standing` found.

    Attributes:
        latest: The pointer; None when nothing is published or the pointer is damaged.
        etag: Version of the pointer, damaged or not; None when there is none. `write_release` takes the whole value,
            so that its compare-and-swap begins here.
        manifest: Of the release that the pointer names; None when it is absent or damaged.
        whole: Whether every object of the release is there in its size, and the catalogue shows this release.
        damage: One sentence: what is wrong and what cures it; None when nothing is, also when nothing is published.
        number: Of the newest record of a move; 0 when there is none.
    """

    latest: Latest | None = None
    etag: str | None = None
    manifest: Manifest | None = None
    whole: bool = False
    damage: str | None = None
    number: int = dataclasses.field(default=0, compare=False)

    def names(self, release: str) -> bool:
        """Whether the pointer names this release."""
        return self.latest is not None and self.latest.release == release


def standing(store: ObjectStore, region: str) -> Standing:
    """The region's pointer, its release's manifest, and whether everything that they name is there.

    Raises:
        StoreError: The store cannot be read, or pointer or manifest are of a newer schema. Damage raises nothing.
    """
    read = store.read_versioned(latest_key(region))
    if read is None:
        return Standing(number=_newest_number(store, region))
    found = Standing(etag=read[1])
    try:
        latest = latest_of(read[0], store, region)
        number = _newest_number(store, region) if latest.history is None else latest.history.number
        found = dataclasses.replace(found, latest=latest, number=number)
        found = dataclasses.replace(found, manifest=(manifest := manifest_of(store, latest)))
        check_presence(store, manifest, store.list_(region))
        check_catalogue(store, manifest)
    except DamagedStore as error:
        number = found.number or _newest_number(store, region)
        return dataclasses.replace(found, damage=str(error), number=number)
    return dataclasses.replace(found, whole=True)


def _newest_number(store: ObjectStore, region: str) -> int:
    """Where the pointer does not say it."""
    return max(numbers_in(store.list_(f"{region}/{HISTORY}"), region), default=0)


def manifest_of(store: ObjectStore, latest: Latest) -> Manifest:
    """The manifest that a pointer names, strictly checked, and that both say the same.

    Raises:
        StoreError: The store cannot be read, or the manifest is of a newer schema.
        DamagedStore: The manifest is absent or damaged, or the pointer says something else.
    """
    manifest = read_manifest(store, latest.region, latest.release, strict=True)
    told = (latest.month, latest.public_until or manifest.public_until)
    if told != (str(manifest.month), manifest.public_until):
        what = f"says {told[0]}, public until {told[1]}; the manifest {manifest.month}, {manifest.public_until}"
        key = latest_key(latest.region)
        raise DamagedStore(what, where=f"{store.url}/{key}", hint=repair_hint(store.url, key))
    return manifest


def check_presence(store: ObjectStore, manifest: Manifest, sizes: Mapping[str, int]) -> None:
    """Compare the sizes of a listing of the region with the manifest.

    Raises:
        DamagedStore: An object is absent or of another size.
    """
    for asset in manifest.objects:
        key = f"{manifest.region}/{asset.key}"
        size = sizes.get(key)
        if size != asset.size:
            what = "no such object" if size is None else f"has {size} bytes, {asset.size} were published"
            raise DamagedStore(what, where=f"{store.url}/{key}", hint=repair_hint(store.url, key))


def check_catalogue(store: ObjectStore, manifest: Manifest) -> None:
    """Whether the STAC catalogue is there and shows the manifest's release.

    Raises:
        StoreError: The store cannot be read.
        DamagedStore: A file is absent or no JSON, or the collection shows another release.
    """
    shown = {name: _document(store, f"{manifest.region}/{name}") for name in (CATALOG, COLLECTION)}
    tables = {f"./{told_of(o.key)}" for o in manifest.objects if o.key.startswith("releases/")}
    items = {f"./{o.key}" for o in manifest.objects if o.key.startswith("items/")}
    collection = shown[COLLECTION]
    if collection.get("gvio:release") != manifest.release:
        _behind(store, manifest, COLLECTION, f"shows {collection.get('gvio:release') or 'no release'}")
    if _hrefs(collection, "item") != items or {a.get("href") for a in _assets(collection)} != tables:
        _behind(store, manifest, COLLECTION, "does not list the objects of the release it shows")
    if _hrefs(shown[CATALOG], "child") != {f"./{COLLECTION}"}:
        _behind(store, manifest, CATALOG, "does not lead to the collection")


def _document(store: ObjectStore, key: str) -> dict[str, Any]:
    """The JSON object at `key`; empty when it is absent or no such thing."""
    read = store.read_versioned(key)
    try:
        document = json.loads(read[0]) if read else {}
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _hrefs(document: Mapping[str, Any], rel: str) -> set[str]:
    links = document.get("links")
    listed = links if isinstance(links, list) else []
    return {str(link.get("href")) for link in listed if isinstance(link, dict) and link.get("rel") == rel}


def _assets(document: Mapping[str, Any]) -> list[dict[str, Any]]:
    assets = document.get("assets")
    return [a for a in assets.values() if isinstance(a, dict)] if isinstance(assets, dict) else []


def _behind(store: ObjectStore, manifest: Manifest, name: str, what: str) -> NoReturn:
    key = f"{manifest.region}/{name}"
    hint = repair_hint(store.url, key)
    raise DamagedStore(f"{what}; `latest.json` names {manifest.release}", where=f"{store.url}/{key}", hint=hint)


def releases_with_manifest(store: ObjectStore, region: str) -> Iterator[str]:
    """Ids of the region's releases that got their manifest, sorted, so by month.

    Raises:
        StoreError: The store cannot be read.
    """
    names = store.list_folders(f"{region}/releases")
    return (name for name in names if store.exists(manifest_key(region, name)))


def last_manifest(store: ObjectStore, region: str) -> Manifest | None:
    """The manifest that the pointer names, else the newest sound one: which months have a grid, also after damage.

    Raises:
        StoreError: The store cannot be read, or holds a newer schema.
    """
    try:
        latest = read_latest(store, region)
        return None if latest is None else manifest_of(store, latest)
    except DamagedStore:
        return newest_manifest(store, region)


def newest_manifest(store: ObjectStore, region: str, before: Knowledge | None = None) -> Manifest | None:
    """Of the releases whose manifest is sound the one of the newest knowledge; for when the pointer cannot tell.

    `before` leaves out what has its month and statistics, or later ones.

    Raises:
        StoreError: The store cannot be read, or a manifest is of a newer schema.
    """
    sound = []
    for release in releases_with_manifest(store, region):
        with contextlib.suppress(DamagedStore):
            sound.append(read_manifest(store, region, release, strict=True))
    if before is not None:
        limit = (before.month, before.public_until or "")
        sound = [m for m in sound if (m.month, m.public_until or "") < limit]
    return max(sound, key=lambda m: (m.month, m.public_until or "", m.release), default=None)
