"""The record of one move of `latest.json`: number, predecessor, time, release, model and reason. Pure.

Records are immutable and numbered without gap. Each holds the SHA-256 of the one before it, and `latest.json` that of
the newest, so that none can be changed or taken away unnoticed.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping
from typing import Any, Literal, get_args

from gvio.publish.canonical import SCHEMA_VERSION, canonical_json
from gvio.publish.knowledge import Knowledge
from gvio.types import Month

MoveDecision = Literal["published", "superseded", "rolled back", "repaired", "found"]

ROLLED_BACK = "rolled back from version"
"""How the decision about a model begins that is in production because its successor was rolled back."""
REPLAYED = "replayed: "
"""How the reason of a move begins whose time is not the clock's but that of a replay."""


@dataclasses.dataclass(frozen=True)
class Recorded:
    """Which record `latest.json` names, and since when (ISO 8601, UTC) it has named it."""

    number: int
    sha256: str
    since: str

    def __post_init__(self) -> None:
        if self.number < 1 or len(self.sha256) != 64:
            raise ValueError(f"not a record of a move: {self.number}, {self.sha256!r}")
        _time(self.since)

    def as_document(self) -> dict[str, object]:
        """As `latest.json` and the next record hold it."""
        return dataclasses.asdict(self)


@dataclasses.dataclass(frozen=True)
class MadeBy:
    """The model that made a release; None or "" where its manifest does not say."""

    name: str = ""
    version: int | str | None = None
    weights_sha256: str = ""
    decision: str = ""


@dataclasses.dataclass(frozen=True)
class Move:
    """One record.

    Attributes:
        region: Name of the region.
        number: 1 for the first; each is one more than its predecessor's.
        before: The predecessor, and since when `latest.json` named it; None for the first.
        at: When the record was written (ISO 8601, UTC).
        decision: "published"; "superseded" (took the pointer from knowledge that a person called wrong); "rolled back"
            (made by a model of before); "repaired" (by `gvio repair`); "found" (a pointer that had no record: of a
            program that kept none).
        reason: One line for people.
        release: What readers get from now on; None: nothing.
        knowledge: Of that release; None with it.
        manifest_sha256: Of its manifest; "" where that was not known.
        model: What made it.
        withdrawn: Releases whose manifest a repair has set aside: they need not exist any more.
        lost: Numbers of records that a repair could not restore.
        published_at: When the release was published, where that was not when the pointer moved; None otherwise.
    """

    region: str
    number: int
    before: Recorded | None
    at: str
    decision: MoveDecision
    reason: str
    release: str | None
    knowledge: Knowledge | None
    manifest_sha256: str = ""
    model: MadeBy = MadeBy()
    withdrawn: tuple[str, ...] = ()
    lost: tuple[int, ...] = ()
    published_at: str | None = None


def move_json(move: Move) -> bytes:
    """The document of a record; equal records have equal bytes."""
    known = move.knowledge
    return canonical_json(
        {
            "schema_version": SCHEMA_VERSION,
            "region": move.region,
            "number": move.number,
            "predecessor": None if move.before is None else move.before.as_document(),
            "at": move.at,
            "decision": move.decision,
            "reason": move.reason,
            "release": move.release,
            "month": None if known is None else known.month,
            "public_until": None if known is None else known.public_until,
            "as_of": None if known is None else known.as_of or None,
            "manifest_sha256": move.manifest_sha256,
            "model": dataclasses.asdict(move.model),
            "withdrawn": list(move.withdrawn),
            "lost_records": list(move.lost),
            "published_at": move.published_at,
        }
    )


def parse_move(document: Mapping[str, Any]) -> Move:
    """The value of a document whose schema version is known.

    Raises:
        KeyError, TypeError, ValueError: A field is absent, or is not what it should be.
    """
    release, month, before = document["release"], document["month"], document["predecessor"]
    if document["decision"] not in get_args(MoveDecision) or (release is None) != (month is None):
        raise ValueError(f"not a move: {document['decision']!r} to {release!r} of {month!r}")
    known = None
    if month is not None:
        known = Knowledge(Month.parse(month), document["public_until"], document["as_of"] or "")
    model = document["model"]
    return Move(
        region=str(document["region"]),
        number=int(document["number"]),
        before=None if before is None else parse_recorded(before),
        at=_time(document["at"]),
        decision=document["decision"],
        reason=str(document["reason"]),
        release=None if release is None else str(release),
        knowledge=known,
        manifest_sha256=str(document["manifest_sha256"]),
        model=MadeBy(**{field.name: model[field.name] for field in dataclasses.fields(MadeBy)}),
        withdrawn=tuple(str(name) for name in document["withdrawn"]),
        lost=tuple(int(number) for number in document["lost_records"]),
        published_at=None if document["published_at"] is None else _time(document["published_at"]),
    )


def parse_recorded(document: Mapping[str, Any]) -> Recorded:
    """The value of `history` in `latest.json`, and of `predecessor` in a record.

    Raises:
        KeyError, TypeError, ValueError: A field is absent, or is not what it should be.
    """
    return Recorded(int(document["number"]), str(document["sha256"]), str(document["since"]))


def made_by(manifest: bytes) -> MadeBy:
    """The model that a manifest (its bytes) names."""
    model = json.loads(manifest).get("model") or {}
    return MadeBy(
        str(model.get("name") or ""),
        model.get("version"),
        str(model.get("weights_sha256") or ""),
        str(model.get("decision") or ""),
    )


def utc_text(moment: dt.datetime) -> str:
    """A time as the store's documents write it: ISO 8601, UTC, whole seconds; so that texts sort as times do."""
    return moment.astimezone(dt.UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def _time(text: str) -> str:
    if utc_text(dt.datetime.fromisoformat(text)) != text:
        raise ValueError(f"not a time in UTC: {text!r}")
    return text
