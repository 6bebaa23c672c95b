"""What one estimate costs, and learning its hyperparameters, by districts and months.

    python -m benchmarks.bench_estimate [--districts 8 16 32 64 128 340] [--months 48 96 155 300]

Each case runs in a process of its own, on one core: CPU seconds of a warm estimate, of learning (window of 96 months),
peak memory. Beside them the factorisation alone of the one dense Gaussian over all observations, which is the same
estimate, up to `DENSE` observations. Districts publish every month, with the city; light is seen in 80 %.
"""

from __future__ import annotations

import argparse
import dataclasses
import datetime as dt
import json
import resource
import subprocess
import sys
import time

import numpy as np
import pandas as pd
import scipy.linalg
import torch
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from gvio.assimilate.calendar import calendar_features
from gvio.assimilate.hyper import START
from gvio.assimilate.learn import learn_hyper
from gvio.assimilate.observed import Measurement, Setting
from gvio.assimilate.posterior import assimilate
from gvio.ledger.rows import COLUMNS, Ledger
from gvio.ledger.sums import sums_matrix
from gvio.types import FloatArray, Month

FIRST = Month(2014, 1)
DENSE = 6000
LEARN = 64  # districts up to which learning is measured


@dataclasses.dataclass(frozen=True)
class Cost:
    """CPU seconds, and the process's peak memory in MiB; None where it was not measured."""

    districts: int
    months: int
    estimate: float
    learning: float | None
    dense: float | None
    peak_mib: float


def setting_of(n_areas: int, n_months: int, seed: int = 0) -> Setting:
    """A world of walks and seasons: monthly figures of all districts and the city, and light."""
    rng = np.random.default_rng(seed)
    x: FloatArray = 3 + 0.6 * rng.standard_normal((n_areas, 1)) + np.resize(0.1 * rng.standard_normal(12), n_months)
    x = x + np.cumsum(0.01 * rng.standard_normal(n_months)) + np.cumsum(0.02 * rng.standard_normal(x.shape), axis=1)
    values = np.vstack([np.exp(x), np.exp(x).sum(axis=0)]) * np.exp(0.01 * rng.standard_normal((n_areas + 1, n_months)))
    names, months = [*(f"D{d}" for d in range(n_areas)), "CITY"], [FIRST + t for t in range(n_months)]
    area, month = (grid.ravel() for grid in np.meshgrid(range(n_areas + 1), range(n_months), indexing="ij"))
    table = pd.DataFrame({"area_id": [names[a] for a in area], "start": FIRST.ordinal + month})
    table = table.assign(end=table["start"], value=values.ravel(), kind="current", series="", source="")
    ledger = Ledger(table.assign(published=dt.date(2040, 1, 1))[list(COLUMNS)])
    z = np.where(rng.random(x.shape) < 0.8, 0.3 * x + 0.05 * rng.standard_normal(x.shape), np.nan)
    sums = sums_matrix(ledger, names[:-1], "CITY", months)
    light = Measurement(z, np.full(x.shape, 0.7))
    return Setting(sums, light, np.full(n_areas, 1 / n_areas), calendar_features(months))


def measure(n_areas: int, n_months: int) -> Cost:
    """One case, in this process."""
    assimilate(setting_of(2, 24), START)  # libraries warm up
    setting = setting_of(n_areas, n_months)
    begun = time.process_time()
    assimilate(setting, START)
    estimate, learning = time.process_time() - begun, None
    if n_areas <= LEARN:
        begun = time.process_time()
        learn_hyper(setting, window=96)
        learning = time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return Cost(n_areas, n_months, estimate, learning, _dense(setting), peak)


def _dense(setting: Setting) -> float | None:
    """CPU seconds of factoring a covariance of all observations, once."""
    light = setting.light
    n = len(setting.sums.values) + (0 if light is None else int(np.isfinite(light.z).sum()))
    if n > DENSE:
        return None
    covariance = np.eye(n) + 1e-3
    with threadpool_limits(1):
        begun = time.process_time()
        scipy.linalg.cho_factor(covariance, overwrite_a=True, check_finite=False)
        return time.process_time() - begun


def elsewhere(n_areas: int, n_months: int) -> Cost:
    command = [sys.executable, "-m", "benchmarks.bench_estimate", "--one", str(n_areas), str(n_months)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return Cost(**json.loads(done.stdout))


def _row(cost: Cost) -> str:
    cells = [f"{v:.2f}" if v is not None else "–" for v in (cost.estimate, cost.learning, cost.dense)]
    return f"| {cost.districts} × {cost.months} | {' | '.join(cells)} | {cost.peak_mib:.0f} |"


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--districts", type=int, nargs="+", default=[8, 16, 32, 64, 128, 340])
    parser.add_argument("--months", type=int, nargs="+", default=[48, 96, 155, 300])
    parser.add_argument("--one", type=int, nargs=2, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.one:
        torch.set_num_threads(1)  # as gvio runs: folds side by side, each on one core
        print(json.dumps(dataclasses.asdict(measure(*given.one))))
        return
    cases = [(d, 155) for d in given.districts] + [(16, t) for t in given.months if t != 155]
    print("| Districts × months | One estimate | Learning | Dense factorisation alone, once | Peak MiB |")
    print("| --- | --- | --- | --- | --- |")
    for case in cases:
        print(_row(elsewhere(*case)), flush=True)


if __name__ == "__main__":
    main()
