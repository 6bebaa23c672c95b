"""`gvio run` and `gvio backfill`."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

import click

from gvio.cli.options import (
    approval_option,
    heartbeat_option,
    open_from,
    range_from,
    request_from,
    request_options,
    workers_options,
)
from gvio.cli.output import emit, json_option, stage_lines

if TYPE_CHECKING:
    from gvio.run.report import RunReport


@click.command()
@request_options(store_required=True)
@click.option("--retrain", is_flag=True, help="Train from scratch whatever the rule says.")
@click.option("--supersede", metavar="WHY", help="Replace a release of the same month that knows more; recorded.")
@click.option("--replace-region", is_flag=True, help="Publish although the store holds another region of this name.")
@workers_options
@approval_option
@heartbeat_option
@json_option
def run(as_json: bool, **flags: Any) -> None:
    """The monthly job of one region. It is fetch, validate, sample, train, evaluate, map, publish."""
    context = open_from(request_from(**flags))
    from gvio.run.order import run_month
    from gvio.stages.table import STAGES

    report = run_month(context, STAGES)
    month, release = report.month, report.release
    last = {
        "unchanged": f"nothing to do: {month} is published from these inputs already, release {release}",
        "published": f"published {month} as release {release}",
        "archived": _archived(report),
    }[report.outcome]
    lines = [*(stage_lines(report.stages) if report.outcome != "unchanged" else []), last]
    emit(report, [*lines, *awaits(report, **flags)], as_json)


def awaits(report: RunReport, *, pack: str, workspace: str, **_: Any) -> list[str]:
    """What a person can say to a candidate that waits, as commands that work."""
    if report.awaiting is None:
        return []
    where = f"--region {shlex.quote(pack)} --workspace {shlex.quote(workspace)} --version {report.awaiting}"
    told = f"version {report.awaiting} awaits approval, and the champion of before made this map"
    return [
        told,
        f"  to map with it from the next run on: gvio registry approve {where} --reason WHY",
        f"  to keep the champion: gvio registry reject {where} --reason WHY",
    ]


def _archived(report: RunReport) -> str:
    latest = report.latest or ""
    told = f"archived {report.month} as release {report.release}: the latest release, {latest}, knows more"
    if not latest.startswith(f"{report.month}-"):
        return told
    cure = "If what it knew was wrong, a day of publication or figures withdrawn since, run again with --supersede WHY"
    return f"{told}. {cure}"


@click.command()
@click.option("--region", "pack", required=True, metavar="PACK", help="Region pack: folder or s3://bucket/prefix.")
@click.option("--store", required=True, metavar="URL", help="Folder, file:// or s3://bucket/prefix of releases.")
@click.option("--workspace", default=".gvio", show_default=True, metavar="DIR", help="Files of the work.")
@click.option("--from", "first", required=True, metavar="YYYY-MM", help="First month.")
@click.option("--to", "last", required=True, metavar="YYYY-MM", help="Last month.")
@click.option("--single-release", is_flag=True, help="One release with all grids instead of one a month.")
@click.option("--as-of", metavar="YYYY-MM-DD", help="Hide statistics published later; default: today.")
@click.option("--params", "params_file", metavar="FILE", help="Scientific parameters; default: built in.")
@workers_options
@approval_option
@heartbeat_option
@json_option
def backfill(as_json: bool, **flags: Any) -> None:
    """Publish every month of a range. Months that are refused or absent are skipped and named."""
    request = range_from(**flags)
    from gvio.progress import terminal_progress
    from gvio.run.range import run_range
    from gvio.stages.table import STAGES

    report = run_range(request, open_from, STAGES, progress=terminal_progress())
    lines = [f"release {release}" for release in report.releases]
    lines += [f"refused {month}: {why}" for month, why in report.refused.items()]
    lines += [f"absent {month}: {why}" for month, why in report.absent.items()]
    emit(report, lines, as_json)
