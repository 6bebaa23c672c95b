"""Writing a release so that no reader ever sees half of it, and only newer knowledge takes the pointer.

Order of writing: immutable objects, manifest, `latest.json` by compare-and-swap, STAC catalogue. Until the pointer
moves, readers see the last release; a run killed at any point leaves objects that the next run finds and reuses.
"""

from __future__ import annotations

import dataclasses
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Literal

from gvio.errors import ConflictError, DamagedStore, StoreError
from gvio.publish.knowledge import Knowledge
from gvio.publish.manifest import JSON_TYPE
from gvio.store.catalogue import follow_pointer
from gvio.store.documents import latest_key, latest_of, manifest_key, read_latest
from gvio.store.keys import repair_hint, sha256
from gvio.store.objects import ObjectStore
from gvio.store.probe import require_conditional_writes
from gvio.store.standing import Standing, newest_manifest
from gvio.types import Asset, Progress

if TYPE_CHECKING:
    from gvio.publish.release import Release  # the name only: readers need none of what it imports

THREADS = 16  # at 30 ms latency 16 threads carry 370–500 small objects a second, one carries 28
_ATTEMPTS = 20

Outcome = Literal["published", "archived", "repaired", "unchanged"]


@dataclasses.dataclass(frozen=True)
class WriteReport:
    """What `write_release` did.

    Attributes:
        outcome: "published" (the pointer moved), "archived" (written whole, but the pointer stays at newer knowledge),
            "repaired" (it was the latest already, but objects were absent), or "unchanged" (nothing was to do, and
            every object was read and is the one that the manifest lists).
        release: Release id.
        uploaded: Objects sent, the manifest included.
        reused: Objects that were there already.
        uploaded_bytes: Bytes sent.
    """

    outcome: Outcome
    release: str
    uploaded: int
    reused: int
    uploaded_bytes: int


def write_release(
    store: ObjectStore,
    region: str,
    release: Release,
    progress: Progress | None = None,
    since: Standing | None = None,
    *,
    supersede: bool = False,
) -> WriteReport:
    """Publish a release: probe the store where nobody has, send what it lacks, move pointer and catalogue.

    The pointer never goes to older knowledge; such a release is written whole and found by its id. A damaged pointer
    stands for the newest release whose manifest is sound.

    Args:
        store: Where to.
        region: The release's region.
        release: What to publish.
        progress: Told after each object.
        since: How the region stood when the run began: what moved the pointer since then counts as unseen by the run.
            None: the run begins with this call.
        supersede: Whether the release takes the pointer from one of the same month that knows more: a person says that
            this knowledge was wrong.

    Raises:
        ConflictError: Since the run began somebody else published another release of the same knowledge; it stands.
        DamagedStore: Other bytes bear the name of one of our objects, or the release is there with a damaged object.
        StoreError: The store ignores conditional writes, cannot be written, or `region` is not the release's.
    """
    if region != release.region:
        raise StoreError(f"a release of {release.region!r} does not belong here", where=f"{store.url}/{region}")
    require_conditional_writes(store)
    begun = since.etag if since is not None else _version(store, region)
    sent = _send(store, region, release, progress)
    outcome = _take_pointer(store, region, release, begun, supersede=supersede)
    if outcome != "published":
        outcome = _stayed(store, region, release, outcome, sent)
    if outcome != "archived":
        follow_pointer(store, region, release.catalogue, lambda: _is_latest(store, region, release.id))
    return WriteReport(outcome, release.id, len(sent), len(release.objects) + 1 - len(sent), sum(sent))


def _send(store: ObjectStore, region: str, release: Release, progress: Progress | None) -> list[int]:
    """Send what the store lacks, the manifest last; sizes of what was sent."""
    there = store.list_(region)
    own = f"releases/{release.id}/"
    begun = manifest_key(region, release.id) not in there  # nothing vouches yet for tables that a killed run left
    lacking = [
        asset
        for asset in release.objects
        if there.get(f"{region}/{asset.key}") != asset.size or (begun and asset.key.startswith(own))
    ]

    def put(asset: Asset) -> int:
        key, data = f"{region}/{asset.key}", release.payloads[asset.key]
        if begun and asset.key.startswith(own):
            written = _put_unfinished(store, key, data, asset.media_type)
        else:
            written = store.put_new(key, data, asset.media_type)
        return asset.size if written else 0

    sent = []
    with ThreadPoolExecutor(THREADS) as pool:
        for done, size in enumerate(pool.map(put, lacking), start=1):
            sent.append(size)
            if progress is not None:
                progress("publish", done, len(lacking))
    if store.put_new(manifest_key(region, release.id), release.manifest, JSON_TYPE):
        sent.append(len(release.manifest))
    return [size for size in sent if size]


def _put_unfinished(store: ObjectStore, key: str, data: bytes, media_type: str) -> bool:
    """Create an object of a release without manifest: it was never published, so what a killed run left may change."""
    try:
        return store.put_new(key, data, media_type)
    except DamagedStore:
        there = store.read_versioned(key)
        store.replace(key, data, None if there is None else there[1], media_type)
        return True


def _take_pointer(store: ObjectStore, region: str, release: Release, begun: str | None, *, supersede: bool) -> Outcome:
    """Move the pointer if nobody knows more: "published", "unchanged" (it names this release already), "archived".

    Each attempt judges the pointer that it read, and its write holds for that version only; so whoever moves the
    pointer in between is judged, too.
    """
    key = latest_key(region)
    lost = 0
    while True:
        there = store.read_versioned(key)
        if there is not None:
            name, known = _named(store, region, there[0])
            if name == release.id:
                return "unchanged"
            wrong = supersede and known is not None and known.month == release.month
            if known is not None and known > release.knowledge and not wrong:
                return "archived"
            if known == release.knowledge and there[1] != begun:
                what = f"somebody else published {name} since this run began, from the same knowledge ({known})"
                hint = "Nothing was overwritten: run again, the newer release is read first."
                raise ConflictError(what, where=f"{store.url}/{key}", hint=hint)
        try:
            store.replace(key, release.latest, None if there is None else there[1])
            return "published"
        except ConflictError:
            lost += 1
            if lost == _ATTEMPTS:
                raise


def _named(store: ObjectStore, region: str, data: bytes) -> tuple[str, Knowledge | None]:
    """Release and knowledge that a pointer names; of a damaged one those of the newest sound manifest."""
    try:
        latest = latest_of(data, store, region)
        return latest.release, latest.knowledge
    except DamagedStore:
        newest = newest_manifest(store, region)
        return "", None if newest is None else Knowledge(newest.month, newest.public_until, "")


def _stayed(store: ObjectStore, region: str, release: Release, outcome: Outcome, sent: list[int]) -> Outcome:
    """What to say of a release that did not move the pointer; "unchanged" only when every object is sound."""
    if sent:
        return "repaired" if outcome == "unchanged" else "archived"
    _require_sound(store, region, release)
    return "unchanged"


def _require_sound(store: ObjectStore, region: str, release: Release) -> None:
    def check(asset: Asset) -> None:
        key = f"{region}/{asset.key}"
        if sha256(store.get(key)) != asset.sha256:
            what = "its bytes are not the ones published"
            raise DamagedStore(what, where=f"{store.url}/{key}", hint=repair_hint(store.url, key))

    with ThreadPoolExecutor(THREADS) as pool:
        list(pool.map(check, release.objects))


def _version(store: ObjectStore, region: str) -> str | None:
    read = store.read_versioned(latest_key(region))
    return None if read is None else read[1]


def _is_latest(store: ObjectStore, region: str, release_id: str) -> bool:
    latest = read_latest(store, region)
    return latest is not None and latest.release == release_id
