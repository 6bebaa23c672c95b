"""When should a model learn again? Policies side by side on the same months, as of each look.

    python -m benchmarks.bench_policy [--worlds clean-few mild-rich hard-few] [--seed 1] [--months 96]
                                      [--policies never monthly …] [--rows FILE]
    python -m benchmarks.bench_policy --table FILE…

A month has two looks. On the 16th its light is there and no figure of it: that is the first estimate. On the 20th the
figures that came out on the 17th are there: then a policy may train, and what it trained must not be worse than the
champion beyond noise (`recent_errors` as in `gvio.stages.decide`). Errors are against the world's true output. Interval
factors come from rolling origins, made each January; a champion carries those of the day on which it was made.
Publishing and the rest of the evaluation are left out: they are the same for all.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import json
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np

from benchmarks.policy_life import Life, Look, look_at, table_of_january
from benchmarks.policy_table import tell
from benchmarks.worlds import BenchWorld, open_world
from gvio.config import Params
from gvio.ledger.rows import as_of
from gvio.sample.samples import Samples, first_months
from gvio.simulate.pack import simulate_pack
from gvio.simulate.presets import preset_spec
from gvio.stages.workers import one_thread_each
from gvio.train.looked import forget_light
from gvio.types import FloatArray, Month

FIRST, HISTORY = Month(2013, 1), 24
SIZE = {"first_month": str(FIRST), "n_districts": 6, "n_factories": 200}
LIGHT_ONLY, FIGURES = 16, 20
POLICIES = ("never", "fine-tune", "retrain", "drift", "rule", "january")
YEAR = 12


@dataclasses.dataclass(frozen=True)
class Row:
    """One estimate of the newest month of a look; `error` and `change_error` logs of estimate over truth, of the level
    and of the change over twelve months; `half80` half-width of the interval, `raw80` the same of the posterior at its
    word."""

    world: str
    policy: str
    month: str
    day: int
    area: str
    error: float
    change_error: float
    half80: float
    raw80: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--worlds", nargs="+", default=["clean-few", "mild-rich", "hard-few"])
    parser.add_argument("--policies", nargs="+", default=list(POLICIES), choices=POLICIES)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--months", type=int, default=96, help="months lived")
    parser.add_argument("--rows", type=Path, help="where rows and costs go, as JSON")
    parser.add_argument("--folder", type=Path, default=Path("build/policy"), help="where worlds are kept")
    parser.add_argument("--table", nargs="+", type=Path, help="print the table of rows measured before, and end")
    asked = parser.parse_args()
    if asked.table:
        tell([json.loads(path.read_text()) for path in asked.table])
        return
    one_thread_each()
    worlds = [world_of(name, asked.seed, asked.months, asked.folder) for name in asked.worlds]
    lives = [{policy: Life(policy) for policy in asked.policies} for _ in worlds]
    rows = list[Row]()
    for month in zip(*(lived(world, of) for world, of in zip(worlds, lives, strict=True)), strict=True):
        rows += [row for world in month for row in world]
        costs = [{"world": w.name, **life.cost()} for w, of in zip(worlds, lives, strict=True) for life in of.values()]
        found = {"rows": [dataclasses.asdict(row) for row in rows], "costs": costs}
        if asked.rows:  # after every month: a measurement of hours may be stopped
            asked.rows.write_text(json.dumps(found))
    tell([found])


def world_of(name: str, seed: int, months: int, folder: Path) -> BenchWorld:
    """A world of a preset and labels, made once."""
    preset, _, labels = name.partition("-")
    place = folder / f"{name}-{seed}-{months}"
    if not (place / "truth" / "truth.npz").exists():
        simulate_pack(place, preset_spec(preset, labels=labels, months=HISTORY + months, **SIZE), seed)
    return open_world(place, name, Params())


def lived(world: BenchWorld, lives: Mapping[str, Life]) -> Iterator[list[Row]]:
    """The estimates of every month's looks, every policy at each of them."""
    whole, labels = world.material.samples, world.labels
    truth = np.log(np.vstack([labels, labels.sum(axis=0)]))
    params, table = world.material.params, None
    for t in range(HISTORY, len(whole.months)):
        samples, began, rows = first_months(whole, t + 1), time.monotonic(), list[Row]()
        if samples.months[-1].month == 1:
            table = table_of_january(known_on(world, samples, LIGHT_ONLY))
        for day in (LIGHT_ONLY, FIGURES):
            look = known_on(world, samples, day)
            for life in lives.values():
                if day == FIGURES or life.champion is None:
                    life.learn(look, params, table)
                if t > HISTORY:  # in the first month all have the same model
                    rows += rows_of(world.name, life, look, day, truth[:, : t + 1])
        forget_light()  # the next month's is another world's
        print(f"{world.name} {samples.months[-1]} {time.monotonic() - began:.1f} s", flush=True)
        yield rows


def known_on(world: BenchWorld, samples: Samples, day: int) -> Look:
    """What a look on a day of the month after the newest month knows."""
    at: dt.date = (samples.months[-1] + 1).first_day.replace(day=day)
    return look_at(samples, as_of(world.ledger, at), world.material.params)


def rows_of(name: str, life: Life, look: Look, day: int, truth: FloatArray) -> Iterator[Row]:
    """The estimates of the newest month of a look against the truth (D + 1, T), the city last."""
    said = life.estimate(look)
    log = np.log(said.estimates.estimate)
    error = log - truth
    change = error[:, -1] - error[:, -1 - YEAR]
    half = np.log(said.estimates.upper[80][:, -1]) - log[:, -1]
    for i, area in enumerate((*look.samples.area_ids, "CITY")):
        yield Row(
            world=name,
            policy=life.policy,
            month=str(look.samples.months[-1]),
            day=day,
            area=area,
            error=float(error[i, -1]),
            change_error=float(change[i]),
            half80=float(half[i]),
            raw80=float(said.raw80[i]),
        )


if __name__ == "__main__":
    main()
