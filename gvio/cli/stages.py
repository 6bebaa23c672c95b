"""The single stages as commands; DVC calls these."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click

from gvio.cli.options import job_from, job_options
from gvio.cli.output import emit, json_option, stage_lines


def _stage(name: str, text: str) -> click.Command:
    """A command that runs one stage."""

    @click.command(name, help=text)
    @job_options()
    @json_option
    def command(as_json: bool, **flags: Any) -> None:
        _run(name, as_json, job_from(**flags))

    return command


def _run(name: str, as_json: bool, job: Any) -> None:
    from gvio.pipeline.job import held
    from gvio.pipeline.stages import STAGES
    from gvio.progress import terminal_progress

    with held(job):
        report = dict(STAGES)[name](job, terminal_progress())
    emit(report, stage_lines([report]), as_json)


@click.command()
@job_options()
@click.option("--from", "first", metavar="YYYY-MM", help="First month of a range to bring; needs --to.")
@click.option("--to", "last", metavar="YYYY-MM", help="Last month of a range to bring.")
@click.option("--verify", is_flag=True, help="Read fetched files again and compare them with the manifest.")
@json_option
def fetch(as_json: bool, first: str | None, last: str | None, verify: bool, **flags: Any) -> None:
    """Bring the region's light and read it onto its grid, up to --month; or only bring a range, or only --verify."""
    if (first is None) != (last is None) or sum(map(bool, (first, verify, flags["month"]))) > 1:
        raise click.UsageError("--from and --to go together, and neither with --month nor with --verify")
    if first is None and not verify:
        _run("fetch", as_json, job_from(**flags))
        return
    job = job_from(**{**flags, "month": last})
    from gvio.pipeline.job import held
    from gvio.pipeline.raw import fetch_range, verify_raw
    from gvio.progress import terminal_progress

    with held(job):
        if verify:
            report = verify_raw(job, terminal_progress())
        else:
            start = job_from(**{**flags, "month": first}).month
            if start is None or job.month is None:
                raise click.UsageError("--from and --to are months, written YYYY-MM")
            report = fetch_range(job, start, job.month, terminal_progress())
    emit(report, [*stage_lines([report]), *_absent(report)], as_json)


def _absent(report: Any) -> list[str]:
    """A line per month and file that could not be had."""
    lines = [f"absent {month}" for month in report.figures.get("absent", ())]
    return lines + [f"lost {name}: {why}" for name, why in report.figures.get("lost", {}).items()]


validate = _stage("validate", "Check pack, figures and light; refuse when a required check fails.")
sample = _stage("sample", "Turn light into samples round factories.")
map_ = _stage("map", "Estimate with the champion and spread over pixels.")
publish = _stage("publish", "Publish what `map` made as one immutable release.")


@click.command()
@job_options()
@click.option("--retrain", is_flag=True, help="Train from scratch whatever the rule says.")
@json_option
def train(as_json: bool, retrain: bool, **flags: Any) -> None:
    """Train from scratch or fine-tune the champion, by rule."""
    _run("train", as_json, job_from(**flags, retrain=retrain))


@click.command()
@job_options()
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
    """Score the model against every comparator, after all earlier stages."""
    from gvio.errors import ConfigError

    if json_file not in {None, "-"} and not Path(str(json_file)).parent.is_dir():  # before the work, not after it
        hint = "Create it, or write the scoreboard elsewhere."
        raise ConfigError("no such folder", where=str(Path(str(json_file)).parent), hint=hint)
    job = job_from(**flags)
    from gvio.pipeline.job import held, read_json
    from gvio.pipeline.stages import STAGES
    from gvio.progress import terminal_progress

    until = [name for name, _ in STAGES].index("evaluate") + 1
    with held(job):
        reports = [stage(job, terminal_progress()) for _, stage in STAGES[until - 1 if only else 0 : until]]
    scoreboard = json.dumps(read_json(job, "scoreboard.json", "evaluate"), indent=2, sort_keys=True)
    if json_file == "-":
        click.echo(scoreboard)
        return
    if json_file is not None:
        Path(json_file).write_text(scoreboard + "\n")
    emit(reports[-1], stage_lines(reports), as_json=False)
