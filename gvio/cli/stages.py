"""The single stages as commands; DVC calls these."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from gvio.cli.options import open_from, range_from, request_from, request_options, workers_options
from gvio.cli.output import emit, json_option, stage_lines


def _stage(name: str, text: str) -> click.Command:
    """A command that runs one stage."""

    @click.command(name, help=text)
    @request_options()
    @json_option
    def command(as_json: bool, **flags: Any) -> None:
        _run(name, as_json, **flags)

    return command


def _run(name: str, as_json: bool, **flags: Any) -> None:
    context = open_from(request_from(**flags))
    from gvio.run.order import run_stage
    from gvio.run.report import stage_line
    from gvio.stages.table import STAGES

    line = stage_line(run_stage(context, name, STAGES)[-1], context)
    emit(line, stage_lines([line]), as_json)


@click.command()
@request_options()
@click.option("--from", "first", metavar="YYYY-MM", help="First month of a range to bring; needs --to.")
@click.option("--to", "last", metavar="YYYY-MM", help="Last month of a range to bring.")
@click.option("--verify", is_flag=True, help="Read fetched files again and compare them with the manifest.")
@json_option
def fetch(as_json: bool, first: str | None, last: str | None, verify: bool, **flags: Any) -> None:
    """Bring the region's light and read it onto its grid. Up to --month; or only bring a range, or only --verify."""
    if (first is None) != (last is None) or sum(map(bool, (first, verify, flags["month"]))) > 1:
        raise click.UsageError("--from and --to go together, and neither with --month nor with --verify")
    if verify:
        _verify(as_json, **flags)
    elif first is None:
        _run("fetch", as_json, **flags)
    else:
        _fetch_range(as_json, **{**flags, "first": first, "last": last})


def _verify(as_json: bool, **flags: Any) -> None:
    context = open_from(request_from(**flags))
    from gvio.run.order import region_held
    from gvio.stages.raw import verify_raw

    with region_held(context):
        report = verify_raw(context, context.progress)
    emit(report, [f"verified {report.files} files", *report.warnings], as_json)


def _fetch_range(as_json: bool, **flags: Any) -> None:
    from gvio.types import Month

    del flags["month"]
    request = range_from(**flags)
    first, last = Month.parse(request.first), Month.parse(request.last)
    context = open_from(request.of_month(first))  # the first month must be the region's, or later
    from gvio.run.order import region_held
    from gvio.stages.raw import fetch_range

    with region_held(context):
        report = fetch_range(context, first, last, context.progress)
    lines = [f"fetched {report.files} files of {report.months} months, up to {report.month}"]
    lines += [f"absent {month}" for month in report.absent]
    emit(report, [*lines, *(f"lost {name}: {why}" for name, why in report.lost.items())], as_json)


validate = _stage("validate", "Check pack, statistics and light. Refuses when a required check fails.")
sample = _stage("sample", "Turn light into samples round factories.")
decide = _stage("decide", "Register the candidate and promote it or not, by rule. Otherwise the champion stays.")
map_ = _stage("map", "Estimate with the champion and spread over pixels. Decides first where `decide` has not run.")
publish = _stage("publish", "Publish what `map` made as one immutable release.")


@click.command()
@request_options()
@workers_options
@click.option("--retrain", is_flag=True, help="Train from scratch whatever the rule says.")
@json_option
def train(as_json: bool, **flags: Any) -> None:
    """Train from scratch or fine-tune the champion, by rule."""
    _run("train", as_json, **flags)


@click.command()
@request_options()
@workers_options
@click.option(
    "--json",
    "json_file",
    is_flag=False,
    flag_value="-",
    default=None,
    metavar="FILE",
    help="Write the scoreboard as JSON; without FILE to standard output.",
)
@click.option("--only", is_flag=True, help="Only this stage: the earlier ones have run (DVC runs them itself).")
def evaluate(json_file: str | None, only: bool, **flags: Any) -> None:
    """Score the model against every comparator. All earlier stages come first; registers and promotes nothing."""
    from gvio.errors import ConfigError

    if json_file not in {None, "-"} and not Path(str(json_file)).parent.is_dir():  # before the work, not after it
        hint = "Create it, or write the scoreboard elsewhere."
        raise ConfigError("no such folder", where=str(Path(str(json_file)).parent), hint=hint)
    context = open_from(request_from(**flags))
    from gvio.run.order import run_stage
    from gvio.run.report import stage_line
    from gvio.stages.table import STAGES

    artifacts = run_stage(context, "evaluate", STAGES, alone=only)
    scoreboard = context.path("scoreboard.json").read_text()
    if json_file == "-":
        click.echo(scoreboard.rstrip("\n"))
        return
    if json_file is not None:
        Path(json_file).write_text(scoreboard)
    emit(None, stage_lines([stage_line(artifact, context) for artifact in artifacts]), as_json=False)
