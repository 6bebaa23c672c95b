"""Registers a training with the decision about it, as often as is needed for it to be there once.

The package's digests name it: the same weights and configuration are one version, whoever registers them how often, and
a registration that was cut off anywhere is completed by the next one of the same package.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from gvio.errors import ModelError
from gvio.registry.aliases import existing_aliases, set_alias
from gvio.registry.champion import restore
from gvio.registry.connection import connect, nothing_stored
from gvio.registry.decisions import (
    decision_tags,
    finish_decision,
    knowledge_tags,
    write_decision,
    write_knowledge,
)
from gvio.registry.lifecycle import replace_champion
from gvio.registry.record import (
    CHALLENGER,
    CHAMPION,
    WEIGHTS,
    Decision,
    DecisionKind,
    Knowledge,
    ModelVersion,
    TrainingRecord,
    model_name,
    package_digests,
)
from gvio.registry.tags import ROLLED_BACK_AT
from gvio.registry.training import PACKAGE_PATH, log_run
from gvio.registry.unfinished import close_unfinished_runs
from gvio.registry.versions import alias_holders, all_versions, read_version

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

# A decision about a version that is registered already is written only if it ranks no lower than the one it has: a
# version that once was champion stays known as one.
_RANK: dict[DecisionKind, int] = {
    "": 0,
    "kept-champion": 1,
    "awaiting": 2,
    "archived": 3,
    "promoted": 4,
    "by-hand": 4,
}
_STANDS = ("rejected", "rolled-back", "duplicate")  # a person said no to these bytes, or another version holds them


def register(
    uri: str, record: TrainingRecord, decision: Decision, *, supersede: str | None = None, of_no_use: str = ""
) -> ModelVersion:
    """Log the run, register its package with the decision, and move the aliases that follow from it.

    A promoted version becomes `champion`, and the champion of before `previous`. Two exceptions: where the present
    champion knows later data, the version is archived and the champion stays; bytes that a person rolled back or
    rejected stay so, unless the champion is of no use. `challenger` is the newest candidate by the order of knowledge:
    neither an archived version nor one that knows less than the present challenger or champion becomes it.

    Args:
        uri: Registry, see `connection.connect`.
        record: The training.
        decision: What the gate made of it.
        supersede: Why a champion of the same month is replaced although it knows later data: a person says that this
            knowledge was wrong. None: it is not.
        of_no_use: Why no champion can make the run's map, e.g. `the champion cannot be read`; "" where one can.

    Returns:
        The version as registered; its `decision` may differ from the one asked for in the cases above.

    Raises:
        ModelError: The package is incomplete, is not the one its tags speak of, or the registry refused.
        UpstreamUnavailable: No server answers at `uri`.
    """
    digests = package_digests(record.package)
    _require_same_weights(record, digests["weights_sha256"])
    with connect(uri) as client:
        close_unfinished_runs(client, record.region)
        known, reason = knowledge_tags(record.known), {"reason": record.reason}
        tags = {**record.tags, **record.mark, **digests, **known, **reason}
        version = _of_these_bytes(client, record.region, digests)
        if version is None:
            run_id = log_run(client, uri, record, tags)
        else:
            restore(client, uri, version, record.package)
            _know_less(client, version, record.known)
        holders = alias_holders(client, record.region)
        champion = holders.get(CHAMPION)
        settled = _settled(decision, record.known, champion, supersede)
        if version is None:
            version = _create(client, record, run_id, tags, settled, champion)
        if of_no_use and settled.kind != "kept-champion":
            version, settled = _needed_again(version, settled, of_no_use)
        _apply(client, version, settled, record.known, holders)
        return read_version(client, record.region, version.version)


def decided_before(uri: str, region: str, package: Path, known: Knowledge | None = None) -> ModelVersion | None:
    """The version of this package with the decision it has, or None where the gate has to decide.

    What a killed registration left is completed: lost files are stored again, and aliases are moved. Only where another
    version has become champion since then, the gate has to decide again.

    Args:
        uri: Registry, see `connection.connect`.
        region: Slug of the region.
        package: Folder of the model's two files.
        known: What the run knew that made it, where that may be less than the version's own.

    Raises:
        ModelError: The package is incomplete, or the registry refused.
        UpstreamUnavailable: No server answers at `uri`.
    """
    digests = package_digests(package)
    if nothing_stored(uri):
        return None
    with connect(uri) as client:
        version = _of_these_bytes(client, region, digests)
        if version is None or not version.decision:
            return None
        restore(client, uri, version, package)
        if known is not None:
            _know_less(client, version, known)
        if version.decision not in ("promoted", "awaiting", "kept-champion") or not version.unfinished:
            return version
        holders = alias_holders(client, region)
        champion = holders.get(CHAMPION)
        if version.decision == "promoted" and version.replaced != (None if champion is None else champion.version):
            return None
        _apply(
            client, version, Decision(version.decision, version.evidence, version.decided_at), version.known, holders
        )
        return read_version(client, region, version.version)


def _know_less(client: MlflowClient, version: ModelVersion, known: Knowledge) -> None:
    """A run that knew less and trained the same bytes proves that the version has seen no more than that."""
    if version.known is not None and known != version.known and known.within(version.known):
        write_knowledge(client, version, known)


def _settled(decision: Decision, known: Knowledge, champion: ModelVersion | None, supersede: str | None) -> Decision:
    """The decision, where a champion that knows later data is replaced by hand only."""
    if decision.kind not in ("promoted", "awaiting") or champion is None or champion.known is None:
        return decision
    if known.order() >= champion.known.order():
        return decision
    if supersede is not None and known.trained == champion.known.trained:
        why = f"{decision.reason}; supersedes version {champion.version} by hand: {supersede}"
        return dataclasses.replace(decision, reason=why)
    why = f"{decision.reason}; version {champion.version} knows later data and stays champion"
    return dataclasses.replace(decision, kind="archived", reason=why)


def _needed_again(version: ModelVersion, settled: Decision, of_no_use: str) -> tuple[ModelVersion, Decision]:
    """Bytes that a person rolled back or rejected count as undecided where nothing else can make the map; the evidence
    says so.

    Also where the process was killed after it had written this decision: it is the same one again.
    """
    rejected = version.decision == "rejected"
    if not rejected and not version.tags.get(ROLLED_BACK_AT):
        return version, settled
    if version.decision in ("rejected", "rolled-back"):
        version = dataclasses.replace(version, decision="")
    said = "rejected" if rejected else "rolled back"
    return version, dataclasses.replace(settled, reason=f"{settled.reason}; {said} before, but {of_no_use}")


def _apply(
    client: MlflowClient,
    version: ModelVersion,
    settled: Decision,
    known: Knowledge | None,
    holders: Mapping[str, ModelVersion],
) -> None:
    """Bring tags and aliases to what the decision says; every step may be done again."""
    champion = holders.get(CHAMPION)
    if version.decision in _STANDS or (champion is not None and champion.version == version.version):
        return
    rank = 0 if version.unfinished else _RANK[version.decision]
    replaced = _replaced(settled, champion)
    written = (version.decision, version.evidence) == (settled.kind, settled.reason)
    complete = written and replaced in (None, version.replaced)
    if not complete and _RANK[settled.kind] >= rank:
        write_decision(client, version, settled.kind, settled.reason, replaced, settled.at)
    if settled.kind != "archived" and _is_newest(known, holders):
        set_alias(client, version.region, CHALLENGER, version.version)
    if settled.kind == "promoted":
        replace_champion(client, champion, version, "promoted", settled.reason, settled.at)
    if settled.kind != "archived":
        finish_decision(client, version)


def _is_newest(known: Knowledge | None, holders: Mapping[str, ModelVersion]) -> bool:
    """Whether neither challenger nor champion knows more; one registered without its knowledge counts as the oldest."""
    others = [holders[alias].known for alias in (CHALLENGER, CHAMPION) if alias in holders]
    return all(other is None or (known is not None and known.order() >= other.order()) for other in others)


def _create(
    client: MlflowClient,
    record: TrainingRecord,
    run_id: str,
    tags: dict[str, str],
    settled: Decision,
    champion: ModelVersion | None,
) -> ModelVersion:
    """A version is created together with its decision: it never exists without one."""
    _require_model(client, record)
    region, source = record.region, f"runs:/{run_id}/{PACKAGE_PATH}"
    everything = tags | decision_tags(settled.kind, settled.reason, _replaced(settled, champion), settled.at)
    created = client.create_model_version(
        model_name(region), source, run_id=run_id, tags=everything, description=record.description
    )
    own = read_version(client, region, int(created.version))
    first = _of_these_bytes(client, region, tags) or own
    if first.version == own.version:
        return own
    write_decision(client, own, "duplicate", f"the same package as version {first.version}", None)
    return first  # another process registered the same package in between


def _replaced(settled: Decision, champion: ModelVersion | None) -> int | None:
    return champion.version if settled.kind == "promoted" and champion is not None else None


def _of_these_bytes(client: MlflowClient, region: str, digests: Mapping[str, str]) -> ModelVersion | None:
    """The lowest version that holds this package: stable, also after two were registered at once."""
    wanted = (digests["weights_sha256"], digests["config_sha256"])
    found = [v for v in all_versions(client, region) if (v.weights_sha256, v.config_sha256) == wanted]
    return min(found, key=lambda version: version.version, default=None)


def _require_model(client: MlflowClient, record: TrainingRecord) -> None:
    """Create the registered model unless it is there: who may add versions need not be allowed to create models."""
    from mlflow.exceptions import MlflowException

    if existing_aliases(client, record.region) is not None:
        return
    try:
        client.create_registered_model(model_name(record.region), record.mark, record.description)
    except MlflowException as error:
        if error.error_code != "RESOURCE_ALREADY_EXISTS":
            raise


def _require_same_weights(record: TrainingRecord, actual: str) -> None:
    claimed = record.tags.get("weights_sha256", actual)
    if claimed != actual:
        raise ModelError(
            f"{WEIGHTS} has SHA-256 {actual[:12]}…, its tags say {claimed[:12]}…",
            where=str(record.package),
            hint="Save the package again before logging it.",
        )
