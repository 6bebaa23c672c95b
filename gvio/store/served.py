"""What readers got, and when: the moves of the pointer in order, and the release that was served on a day."""

from __future__ import annotations

import dataclasses
import datetime as dt
import shlex
from typing import TYPE_CHECKING

from gvio.errors import ConfigError, DamagedStore, StoreError
from gvio.publish.latest import Latest
from gvio.publish.moves import Move
from gvio.store.chain import Chain, read_chain
from gvio.store.documents import HISTORY, LATEST, latest_key, read_latest, readable_latest
from gvio.store.keys import nothing_hint, repair_hint
from gvio.store.objects import ObjectStore

if TYPE_CHECKING:
    from gvio.store.published import PublishedRelease


@dataclasses.dataclass(frozen=True)
class Served:
    """One move and the time for which readers got what it led to (ISO 8601, UTC).

    Attributes:
        number: Of its record.
        move: The record; None when it is lost.
        since: When `latest.json` began to name it; None while it does not: a writer was killed before.
        until: When the next move took its place; None while it is served, and where that is not known.
    """

    number: int
    move: Move | None
    since: str | None
    until: str | None


def history(store: ObjectStore, region: str) -> tuple[Served, ...]:
    """Every move of the region's pointer, oldest first.

    A pointer that a program without records has moved is the last one, with the decision "found", as the next writer
    will record it.

    Raises:
        StoreError: The store cannot be read, nothing is published, or a document is of a newer schema.
    """
    keys = store.list_(f"{region}/{HISTORY}")
    latest = readable_latest(store, region)
    if not keys and latest is None and not store.exists(latest_key(region)):
        raise StoreError("nothing is published", where=f"{store.url}/{region}", hint=nothing_hint(store.url))
    chain = read_chain(store, region, keys, latest)
    numbers = range(1, max([0, *chain.moves, *chain.broken]) + 1)
    since = [_since(number, chain, latest) for number in numbers]
    until = [*since[1:], None][: len(since)]
    found = [Served(n, chain.moves.get(n), s, u) for n, s, u in zip(numbers, since, until, strict=True)]
    return tuple(found) if latest is None or latest.history is not None else _with_unrecorded(found, latest)


def served_on(store: ObjectStore, region: str, day: dt.date, today: dt.date) -> Served:
    """What readers got at the end of a day (UTC); of today, what they get now.

    Raises:
        ConfigError: The day lies in the future.
        StoreError: Nothing was published then, or nothing is known of it: moves were not recorded yet, or a record is
            lost.
    """
    where = f"{store.url}/{region}"
    if day > today:
        raise ConfigError(f"{day} has not been yet", where="--as-of", hint="Name today or an earlier day.")
    moves = history(store, region)
    begun = [one for one in moves if one.since is not None and one.since[: len("2021-01-01")] <= str(day)]
    if not begun:
        first = next((one for one in moves if one.since is not None), None)
        if first is None:
            hint = "Moves are recorded from the next publication on."
            raise StoreError(f"nothing is known of {day}", where=where, hint=hint)
        kept = first.move is not None and first.move.decision != "found"
        what = f"nothing was published on {day}" if kept else f"nothing is known of {day}: no moves were recorded then"
        raise StoreError(what, where=where, hint=f"Name {str(first.since)[:10]} or a later day.")
    served = begun[-1]
    if served.move is None:
        what = f"what was served on {day} is not known: its record {served.number} is lost"
        hint = f"`gvio history --store {shlex.quote(store.url)} --region {shlex.quote(region)}` lists what is known."
        raise DamagedStore(what, where=where, hint=hint)
    if served.move.release is None:
        raise StoreError(f"nothing was published on {day}", where=where, hint=nothing_hint(store.url))
    return served


def read_release_on(store: ObjectStore, region: str, day: dt.date, today: dt.date) -> PublishedRelease:
    """The release that was served on a day, byte for byte: every table verified against its manifest.

    Raises:
        ConfigError, StoreError: As for `served_on`, and as for `store.published.read_release`.
    """
    return read_served(store, region, served_on(store, region, day, today))


def read_served(store: ObjectStore, region: str, served: Served) -> PublishedRelease:
    """The release of a `served_on`; raises as `store.published.read_release`."""
    from gvio.store.published import read_release  # tables and rasters: only when a release is read

    if served.move is None or served.move.release is None:
        raise DamagedStore("no release", where=store.url, hint=repair_hint(store.url, region))
    release = read_release(store, region, served.move.release)
    return dataclasses.replace(release, published_at=served.move.published_at or served.since)


def published_at(store: ObjectStore, region: str, release: str) -> str | None:
    """When a release was published first (ISO 8601, UTC); None where that was never recorded.

    Raises:
        StoreError: The store cannot be read.
    """
    latest = read_latest(store, region)
    if latest is not None and latest.release == release:
        return latest.published_at
    move = read_chain(store, region, store.list_(f"{region}/{HISTORY}"), latest).of_release(release)
    return None if move is None else move.published_at or move.at


def _since(number: int, chain: Chain, latest: Latest | None) -> str | None:
    """As the next record or the pointer says it; a record beyond the pointer is not served yet."""
    named = None if latest is None else latest.history
    if named is not None and number >= named.number:
        return named.since if number == named.number else None
    after, own = chain.moves.get(number + 1), chain.moves.get(number)
    if after is not None and after.before is not None:
        return after.before.since
    return None if own is None else own.at


def _with_unrecorded(found: list[Served], latest: Latest) -> tuple[Served, ...]:
    last = found[-1] if found else Served(0, None, None, None)
    move = Move(
        region=latest.region,
        number=last.number + 1,
        before=None,
        at=latest.published_at,
        decision="found",
        reason=f"{LATEST} names no record of this move",
        release=latest.release,
        knowledge=latest.knowledge,
    )
    since = max(latest.published_at, last.since or "")
    ended = [dataclasses.replace(last, until=since)] if found else []
    return (*found[:-1], *ended, Served(move.number, move, since, None))
