"""Every move of the champion's alias, kept as tags that nothing overwrites.

The tags of a decision (`registry.decisions`) say what was decided last about a version; a later decision replaces them.
So each move of the alias also leaves a tag of its own, `production.<time>.<kind>`, before the alias moves. A move that
was cut off there is told from one that was made by the next one: it says which version it took the place of.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
import re
from typing import TYPE_CHECKING, Literal

from gvio.registry.record import CHAMPION, ModelVersion, model_name
from gvio.registry.tags import DECIDED_AT, DECISION, EVIDENCE, REPLACED, ROLLED_BACK, ROLLED_BACK_AT, UNFINISHED

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

MoveKind = Literal["promoted", "by-hand", "rolled-back", "outside"]

_PREFIX = "production."
_TARGET = re.compile(r"version (\d+)")


@dataclasses.dataclass(frozen=True)
class ChampionMove:
    """One move of the champion's alias: to which version, when, by which kind of decision and why, and from which."""

    version: int
    at: dt.datetime
    kind: MoveKind
    reason: str
    replaced: int | None


def write_move(
    client: MlflowClient,
    version: ModelVersion,
    kind: MoveKind,
    reason: str,
    replaced: int | None,
    at: dt.datetime | None = None,
) -> dict[str, str]:
    """Write that the champion's alias is about to move to the version (`at`; None: now); the tags as written."""
    move = ChampionMove(version.version, at or dt.datetime.now(dt.UTC), kind, reason, replaced)
    return _write(client, version, move)


def keep_earlier(client: MlflowClient, version: ModelVersion) -> dict[str, str]:
    """Before a decision about the version is overwritten: keep the moves that only its tags tell; the tags written."""
    written = dict[str, str]()
    if not any(key.startswith(_PREFIX) for key in version.tags):
        for move in _from_decision(version):
            written |= _write(client, version, move)
    return written


def moves_told_by(version: ModelVersion) -> list[ChampionMove]:
    """The moves that the version's tags tell: those kept, and what versions of before say by their decision."""
    kept = [_parse(text) for key, text in version.tags.items() if key.startswith(_PREFIX) and text]
    return kept or _from_decision(version)


def _from_decision(version: ModelVersion) -> list[ChampionMove]:
    tags, moves = version.tags, list[ChampionMove]()
    kind = tags.get(DECISION)
    if kind in ("promoted", "by-hand") and tags.get(DECIDED_AT) and not tags.get(UNFINISHED):
        at, replaced = dt.datetime.fromisoformat(tags[DECIDED_AT]), int(tags[REPLACED]) if tags.get(REPLACED) else None
        moves.append(
            ChampionMove(
                version.version, at, "by-hand" if kind == "by-hand" else "promoted", tags.get(EVIDENCE, ""), replaced
            )
        )
    target = _TARGET.search(tags.get(ROLLED_BACK, ""))
    if target is not None and tags.get(ROLLED_BACK_AT) and CHAMPION not in version.aliases:
        at, reason = dt.datetime.fromisoformat(tags[ROLLED_BACK_AT]), f"rolled back from version {version.version}"
        moves.append(ChampionMove(int(target[1]), at, "rolled-back", reason, version.version))
    return moves


def _write(client: MlflowClient, version: ModelVersion, move: ChampionMove) -> dict[str, str]:
    document = dataclasses.asdict(move) | {"at": move.at.isoformat()}
    # The kind, because versions of before told two moves of one second by whole seconds.
    key = f"{_PREFIX}{move.at.astimezone(dt.UTC):%Y%m%dT%H%M%S.%fZ}.{move.kind}"
    text = json.dumps(document)
    client.set_model_version_tag(model_name(version.region), str(version.version), key, text)
    return {key: text}


def _parse(text: str) -> ChampionMove:
    document = json.loads(text)
    return ChampionMove(**document | {"at": dt.datetime.fromisoformat(document["at"])})
