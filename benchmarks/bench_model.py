"""How good the model is in worlds whose truth is known: the table of targets, mean ± spread over worlds.

    make bench-model                                     # twelve worlds, a few minutes each core
    python -m benchmarks.bench_model --only hard-few/3   # one world
    python -m benchmarks.bench_model --only mumbai-rich --skip districts,plain

Each world is fitted once, 24 months before its end; figures of districts end there. Everything is scored against the
truth, which no fit sees. Results go to a JSON file and the table to standard output.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
from concurrent.futures import ProcessPoolExecutor, as_completed
from pathlib import Path
from typing import Any

from benchmarks.table_of_targets import markdown
from benchmarks.worlds import KINDS, OTHER_KINDS, PACKS, with_real_light
from gvio.config import Params, parse_params

PARTS = ("time", "coverage", "pixels", "districts", "plain")


def main() -> None:
    options = _options()
    names = _names(options)
    parts = tuple(part for part in PARTS if part not in options.skip.split(","))
    params = options.params.read_text() if options.params else ""
    jobs = [(name, params, parts, options.district_folds) for name in names]
    results = _run(jobs, options.processes)
    options.json.parent.mkdir(parents=True, exist_ok=True)
    options.json.write_text(json.dumps(results, indent=1, sort_keys=True))
    print(markdown(results))
    for failed in (r for r in results if "error" in r):
        print(f"FAILED {failed['name']}: {failed['error']}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="first seed of every kind")
    parser.add_argument("--repeats", type=int, default=2, help="worlds of every kind")
    parser.add_argument("--only", action="append", help="a kind, <kind>/<seed>, a folder, mumbai-rich or mumbai-few")
    parser.add_argument("--skip", default="", help=f"parts not to measure, of {','.join(PARTS)}")
    parser.add_argument("--processes", type=int, default=2, choices=(1, 2))
    parser.add_argument("--district-folds", type=int, default=3, help="groups of districts left out")
    parser.add_argument("--params", type=Path, help="params.yaml instead of the defaults")
    parser.add_argument("--json", type=Path, default=Path("build/bench-model.json"))
    return parser.parse_args()


def _names(options: argparse.Namespace) -> list[str]:
    every, names = (*KINDS, *OTHER_KINDS), []
    for wanted in options.only or KINDS:
        seeds = range(options.seed, options.seed + options.repeats)
        names += [f"{wanted}/{seed}" for seed in seeds] if wanted in every else [wanted]
    for name in names:
        kind, _, seed = name.rpartition("/")
        if not (name in PACKS or Path(name, "region.yaml").exists() or (kind in every and seed.isdigit())):
            known = ", ".join([*every, *PACKS])
            raise SystemExit(f"unknown world {name!r}; give a kind, <kind>/<seed> or a pack's folder; known: {known}")
    return with_real_light(names)


def _run(jobs: list[tuple[str, str, tuple[str, ...], int]], processes: int) -> list[dict[str, Any]]:
    from tqdm import tqdm

    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(processes, mp_context=context) as pool:
        futures = {pool.submit(_measure, job): job[0] for job in jobs}
        done = {}
        with tqdm(total=len(jobs), desc="worlds", unit="world") as bar:
            for future in as_completed(futures):
                done[futures[future]] = future.result()
                bar.set_postfix_str(futures[future])
                bar.update()
    return [done[job[0]] for job in jobs]


def _measure(job: tuple[str, str, tuple[str, ...], int]) -> dict[str, Any]:
    import torch
    from threadpoolctl import threadpool_limits

    from benchmarks.measure_world import measure_world
    from benchmarks.worlds import make_world

    torch.set_num_threads(1)  # one core per world
    threadpool_limits(1)
    name, params, parts, folds = job
    try:
        return measure_world(make_world(name, parse_params(params) if params else Params()), parts, folds)
    except Exception as error:  # one world that fails must not take the others' results with it
        return {"name": name, "error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    main()
