"""Commands that look after a published store: is it what was published, and put back what is not."""

from __future__ import annotations

import datetime as dt
import os
import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gvio.cli.options import open_reading
from gvio.cli.output import emit, json_option

if TYPE_CHECKING:
    from gvio.store.repair_report import RepairReport

DAMAGED = 3

_store = click.option(
    "--store", required=True, metavar="URL", help="Folder, file:// or s3://bucket/prefix of releases."
)


@click.command()
@_store
@click.option("--region", metavar="NAME", help="Name of one region; default: all.")
@json_option
def verify(store: str, region: str | None, as_json: bool) -> int:
    """Read all that is published, against the manifests. Exit 0: sound; 3: damaged, one line a finding."""
    from gvio.progress import terminal_progress
    from gvio.store.verify import regions_in, verify_release

    objects = open_reading(store)
    names = [region] if region else regions_in(objects)
    found = {name: verify_release(objects, name, progress=terminal_progress()) for name in names}
    lines = [f"nothing is published in {store}"] if not names else []
    for name, findings in found.items():
        lines += [finding.message for finding in findings] or [f"{name}: sound"]
    emit([{"region": name, "findings": findings} for name, findings in found.items()], lines, as_json)
    return DAMAGED if any(found.values()) else 0


@click.command()
@_store
@click.option("--region", required=True, metavar="NAME", help="Name of the region.")
@click.option("--workspace", metavar="DIR", help="Files of the work, to restore from what was published from there.")
@json_option
def repair(store: str, region: str, workspace: str | None, as_json: bool) -> int:
    """Restore damaged objects, pointer and catalogue. What cannot be restored is set aside for a run to make again.

    Not while a run publishes the region. Exit 0: all is sound; 3: what the lines name must be made again, and they say
    how.
    """
    from gvio.progress import terminal_progress
    from gvio.store.objects import open_store
    from gvio.store.offers import Offer, from_workspace
    from gvio.store.repair import repair as repair_store

    objects = open_store(store, os.environ.get("AWS_ENDPOINT_URL"))
    offer = from_workspace(Path(workspace) / region) if workspace else Offer()
    now = dt.datetime.now(dt.UTC)
    report = repair_store(objects, region, offer, now=now, progress=terminal_progress())
    emit(report, _lines(report, objects.url), as_json)
    return DAMAGED if report.left or report.to_make or report.latest is None else 0


def _lines(report: RepairReport, url: str) -> list[str]:
    from gvio.store.keys import publish_again

    lines = [f"restored {key}" for key in report.restored]
    lines += [f"set aside, see damaged/: {key}" for key in report.set_aside]
    for lost in report.withdrawn:
        instead = f"; {lost.replaced_by} has the same month and statistics" if lost.replaced_by else ""
        lines.append(f"withdrawn, because nothing holds its right bytes: release {lost.release}{instead}")
    if report.went_back:
        kind = "whose tables are whole" if report.left else "that is whole"
        lines.append(f"latest.json went back to the release {report.latest}, the newest {kind}")
    elif report.moved:
        lines.append(f"latest.json names release {report.latest} again")
    if report.forgotten:
        numbers = ", ".join(map(str, report.forgotten))
        lines.append(f"lost, because nothing holds their right bytes: records of moves of latest.json, {numbers}")
    if report.catalogue:
        lines.append("the STAC catalogue was written anew")
    lines += [f"absent: {finding.key}" for finding in report.left]
    if report.latest is None:
        then = "nothing is published until what follows is done"
        if not report.to_make:
            then = f"publish again, `gvio run --store {shlex.quote(url)}` with --region PACK"
        lines.append(f"no whole release is left: {then}")
    again = [(lost.month, publish_again(url, lost.month, lost.as_of, lost.first)) for lost in report.to_make]
    lines += [f"{month} must be made again: {command}" for month, command in dict.fromkeys(again)]
    if report.left:
        command = f"gvio repair --store {shlex.quote(url)} --region {shlex.quote(report.region)}"
        lines.append(f"then run `{command}` once more: it withdraws what lists other grids than were made again")
    return lines or [f"{report.region}: sound, nothing to repair"]
