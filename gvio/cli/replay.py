"""`gvio replay`."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gvio.cli.options import open_from
from gvio.cli.output import emit, json_option

if TYPE_CHECKING:
    from gvio.replay.log import LookLine
    from gvio.replay.told import ReplayReport


@click.command()
@click.option("--region", "pack", required=True, metavar="PACK", help="Region pack: folder or s3://bucket/prefix.")
@click.option("--store", required=True, metavar="URL", help="Where the replay publishes; nothing of the region yet.")
@click.option("--workspace", required=True, metavar="DIR", help="Files of the replay, its registry and its report.")
@click.option("--from", "first", required=True, metavar="YYYY-MM", help="First month to live.")
@click.option("--to", "last", required=True, metavar="YYYY-MM", help="Last month to live.")
@click.option("--calendar", metavar="FILE", help="What happens when; default: light and figures on their usual days.")
@click.option("--params", "params_file", metavar="FILE", help="Scientific parameters; default: built in.")
@click.option("--report", metavar="FILE", help="Where the page goes; default: replay.html in the workspace.")
@json_option
def replay(
    pack: str,
    store: str,
    workspace: str,
    first: str,
    last: str,
    calendar: str | None,
    params_file: str | None,
    report: str | None,
    as_json: bool,
) -> None:
    """Live the months of a range one by one, each as of its day. Tells what the system would have told.

    Run it again after it was stopped: it goes on. Its registry is always its own.
    """
    from gvio.files import write_bytes, write_json
    from gvio.replay.gather import report_of
    from gvio.replay.live import live
    from gvio.replay.page import replay_html
    from gvio.replay.request import make_replay_request
    from gvio.stages.table import STAGES

    request = make_replay_request(
        pack=pack,
        store=store,
        workspace=workspace,
        first=first,
        last=last,
        calendar=calendar,
        params_file=params_file,
        endpoint_url=os.environ.get("AWS_ENDPOINT_URL"),
    )
    lived, lines = live(request, open_from, STAGES, lambda line, n: click.echo(_told(line, n), err=as_json))
    found = report_of(lived, lines)
    page = Path(report) if report else Path(workspace) / "replay.html"
    write_json(Path(workspace) / "replay.json", found.model_dump(mode="json"))
    write_bytes(page, replay_html(found, lived.calendar).encode())
    emit(found, [_summary(found), f"report {page}"], as_json)


def _told(line: LookLine, n: int) -> str:
    """A line a look: at once, so that the output of a replay without a terminal shows how far it is."""
    release = "" if line.release is None else f"  {line.release}"
    awaited = "".join(f"; awaiting {what} since {since}" for what, since in line.awaited)
    more = f"  {line.reason[:100]}" if line.reason else ""
    again = "; cut off and begun again" if line.begun_again else ""
    return f"{line.number:>4}/{n}  {line.day}  {line.month}  {line.outcome:<9}{release}{awaited}{again}{more}"


def _summary(report: ReplayReport) -> str:
    counted = [(name, report.count(name)) for name in ("published", "unchanged", "refused", "late")]
    months = ", ".join(f"{n} {name}" for name, n in counted if n)
    errata = f"{len(report.errata)} {'erratum' if len(report.errata) == 1 else 'errata'}"
    return f"{len(report.months)} months: {months}; {errata}"
