"""Ours beside what a statistician would use, in worlds whose truth is known (docs/measurements/judges.md).

    python -m benchmarks.bench_judges --seed 1 --repeats 2      # every kind of world, two of each
    python -m benchmarks.bench_judges --seed 1 --only hard-few

Each world is fitted once, 24 months before its end, where the figures of districts stop, and every model is asked in
three settings: the city's total known, before the total of the month is known, and blind.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.table_of_judges import markdown
from benchmarks.worlds import KINDS, with_real_light
from gvio.config import Params


def main() -> None:
    import torch
    from threadpoolctl import threadpool_limits
    from tqdm import tqdm

    options = _options()
    torch.set_num_threads(1)
    results = json.loads(options.json.read_text()) if options.more and options.json.exists() else []
    with threadpool_limits(1), tqdm(_names(options), unit="world") as bar:
        for name in bar:
            bar.set_description(name)
            results.append(_measured(name, plain=not options.no_plain))
            options.json.parent.mkdir(parents=True, exist_ok=True)
            options.json.write_text(json.dumps(results, indent=1, sort_keys=True))
    print(markdown(results))
    for failed in (result for result in results if "error" in result):
        print(f"FAILED {failed['name']}: {failed['error']}")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, default=1, help="first seed of every kind")
    parser.add_argument("--repeats", type=int, default=1, help="worlds of every kind")
    parser.add_argument("--only", action="append", choices=KINDS, help="a kind of world; may be repeated")
    parser.add_argument("--no-plain", action="store_true", help="leave out the plain CNN, which is a second fit")
    parser.add_argument("--json", type=Path, default=Path("build/bench-judges.json"))
    parser.add_argument("--more", action="store_true", help="add to the results in the file")
    return parser.parse_args()


def _names(options: argparse.Namespace) -> list[str]:
    seeds = range(options.seed, options.seed + options.repeats)
    names = [f"{kind}/{seed}" for seed in seeds for kind in options.only or KINDS]
    return with_real_light(names)


def _measured(name: str, *, plain: bool) -> dict[str, object]:
    from benchmarks.measure_judges import measure_judges
    from benchmarks.worlds import make_world

    try:
        return measure_judges(make_world(name, Params()), plain=plain)
    except Exception as error:  # one world that fails must not take the others' results with it
        return {"name": name, "error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    main()
