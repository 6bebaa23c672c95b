"""Writing a release so that no reader ever sees half of it, and only newer knowledge takes the pointer.

Order of writing: immutable objects, manifest, the record of the move (`store.history`), `latest.json` by
compare-and-swap, STAC catalogue. Until the pointer moves, readers see the last release; a run killed at any point
leaves objects that the next run finds and reuses, and a record whose move the next run completes.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Literal

from gvio.errors import ConflictError, DamagedStore, StoreError
from gvio.publish.knowledge import Knowledge
from gvio.publish.latest import parse_latest
from gvio.publish.manifest import JSON_TYPE
from gvio.publish.moves import REPLAYED, ROLLED_BACK, Move
from gvio.store.catalogue import follow_pointer
from gvio.store.documents import latest_key, manifest_key, read_latest
from gvio.store.history import Clock, Tip, moves_since, next_move, overtaken, point, record, settle
from gvio.store.keys import repair_hint, sha256
from gvio.store.objects import ObjectStore
from gvio.store.probe import require_conditional_writes
from gvio.store.root import list_region
from gvio.store.standing import Standing, newest_manifest, standing
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
    supersede: str | None = None,
    clock: Clock | None = None,
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
        supersede: Why the release takes the pointer from one of the same month that knows more: a person says that
            this knowledge was wrong. None: it does not.
        clock: Tells the time of the move; None: the time at which the release says that it was made.

    Raises:
        ConflictError: Since the run began somebody else published another release of the same knowledge; it stands.
        DamagedStore: Other bytes bear the name of one of our objects, or the release is there with a damaged object.
        StoreError: The store ignores conditional writes, cannot be written, or `region` is not the release's.
    """
    if region != release.region:
        raise StoreError(f"a release of {release.region!r} does not belong here", where=f"{store.url}/{region}")
    require_conditional_writes(store)
    begun = since or standing(store, region)
    sent = _send(store, region, release, progress)
    outcome = _take_pointer(store, region, release, begun, supersede, clock or _made(release))
    if outcome != "published":
        outcome = _stayed(store, region, release, outcome, sent)
    if outcome != "archived":
        follow_pointer(store, region, release.catalogue, lambda: _is_latest(store, region, release.id))
        list_region(store, region, release.title)
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


def _take_pointer(
    store: ObjectStore, region: str, release: Release, begun: Standing, supersede: str | None, clock: Clock
) -> Outcome:
    """Move the pointer if nobody knows more: "published", "unchanged" (it names this release already), "archived".

    Each attempt judges the end of the chain, and its record can only be the next one; so whoever moves the pointer in
    between is judged, too.
    """
    own = set[int]()
    for _ in range(_ATTEMPTS):
        tip = settle(store, region, clock)
        name, known = _named(store, region, tip)
        if name == release.id:
            return "published" if tip.number in own or tip.number in tip.completed else "unchanged"
        if _was_published(store, region, release.id, begun.number, tip.number):
            return "published"
        wrong = supersede is not None and known is not None and known.month == release.month
        if known is not None and known > release.knowledge and not wrong:
            return "archived"
        if known == release.knowledge and not (begun.names(name) or (not name and begun.latest is None)):
            what = f"somebody else published {name} since this run began, from the same knowledge ({known})"
            hint = "Nothing was overwritten: run again, the newer release is read first."
            raise ConflictError(what, where=f"{store.url}/{latest_key(region)}", hint=hint)
        move = _marked(_move(store, region, release, tip, (name, known), supersede, clock), release)
        if (written := record(store, region, move)) is not None:
            own.add(move.number)
            if point(store, region, move, written, tip.etag):
                return "published"
    raise overtaken(store, region)


def _was_published(store: ObjectStore, region: str, release: str, begun: int, newest: int) -> bool:
    """Whether the pointer has named the release since the run began: its own move, whose answer was lost.

    A record before a "found" one does not count: a program without records may have moved the pointer instead.
    """
    moves = moves_since(store, region, begun, newest)
    found = {move.number for move in moves if move.decision == "found"}
    return any(move.release == release and found.isdisjoint({move.number, move.number + 1}) for move in moves)


def _move(
    store: ObjectStore,
    region: str,
    release: Release,
    tip: Tip,
    before: tuple[str, Knowledge | None],
    supersede: str | None,
    clock: Clock,
) -> Move:
    """The move to the release, with its decision and reason; `before` is what it takes the pointer from."""
    name, known = before
    move = next_move(region, tip, clock, release.id, release.knowledge, release.manifest)
    if known is None:
        return dataclasses.replace(move, reason="nothing was published before")
    if supersede is not None and known > release.knowledge:
        return dataclasses.replace(move, decision="superseded", reason=supersede)
    last = moves_since(store, region, tip.number - 1, tip.number)
    if move.model.decision.startswith(ROLLED_BACK) and [one.model for one in last] != [move.model]:
        return dataclasses.replace(move, decision="rolled back", reason=move.model.decision)
    if known == release.knowledge:
        return dataclasses.replace(move, reason=f"made anew from what {name or 'the last release'} knew")
    return dataclasses.replace(move, reason=f"newer knowledge: {release.knowledge}")


def _marked(move: Move, release: Release) -> Move:
    """The record, which says of a replay's release that its time is the replay's."""
    replayed = json.loads(release.manifest).get("inputs", {}).get("replayed")
    return dataclasses.replace(move, reason=f"{REPLAYED}{move.reason}") if replayed else move


def _named(store: ObjectStore, region: str, tip: Tip) -> tuple[str, Knowledge | None]:
    """Release and knowledge at the end of a chain; of a damaged pointer those of the newest sound manifest."""
    if tip.latest is not None:
        return tip.latest.release, tip.latest.knowledge
    if tip.etag is None or (tip.move is not None and tip.move.release is None):
        return "", None
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


def _made(release: Release) -> Clock:
    made = dt.datetime.fromisoformat(parse_latest(json.loads(release.latest)).published_at)
    return lambda: made


def _is_latest(store: ObjectStore, region: str, release_id: str) -> bool:
    latest = read_latest(store, region)
    return latest is not None and latest.release == release_id
