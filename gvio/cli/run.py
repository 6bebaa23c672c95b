"""`gvio run` and `gvio backfill`."""

from __future__ import annotations

import click

from gvio.cli.options import job_from, job_options
from gvio.cli.output import emit, json_option, stage_lines


@click.command()
@job_options(store_required=True)
@click.option("--retrain", is_flag=True, help="Train from scratch whatever the rule says.")
@json_option
def run(
    pack: str,
    store: str,
    workspace: str,
    month: str | None,
    as_of: str | None,
    params_file: str | None,
    retrain: bool,
    as_json: bool,
) -> None:
    """The monthly job of one region: fetch, validate, sample, train, evaluate, map, publish."""
    job = job_from(pack, store, workspace, month, as_of, params_file, retrain=retrain)
    from gvio.pipeline.run import run_month
    from gvio.progress import terminal_progress

    report = run_month(job, terminal_progress())
    if report.outcome == "unchanged":
        lines = [f"nothing to do: {report.month} is published from these inputs already, release {report.release}"]
    else:
        lines = [*stage_lines(list(report.stages)), f"published {report.month} as release {report.release}"]
    emit(report, lines, as_json)


@click.command()
@click.option("--region", "pack", required=True, metavar="PACK", help="Region pack: folder or s3://bucket/prefix.")
@click.option("--store", required=True, metavar="URL", help="Folder, file:// or s3://bucket/prefix of releases.")
@click.option("--workspace", default=".gvio", show_default=True, metavar="DIR", help="Files of the work.")
@click.option("--from", "first", required=True, metavar="YYYY-MM", help="First month.")
@click.option("--to", "last", required=True, metavar="YYYY-MM", help="Last month.")
@click.option("--single-release", is_flag=True, help="One release with all grids instead of one a month.")
@click.option("--as-of", metavar="YYYY-MM-DD", help="Hide figures published later; default: today.")
@click.option("--params", "params_file", metavar="FILE", help="Scientific parameters; default: built in.")
@json_option
def backfill(
    pack: str,
    store: str,
    workspace: str,
    first: str,
    last: str,
    single_release: bool,
    as_of: str | None,
    params_file: str | None,
    as_json: bool,
) -> None:
    """Publish every month of a range; months that are refused are skipped and named."""
    job = job_from(pack, store, workspace, last, as_of, params_file)
    start = job_from(pack, store, workspace, first, as_of, params_file).month
    if start is None or job.month is None:
        raise click.UsageError("--from and --to are months, written YYYY-MM")
    from gvio.pipeline.backfill import backfill as backfill_months
    from gvio.progress import terminal_progress

    report = backfill_months(job, start, job.month, single_release, terminal_progress())
    lines = [f"release {release}" for release in report.figures["releases"]]
    lines += [f"refused {month}: {why}" for month, why in report.figures["refused"].items()]
    emit(report, lines, as_json)
