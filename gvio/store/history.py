"""The chain of moves of `latest.json`: a move counts as soon as its record has its number; the pointer follows.

A record is created where there is none of its number, so of two writers one gets it and the other judges anew. Until
the pointer names the newest record nobody writes the next one: whoever meets a record that the pointer does not name
yet, completes that move first. So there is one chain without gap, whatever was killed where.
"""

from __future__ import annotations

import contextlib
import dataclasses
import datetime as dt
from collections.abc import Callable

from gvio.errors import ConflictError, DamagedStore
from gvio.publish.knowledge import Knowledge
from gvio.publish.latest import Latest, pointer_json
from gvio.publish.manifest import JSON_TYPE
from gvio.publish.moves import MadeBy, Move, Recorded, made_by, move_json, utc_text
from gvio.store.documents import HISTORY, latest_key, latest_of, manifest_key, move_key, move_of, numbers_in, read_move
from gvio.store.keys import sha256
from gvio.store.objects import ObjectStore

Clock = Callable[[], dt.datetime]
_ATTEMPTS = 20
FOUND = "latest.json named it without a record: written before moves were recorded, or by a program that records none"


@dataclasses.dataclass(frozen=True)
class Tip:
    """Where a chain ends, and the pointer with it.

    Attributes:
        etag: Version of the pointer; None when it is absent.
        latest: The pointer; None when it is absent or damaged, or when the newest move says that nothing is published.
        newest: The newest record; None when there is none yet.
        move: The newest record itself, where the pointer alone does not say what it says; None otherwise.
        completed: Numbers of the records whose move was completed just now: somebody was killed before the pointer.
    """

    etag: str | None
    latest: Latest | None
    newest: Recorded | None
    move: Move | None = None
    completed: tuple[int, ...] = ()

    @property
    def number(self) -> int:
        """Of the newest record; 0 when there is none."""
        return 0 if self.newest is None else self.newest.number


NO_TIP = Tip(None, None, None)
"""The chain of a region that has none."""


def settle(store: ObjectStore, region: str, clock: Clock) -> Tip:
    """The end of the chain, after what others left undone there is done: their move completed, their pointer recorded.

    Raises:
        ConflictError: Other writers won twenty times in a row.
        DamagedStore: The record of a move that was begun cannot be understood.
        StoreError: The store cannot be read or written, or holds a newer schema.
    """
    completed: tuple[int, ...] = ()
    for _ in range(_ATTEMPTS):
        etag, latest = _pointer(store, region)
        if latest is not None and latest.history is None:
            _find(store, region, etag, latest)
            continue
        move, newest = _unnamed(store, region, latest, clock)
        if move is None or newest is None:
            return Tip(etag, latest, newest, completed=completed)
        if move.release is None:
            return Tip(etag, None, newest, move, completed)
        if not store.exists(manifest_key(region, move.release)):  # taken away since, and not by us
            return Tip(etag, latest, newest, move, completed)
        if point(store, region, move, newest, etag):
            completed = (*completed, move.number)
    raise overtaken(store, region)


def overtaken(store: ObjectStore, region: str) -> ConflictError:
    """What to raise after twenty moves of others."""
    what = "other writers were faster, twenty times in a row; nothing was overwritten"
    return ConflictError(what, where=f"{store.url}/{latest_key(region)}", hint="Run again.")


def _pointer(store: ObjectStore, region: str) -> tuple[str | None, Latest | None]:
    """Version of the pointer, and the pointer where it can be read."""
    read = store.read_versioned(latest_key(region))
    if read is None:
        return None, None
    try:
        return read[1], latest_of(read[0], store, region)
    except DamagedStore:
        return read[1], None


def _unnamed(
    store: ObjectStore, region: str, latest: Latest | None, clock: Clock
) -> tuple[Move | None, Recorded | None]:
    """The move that the pointer does not name, and the newest record; without such a move the one it names."""
    if latest is not None and latest.history is not None:
        begun = read_move(store, region, latest.history.number + 1)
        if begun is None:
            return None, latest.history
        return begun[0], Recorded(begun[0].number, begun[1], _later(clock(), begun[0].at))
    numbers = numbers_in(store.list_(f"{region}/{HISTORY}"), region)
    read = store.read_versioned(move_key(region, numbers[-1])) if numbers else None
    if read is None:
        return None, None
    digest = sha256(read[0])
    try:
        move = move_of(read[0], store, region, numbers[-1])
    except DamagedStore:  # with the pointer: nothing but the manifests can tell
        return None, Recorded(numbers[-1], digest, utc_text(clock()))
    return move, Recorded(move.number, digest, move.at)


def record(store: ObjectStore, region: str, move: Move) -> Recorded | None:
    """Write the record of a move that was judged at the end of the chain; None: somebody else has the number.

    Raises:
        StoreError: The store cannot be written.
    """
    data = move_json(move)
    try:
        store.replace(move_key(region, move.number), data, None, JSON_TYPE)
    except ConflictError:
        return None
    return Recorded(move.number, sha256(data), move.at)


def point(store: ObjectStore, region: str, move: Move, record: Recorded, etag: str | None) -> bool:
    """Let the pointer name the record, if it still is the version `etag`; False: somebody else moved it meanwhile.

    Only `gvio repair` makes a move to nothing, while nobody publishes: then the pointer goes.
    """
    if move.release is None:
        store.delete(latest_key(region))
        return True
    try:
        store.replace(latest_key(region), pointer_json(move, record), etag)
    except ConflictError:
        return False
    return True


def next_move(
    region: str, tip: Tip, clock: Clock, release: str | None, knowledge: Knowledge | None, manifest: bytes
) -> Move:
    """The move to a release after `tip`, called "published". Time never goes back in a chain."""
    return Move(
        region=region,
        number=tip.number + 1,
        before=tip.newest,
        at=_later(clock(), "" if tip.newest is None else tip.newest.since),
        decision="published",
        reason="",
        release=release,
        knowledge=knowledge,
        manifest_sha256=sha256(manifest) if manifest else "",
        model=made_by(manifest) if manifest else MadeBy(),
    )


def moves_since(store: ObjectStore, region: str, after: int, last: int) -> list[Move]:
    """The records `after` + 1 … `last` that can be read, oldest first."""
    found = []
    for number in range(after + 1, last + 1):
        with contextlib.suppress(DamagedStore):
            read = read_move(store, region, number)
            found += [] if read is None else [read[0]]
    return found


def _find(store: ObjectStore, region: str, etag: str | None, latest: Latest) -> None:
    """Record a pointer that names no record, as of the time when it was written, and let it name that."""
    manifest = store.read_versioned(manifest_key(region, latest.release))
    published = dt.datetime.fromisoformat(latest.published_at)
    move, before = _unnamed(store, region, None, lambda: published)
    told = utc_text(published)
    wanted = ("found", latest.release, told)
    if move is not None and before is not None and (move.decision, move.release, move.published_at) == wanted:
        point(store, region, move, before, etag)  # somebody was killed before the pointer could name it
        return
    found = Move(
        region=region,
        number=1 if before is None else before.number + 1,
        before=before,
        at=_later(published, "" if before is None else before.since),
        decision="found",
        reason=FOUND,
        release=latest.release,
        knowledge=latest.knowledge,
        manifest_sha256="" if manifest is None else sha256(manifest[0]),
        model=MadeBy() if manifest is None else _model(manifest[0]),
        published_at=told,
    )
    if (written := record(store, region, found)) is not None:
        point(store, region, found, written, etag)


def _model(manifest: bytes) -> MadeBy:
    try:
        return made_by(manifest)
    except (ValueError, AttributeError):  # damaged: `gvio verify` says so
        return MadeBy()


def _later(moment: dt.datetime, before: str) -> str:
    """The text of a time that is not before `before`: clocks of two hosts differ."""
    return max(utc_text(moment), before)
