"""What intervals of changes hold in worlds whose truth is known: the joint ones, and bound against bound.

    python -m benchmarks.bench_changes mild-rich/1 hard-few/1 [--epochs 3] [--members 1]

A model is fitted two years before the end; at six later origins, with the figures public by then, the change of every
district and of the city is estimated for months after the last figure of a district, against the month before and the
same month a year before. Prints a row for every kind of change: how many true changes the 80 % intervals held, their
mean half-width in per cent, which part of changes lies beyond noise, and which part of those has the right sign.
"""

from __future__ import annotations

import argparse
from collections import defaultdict

import numpy as np

from benchmarks.measure_world import AHEAD, ORIGINS, SETTINGS, fit_world, published_then, residuals_then
from benchmarks.worlds import BenchWorld, make_world
from gvio.config import ModelParams, Params
from gvio.evaluate.interval_calibration import learn_table
from gvio.types import FloatArray

HORIZONS = (1, 2, 3, 6, 12)
Rows = dict[tuple[str, str, int], list[FloatArray]]


def changes_of(world: BenchWorld) -> Rows:
    """By setting, area and months back: rows of true change, estimated change, joint and widest half-width."""
    start = len(world.material.samples.months) - AHEAD
    fitted, residuals = fit_world(world, start), residuals_then(world, start)
    truth = np.log(np.concatenate([world.labels, world.labels.sum(axis=0, keepdims=True)]))
    found: Rows = defaultdict(list)
    for setting, goes_on in SETTINGS.items():
        for origin in (start + later for later in ORIGINS):
            table = learn_table(residuals.take(residuals.end < origin))
            mean, half, joint = published_then(world, fitted, origin, table, goes_on=goes_on)
            for t in (origin + ahead - 1 for ahead in HORIZONS if origin + ahead - 1 < truth.shape[1]):
                for back, width in joint.items():
                    before = t - back
                    columns = (truth[:, t] - truth[:, before], mean[:, t] - mean[:, before], width[:, t])
                    rows = np.stack([*columns, half[:, t] + half[:, before]], axis=1)
                    found[setting, "districts", back].append(rows[:-1])
                    found[setting, "city", back].append(rows[-1:])
    return found


def table_row(key: tuple[str, str, int], parts: list[FloatArray]) -> str:
    """A line of the table of docs/measurements/intervals.md."""
    true, told, joint, widest = np.concatenate(parts).T
    cells = [f"{' '.join(map(str, key[:2]))}, {key[2]}", str(len(true))]
    for width in (joint, widest):
        beyond = np.abs(told) > width
        right = np.mean(np.sign(told[beyond]) == np.sign(true[beyond])) if beyond.any() else np.nan
        held = np.mean(np.abs(true - told) <= width)
        cells += [f"{held:.2f}", f"{100 * width.mean():.1f} %", f"{beyond.mean():.2f}", f"{right:.2f}"]
    return f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("worlds", nargs="+")
    parser.add_argument("--epochs", type=int, default=ModelParams().epochs)
    parser.add_argument("--members", type=int, default=ModelParams().seeds)
    args = parser.parse_args()
    params = Params(model=ModelParams(epochs=args.epochs, seeds=args.members))
    every: Rows = defaultdict(list)
    for name in args.worlds:
        for key, parts in changes_of(make_world(name, params)).items():
            every[key] += parts
            print(f"{name}: {table_row(key, parts)}", flush=True)
    head = ["held", "half-width", "beyond noise", "right sign"]
    print("| " + " | ".join(["Change", "n", *(f"joint: {h}" for h in head), *(f"widest: {h}" for h in head)]) + " |")
    for key, parts in every.items():
        print(table_row(key, parts))


if __name__ == "__main__":
    main()
