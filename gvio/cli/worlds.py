"""Known-truth worlds: `gvio demo` and `gvio simulate`."""

from __future__ import annotations

import os
import time
from pathlib import Path

import click

from gvio.cli.output import emit, json_option

_NOTICE = (
    "Real districts of Shanghai; light, factories and figures are INVENTED. Nothing here says anything about Shanghai."
)
_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)


@click.command()
@click.option("--workspace", default="demo", show_default=True, metavar="DIR", help="Folder of the demonstration.")
@click.option("--months", type=click.IntRange(38), default=48, show_default=True, help="Months of the series.")
@json_option
def demo(workspace: str, months: int, as_json: bool) -> None:
    """Build a known-truth region in the true file formats and run the monthly job on it twice."""
    from flows.embedded import temporary_server
    from flows.monthly import monthly
    from gvio.pipeline.job import make_job, read_json
    from gvio.progress import terminal_progress
    from gvio.simulate.demo import write_demo_pack
    from gvio.types import Month

    began, tracking_uri = time.monotonic(), os.environ.get("MLFLOW_TRACKING_URI")
    folder, store = Path(workspace) / "pack", str(Path(workspace) / "store")
    click.echo(f"{_NOTICE}\n", err=True)
    if not (folder / "region.yaml").exists():
        write_demo_pack(folder, months, progress=terminal_progress())
    last = Month(2018, 1) + (months - 1)
    reports = []
    with temporary_server(workspace):
        for month in (last + -1, last):
            click.echo(f"monthly run {month}", err=True)
            day = (month + 1).first_day.replace(day=20).isoformat()
            reports += monthly(str(folder), store, workspace, str(month), day, tracking_uri=tracking_uri)
    job = make_job(str(folder), store, workspace)
    decision = read_json(job, "decision.json", "evaluate")
    models = tracking_uri or f"mlflow ui --backend-store-uri sqlite:///{Path(workspace) / 'mlflow.db'}"
    seconds = time.monotonic() - began
    lines = [
        "",
        f"done in {seconds:.0f} s: {last + -1} trained, {last} fine-tuned",
        decision["verdict"],
        "",
        f"release     {store}/{job.region}/latest.json",
        f"scoreboard  {job.path('scoreboard.json')}",
        f"checks      {job.path('checks.html')}",
        f"Data Docs   {job.path('data-docs/index.html')}",
        f"models      {models}",
        f"dashboard   gvio dashboard --store {store}",
    ]
    emit({"seconds": round(seconds, 1), "decision": decision, "stages": reports}, lines, as_json)


@click.command()
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--seed", type=int, required=True, help="Seed of everything invented.")
@click.option("--spec", "spec_file", type=_FILE, help="YAML with fields of the world.")
@click.option("--set", "settings", multiple=True, metavar="FIELD=VALUE", help="One field of the world; repeatable.")
@json_option
def simulate(out: Path, seed: int, spec_file: Path | None, settings: tuple[str, ...], as_json: bool) -> None:
    """Write a known-truth region pack, truth beside it in truth/."""
    from gvio.progress import terminal_progress
    from gvio.simulate.pack import simulate_pack
    from gvio.simulate.spec import parse_spec

    text = spec_file.read_text() if spec_file else ""
    spec = parse_spec("\n".join([text, *(setting.replace("=", ": ", 1) for setting in settings)]))
    simulate_pack(out, spec, seed, terminal_progress())
    emit({"pack": str(out), "seed": seed}, [f"wrote {out}; try: gvio run --region {out} --store store"], as_json)
