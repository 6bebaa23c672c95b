"""From a spoiled pack to the published numbers: refused, warned of by name, right all the same, or wrong in silence.

    python -m benchmarks.bench_published [--packs 10] [--seed 70000] [--only KIND ...]

Every pack is a small simulated region in the true file formats; one mistake of `benchmarks.mistakes` is made in its
`statistics.csv`. It is read and its figures are checked as by `validate`; where no check names the mistake, the stages
of the monthly run work on it: fetch, validate, sample, train, and the estimates of `map`. Evaluation, registry and
store are left out: on a first run they change no number. Prints a line for every pack, with how far it is off where it
was published wrong in silence, and the table of docs/measurements/mistakes.md.
"""

from __future__ import annotations

import argparse
import dataclasses
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import pandas as pd

from benchmarks.honest_ledgers import Honest, as_ledger
from benchmarks.mistakes import MISTAKES
from gvio.errors import GvioError
from gvio.ledger.sums import official_monthly
from gvio.map.intervals import gaussian_half_width
from gvio.map.official import honour
from gvio.run.artifacts import Fetched, Sampled
from gvio.run.context import Context, open_context
from gvio.run.made import Kept
from gvio.run.request import RunRequest
from gvio.simulate.pack import simulate_pack
from gvio.simulate.presets import preset_spec
from gvio.simulate.spec import WorldSpec
from gvio.stages.estimated import published_noise
from gvio.stages.fetch import fetch
from gvio.stages.sample import sample
from gvio.stages.sums import sums_of
from gvio.stages.train import train
from gvio.stages.validate import check_figures, look_at_industry, validate
from gvio.train.fit import estimate
from gvio.types import FloatArray, Month
from gvio.validate.statistics import check_districts_against_city

RIGHT = 0.05  # of every area's every year
PARAMS = """
model: {epochs: 2, finetune_epochs: 1, seeds: 1, hyper_months: 24, channels: 2}
"""
OUTCOMES = ("refused", "warned", "right", "silent")


@dataclasses.dataclass(frozen=True, eq=False)
class Published:
    """Why a pack was `refused` ("" if not), checks that `failed`, and its `estimate` (D + 1, T), the city last."""

    refused: str
    failed: frozenset[str]
    estimate: FloatArray | None


@dataclasses.dataclass(frozen=True, eq=False)
class Pack:
    """An honest pack on disk, its world for the mistakes (`sizes` as pack and light say), and what it leads to."""

    folder: Path
    world: Honest
    honest: Published


@dataclasses.dataclass(frozen=True)
class Case:
    """One spoiled pack: `outcome` of `OUTCOMES`, `why`, and how far the worst year of any area is off."""

    outcome: str
    why: str
    worst: float
    area: str


def small_spec(seed: int) -> WorldSpec:
    """Three and a half to four and a half years of six to nine districts under light of 48 by 38 pixels."""
    rng = np.random.default_rng([seed, 21])
    return preset_spec(
        str(rng.choice(["mild", "clean", "hard"])),
        bounds=(121.0, 31.0, 121.2, 31.16),
        labels=str(rng.choice(["rich", "few", "city"])),
        first_month="2016-01",
        months=int(rng.integers(50, 63)),
        n_districts=int(rng.integers(6, 10)),
        n_factories=int(rng.integers(80, 180)),
        new_year_dip=float(rng.choice([0.0, 0.6])),
        season=float(rng.choice([0.04, 0.2])),
    )


def make_pack(folder: Path, seed: int) -> Pack:
    """Simulate, write and publish an honest pack."""
    made = simulate_pack(folder / "pack", small_spec(seed), seed)
    (folder / "params.yaml").write_text(PARAMS, encoding="utf-8")
    ids = tuple(str(area) for area in made.places.districts["area_id"])
    spec, context = made.spec, _context(folder)
    _, _, sizes = look_at_industry(context.places, fetch(context).stack.get())
    world = Honest(as_ledger(made.statistics), ids, made.labels, spec.span[0], spec.labels, sizes)
    return Pack(folder, world, publish(folder))


def _context(folder: Path) -> Context:
    """The run of the day on which everything is public."""
    day = pd.read_csv(folder / "pack" / "statistics.csv", dtype=str)["published"].max()
    places = {name: str(folder / name) for name in ("pack", "store", "workspace")}
    return open_context(RunRequest(**places, params_file=str(folder / "params.yaml"), as_of=day))


def publish(folder: Path) -> Published:
    """The monthly run up to its numbers."""
    try:
        context = _context(folder)
        fetched = fetch(context)
        checked = validate(context, fetched)
    except GvioError as error:
        return Published(str(error), frozenset(), None)
    failed = {result.name for result in checked.head.results if not result.passed}
    estimate, contradicts = _numbers(context, fetched, sample(context, fetched, checked))
    return Published("", frozenset(failed | contradicts), estimate)


def look(pack: Pack) -> Case | None:
    """What reading and the checks of the figures say; None where nothing that they do not say of the honest pack."""
    try:
        results = check_figures(_context(pack.folder), pack.world.sizes)
    except GvioError as error:
        return Case("refused", str(error), np.nan, "")
    failed = [result for result in results if not result.passed and result.name not in pack.honest.failed]
    if any(result.required for result in results if not result.passed):
        return Case("refused", ", ".join(r.name for r in results if r.required and not r.passed), np.nan, "")
    return Case("warned", ", ".join(result.name for result in failed), np.nan, "") if failed else None


def _numbers(context: Context, fetched: Fetched, sampled: Sampled) -> tuple[FloatArray, set[str]]:
    """Estimates as `gvio.stages.map` publishes them, and the check of them against the figures if it fails."""
    trained = train(context, fetched, sampled, Kept(lambda: None))
    samples, sums = sampled.samples.get(), sums_of(context, sampled)
    fitted, city = trained.package.get().fitted, context.config.city_id
    official, _ = official_monthly(context.ledger, samples.area_ids, city, samples.months, context.places.groups)
    districts = honour(estimate(fitted, samples, sums).mean, official)
    tolerance = gaussian_half_width(95) * published_noise(fitted)
    check = check_districts_against_city(sums, districts, (*samples.area_ids, city), samples.months, tolerance)
    return np.vstack([districts, districts.sum(axis=0)]), set() if check.passed else {check.name}


def spoil(pack: Pack, kind: str, seed: int) -> Case | None:
    """Make one mistake in the pack, publish it, and put the honest figures back; None where it has no place."""
    rows = MISTAKES[kind](pack.world, np.random.default_rng([seed, 10]))
    if rows is None or len(rows) < 3:
        return None
    path = pack.folder / "pack" / "statistics.csv"
    honest = path.read_bytes()
    write_rows(path, rows)
    try:
        return look(pack) or judge(pack, publish(pack.folder))
    finally:
        path.write_bytes(honest)


def write_rows(path: Path, rows: pd.DataFrame) -> None:
    """Rows of a ledger as `statistics.csv`."""
    months = {name: [str(Month.from_ordinal(int(o))) for o in rows[name]] for name in ("start", "end")}
    days = [
        max(day, Month.from_ordinal(int(end)).last_day).isoformat()
        for day, end in zip(rows["published"], rows["end"], strict=True)
    ]
    rows.assign(**months, published=days).to_csv(path, index=False, lineterminator="\n")


def judge(pack: Pack, found: Published) -> Case:
    """What became of a spoiled pack beside the honest one."""
    if found.refused:
        return Case("refused", found.refused, np.nan, "")
    new = found.failed - pack.honest.failed
    if new:
        return Case("warned", ", ".join(sorted(new)), np.nan, "")
    off = year_errors(found.estimate, pack.honest.estimate, pack.world.first)
    area, _ = np.unravel_index(np.argmax(np.abs(off)), off.shape)
    worst, name = float(off.flat[np.argmax(np.abs(off))]), (*pack.world.area_ids, "CITY")[int(area)]
    return Case("right" if abs(worst) <= RIGHT else "silent", "", worst, name)


def year_errors(estimate: FloatArray, honest: FloatArray, first: Month) -> FloatArray:
    """(A, years) every area's calendar year over the honest pack's, less one."""
    years = (first.ordinal + np.arange(honest.shape[1])) // 12
    sums = [[each[:, years == year].sum(axis=1) for year in np.unique(years)] for each in (estimate, honest)]
    return np.asarray(np.array(sums[0]) / np.array(sums[1]) - 1).T


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--packs", type=int, default=10)
    parser.add_argument("--seed", type=int, default=70000)
    parser.add_argument("--only", nargs="*", choices=list(MISTAKES), default=list(MISTAKES))
    args = parser.parse_args()
    found: dict[str, list[Case]] = defaultdict(list)
    for seed in range(args.seed, args.seed + args.packs):
        with tempfile.TemporaryDirectory() as folder:
            pack = make_pack(Path(folder), seed)
            print(f"pack {seed}: {pack.world.labels}, {len(pack.world.area_ids)} districts", end="", flush=True)
            if pack.honest.refused:
                print(f", honest and refused: {pack.honest.refused}", flush=True)
                continue
            print(f", warnings {sorted(pack.honest.failed)}", flush=True)
            for kind in args.only:
                case = spoil(pack, kind, seed)
                if case is not None:
                    found[kind].append(case)
                    off = f": area {case.area} {case.worst:+.0%} in its worst year" * (case.outcome == "silent")
                    print(f"  {kind} {case.outcome}{off}", flush=True)
    print("\n| Mistake | Packs | Refused | Warned of | Right | Wrong in silence | Worst year |\n" + "| --- " * 7 + "|")
    for kind, cases in found.items():
        counts = " | ".join(str(sum(case.outcome == name for case in cases)) for name in OUTCOMES)
        worst = [abs(case.worst) for case in cases if case.outcome == "silent"]
        print(f"| {kind.replace('_', ' ')} | {len(cases)} | {counts} | {f'{max(worst):.0%}' if worst else ''} |")


if __name__ == "__main__":
    main()
