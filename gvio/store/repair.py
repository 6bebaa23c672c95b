"""Puts back what is damaged or absent in a store, where the right bytes can be had, and clears the way for the rest.

The only code that takes an immutable object away: publishing never does. What is taken away is kept under `damaged/`.
Not while a run publishes the region.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import re

from gvio.errors import DamagedStore
from gvio.publish.knowledge import Knowledge
from gvio.publish.latest import Latest, latest_json
from gvio.publish.manifest import JSON_TYPE, names_its_content
from gvio.store.catalogue import derived, follow_pointer, rebuilt_item
from gvio.store.documents import COLLECTION, LATEST, latest_key, read_latest
from gvio.store.objects import ObjectStore
from gvio.store.offers import Offer
from gvio.store.standing import check_catalogue, manifest_of
from gvio.store.verify import Finding, Inspection, inspect_region
from gvio.types import Asset, Manifest, Progress

_NOTHING = Offer()


@dataclasses.dataclass(frozen=True)
class RepairReport:
    """What `repair` did; keys are relative to the region.

    Attributes:
        region: Name of the region.
        latest: Release that `latest.json` names now; None when no whole release is left, and nothing is published.
        restored: Objects that hold the published bytes again.
        set_aside: Damaged objects whose right bytes could not be had; they are under `damaged/` now.
        moved: Whether `latest.json` was written anew.
        catalogue: Whether the STAC catalogue was written anew.
        left: What is still absent: `gvio run` makes it again.
    """

    region: str
    latest: str | None
    restored: tuple[str, ...]
    set_aside: tuple[str, ...]
    moved: bool
    catalogue: bool
    left: tuple[Finding, ...]


def repair(
    store: ObjectStore, region: str, offer: Offer = _NOTHING, *, now: dt.datetime, progress: Progress | None = None
) -> RepairReport:
    """Read all of the region, restore what `offer` has the bytes of, set the rest aside, mend pointer and catalogue.

    STAC items are also made again from sound grids. A damaged pointer goes to the release that its bytes still name,
    else to the newest whole one. What could not be restored is absent afterwards, so that a run can publish it again.

    Raises:
        ConflictError: Somebody else writes the region.
        StoreError: The store cannot be read or written, nothing is published, or a newer schema.
    """
    work = _Work(store, region, offer, now, [], [])
    seen = inspect_region(store, region, progress=progress)
    if work.mend_manifests(seen):
        seen = inspect_region(store, region, progress=progress)
    left = work.mend_objects(seen)
    latest, moved = work.mend_pointer(seen, {name for f in left for name in f.releases})
    manifest = None if latest is None else seen.manifests.get(latest.release)
    catalogue = manifest is not None and work.mend_catalogue(manifest)
    name = None if latest is None else latest.release
    return RepairReport(region, name, tuple(work.restored), tuple(work.set_aside), moved, catalogue, left)


@dataclasses.dataclass(frozen=True)
class _Work:
    store: ObjectStore
    region: str
    offer: Offer
    now: dt.datetime
    restored: list[str]
    set_aside: list[str]

    def mend_manifests(self, seen: Inspection) -> bool:
        """Whether any was restored; those that cannot be are set aside, and with them their release."""
        before = len(self.restored)
        for finding in seen.findings:
            if finding.kind == "manifest":
                (release,) = finding.releases
                data = self.offer.manifests.get(release, b"")
                self._put(finding.key, data if names_its_content(data, release) else None, JSON_TYPE)
        return len(self.restored) > before

    def mend_objects(self, seen: Inspection) -> tuple[Finding, ...]:
        """What stays absent and is listed by a release."""
        assets = {o.key: (o, m) for m in seen.manifests.values() for o in m.objects}
        # grids before items: an item can be made again from a grid that was just restored
        objects = [f for f in seen.findings if f.kind in ("absent", "damaged")]
        left = []
        for finding in sorted(objects, key=lambda f: f.key):
            asset, manifest = assets.get(finding.key, (None, None))
            data = None if asset is None or manifest is None else self._bytes_of(asset, manifest)
            self._put(finding.key, data, "" if asset is None else asset.media_type)
            if data is None and asset is not None:
                left.append(finding)
        return tuple(left)

    def mend_pointer(self, seen: Inspection, broken: set[str]) -> tuple[Latest | None, bool]:
        """The pointer as it is now, and whether it was written anew."""
        key = latest_key(self.region)
        try:
            latest = read_latest(self.store, self.region)
            if latest is not None:
                manifest_of(self.store, latest)
                return latest, False
        except DamagedStore:
            pass
        there = self.store.read_versioned(key)
        data = b"" if there is None else there[0]
        whole = [m for name, m in seen.manifests.items() if name not in broken]
        if not whole:
            self._put(LATEST, None, JSON_TYPE)
            return None, False
        chosen = max(whole, key=lambda m: (m.release.encode() in data, *_age(m), m.release == self._catalogued()))
        if there is not None:
            self._keep(LATEST, data)
        known = Knowledge(chosen.month, chosen.public_until, _day(data, "as_of") or "")
        pointer = latest_json(self.region, chosen.release, known, _time(data) or self.now)
        self.store.replace(key, pointer, None if there is None else there[1])
        return read_latest(self.store, self.region), True

    def mend_catalogue(self, manifest: Manifest) -> bool:
        """Write the catalogue of the pointer's release if it does not show it; whether it was written."""
        try:
            check_catalogue(self.store, manifest)
            return False
        except DamagedStore:
            pages = derived(self.store, manifest)
        follow_pointer(self.store, self.region, pages, lambda: self._points_to(manifest.release))
        return bool(pages)

    def _points_to(self, release: str) -> bool:
        latest = read_latest(self.store, self.region)
        return latest is not None and latest.release == release

    def _bytes_of(self, asset: Asset, manifest: Manifest) -> bytes | None:
        data = self.offer.bytes_of(asset.sha256)
        if data is None and asset.key.startswith("items/"):
            return rebuilt_item(self.store, manifest, asset)
        return data

    def _put(self, key: str, data: bytes | None, media_type: str) -> None:
        """Put `data` in place of what is at `key`, which is kept aside; None: leave nothing there."""
        full = f"{self.region}/{key}"
        there = self.store.read_versioned(full)
        if there is not None:
            self._keep(key, there[0])
        if data is not None:
            self.store.replace(full, data, None if there is None else there[1], media_type)
            self.restored.append(key)
        elif there is not None:
            self.store.delete(full)
            self.set_aside.append(key)

    def _keep(self, key: str, data: bytes) -> None:
        name = f"{self.now.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}-{key.replace('/', '_')}"
        self.store.put_new(f"{self.region}/damaged/{name}", data, "application/octet-stream")

    def _catalogued(self) -> str:
        read = self.store.read_versioned(f"{self.region}/{COLLECTION}")
        return _text(b"" if read is None else read[0], "gvio:release") or ""


def _age(manifest: Manifest) -> tuple[object, str]:
    return manifest.month, manifest.public_until or ""


def _text(data: bytes, name: str) -> str | None:
    """A field of a document that may be no JSON any more."""
    found = re.search(rf'"{re.escape(name)}": "([^"]*)"'.encode(), data)
    return None if found is None else found[1].decode(errors="replace")


def _day(data: bytes, name: str) -> str | None:
    text = _text(data, name)
    try:
        return None if text is None else dt.date.fromisoformat(text).isoformat()
    except ValueError:
        return None


def _time(data: bytes) -> dt.datetime | None:
    """When a damaged pointer says that it was written, if that is still legible: a repair makes no release younger."""
    text = _text(data, "published_at")
    try:
        time = None if text is None else dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time is None or time.tzinfo is not None else None
