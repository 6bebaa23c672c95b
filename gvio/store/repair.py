"""Puts back what is damaged or absent in a store, where the right bytes can be had, and clears the way for the rest.

The only code that takes an immutable object away: publishing never does. What is taken away is kept under `damaged/`,
and the chain of moves says so (`store.chain_repair`). Not while a run publishes the region.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
import json
import re
from collections.abc import Mapping, Sequence

from gvio.errors import DamagedStore
from gvio.publish.manifest import JSON_TYPE, parse_manifest
from gvio.store.catalogue import contradiction, derived, follow_pointer, rebuilt
from gvio.store.chain_repair import Told, Wanted, mend_records, move_pointer
from gvio.store.documents import COLLECTION, LATEST, latest_key, read_latest, readable_latest
from gvio.store.keys import sha256
from gvio.store.objects import ObjectStore
from gvio.store.offers import Offer
from gvio.store.repair_report import Lost, RepairReport
from gvio.store.root import mend_root, root_fault
from gvio.store.standing import check_catalogue, manifest_of
from gvio.store.verify import Finding, Inspection, inspect_region
from gvio.types import Asset, Manifest, Progress

_NOTHING = Offer()


def repair(
    store: ObjectStore, region: str, offer: Offer = _NOTHING, *, now: dt.datetime, progress: Progress | None = None
) -> RepairReport:
    """Read all of the region, restore what `offer` has the bytes of, set the rest aside, mend pointer and catalogue.

    STAC items are also made again from sound grids. A damaged pointer is written again from the record of its move;
    where that is lost, too, it goes to the release that its bytes still name, else to the newest whole one. What could
    not be restored is absent afterwards, so that a run can publish it again. A release that lacks a table, or what the
    latest does not list, is withdrawn, because no run need make just its bytes; the pointer leaves it before, for the
    newest whole one.

    Raises:
        ConflictError: Somebody else writes the region.
        StoreError: The store cannot be read or written, nothing is published, or a newer schema.
    """
    pointer = store.read_versioned(latest_key(region))
    found = b"" if pointer is None else pointer[0]
    work = _Work(store, region, offer, now, found, inspect_region(store, region, progress=progress), [], [])
    lost = work.mend_manifests()
    if work.restored:
        work = dataclasses.replace(work, seen=inspect_region(store, region, progress=progress))
    forgotten = mend_records(store, region, work.seen.chain, offer, lambda key, data: work.put(key, data, JSON_TYPE))
    absent = work.mend_objects()
    chosen = work.choose(absent)
    left = tuple(f for f in absent if chosen is not None and chosen.release in f.releases)
    withdrawn = {n: work.seen.manifests[n] for f in absent if f not in left for n in f.releases}
    moved = work.mend_pointer(chosen, {*lost, *withdrawn}, forgotten)
    lost |= work.withdraw(withdrawn)
    lacking = {n for f in left for n in f.releases}
    whole = [m for n, m in work.seen.manifests.items() if n not in lost and n not in lacking]
    return RepairReport(
        region=region,
        latest=None if chosen is None else chosen.release,
        restored=tuple(work.restored),
        set_aside=tuple(work.set_aside),
        moved=moved and chosen is not None,
        catalogue=chosen is not None and work.mend_catalogue(chosen),
        left=left,
        withdrawn=tuple(
            work.lost(n, day, whole, _first_grid(work.seen.manifests.get(n), chosen)) for n, day in sorted(lost.items())
        ),
        went_back=moved and chosen is not None and _text(work.pointer, "release") in lost,
        incomplete=() if chosen is None or not left else (work.lost(chosen.release, chosen.public_until, whole),),
        forgotten=forgotten,
    )


@dataclasses.dataclass(frozen=True)
class _Work:
    store: ObjectStore
    region: str
    offer: Offer
    now: dt.datetime
    pointer: bytes  # as it was found
    seen: Inspection
    restored: list[str]
    set_aside: list[str]

    def mend_manifests(self) -> dict[str, str | None]:
        """Releases whose manifest cannot be restored and is set aside, with the day that their statistics end on."""
        seen = self.seen
        lost: dict[str, str | None] = {}
        for finding in seen.findings:
            if finding.kind == "manifest":
                (release,) = finding.releases
                there = self.store.read_versioned(f"{self.region}/{finding.key}")
                data = self.offer.manifests.get(release)
                if data is None or (there is not None and there[0] == data):
                    data, lost[release] = None, self._until(release, b"" if there is None else there[0])
                self.put(finding.key, data, JSON_TYPE)
        known = {*seen.manifests, *(name for f in seen.findings for name in f.releases)}
        for release, data in self.offer.manifests.items():
            if release not in known and self._can_be_whole(seen, release, data):
                self.put(f"releases/{release}/manifest.json", data, JSON_TYPE)
        return lost

    def _can_be_whole(self, seen: Inspection, release: str, data: bytes) -> bool:
        """Whether a release that has lost its manifest lies here, and everything that it lists can be had."""
        folder = f"{self.region}/releases/{release}/"
        listed = parse_manifest(json.loads(data)).objects
        return any(key.startswith(folder) for key in seen.sizes) and all(
            f"{self.region}/{o.key}" in seen.sizes or o.sha256 in self.offer.objects for o in listed
        )

    def mend_objects(self) -> tuple[Finding, ...]:
        """What stays absent and is listed by a release."""
        seen = self.seen
        assets = {o.key: (o, m) for m in seen.manifests.values() for o in m.objects}
        # grids before items: an item can be made again from a grid that was just restored
        objects = [f for f in seen.findings if f.kind in ("absent", "damaged")]
        left = []
        for finding in sorted(objects, key=lambda f: f.key):
            asset, manifest = assets.get(finding.key, (None, None))
            data = None if asset is None or manifest is None else self._bytes_of(asset, manifest)
            self.put(finding.key, data, "" if asset is None else asset.media_type)
            if data is None and asset is not None:
                left.append(finding)
        return tuple(left)

    def choose(self, absent: Sequence[Finding]) -> Manifest | None:
        """The release that readers get: the one of the pointer or of its record, else the newest, if it has its tables.

        None where no release has them.
        """
        lacking = {name for f in absent for name in f.releases}
        unreadable = {name for f in absent if f.key.startswith("releases/") for name in f.releases}
        readable = {name: m for name, m in self.seen.manifests.items() if name not in unreadable}
        named = self._named()
        if named in readable:
            return readable[named]
        return max(readable.values(), key=lambda m: (m.release not in lacking, *self._preference(m)), default=None)

    def _named(self) -> str | None:
        """The release of the newest record, or of the pointer where that knows better."""
        newest = self.seen.chain.newest
        with contextlib.suppress(DamagedStore):
            latest = read_latest(self.store, self.region)
            named = None if latest is None or latest.history is None else latest.history.number
            if latest is not None and (newest is None or named is None or named > newest.number):
                return manifest_of(self.store, latest).release
        return None if newest is None else newest.release

    def mend_pointer(self, chosen: Manifest | None, withdrawn: set[str], forgotten: Sequence[int]) -> bool:
        """Let the pointer name the chosen release and the newest record; whether it was written anew."""
        told = Told(tuple(sorted(withdrawn & self.seen.chain.releases)), tuple(forgotten))
        name = "" if chosen is None else chosen.release
        latest = readable_latest(self.store, self.region)
        if latest is not None and (latest.release, latest.history, self.seen.chain.newest) == (name, None, None):
            return False  # published before moves were recorded, and sound
        kept = self.store.read_versioned(latest_key(self.region))
        wanted = Wanted(chosen, self._as_of(name) or "", self._published_at(name))
        moved = move_pointer(self.store, self.region, wanted, told, lambda: self.now)
        if moved and kept is not None:
            self._keep(LATEST, kept[0])
            self.set_aside.extend([] if chosen is not None else [LATEST])
        return moved

    def withdraw(self, releases: Mapping[str, Manifest]) -> dict[str, str | None]:
        """Set the manifests aside, so that nothing lists these releases; their other objects stay."""
        for release in releases:
            self.put(f"releases/{release}/manifest.json", None, JSON_TYPE)
        return {release: manifest.public_until for release, manifest in releases.items()}

    def _preference(self, manifest: Manifest) -> tuple[object, ...]:
        """What a pointer beyond reading goes to: the release that it still names, else the newest."""
        catalogued = manifest.release == self._catalogued()
        return self._names(manifest.release), manifest.month, manifest.public_until or "", catalogued

    def lost(self, release: str, until: str | None, whole: Sequence[Manifest], first: str | None = None) -> Lost:
        """What to say of a release that is not whole; `until` is the day that its statistics end on, where known."""
        month = release[: len("2020-01")]
        same = [m.release for m in whole if (str(m.month), m.public_until) == (month, until) and until is not None]
        instead = max(same, default=None) if first is None else None  # one with fewer grids does not replace it
        return Lost(release, month, self._as_of(release) or until, instead, first)

    def _names(self, release: str) -> bool:
        """Whether the pointer as it was found, damaged or not, names the release."""
        return bool(release) and release.encode() in self.pointer

    def _as_of(self, release: str) -> str | None:
        recorded, offered = self.seen.chain.of_release(release), self.offer.pointers.get(release)
        if recorded is not None and recorded.knowledge is not None:
            return recorded.knowledge.as_of or None
        found = _day(self.pointer, "as_of") if self._names(release) else None
        return found or (offered.as_of if offered else None)

    def _until(self, release: str, manifest: bytes) -> str | None:
        """The day that a release's statistics end on; `manifest` may be damaged."""
        recorded = self.seen.chain.of_release(release)
        known = None if recorded is None else recorded.knowledge
        return _day(manifest, "public_until") if known is None else known.public_until

    def _published_at(self, release: str) -> dt.datetime | None:
        """When a release was published, where that can be told: a repair makes no release younger."""
        recorded, offered = self.seen.chain.of_release(release), self.offer.pointers.get(release)
        if recorded is not None:
            return dt.datetime.fromisoformat(recorded.published_at or recorded.at)
        found = _time(self.pointer) if self._names(release) else None
        return found or (dt.datetime.fromisoformat(offered.published_at) if offered else None)

    def mend_catalogue(self, manifest: Manifest) -> bool:
        """Write the catalogue of the pointer's release if it does not show just that, and the one above the regions if
        it does not lead there; whether either was written.
        """
        own = self._mend_own(manifest)
        if root_fault(self.store, manifest) is None:
            return own
        mend_root(self.store)
        return True

    def _mend_own(self, manifest: Manifest) -> bool:
        with contextlib.suppress(DamagedStore):
            check_catalogue(self.store, manifest)
            if contradiction(self.store, manifest) is None:
                return False
        pages = derived(self.store, manifest)
        follow_pointer(self.store, self.region, pages, lambda: self._points_to(manifest.release))
        return bool(pages)

    def _points_to(self, release: str) -> bool:
        latest = read_latest(self.store, self.region)
        return latest is not None and latest.release == release

    def _bytes_of(self, asset: Asset, manifest: Manifest) -> bytes | None:
        data = self.offer.bytes_of(asset.sha256)
        return rebuilt(self.store, manifest, asset) if data is None else data

    def put(self, key: str, data: bytes | None, media_type: str) -> None:
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
        there = self.store.read_versioned(f"{self.region}/damaged/{name}")
        if there is not None and there[0] != data:  # restored and withdrawn at once
            name = f"{name}-{sha256(data)[:12]}"
        self.store.put_new(f"{self.region}/damaged/{name}", data, "application/octet-stream")

    def _catalogued(self) -> str:
        read = self.store.read_versioned(f"{self.region}/{COLLECTION}")
        return _text(b"" if read is None else read[0], "gvio:release") or ""


def _first_grid(lost: Manifest | None, latest: Manifest | None) -> str | None:
    """First month of the grids beside its own that a lost release listed and the latest does not."""
    shown = set() if latest is None else set(latest.grids)
    return None if lost is None else min(set(lost.grids) - shown - {str(lost.month)}, default=None)


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
    """When a damaged pointer says that it was written, if that is still legible."""
    text = _text(data, "published_at")
    try:
        time = None if text is None else dt.datetime.fromisoformat(text)
    except ValueError:
        return None
    return time if time is None or time.tzinfo is not None else None
