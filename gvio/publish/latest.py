"""`latest.json`, the only object that decides anything: which release readers take, and what it knew. Pure."""

from __future__ import annotations

import dataclasses
import datetime as dt
import re
from collections.abc import Mapping
from typing import Any

from gvio.publish.canonical import SCHEMA_VERSION, canonical_json
from gvio.publish.knowledge import Knowledge
from gvio.publish.moves import Move, Recorded, parse_recorded, utc_text
from gvio.types import Month

_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*$")


@dataclasses.dataclass(frozen=True)
class Latest:
    """What `latest.json` says: the release to read, its month (YYYY-MM) and when it was published (ISO 8601, UTC).

    `public_until` and `as_of` are those of `Knowledge`; unknown (None, "") in pointers written before they were.
    `history` is the record of the move that made it; None in pointers written before moves were recorded.
    """

    region: str
    release: str
    month: str
    published_at: str
    public_until: str | None = None
    as_of: str = ""
    history: Recorded | None = None

    @property
    def knowledge(self) -> Knowledge:
        """What the release knew; of its month the lowest where the pointer does not say."""
        return Knowledge(Month.parse(self.month), self.public_until, self.as_of)


def latest_json(
    region: str, release: str, knowledge: Knowledge, created: dt.datetime, history: Recorded | None = None
) -> bytes:
    """The document of contract §3; beside its fields `public_until`, `as_of`, and `history` where a record is named."""
    document = {
        "schema_version": SCHEMA_VERSION,
        "region": region,
        "release": release,
        "month": knowledge.month,
        "published_at": utc_text(created),
        "public_until": knowledge.public_until,
        "as_of": knowledge.as_of or None,
    }
    return canonical_json(document | ({} if history is None else {"history": history.as_document()}))


def pointer_json(move: Move, record: Recorded) -> bytes:
    """`latest.json` after a move to a release, whose record it names.

    Raises:
        ValueError: It was a move to nothing.
    """
    if move.release is None or move.knowledge is None:
        raise ValueError(f"record {move.number} names no release")
    published = dt.datetime.fromisoformat(move.published_at or record.since)
    return latest_json(move.region, move.release, move.knowledge, published, record)


def parse_latest(document: Mapping[str, Any]) -> Latest:
    """The value of a document whose schema version is known.

    Raises:
        KeyError: A field is absent: one of contract §3, or one of the pair that says what the release knew.
        ValueError: A field is not what it should be.
    """
    knows = "public_until" in document or "as_of" in document
    until, as_of = (document["public_until"], document["as_of"]) if knows else (None, None)
    history = document.get("history")
    latest = Latest(
        region=str(document["region"]),
        release=str(document["release"]),
        month=str(document["month"]),
        published_at=str(document["published_at"]),
        public_until=None if until is None else str(until),
        as_of="" if as_of is None else str(as_of),
        history=None if history is None else parse_recorded(history),
    )
    if latest.month != str(latest.knowledge.month) or not _NAME.match(latest.release):
        raise ValueError(f"not the name of a release of a month: {latest.release!r}, {latest.month!r}")
    if dt.datetime.fromisoformat(latest.published_at).tzinfo is None:
        raise ValueError(f"not a time in UTC: {latest.published_at!r}")
    return latest
