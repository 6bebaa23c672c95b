"""Reads the registered versions of a region, with the evidence of each."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from gvio.errors import ModelError
from gvio.registry.aliases import aliases_of
from gvio.registry.connection import connect, nothing_stored
from gvio.registry.decisions import is_unfinished, read_knowledge, read_verdict
from gvio.registry.record import CHAMPION, ModelVersion, model_name

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

EPOCH_PREFIX = "epoch/"
_PAGE = 1000


def list_versions(uri: str, region: str) -> list[ModelVersion]:
    """All versions of the region's model, newest first; empty where nothing was ever trained.

    Raises:
        UpstreamUnavailable: No server answers at `uri`.
        ModelError: The registry cannot be read.
    """
    if nothing_stored(uri):
        return []
    with connect(uri) as client:
        return all_versions(client, region, measured=True)


def all_versions(client: MlflowClient, region: str, *, measured: bool = False) -> list[ModelVersion]:
    """All versions through an open client, newest first; their metrics only where `measured` asks for them.

    The metrics of all runs take a hundred times as long as the versions, and longer with every month: a monthly run
    asks for versions often, and never for those.
    """
    aliases = _by_version(aliases_of(client, region))
    metrics = _metrics_by_run(client, region) if measured else {}
    found = [_convert(region, raw, aliases, metrics) for raw in _pages(client, model_name(region))]
    return sorted(found, key=lambda version: -version.version)


def alias_holders(client: MlflowClient, region: str) -> dict[str, ModelVersion]:
    """Alias → the version it points at, read in one go."""
    return {alias: version for version in all_versions(client, region) for alias in version.aliases}


def champion_version(client: MlflowClient, region: str) -> ModelVersion | None:
    """The present champion; None where there is none."""
    number = aliases_of(client, region).get(CHAMPION)
    return None if number is None else read_version(client, region, number)


def read_version(client: MlflowClient, region: str, number: int) -> ModelVersion:
    """One version through an open client.

    Raises:
        ModelError: There is no such version.
    """
    from mlflow.exceptions import MlflowException

    try:
        raw = client.get_model_version(model_name(region), str(number))
    except MlflowException as error:
        if error.error_code != "RESOURCE_DOES_NOT_EXIST":
            raise
        raise ModelError(
            f"there is no version {number}",
            where=f"model {model_name(region)}",
            hint="`gvio registry list` shows them.",
        ) from None
    run_id = str(raw.run_id)
    metrics = dict(client.get_run(run_id).data.metrics)
    return _convert(region, raw, _by_version(aliases_of(client, region)), {run_id: metrics})


def _by_version(aliases: Mapping[str, int]) -> dict[int, tuple[str, ...]]:
    """Version number → its aliases in alphabetical order."""
    return {number: tuple(sorted(a for a, n in aliases.items() if n == number)) for number in set(aliases.values())}


def _pages(client: MlflowClient, name: str) -> Iterator[Any]:
    token: str | None = None
    while True:
        page = client.search_model_versions(f"name='{name}'", max_results=_PAGE, page_token=token)
        yield from page
        token = page.token
        if not token:
            return


def _metrics_by_run(client: MlflowClient, region: str) -> dict[str, Mapping[str, float]]:
    """Metrics of every run in one search instead of one request a version."""
    experiment = client.get_experiment_by_name(model_name(region))
    found: dict[str, Mapping[str, float]] = {}
    token: str | None = None
    while experiment is not None:
        page = client.search_runs([experiment.experiment_id], max_results=_PAGE, page_token=token)
        found |= {run.info.run_id: dict(run.data.metrics) for run in page}
        token = page.token
        if not token:
            break
    return found


def _convert(
    region: str, raw: Any, aliases: Mapping[int, tuple[str, ...]], metrics: Mapping[str, Mapping[str, float]]
) -> ModelVersion:
    tags, number = dict(raw.tags), int(raw.version)
    own = aliases.get(number, ())
    final = {k: v for k, v in metrics.get(str(raw.run_id), {}).items() if not k.startswith(EPOCH_PREFIX)}
    verdict = read_verdict(tags, own)
    created = dt.datetime.fromtimestamp(raw.creation_timestamp / 1000, tz=dt.UTC)
    return ModelVersion(
        region=region,
        version=number,
        aliases=own,
        reason=tags.get("reason", ""),
        decision=verdict.kind,
        evidence=verdict.evidence,
        decided_at=verdict.at,
        restored=verdict.restored,
        replaced=verdict.replaced,
        unfinished=is_unfinished(tags, own),
        known=read_knowledge(tags, created),
        metrics=final,
        weights_sha256=tags.get("weights_sha256", ""),
        config_sha256=tags.get("config_sha256", ""),
        created=created,
        run_id=str(raw.run_id),
        tags=tags,
    )
