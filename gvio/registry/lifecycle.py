"""Moves the champion by hand: promote a version by its number, or go back to the one before.

Evidence first, the champion's alias last: whatever call fails, the champion is valid and carries what made it champion,
and doing the same again ends where one undisturbed try would have ended.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from gvio.errors import ModelError
from gvio.registry.aliases import set_alias
from gvio.registry.champion import read_stored
from gvio.registry.champion_moves import MoveKind, keep_earlier, write_move
from gvio.registry.connection import connect
from gvio.registry.decisions import finish_champion, finish_decision, write_decision, write_rollback
from gvio.registry.record import CHAMPION, PREVIOUS, Champion, ModelVersion, model_name
from gvio.registry.tags import RESTORED
from gvio.registry.versions import champion_version, read_version

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_HINT = "Promote one by its number; `gvio registry list` shows them."
_UNREADABLE = (
    "Promote another with `gvio registry promote --version N --reason WHY`, or train again with `gvio run --retrain`."
)


def promote(uri: str, region: str, version: int, reason: str) -> ModelVersion:
    """Make `version` the champion by hand and return it; the champion of before becomes `previous`.

    Doing it twice changes nothing more. Its evidence is `by hand: REASON`.

    Raises:
        ModelError: There is no such version, or it is of an older method than the champion.
        UpstreamUnavailable: No server answers at `uri`.
    """
    with connect(uri) as client:
        chosen, champion = read_version(client, region, version), champion_version(client, region)
        replaced = None if champion is None or champion.version == version else champion.version
        if champion is not None and replaced is not None:
            _require_this_method(client, uri, chosen, champion)
        write_decision(client, chosen, "by-hand", f"by hand: {reason}", replaced)
        replace_champion(client, champion, chosen, "by-hand", f"by hand: {reason}")
        finish_decision(client, chosen)
        return read_version(client, region, version)


def replace_champion(
    client: MlflowClient,
    champion: ModelVersion | None,
    version: ModelVersion,
    kind: MoveKind,
    reason: str,
    at: dt.datetime | None = None,
) -> None:
    """Move `previous` and `champion`; the evidence on `version` was written before. The move is kept for ever."""
    if champion is not None and champion.version == version.version:
        return
    if champion is not None:
        keep_earlier(client, champion)
    write_move(client, version, kind, reason, None if champion is None else champion.version, at)
    if champion is not None:
        finish_champion(client, champion)
        set_alias(client, version.region, PREVIOUS, champion.version)
    set_alias(client, version.region, CHAMPION, version.version)


def rollback(uri: str, region: str, reason: str = "") -> ModelVersion:
    """Make the version that the champion had replaced the champion again, and return it.

    Rolling back again walks further back. `previous` is then the version that was left; it can be promoted by its
    number.

    Raises:
        ModelError: The champion replaced no other version, or one that was rolled back itself, cannot be read, or is of
            an older method than the champion.
        UpstreamUnavailable: No server answers at `uri`.
    """
    with connect(uri) as client:
        champion = champion_version(client, region)
        if champion is None or champion.replaced is None:
            what = "there is no previous version to go back to"
            raise ModelError(what, where=f"model {model_name(region)}", hint=_HINT)
        target = read_version(client, region, champion.replaced)
        if target.decision == "rolled-back":
            what = f"version {target.version}, which the champion replaced, was rolled back itself"
            raise ModelError(what, where=f"model {model_name(region)}", hint=_HINT)
        _require_readable(client, uri, target)
        _require_this_method(client, uri, target, champion)
        written = write_rollback(client, champion, target, reason)
        set_alias(client, region, PREVIOUS, champion.version)
        set_alias(client, region, CHAMPION, target.version)
        return _restored(target, written)  # asking the registry could fail, and a second try would go back further


def _require_readable(client: MlflowClient, uri: str, target: ModelVersion) -> None:
    try:
        read_stored(client, uri, target)
    except ModelError as error:
        raise ModelError(error.what, where=error.where, hint=_UNREADABLE) from None


def _require_this_method(client: MlflowClient, uri: str, target: ModelVersion, champion: ModelVersion) -> None:
    """Refuse a package of an older method than the champion's: the next run would pass over it and train anew."""
    try:
        old, new = (_schema(read_stored(client, uri, version)) for version in (target, champion))
    except ModelError:
        return  # a champion that cannot be read is a reason to move it
    if old < new:
        what = f"its package has schema {old}, that of the champion {new}: this program cannot map with it"
        raise ModelError(what, where=target.name, hint=_UNREADABLE)


def _schema(stored: Champion) -> int:
    """Of a package; 0 where it does not say."""
    try:
        return int(json.loads(stored.config)["schema_version"])
    except (ValueError, KeyError, TypeError):
        return 0


def _restored(target: ModelVersion, written: Mapping[str, str]) -> ModelVersion:
    aliases = tuple(sorted({*target.aliases, CHAMPION} - {PREVIOUS}))
    return dataclasses.replace(target, aliases=aliases, restored=written[RESTORED], tags={**target.tags, **written})
