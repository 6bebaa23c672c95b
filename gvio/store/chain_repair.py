"""What a repair does to the chain of moves: restore records, and record its own moves and what it had to give up."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Callable

from gvio.errors import DamagedStore
from gvio.publish.knowledge import Knowledge
from gvio.publish.latest import Latest, parse_latest, pointer_json
from gvio.publish.moves import Move, Recorded, utc_text
from gvio.store.chain import Chain
from gvio.store.documents import latest_key, manifest_key, move_key, read_latest, read_move, readable_latest
from gvio.store.history import NO_TIP, Clock, Tip, next_move, overtaken, point, record, settle
from gvio.store.keys import sha256
from gvio.store.objects import ObjectStore
from gvio.store.offers import Offer
from gvio.types import Manifest

Put = Callable[[str, bytes | None], None]
"""Puts bytes in place of what is at a key of the region, which is kept aside; None: leaves nothing there."""


@dataclasses.dataclass(frozen=True)
class Told:
    """What a repair gave up: releases that are withdrawn, and numbers of records that nothing could restore."""

    withdrawn: tuple[str, ...]
    forgotten: tuple[int, ...]

    def __bool__(self) -> bool:
        return bool(self.withdrawn or self.forgotten)

    def __str__(self) -> str:
        said = [f"withdrawn: {', '.join(self.withdrawn)}"] if self.withdrawn else []
        said += [f"records lost: {', '.join(map(str, self.forgotten))}"] if self.forgotten else []
        return "; ".join(said) or "latest.json was lost or damaged"


@dataclasses.dataclass(frozen=True)
class Wanted:
    """The release that readers shall get, and what its pointer says: its knowledge and when it was published.

    `manifest` None: nothing is left to read. `published_at` None where that is not known: then it is now.
    """

    manifest: Manifest | None
    as_of: str
    published_at: dt.datetime | None

    @property
    def release(self) -> str | None:
        """Its id."""
        return None if self.manifest is None else self.manifest.release

    @property
    def knowledge(self) -> Knowledge | None:
        """What it knew."""
        return None if self.manifest is None else Knowledge(self.manifest.month, self.manifest.public_until, self.as_of)


def mend_records(store: ObjectStore, region: str, chain: Chain, offer: Offer, put: Put) -> tuple[int, ...]:
    """Restore the records whose bytes are offered, and set the other damaged ones aside.

    Where only the pointer's word stands against a record that is consistent in itself, the record stays.

    Returns:
        Numbers of the records that are lost; not of one that was begun last, which nothing relies on.
    """
    lost, newest = list[int](), max(chain.moves, default=0)
    for number in chain.broken:
        digest = chain.digests.get(number)
        data = None if digest is None else offer.bytes_of(digest)
        if data is None and number > newest and _fits(store, region, number):
            continue
        put(move_key("", number).removeprefix("/"), data)
        if data is None and (digest is not None or number < newest):
            lost.append(number)
    return tuple(sorted(lost))


def _fits(store: ObjectStore, region: str, number: int) -> bool:
    """Whether the record can be read, follows the one before it, and the pointer says otherwise what it says."""
    try:
        read, latest = read_move(store, region, number), read_latest(store, region)
        before = store.read_versioned(move_key(region, number - 1))
    except DamagedStore:
        return False
    if read is None or latest is None or latest.history is None or read[0].release is None:
        return False
    follows = None if before is None else sha256(before[0])
    if (None if read[0].before is None else read[0].before.sha256) != follows:
        return False
    return _says(read[0], latest, latest.history)


def move_pointer(store: ObjectStore, region: str, wanted: Wanted, told: Told, clock: Clock) -> bool:
    """Let the pointer name the wanted release and the newest record, with a record of its own where something changed.

    Returns:
        Whether `latest.json` says something else than before, beside the record of what was given up.

    Raises:
        ConflictError: Somebody else writes the region.
    """
    before = store.read_versioned(latest_key(region))
    said = readable_latest(store, region)
    tip = _followed(store, region, clock) if before is not None or wanted.release is not None or told else NO_TIP
    named = None if tip.latest is None else tip.latest.release
    if told or named != wanted.release or (wanted.release is None and tip.etag is not None):
        _record(store, region, tip, wanted, told, clock)
    says = readable_latest(store, region)
    if told and said is not None and says is not None:
        return dataclasses.replace(said, history=None) != dataclasses.replace(says, history=None)
    return store.read_versioned(latest_key(region)) != before


def _record(store: ObjectStore, region: str, tip: Tip, wanted: Wanted, told: Told, clock: Clock) -> None:
    release, published = wanted.release, wanted.published_at
    data = b"" if release is None else store.get(manifest_key(region, release))
    move = dataclasses.replace(
        next_move(region, tip, clock, release, wanted.knowledge, data),
        decision="repaired",
        reason=str(told),
        withdrawn=told.withdrawn,
        lost=told.forgotten,
        published_at=None if published is None or release is None else utc_text(published),
    )
    written = record(store, region, move)
    if written is None or not point(store, region, move, written, tip.etag):
        raise overtaken(store, region)


def _followed(store: ObjectStore, region: str, clock: Clock) -> Tip:
    """The end of the chain, its pointer written again where it does not say what its record says."""
    tip = settle(store, region, clock)
    if tip.latest is None or tip.newest is None or tip.newest != tip.latest.history:
        return tip
    read = read_move(store, region, tip.number)
    if read is None or read[0].release is None:
        return tip
    since = tip.newest.since if tip.latest.published_at != read[0].at else read[0].at  # two words against one
    right = dataclasses.replace(tip.newest, sha256=read[1], since=since)
    if right == tip.newest and _says(read[0], tip.latest, right):
        return tip
    if not point(store, region, read[0], right, tip.etag):
        raise overtaken(store, region)
    return settle(store, region, clock)


def _says(move: Move, latest: Latest, record: Recorded) -> bool:
    return parse_latest(json.loads(pointer_json(move, record))) == dataclasses.replace(latest, history=record)
