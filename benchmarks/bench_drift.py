"""How often is drift told where there is none, and how soon where it is planted?

    python -m benchmarks.bench_drift --seeds 101 102 [--kinds plain lockdown clean hard mild] [--json FILE]

Light: simulated worlds of 16 districts and fifteen years, the first five to learn from. What is planted is planted on
the simulated light of a month s: all of it 10 % higher or lower, the lamps of a connected third of the urban pixels
dimmed, another processing without a word in the names. Figures: see `benchmarks/drift_figures.py`. With `--packs` the
alarms on the light of packs on disk are listed instead; what is true there nobody knows.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from scipy import ndimage

from benchmarks.worlds import open_world
from gvio.config import Params
from gvio.drift.light import LightSeries, light_series
from gvio.drift.monitors import LIGHT_RULES, watch_light
from gvio.simulate.presets import preset_spec
from gvio.simulate.spec import WorldSpec
from gvio.simulate.world import World, simulate_world
from gvio.types import FloatArray

BEFORE, JUDGED = 60, 120
SIZE = {
    "first_month": "2010-01",
    "months": BEFORE + JUDGED,
    "n_districts": 16,
    "n_factories": 500,
    "bounds": (121.0, 31.0, 121.6, 31.45),
    # lamps that change, processing that changes, and factories that stop are planted, never honest
    "led_share": 0.0,
    "regime_month": None,
    "shutdowns_per_year": 0.0,
    "births_share": 0.0,
    "closures_share": 0.0,
}
KINDS = ("plain", "lockdown", "clean", "hard", "mild")
GAIN, LED, BACKGROUND = 0.10, 0.8, 0.3
PLANTS = ("gain up", "gain down", "led", "processing")


def spec_of(kind: str) -> WorldSpec:
    """The world of a kind: a preset, or the defaults, with a lockdown in one."""
    if kind in ("plain", "lockdown"):
        shock = {"common_shock_month": "2017-03"} if kind == "lockdown" else {}
        return WorldSpec(**SIZE, **shock)
    return preset_spec(kind, **SIZE)


def series_of(world: World, radiance: FloatArray) -> LightSeries:
    """The series that a run would watch: of places on the map."""
    places, known = world.places, np.flatnonzero(world.mapped)
    rows, cols = places.row[known], places.col[known]
    return light_series(radiance, world.observations, places.owner, rows, cols, len(places.districts))


def planted(world: World, plant: str, month: int, seed: int) -> FloatArray:
    """(T, y, x) the world's light with something planted from a month on."""
    radiance = world.radiance.copy()
    if plant.startswith("gain"):
        radiance[month:] *= 1 + GAIN if plant == "gain up" else 1 / (1 + GAIN)
    elif plant == "led":
        urban = world.places.urban.astype(bool)
        quarter = ndimage.gaussian_filter(np.random.default_rng([seed, 99]).standard_normal(urban.shape), 12.0)
        lamps = urban & (quarter <= np.quantile(quarter[urban], 1 / 3))
        radiance[month:, lamps] *= LED
    else:
        radiance[month:] += BACKGROUND
    return radiance


@dataclasses.dataclass(frozen=True)
class Found:
    """One world: alarms of the honest decade by monitor, and months until each plant was told; None: not in a year."""

    kind: str
    seed: int
    false: dict[str, int]
    delays: dict[str, int | None]
    by: dict[str, str]


def measure(kind: str, seed: int) -> Found:
    """Watch a world as it is, and with each plant."""
    world = simulate_world(spec_of(kind), seed)
    calendar = np.array([month.month for month in world.spec.span])
    month = int(np.random.default_rng([seed, 98]).integers(BEFORE + 6, BEFORE + JUDGED - 14))
    honest = list(alarms(series_of(world, world.radiance), calendar))
    false = {name: sum(n == name and at >= BEFORE for n, at in honest) for name in LIGHT_RULES}
    delays, by = dict[str, int | None](), dict[str, str]()
    for plant in PLANTS:
        told = [
            (at - month + 1, name)
            for name, at in alarms(series_of(world, planted(world, plant, month, seed)), calendar)
            if month <= at < month + 12 and (name, at) not in honest
        ]
        delays[plant], by[plant] = min(told) if told else (None, "")
    return Found(kind, seed, false, delays, by)


def alarms(series: LightSeries, calendar: np.ndarray) -> Iterator[tuple[str, int]]:
    """Name of the monitor and month of every alarm."""
    for name, watched in watch_light(series, calendar).items():
        for shift in watched.shifts:
            yield name, shift.at


def tell_pack(folder: Path) -> None:
    """Every alarm on the light of a pack."""
    samples = open_world(folder, folder.name, Params()).material.samples
    place = samples.owner, samples.row, samples.col, len(samples.area_ids)
    calendar = np.array([month.month for month in samples.months])
    for name, watched in watch_light(light_series(samples.radiance, samples.observations, *place), calendar).items():
        spread = float(np.nanstd(watched.errors))
        print(f"{folder.name} {name}: {len(watched.shifts)} alarms, spread of standardised errors {spread:.2f}")
        for one in watched.shifts:
            area = samples.area_ids[one.series] if name.endswith("districts") else "city"
            print(f"   {area} {one.size:+.2f} since {samples.months[one.since]}, told by {samples.months[one.at]}")


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--kinds", nargs="+", default=list(KINDS))
    parser.add_argument("--seeds", nargs="+", type=int, default=[1, 2])
    parser.add_argument("--json", type=Path)
    parser.add_argument("--packs", nargs="+", type=Path)
    asked = parser.parse_args()
    if asked.packs:
        for folder in asked.packs:
            tell_pack(folder)
        return
    found = []
    for kind in asked.kinds:
        for seed in asked.seeds:
            found.append(measure(kind, seed))
            print(found[-1], flush=True)
        tell(kind, [one for one in found if one.kind == kind])
    tell("all", found)
    if asked.json:
        asked.json.write_text(json.dumps([dataclasses.asdict(one) for one in found]))


def tell(name: str, found: list[Found]) -> None:
    """False alarms in ten years, and the share of plants told within 1, 2, 3, 6 and 12 months."""
    per = {rule: round(float(np.mean([one.false[rule] for one in found])), 3) for rule in LIGHT_RULES}
    total = [sum(one.false.values()) for one in found]
    print(f"== {name}: {len(found)} worlds; false alarms in ten years {np.mean(total):.2f} {per}, most {max(total)}")
    for plant in PLANTS:
        delay = np.array([np.inf if (d := one.delays[plant]) is None else d for one in found])
        shares = {within: round(float((delay <= within).mean()), 2) for within in (1, 2, 3, 6, 12)}
        print(f"   {plant}: {shares}")


if __name__ == "__main__":
    main()
