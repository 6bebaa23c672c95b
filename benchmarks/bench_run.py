"""What a whole month costs, stage by stage: the first run, light without figures, nothing new, light with figures.

    gvio simulate world --seed 7 --preset clean --set n_districts=16 --set n_factories=3000 --set months=155 \
        --set first_month=2014-01 --set 'bounds=[120.85, 30.65, 122.15, 31.9]' --set name=world
    python -m benchmarks.bench_run world --first 2026-10 [--members 5] [--work DIR] [--profile 10]

Each run is a process of its own, on one workspace in turn: the first month as of the 20th of the month after, then the
next month as of the 2nd (no figure of it is public yet), the same again, and as of the 20th. Wall and CPU seconds, and
the peak of memory so far. `--profile N` adds the N functions with most CPU of their own; folds run in turn then.
"""

from __future__ import annotations

import argparse
import cProfile
import datetime as dt
import io
import json
import pstats
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from gvio.cli.options import be_quiet

be_quiet()  # as the command does: threads of libraries are counted when they are loaded

from gvio.config import Params  # noqa: E402
from gvio.run.context import open_context  # noqa: E402
from gvio.run.order import run_month  # noqa: E402
from gvio.run.request import RunRequest  # noqa: E402
from gvio.stages.table import STAGES  # noqa: E402
from gvio.types import Month  # noqa: E402

Row = tuple[str, float, float, float]


def main() -> None:
    """Every run in turn, as a table; the rows as JSON in the working folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pack")
    parser.add_argument("--first", required=True, help="YYYY-MM")
    parser.add_argument("--members", type=int, default=5)
    parser.add_argument("--work", default="")
    parser.add_argument("--profile", type=int, default=0)
    parser.add_argument("--one", nargs=2, metavar=("MONTH", "DAY"), help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        json.dump(_one(asked.pack, asked.work, *asked.one, asked.members, asked.profile), sys.stdout)
        return
    work, found = asked.work or tempfile.mkdtemp(), {}
    Path(work).mkdir(parents=True, exist_ok=True)
    for name, month, day in _calendar(Month.parse(asked.first)):
        words = [asked.pack, "--first", asked.first, "--members", str(asked.members), "--work", work]
        words += ["--profile", str(asked.profile), "--one", str(month), str(day)]
        done = subprocess.run(
            [sys.executable, "-m", "benchmarks.bench_run", *words], check=True, stdout=subprocess.PIPE
        )
        found[name] = json.loads(done.stdout.decode().splitlines()[-1])
        print(f"\n{name}: {month} as of {day}\n| Stage | Wall s | CPU s | Peak MB |\n| --- | ---: | ---: | ---: |")
        for stage, wall, cpu, peak in found[name]["rows"]:
            print(f"| {stage} | {wall:.1f} | {cpu:.1f} | {peak:.0f} |", flush=True)
        print(found[name]["profile"])
    (Path(work) / "bench-run.json").write_text(json.dumps(found, indent=2))


def _calendar(first: Month) -> list[tuple[str, Month, dt.date]]:
    second = first + 1
    published, before = (second + 1).first_day.replace(day=20), (second + 1).first_day.replace(day=2)
    return [
        ("first run", first, second.first_day.replace(day=20)),
        ("nothing to learn", second, before),
        ("nothing new", second, before),
        ("fine-tune", second, published),
    ]


def _one(pack: str, work: str, month: str, day: str, members: int, profile: int) -> dict[str, Any]:
    began, rows = time.perf_counter(), list[Row]()

    def timed(name: str, stage: Callable[..., Any], *given: Any) -> Any:
        wall, cpu = time.perf_counter(), _cpu_s()
        try:
            return stage(*given)
        finally:
            rows.append((name, time.perf_counter() - wall, _cpu_s() - cpu, _peak_mb()))

    params = Path(work) / "params.yaml"
    params.write_text(json.dumps(_with_members(members)))  # JSON is YAML
    request = RunRequest(
        pack=pack,
        store=f"{work}/store",
        workspace=f"{work}/workspace",
        month=month,
        as_of=dt.date.fromisoformat(day),
        params_file=str(params),
    )
    watch = cProfile.Profile(time.process_time)
    if profile:
        _in_turn()
        watch.enable()
    run_month(open_context(request), STAGES, timed)
    watch.disable()
    rows.append(("whole", time.perf_counter() - began, _cpu_s(), _peak_mb()))
    return {"rows": rows, "profile": _top(watch, profile) if profile else ""}


def _with_members(members: int) -> dict[str, Any]:
    params = Params()
    chosen = params.model_copy(update={"model": params.model.model_copy(update={"seeds": members})})
    return chosen.model_dump(mode="json", by_alias=True)


def _in_turn() -> None:
    """A profile sees one thread."""
    from gvio.stages import workers

    workers.Threads.__call__ = lambda _self, _label, tasks: [task() for task in tasks]  # type: ignore[method-assign]


def _top(watch: cProfile.Profile, n: int) -> str:
    out = io.StringIO()
    pstats.Stats(watch, stream=out).sort_stats("tottime").print_stats(n)
    return out.getvalue()


def _cpu_s() -> float:
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(part.ru_utime + part.ru_stime for part in used)


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    main()
