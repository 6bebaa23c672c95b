"""Known-truth worlds: `gvio demo` and `gvio simulate`."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from gvio.cli.output import emit, json_option

if TYPE_CHECKING:
    from gvio.pipeline.job import Job, StageReport
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
@json_option
def demo(workspace: str, months: int, as_json: bool) -> None:
    """Build a known-truth region in the true file formats and run the monthly job on it twice."""
    from gvio.pipeline.job import make_job, read_json
    from gvio.progress import terminal_progress
    from gvio.simulate.demo import write_demo_pack
    from gvio.types import Month

    began, tracking_uri = time.monotonic(), os.environ.get("MLFLOW_TRACKING_URI")
    folder, store = Path(workspace) / "pack", str(Path(workspace) / "store")
    click.echo(f"{_NOTICE}\n", err=True)
    if not (folder / "region.yaml").exists():
        write_demo_pack(folder, months, progress=terminal_progress())
    job = make_job(str(folder), store, workspace, tracking_uri=tracking_uri)
    last = Month(2018, 1) + (months - 1)
    reports = _run_months(job, [last + -1, last])
    decision = read_json(job, "decision.json", "evaluate")
    seconds = time.monotonic() - began
    lines = ["", f"done in {seconds:.0f} s: {_what_happened(reports)}", decision["verdict"], "", *_where_to_look(job)]
    emit({"seconds": round(seconds, 1), "decision": decision, "stages": reports}, lines, as_json)


def _run_months(job: Job, months: list[Month]) -> list[StageReport]:
    """Run the monthly flow for each month that is not published yet, as of the 20th of the month after."""
    from flows.embedded import temporary_server
    from flows.monthly import monthly
    from gvio.store.documents import read_latest
    from gvio.store.objects import open_store

    published = read_latest(open_store(job.store), job.region)
    reports: list[StageReport] = []
    pending = [m for m in months if published is None or str(m) > published.month]
    if not pending:
        return reports
    with temporary_server(str(job.workspace)):
        for month in pending:
            click.echo(f"monthly run {month}", err=True)
            day = (month + 1).first_day.replace(day=20).isoformat()
            places = (str(job.pack), job.store, str(job.workspace))
            reports += monthly(*places, str(month), day, tracking_uri=job.tracking_uri)
    return reports


def _where_to_look(job: Job) -> list[str]:
    return [
        f"release     {job.store}/{job.region}/latest.json",
        f"scoreboard  {job.path('scoreboard.json')}",
        f"checks      {job.path('checks.html')}",
        f"Data Docs   {job.path('data-docs/index.html')}",
        f"models      {job.tracking_uri or f'mlflow ui --backend-store-uri sqlite:///{job.workspace}/mlflow.db'}",
        f"dashboard   gvio dashboard --store {job.store}",
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
    as_json: bool,
) -> None:
    """Write a known-truth region pack, truth beside it in truth/."""
    from gvio.progress import terminal_progress
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
        simulate_pack(out, spec, seed, terminal_progress())
    else:
        plant_pack(out, onto, spec, seed, product, districts, terminal_progress())
    emit({"pack": str(out), "seed": seed}, [f"wrote {out}; try: gvio run --region {out} --store store"], as_json)


def _what_happened(reports: list[Any]) -> str:
    """Month and how its model was trained, in the order of the runs."""
    trained = [f"{r.month} {r.figures['reason'].partition(':')[0]}" for r in reports if r.stage == "train"]
    words = ", ".join(trained).replace("retrain", "trained").replace("fine-tune", "fine-tuned")
    return words or "both months were published already"
