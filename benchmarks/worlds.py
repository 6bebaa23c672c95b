"""Known-truth worlds for `bench_model.py`: simulated ones from a kind and a seed, or a pack on disk with `truth/`.

A simulated world is written as a pack in the true file formats and read back as any region is, so that nothing is
measured which a real region would not go through.
"""

from __future__ import annotations

import dataclasses
import hashlib
import os
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.mumbai_base import CUBES, write_base
from gvio.config import Params
from gvio.evaluate.fold import Material
from gvio.ledger.rows import Ledger, as_of
from gvio.ledger.sums import official_monthly, sums_matrix
from gvio.region.pack import read_pack
from gvio.region.urban import read_urban
from gvio.sample.build import build_samples
from gvio.simulate.onto import conform, read_base
from gvio.simulate.pack import plant_pack, simulate_pack
from gvio.simulate.presets import preset_spec
from gvio.simulate.spec import WorldSpec
from gvio.simulate.world import World, simulate_world
from gvio.sources.folder import open_stack
from gvio.types import FloatArray, Month

SHARED = Path(__file__).resolve().parents[2] / "shared"
PACKS: Mapping[str, Path] = {
    "mumbai-rich": SHARED / "regions" / "mumbai-spike-in",
    "mumbai-few": SHARED / "regions" / "mumbai-spike-in-few",
}
"""The development packs: methods were tuned on them, so they are shown apart and never counted among the worlds."""

BASE = Path("build") / "mumbai-base"
"""Real light as product files, made once from the cubes in `../shared` (`mumbai_base.py`)."""

_SIZE: Mapping[str, Any] = {"first_month": "2014-01", "months": 96, "n_districts": 8, "n_factories": 500}
_PRESETS = {"mild": "mild", "clean": "clean", "hard": "hard", "spike": "spike-in", "none": "no-information"}
KINDS = tuple(f"{preset}-{labels}" for preset in ("mild", "clean", "hard", "spike") for labels in ("rich", "few"))
"""Kinds of world that are measured by default."""
OTHER_KINDS = ("none-rich", "none-few")
"""Light without any information: skill there would be a fault."""


@dataclasses.dataclass(frozen=True, eq=False)
class BenchWorld:
    """A region with its truth: `material` as the evaluation sees it, all figures visible; `truth` (T, y, x) and
    `labels` (D, T) true output; `ledger` every vintage of every figure, with the day it became public."""

    name: str
    material: Material
    truth: FloatArray
    labels: FloatArray
    ledger: Ledger


def make_world(name: str, params: Params) -> BenchWorld:
    """The world of a name: one of `PACKS`, a folder, or `<kind>/<seed>`."""
    if name in PACKS:
        return open_world(PACKS[name], name, params)
    if Path(name, "region.yaml").exists():
        return open_world(Path(name), Path(name).name, params)
    preset, spec = _spec(name)
    with tempfile.TemporaryDirectory() as folder:
        if preset == "spike":
            plant_pack(Path(folder), BASE, spec, seed_of(name))
        else:
            simulate_pack(Path(folder), spec, seed_of(name))
        return open_world(Path(folder), name, params)


def simulated(name: str) -> World:
    """The same world with all that a pack does not tell: every factory's output and light."""
    preset, spec = _spec(name)
    if preset != "spike":
        return simulate_world(spec, seed_of(name))
    base = read_base(BASE, spec)
    return simulate_world(conform(spec, base.stack, base.settings), seed_of(name), base.districts, base.stack)


def _spec(name: str) -> tuple[str, WorldSpec]:
    preset, _, labels = name.rpartition("/")[0].partition("-")
    return preset, preset_spec(_PRESETS[preset], labels=labels, **_SIZE)


def seed_of(name: str) -> int:
    """Every world of its own: one seed in another kind draws another economy."""
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big")


def make_base() -> bool:
    """Write the real light once; False where it is not on this machine."""
    if not (CUBES / "mumbai_radiance.nc").is_file():
        return False
    if not BASE.is_dir():
        half = BASE.with_name(f"{BASE.name}.{os.getpid()}")
        write_base(half, Month(2014, 1), Month(2021, 12))
        half.rename(BASE)
    return True


def with_real_light(names: list[str]) -> list[str]:
    """The worlds that can be made here: those on real light are left out, and named, where it is not."""
    real = [name for name in names if name.startswith("spike-")]
    if not real or make_base():
        return names
    print(f"LEFT OUT, the real light under ../shared is not on this machine: {', '.join(real)}")
    return [name for name in names if name not in real]


def open_world(folder: Path, name: str, params: Params) -> BenchWorld:
    """Read a pack and its truth."""
    pack = read_pack(folder)
    config = pack.config
    stack = open_stack(folder / config.ntl.source, config.ntl.product, config.bounds, config.start, None)[0]
    urban = read_urban(pack, stack.geobox)
    samples = build_samples(
        stack,
        pack.districts,
        pack.factories,
        urban,
        params.sample,
        config.area_crs,
        None,
        calendar=config.working_calendar,
    )
    ledger = as_of(pack.ledger, max(pack.ledger.rows["published"]))
    sums = sums_matrix(ledger, samples.area_ids, config.city_id, samples.months)
    official, _ = official_monthly(ledger, samples.area_ids, config.city_id, samples.months)
    with np.load(folder / "truth" / "truth.npz", allow_pickle=False) as kept:
        truth, labels = kept["truth"].astype(np.float64), kept["labels"].astype(np.float64)
    return BenchWorld(name, Material(samples, sums, official[-1], params), truth, labels, pack.ledger)
