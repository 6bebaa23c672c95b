"""The registry, and the schedule."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gvio.cli.options import (
    approval_option,
    heartbeat_option,
    open_from,
    request_from,
    show_runs,
    workers_options,
)
from gvio.cli.output import emit, json_option

if TYPE_CHECKING:
    from gvio.registry.production import Production


_HOURS = "How long a run waits for a person on Prefect's page; then the champion stays."


@click.group()
def registry() -> None:
    """The model's versions, with the evidence of each."""


def _options(command: Any) -> Any:
    """--region as pack folder or slug, and where the registry is."""
    command = click.option("--workspace", default=".gvio", show_default=True, metavar="DIR", help="Files of the work.")(
        command
    )
    return click.option("--region", required=True, metavar="PACK", help="Region pack, or the region's name.")(command)


@registry.command("list")
@_options
@json_option
def list_(region: str, workspace: str, as_json: bool) -> None:
    """List versions, newest first."""
    from gvio.registry.versions import list_versions

    slug = _slug(region, workspace)
    versions = list_versions(_uri(workspace), slug)
    lines = [
        f"version {v.version:>3}  {','.join(v.aliases) or '-':<10}  {v.created:%Y-%m-%d %H:%M}  "
        f"{v.weights_sha256[:12]}  {v.reason}; {v.decided}"
        for v in versions
    ]
    place = "" if os.environ.get("MLFLOW_TRACKING_URI") else f" in the workspace {workspace}"
    emit(versions, lines or [f"no model of {slug} was registered yet{place}"], as_json)


@registry.command()
@_options
@click.option("--version", "version", type=int, required=True, help="Version to promote.")
@click.option("--reason", required=True, help="Why; kept with the version.")
@json_option
def promote(region: str, workspace: str, version: int, reason: str, as_json: bool) -> None:
    """Make a version champion by hand."""
    from gvio.registry.lifecycle import promote as promote_version

    slug = _slug(region, workspace)
    promote_version(_stored(workspace, slug), slug, version, reason)
    emit({"champion": version}, [f"version {version} is champion; the next run maps with it"], as_json)


def _answer(name: str, text: str, told: str) -> None:
    """A command by which a person answers a candidate that waits for approval."""

    @registry.command(name, help=text)
    @_options
    @click.option("--version", "version", type=int, help="Which candidate; default: the newest.")
    @click.option("--reason", required=True, help="Why, and by whom; kept with the version.")
    @json_option
    def command(region: str, workspace: str, version: int | None, reason: str, as_json: bool) -> None:
        from gvio.registry import approval

        slug = _slug(region, workspace)
        uri = _stored(workspace, slug)
        answered = (approval.approve if name == "approve" else approval.reject)(uri, slug, reason, version)
        emit(answered, [told.format(answered.version)], as_json)


_answer(
    "approve",
    "Make the candidate that waits for approval champion.",
    "version {} is champion; the next run maps with it",
)
_answer(
    "reject",
    "Keep the champion: the candidate that waits is never promoted by rule.",
    "version {} is rejected; the champion stays",
)


@registry.command()
@_options
@json_option
def history(region: str, workspace: str, as_json: bool) -> None:
    """Who was in production from when to when, decided by rule or by hand, why, and with which scores."""
    from gvio.registry.production import production_history

    slug = _slug(region, workspace)
    found = production_history(_uri(workspace), slug)
    emit(found, [_spell(one) for one in found] or [f"no model of {slug} was in production yet"], as_json)


def _spell(one: Production) -> str:
    since = "unknown" if one.since is None else f"{one.since:%Y-%m-%d %H:%M}"
    until = "now" if one.until is None else f"{one.until:%Y-%m-%d %H:%M}"
    scores = ", ".join(f"{name} {value:z.2f}" for name, value in one.scores.items())
    told = f"version {one.version:>3}  {since:<16}  {until:<16}  by {one.decided_by:<7}  {one.reason}"
    return f"{told}  [{scores}]" if scores else told


@registry.command()
@_options
@click.option("--reason", default="", help="Why; kept with the version and in the history.")
@json_option
def rollback(region: str, workspace: str, reason: str, as_json: bool) -> None:
    """Make the previous champion champion again."""
    from gvio.registry.lifecycle import rollback as roll_back

    slug = _slug(region, workspace)
    version = roll_back(_stored(workspace, slug), slug, reason)
    emit(version, [f"version {version.version} is champion again; the next run maps with it"], as_json)


@click.command()
@click.option("--region", "pack", required=True, metavar="PACK", help="Region pack: folder or s3://bucket/prefix.")
@click.option("--store", required=True, metavar="URL", help="Folder, file:// or s3://bucket/prefix of releases.")
@click.option("--workspace", default=".gvio", show_default=True, metavar="DIR", help="Files of the work.")
@click.option("--params", "params_file", metavar="FILE", help="Scientific parameters; default: built in.")
@click.option("--cron", default="0 6 * * *", show_default=True, metavar="LINE", help="When to look.")
@click.option("--timezone", default="UTC", show_default=True, metavar="ZONE", help="Time zone of --cron.")
@click.option("--resume", is_flag=True, help="Resume a schedule that was paused.")
@workers_options
@approval_option
@click.option("--approval-hours", type=float, default=12.0, show_default=True, help=_HOURS)
@heartbeat_option
def serve(
    pack: str,
    store: str,
    workspace: str,
    params_file: str | None,
    cron: str,
    timezone: str,
    resume: bool,
    **flags: Any,
) -> None:
    """The schedule: look daily, run when light or a figure is new."""
    request = request_from(pack=pack, store=store, workspace=workspace, params_file=params_file, **flags)
    show_runs()
    from flows.serve import Timing, serve_daily

    serve_daily(request, Timing(cron, timezone, resume), lambda line: click.echo(line, err=True))


def _uri(workspace: str) -> str:
    from gvio.registry.connection import default_uri

    return os.environ.get("MLFLOW_TRACKING_URI") or default_uri(Path(workspace))


def _stored(workspace: str, slug: str) -> str:
    """The registry, which must be there: who changes a version must not begin another registry."""
    from gvio.errors import ModelError
    from gvio.registry.connection import nothing_stored

    uri = _uri(workspace)
    if nothing_stored(uri):
        hint = "Give the --workspace of its runs, or run it first."
        raise ModelError(f"no model of {slug} was registered here yet", where=f"registry in {workspace}", hint=hint)
    return uri


def _slug(region: str, workspace: str) -> str:
    from gvio.run.origin import is_remote

    if not is_remote(region) and not (Path(region) / "region.yaml").exists():
        return region
    return open_from(request_from(pack=region, store="", workspace=workspace)).region
