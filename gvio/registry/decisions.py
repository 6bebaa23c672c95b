"""The tags that say what was decided about a version, and how they are read again.

A promotion writes `decision`, `decision_reason`, `decided_at` and `replaced` on the new champion. A rollback keeps
them: it writes `restored` on the version it goes back to and `rolled_back` on the one it leaves. All of them are
written before the champion's alias moves, so a version only counts as rolled back once it is not the champion any more.

A decision that moves aliases is written with `unfinished`, which is emptied when they are moved: a version that was to
become champion when the process was killed must not count as one that was.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, cast

from gvio.registry.champion_moves import keep_earlier, write_move
from gvio.registry.record import CHAMPION, DecisionKind, Knowledge, ModelVersion, model_name
from gvio.registry.tags import (
    DECIDED_AT,
    DECISION,
    EVIDENCE,
    REPLACED,
    RESTORED,
    RESTORED_FROM,
    ROLLED_BACK,
    ROLLED_BACK_AT,
    UNFINISHED,
)
from gvio.types import Month

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_ONCE_CHOSEN = ("promoted", "by-hand", "archived")
_MOVES_NOTHING = ("archived", "duplicate")


@dataclasses.dataclass(frozen=True)
class Verdict:
    """The decision about a version as its tags say it."""

    kind: DecisionKind
    evidence: str
    at: dt.datetime | None
    restored: str
    replaced: int | None


def decision_tags(
    kind: DecisionKind, reason: str, replaced: int | None, at: dt.datetime | None = None
) -> dict[str, str]:
    """Tags of a new decision, reason and kind last: once they are there, all are.

    `replaced` stays untouched where there is nothing to replace. `at` is when; None: now.
    """
    tags = {DECIDED_AT: _now() if at is None else at.isoformat(timespec="microseconds")} | (
        {} if replaced is None else {REPLACED: str(replaced)}
    )
    if kind not in _MOVES_NOTHING:
        tags[UNFINISHED] = "aliases"
    return tags | {EVIDENCE: reason, DECISION: kind}


def was_chosen(version: ModelVersion) -> bool:
    """Whether it is or was champion, or was promoted for an earlier day; a version rolled back does not count."""
    return CHAMPION in version.aliases or (version.decision in _ONCE_CHOSEN and not version.unfinished)


def is_unfinished(tags: Mapping[str, str], aliases: tuple[str, ...]) -> bool:
    """Whether a process was killed after it wrote the decision and before it moved the champion's alias."""
    return bool(tags.get(UNFINISHED)) and CHAMPION not in aliases


def knowledge_tags(known: Knowledge) -> dict[str, str]:
    """Tags `trained`, `public_until` and `as_of`."""
    until = "" if known.public_until is None else known.public_until.isoformat()
    return {"trained": str(known.trained), "public_until": until, "as_of": known.as_of.isoformat()}


def write_knowledge(client: MlflowClient, version: ModelVersion, known: Knowledge) -> None:
    """Write that a registered version has seen no more than this."""
    _write(client, version, knowledge_tags(known))


def write_decision(
    client: MlflowClient,
    version: ModelVersion,
    kind: DecisionKind,
    reason: str,
    replaced: int | None,
    at: dt.datetime | None = None,
) -> None:
    """Write a decision about a registered version, made `at` (None: now); an earlier rollback of it is over."""
    keep_earlier(client, version)
    ended = {key: "" for key in (RESTORED, ROLLED_BACK, UNFINISHED) if version.tags.get(key)}
    tags = decision_tags(kind, reason, replaced, at)
    if was_chosen(version):
        tags.pop(UNFINISHED, None)  # it counts as chosen already
    _write(client, version, ended | tags)


def finish_decision(client: MlflowClient, version: ModelVersion) -> None:
    """Write that the aliases which follow from the decision about the version are moved."""
    _write(client, version, {UNFINISHED: ""})


def restored_text(left: ModelVersion, reason: str) -> str:
    """How the version that a rollback made champion again says so; with the reason where one was given."""
    return f"{RESTORED_FROM} {left.version}" + (f" ({reason})" if reason else "")


def write_rollback(client: MlflowClient, left: ModelVersion, target: ModelVersion, reason: str) -> dict[str, str]:
    """Write on both versions that the champion goes back from `left` to `target`; the tags that `target` has got."""
    restored = {RESTORED: restored_text(left, reason)}
    keep_earlier(client, left)
    kept = keep_earlier(client, target)
    moved = write_move(client, target, "rolled-back", restored[RESTORED], left.version)
    _write(client, target, restored)
    text = f"rolled back to version {target.version}"
    _write(client, left, {ROLLED_BACK_AT: _now(), ROLLED_BACK: text})
    return kept | moved | restored


def finish_champion(client: MlflowClient, champion: ModelVersion) -> None:
    """The present champion is about to be replaced: that it was champion must be told of it, whatever was killed."""
    _write(client, champion, {key: "" for key in (ROLLED_BACK, UNFINISHED) if champion.tags.get(key)})


def read_verdict(tags: Mapping[str, str], aliases: tuple[str, ...]) -> Verdict:
    """The decision about a version with these tags and aliases."""
    replaced = int(tags[REPLACED]) if tags.get(REPLACED) else None
    if tags.get(ROLLED_BACK) and CHAMPION not in aliases:
        return Verdict("rolled-back", tags[ROLLED_BACK], _time(tags.get(ROLLED_BACK_AT)), "", replaced)
    kind = cast(DecisionKind, tags.get(DECISION, ""))
    restored = tags.get(RESTORED, "") if CHAMPION in aliases else ""
    return Verdict(kind, tags.get(EVIDENCE, ""), _time(tags.get(DECIDED_AT)), restored, replaced)


def read_knowledge(tags: Mapping[str, str], created: dt.datetime) -> Knowledge | None:
    """What the version has seen. One without `as_of` had seen nothing that became public after its registration."""
    if not tags.get("trained"):
        return None
    until, as_of = tags.get("public_until"), tags.get("as_of")
    return Knowledge(
        Month.parse(tags["trained"]),
        dt.date.fromisoformat(until) if until else None,
        dt.date.fromisoformat(as_of) if as_of else created.date(),
    )


def _write(client: MlflowClient, version: ModelVersion, tags: Mapping[str, str]) -> None:
    for key, value in tags.items():
        client.set_model_version_tag(model_name(version.region), str(version.version), key, value)


def _time(text: str | None) -> dt.datetime | None:
    return dt.datetime.fromisoformat(text) if text else None


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="microseconds")
