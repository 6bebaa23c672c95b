"""What a person says to a candidate that the gate let pass: approved, it becomes champion; rejected, it never does."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gvio.errors import ModelError
from gvio.registry.connection import connect
from gvio.registry.decisions import finish_decision, write_decision
from gvio.registry.lifecycle import replace_champion
from gvio.registry.record import CHALLENGER, CHAMPION, ModelVersion, model_name
from gvio.registry.versions import alias_holders, champion_version, read_version

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

_SEE = "`gvio registry list` shows the versions and what was decided about them."


def approve(uri: str, region: str, reason: str, version: int | None = None) -> ModelVersion:
    """Make the candidate that waits for approval champion and return it; the champion of before becomes `previous`.

    Doing it twice changes nothing more. Its evidence names the reason, and the rule by which it passed the gate.

    Args:
        uri: Registry, see `connection.connect`.
        region: Slug of the region.
        reason: Why, and by whom.
        version: Its number; None: the newest candidate.

    Raises:
        ModelError: That version does not wait for approval.
        UpstreamUnavailable: No server answers at `uri`.
    """
    with connect(uri) as client:
        waiting, champion = _candidate(client, region, version), champion_version(client, region)
        cut_off = waiting.decision == "by-hand" and waiting.unfinished  # killed before the alias moved
        if waiting.decision == "by-hand" and CHAMPION in waiting.aliases:
            return waiting
        if not cut_off:
            _require_waiting(waiting)
        evidence = waiting.evidence if cut_off else f"approved by hand: {reason} ({waiting.evidence})"
        write_decision(client, waiting, "by-hand", evidence, None if champion is None else champion.version)
        replace_champion(client, champion, waiting, "by-hand", evidence)
        finish_decision(client, waiting)
        return read_version(client, region, waiting.version)


def reject(uri: str, region: str, reason: str, version: int | None = None) -> ModelVersion:
    """Keep the champion for good: the candidate that waits for approval stays what it is. Arguments as `approve`.

    Raises:
        ModelError: That version does not wait for approval.
        UpstreamUnavailable: No server answers at `uri`.
    """
    with connect(uri) as client:
        waiting = _candidate(client, region, version)
        if waiting.decision == "rejected":
            return waiting
        _require_waiting(waiting)
        write_decision(client, waiting, "rejected", f"rejected by hand: {reason} ({waiting.evidence})", None)
        finish_decision(client, waiting)
        return read_version(client, region, waiting.version)


def _candidate(client: MlflowClient, region: str, version: int | None) -> ModelVersion:
    if version is not None:
        return read_version(client, region, version)
    challenger = alias_holders(client, region).get(CHALLENGER)
    if challenger is None:
        raise ModelError("no candidate waits for approval", where=f"model {model_name(region)}", hint=_SEE)
    return challenger


def _require_waiting(version: ModelVersion) -> None:
    if version.decision != "awaiting":
        what = f"it does not wait for approval; {version.decided or 'nothing was decided about it'}"
        raise ModelError(what, where=version.name, hint=_SEE)
