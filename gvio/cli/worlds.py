"""Known-truth worlds: `gvio demo` and `gvio simulate`."""

from __future__ import annotations

import shlex
import shutil
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from gvio.cli.options import request_from
from gvio.cli.output import emit, json_option

if TYPE_CHECKING:
    from gvio.run.report import RunReport
    from gvio.run.request import RunRequest
    from gvio.types import Month

_NOTICE = (
    "Real districts of Shanghai; light, factories and figures are INVENTED. Nothing here says anything about Shanghai."
)
_PRESETS = ("mild", "clean", "hard", "spike-in", "no-information")  # importing them would slow every start
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_FOLDER = click.Path(exists=True, file_okay=False, path_type=Path)


@click.command()
@click.option("--workspace", default="demo", show_default=True, metavar="DIR", help="Folder of the demonstration.")
@click.option("--months", type=click.IntRange(14), default=48, show_default=True, help="Months of the series.")
@click.option("--pack-only", is_flag=True, help="Only write the region pack, anew; run nothing.")
@json_option
def demo(workspace: str, months: int, pack_only: bool, as_json: bool) -> None:
    """Build a known-truth region and run the monthly job twice. Its files have the true formats."""
    from gvio.progress import terminal_progress
    from gvio.simulate.demo import write_demo_pack
    from gvio.types import Month

    began = time.monotonic()
    folder = Path(workspace) / "pack"
    click.echo(f"{_NOTICE}\n", err=True)
    if pack_only or not (folder / "region.yaml").exists():
        write_demo_pack(folder, months, progress=terminal_progress())
    if pack_only:
        emit({"pack": str(folder)}, [f"wrote {folder}"], as_json)
        return
    last = Month(2018, 1) + (months - 1)
    request = request_from(pack=str(folder), store=str(Path(workspace) / "store"), workspace=workspace)
    reports = _run_months(request, [last + -1, last])
    seconds = time.monotonic() - began
    verdict = [report.verdict for report in reports if report.verdict is not None][-1:]
    lines = ["", f"done in {seconds:.0f} s: {_what_happened(reports)}", *verdict, "", *_where_to_look(request)]
    emit({"seconds": round(seconds, 1), "runs": reports}, lines, as_json)


def _run_months(request: RunRequest, months: list[Month]) -> list[RunReport]:
    """Run the monthly flow for each month that is not published yet, as of the 20th of the month after."""
    from flows.embedded import temporary_server
    from flows.monthly import monthly
    from gvio.cli.told_stages import stages_told

    pending = _pending(request, months)
    with temporary_server(request.workspace), stages_told(len(pending)):
        reports: list[RunReport] = []
        for month in pending:
            if not sys.stderr.isatty():  # there the bar tells it, and a line would break it
                click.echo(f"monthly run {month}", err=True)
            day = (month + 1).first_day.replace(day=20)
            reports.append(monthly(request.model_copy(update={"month": str(month), "as_of": day})))
    return reports


def _pending(request: RunRequest, months: list[Month]) -> list[Month]:
    from gvio.run.context import open_context
    from gvio.store.standing import standing

    context = open_context(request)
    latest = standing(context.store, context.region).latest
    return [month for month in months if latest is None or str(month) > latest.month]


def _program(name: str) -> str:
    """How to call a program from here: by its name where the environment is active, else by its path."""
    if shutil.which(name):
        return name
    path = Path(sys.executable).with_name(name)
    return shlex.quote(str(path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path))


def _where_to_look(request: RunRequest) -> list[str]:
    from gvio.run.context import open_context

    context = open_context(request)
    database = f"{_program('mlflow')} ui --backend-store-uri sqlite:///{request.workspace}/mlflow.db"
    return [
        f"release     {request.store}/{context.region}/latest.json",
        f"scoreboard  {context.path('scoreboard.json')}",
        f"checks      {context.path('checks.html')}",
        f"Data Docs   {context.path('data-docs/index.html')} (needs a browser with a network; checks does not)",
        f"models      {request.tracking_uri or database}",
        f"dashboard   {_program('gvio')} dashboard --store {shlex.quote(request.store)}",
    ]


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--seed", type=int, required=True, help="Seed of everything invented.")
@click.option("--preset", type=click.Choice(_PRESETS), help="Named world; --spec and --set change fields of it.")
@click.option("--spec", "spec_file", type=_FILE, help="YAML with fields of the world.")
@click.option("--set", "settings", multiple=True, metavar="FIELD=VALUE", help="One field of the world; repeatable.")
@click.option("--onto", type=_FOLDER, help="Real light to plant factories into: product files, or a region pack.")
@click.option("--product", help="Product of the files of --onto, where their names do not decide it.")
@click.option("--districts", type=_FILE, help="Vector file of real districts, instead of invented zones.")
@click.option("--hard-calendar", "calendar", is_flag=True, help="Also write a calendar.yaml for `gvio replay`.")
@json_option
def simulate(
    out: Path,
    seed: int,
    preset: str | None,
    spec_file: Path | None,
    settings: tuple[str, ...],
    onto: Path | None,
    product: str | None,
    districts: Path | None,
    calendar: bool,
    as_json: bool,
) -> None:
    """Write a known-truth region pack, truth beside it in truth/."""
    from gvio.progress import terminal_progress
    from gvio.simulate.hard_calendar import write_hard_calendar
    from gvio.simulate.pack import plant_pack, simulate_pack
    from gvio.simulate.presets import parse_preset
    from gvio.simulate.spec import parse_spec

    text = spec_file.read_text() if spec_file else ""
    text = "\n".join([text, *(setting.replace("=", ": ", 1) for setting in settings)])
    spec = parse_preset(preset, text) if preset else parse_spec(text)
    if onto is None and (product or districts):
        raise click.UsageError("--product and --districts describe the light of --onto; give that too")
    if onto is None and preset == "spike-in":
        raise click.UsageError("the preset spike-in plants factories onto real light; give its folder with --onto")
    if onto is None:
        world = simulate_pack(out, spec, seed, terminal_progress())
    else:
        world = plant_pack(out, onto, spec, seed, product, districts, terminal_progress())
    lines = [f"wrote {out}; try: `gvio run --region {shlex.quote(str(out))} --store store`"]
    if calendar:
        lines.append(f"and `{write_hard_calendar(world, out, seed)}`")
    emit({"pack": str(out), "seed": seed}, lines, as_json)


def _what_happened(reports: list[RunReport]) -> str:
    """Month and how its model was trained, in the order of the runs."""
    trained = [
        f"{line.month} {str(line.facts['reason']).partition(':')[0]}"
        for report in reports
        for line in report.stages
        if line.stage == "train"
    ]
    words = ", ".join(trained).replace("retrain", "trained").replace("fine-tune", "fine-tuned")
    return words or "both months were published already"
