"""Who was in production when, decided by what: the moves of the champion's alias as a history."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Literal

from gvio.registry.champion_moves import ChampionMove, MoveKind, moves_told_by
from gvio.registry.record import CHAMPION, ModelVersion
from gvio.registry.versions import list_versions
from gvio.scoreboard.names import AS_USED, OURS

_SCORES = ("within_r2", "yoy_r2", "mape", "coverage80")
_OUTSIDE = "the alias was moved by other means than gvio's"
_BY: Mapping[MoveKind, Literal["rule", "hand", "unknown"]] = {
    "promoted": "rule",
    "by-hand": "hand",
    "rolled-back": "hand",
    "outside": "unknown",
}


@dataclasses.dataclass(frozen=True)
class Production:
    """A time for which a version was in production.

    Attributes:
        version: Its number.
        since: From when; None where the alias was moved by other means.
        until: Until when; None for the champion of now, and where the next one has no time.
        kind: Of the decision: "promoted" by rule, "by-hand", "rolled-back" (by hand), "outside" (not by gvio).
        decided_by: "rule", "hand", or "unknown".
        reason: Why.
        scores: Of the version, out of time as used: within_r2, yoy_r2, mape, coverage80; those that were computed.
        weights_sha256: Hash of its weights; "" where there is no such version any more.
    """

    version: int
    since: dt.datetime | None
    until: dt.datetime | None
    kind: MoveKind
    decided_by: Literal["rule", "hand", "unknown"]
    reason: str
    scores: Mapping[str, float]
    weights_sha256: str


def production_history(uri: str, region: str) -> list[Production]:
    """Which version was in production from when to when, oldest first; empty where none ever was.

    Raises:
        UpstreamUnavailable: No server answers at `uri`.
        ModelError: The registry cannot be read.
    """
    versions = {version.version: version for version in list_versions(uri, region)}
    told = (move for number in sorted(versions) for move in moves_told_by(versions[number]))
    moves = sorted(told, key=lambda move: move.at)
    champion = next((v.version for v in versions.values() if CHAMPION in v.aliases), None)
    made = _made(moves, champion)
    ends = [move.at for move in made[1:]]
    return [_production(move, end, versions) for move, end in zip(made, [*ends, None], strict=False)]


def _made(moves: Iterable[ChampionMove], champion: int | None) -> list[ChampionMove]:
    """The moves without those that were cut off before the alias; and, without a time, what others did to it."""
    made = list[ChampionMove]()
    for move in moves:
        if made and made[-1].replaced == move.replaced and made[-1].version != move.replaced:
            made.pop()  # the alias still was where the move before had found it
        if made and move.replaced is not None and made[-1].version != move.replaced:
            made.append(_outside(move.replaced, move.at))
        made.append(move)
    if made and made[-1].version != champion:
        last = made.pop() if made[-1].replaced == champion else made[-1]
        if champion is not None and (not made or made[-1].version != champion):
            made.append(_outside(champion, last.at))
    return made


def _outside(version: int, at: dt.datetime) -> ChampionMove:
    return ChampionMove(version, at, "outside", _OUTSIDE, None)


def _production(move: ChampionMove, until: dt.datetime | None, versions: Mapping[int, ModelVersion]) -> Production:
    version = versions.get(move.version)
    metrics = {} if version is None else version.metrics
    found = {name: metrics.get(f"{AS_USED}/{OURS}/{name}") for name in _SCORES}
    return Production(
        version=move.version,
        since=None if move.kind == "outside" else move.at,
        until=until,
        kind=move.kind,
        decided_by=_BY[move.kind],
        reason=move.reason,
        scores={name: value for name, value in found.items() if value is not None},
        weights_sha256="" if version is None else version.weights_sha256,
    )
