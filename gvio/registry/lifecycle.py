"""Moves the aliases `champion`, `challenger` and `previous`, and writes down why.

Every move sets `champion` in one step and leaves a valid champion at any moment it may be interrupted.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

from gvio.errors import ModelError
from gvio.registry.aliases import set_alias
from gvio.registry.connection import connect
from gvio.registry.record import CHALLENGER, CHAMPION, PREVIOUS, ModelVersion, model_name
from gvio.registry.versions import DECISION, EVIDENCE, REPLACED, aliases_of, read_version

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient


def promote(uri: str, region: str, version: int, reason: str) -> None:
    """Make `version` the champion; the champion of before becomes `previous`. Doing it twice changes nothing more.

    Raises:
        ModelError: There is no such version.
        UpstreamUnavailable: No server answers at `uri`.
    """
    name = model_name(region)
    with connect(uri) as client:
        read_version(client, region, version)
        aliases = aliases_of(client, region)
        champion = aliases.get(CHAMPION)
        if champion not in (None, version):
            set_alias(client, name, PREVIOUS, champion)
            client.set_model_version_tag(name, str(version), REPLACED, str(champion))
        set_alias(client, name, CHAMPION, version)
        if aliases.get(CHALLENGER) == version:
            client.delete_registered_model_alias(name, CHALLENGER)
        _write_decision(client, name, version, "promoted", reason)


def keep_champion(uri: str, region: str, version: int, reason: str) -> None:
    """Record why `version` was not promoted; aliases stay where they are.

    Raises:
        ModelError: There is no such version, or it is the champion itself.
        UpstreamUnavailable: No server answers at `uri`.
    """
    with connect(uri) as client:
        read_version(client, region, version)
        if aliases_of(client, region).get(CHAMPION) == version:
            raise ModelError(
                f"version {version} is the champion itself",
                where=f"model {model_name(region)}",
                hint="Roll back to replace it.",
            )
        _write_decision(client, model_name(region), version, "kept-champion", reason)


def rollback(uri: str, region: str) -> ModelVersion:
    """Make `previous` the champion again and return it.

    `previous` then moves to the version that one had replaced, so that rolling back again walks further back; the
    demoted version keeps no alias and can be promoted by its number.

    Raises:
        ModelError: There is no previous version.
        UpstreamUnavailable: No server answers at `uri`.
    """
    name = model_name(region)
    with connect(uri) as client:
        aliases = aliases_of(client, region)
        demoted, previous = aliases.get(CHAMPION), aliases.get(PREVIOUS)
        if previous is None or previous == demoted:
            raise ModelError(
                "there is no previous version to go back to",
                where=f"model {name}",
                hint="Promote one by its number; `gvio registry list` shows them.",
            )
        set_alias(client, name, CHAMPION, previous)
        if demoted is not None:
            _write_decision(client, name, demoted, "rolled-back", f"rolled back to version {previous}")
        _step_back(client, name, read_version(client, region, previous).replaced)
        return read_version(client, region, previous)


def _step_back(client: MlflowClient, name: str, older: int | None) -> None:
    if older is None:
        client.delete_registered_model_alias(name, PREVIOUS)
    else:
        set_alias(client, name, PREVIOUS, older)


def _write_decision(client: MlflowClient, name: str, version: int, decision: str, reason: str) -> None:
    now = dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
    for key, value in ((DECISION, decision), (EVIDENCE, reason), ("decided_at", now)):
        client.set_model_version_tag(name, str(version), key, value)
