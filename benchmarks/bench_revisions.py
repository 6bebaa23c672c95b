"""Does the predicted revision band hold what an estimate changes within a year? On worlds with known calendars.

    python -m benchmarks.bench_revisions [--kinds mild-few clean-few …] [--seeds 1 2] [--months 60] [--json FILE]

In every world a model is fitted at two origins and estimates as of the 10th of the month after: then the newest month
has light and no figure yet. A year later another model, fine-tuned on what became public since, estimates the same
months. Counted are district-months of the two years before the origin that had no figure of their own, and the city.
"""

from __future__ import annotations

import argparse
import dataclasses
import itertools
import json
import tempfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from benchmarks.worlds import BenchWorld, open_world, seed_of
from gvio.assimilate.foresight import Foresight, foresee
from gvio.assimilate.posterior import assimilate
from gvio.config import Params
from gvio.ledger.forward import YEAR
from gvio.ledger.rows import as_of
from gvio.ledger.sums import official_monthly, sums_matrix
from gvio.map.official import honour
from gvio.revisions.band import half_widths
from gvio.sample.samples import first_months
from gvio.simulate.pack import simulate_pack
from gvio.simulate.presets import preset_spec
from gvio.train.fit import Fitted, fit_model, lit_setting
from gvio.types import FloatArray

LOOKED_BACK = 24
DAY = 10  # of the month after: figures of the newest month come out later
SIZE = {"first_month": "2015-01", "n_districts": 8, "n_factories": 200}


@dataclasses.dataclass(frozen=True, eq=False)
class Published:
    """What a run at an origin publishes, its origin's months: `log` (D + 1, T) estimates, `half` (D + 1, T) predicted
    half-widths, `own` (D + 1, T) whether the area's own monthly figure is public; and the model."""

    log: FloatArray
    half: FloatArray
    foresight: Foresight
    own: FloatArray
    fitted: Fitted


@dataclasses.dataclass(frozen=True)
class Revision:
    """One estimate and what became of it; `age` in months at the origin."""

    world: str
    area: str
    age: int
    change: float
    half: float
    learned: float
    now: float


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--kinds", nargs="+", default=["mild-few", "clean-few", "hard-few", "mild-rich", "hard-rich", "clean-city"]
    )
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--months", type=int, default=60)
    parser.add_argument("--json", type=Path)
    asked = parser.parse_args()
    found: list[Revision] = []
    for kind in asked.kinds:
        for seed in asked.seeds:
            rows = list(measure(world_of(f"{kind}/revision-{seed}", asked.months)))
            found += rows
            print(f"{kind}/{seed}: {summary(rows)}", flush=True)
    print("all:", summary(found))
    for low, high in ((0, 0), (1, 2), (3, 5), (6, 11), (12, 23)):
        print(f"age {low}-{high}:", summary([r for r in found if low <= r.age <= high]))
    print("city:", summary([r for r in found if r.area == "CITY"]))
    if asked.json:
        asked.json.write_text(json.dumps([dataclasses.asdict(row) for row in found]))


def summary(rows: list[Revision]) -> str:
    """Share held, and how the band would have to be scaled."""
    if not rows:
        return "none"
    size, half = np.array([abs(r.change) for r in rows]), np.array([r.half for r in rows])
    scale = np.quantile(size / np.maximum(half, 1e-9), 0.8)
    held, wide, moved = np.mean(size <= half), half.mean(), size.mean()
    return f"n {len(rows)}, held {held:.3f}, half-width {wide:.4f}, |change| {moved:.4f}, 80 % at {scale:.2f} of it"


def world_of(name: str, months: int) -> BenchWorld:
    """A simulated world of a kind and a seed."""
    preset, _, labels = name.partition("/")[0].partition("-")
    with tempfile.TemporaryDirectory() as folder:
        simulate_pack(Path(folder), preset_spec(preset, labels=labels, months=months, **SIZE), seed_of(name))
        return open_world(Path(folder), name, Params())


def measure(world: BenchWorld) -> Iterator[Revision]:
    """Two origins, each against the estimate a year on."""
    n = len(world.material.samples.months)
    runs: list[tuple[int, Published]] = []
    start: Fitted | None = None
    for origin in (n - 2 * YEAR, n - YEAR, n):
        made = publish(world, origin, start)
        start = made.fitted
        runs.append((origin, made))
    areas = [*world.material.samples.area_ids, "CITY"]
    for (origin, one), (_, later) in itertools.pairwise(runs):
        for t in range(origin - LOOKED_BACK, origin):
            for a, area in enumerate(areas):
                if not one.own[a, t]:
                    change = float(later.log[a, t] - one.log[a, t])
                    spread = float(one.foresight.learned[a, t]), float(one.foresight.now[a, t])
                    yield Revision(world.name, area, origin - 1 - t, change, float(one.half[a, t]), *spread)


def publish(world: BenchWorld, origin: int, start: Fitted | None) -> Published:
    """What a run publishes that knows the first `origin` months and the figures public on its day."""
    material, params = world.material, world.material.params
    samples = first_months(material.samples, origin)
    day = (samples.months[-1] + 1).first_day.replace(day=DAY)
    ledger = as_of(world.ledger, day)
    sums = sums_matrix(ledger, samples.area_ids, "CITY", samples.months)
    fitted = fit_model(samples, sums, origin, params.model, params.sample.patch_px, start=start)
    setting, hyper = lit_setting(fitted, samples, sums), fitted.ensemble.hyper
    mean = assimilate(setting, hyper).mean
    official, _ = official_monthly(ledger, samples.area_ids, "CITY", samples.months)
    estimate = honour(mean, official)
    log = np.log(np.vstack([estimate, estimate.sum(axis=0)]))
    foresight = foresee(setting, hyper, mean)
    return Published(log, half_widths(foresight), foresight, np.isfinite(official), fitted)


if __name__ == "__main__":
    main()
