"""Known-truth worlds for `bench_model.py`: simulated ones from a kind and a seed, or a pack on disk with `truth/`.

A simulated world is written as a pack in the true file formats and read back as any region is, so that nothing is
measured which a real region would not go through.
"""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from gvio.config import Params
from gvio.evaluate.protocols import Material
from gvio.ledger.rows import as_of
from gvio.ledger.sums import official_monthly, sums_matrix
from gvio.region.pack import read_pack
from gvio.region.urban import read_urban
from gvio.sample.build import build_samples
from gvio.simulate.pack import simulate_pack
from gvio.simulate.spec import WorldSpec
from gvio.sources.folder import open_stack
from gvio.types import FloatArray

SHARED = Path(__file__).resolve().parents[2] / "shared"
PACKS: Mapping[str, Path] = {
    "mumbai-rich": SHARED / "regions" / "mumbai-spike-in",
    "mumbai-few": SHARED / "regions" / "mumbai-spike-in-few",
}
"""The development packs: methods were tuned on them, so they are shown apart and never counted among the worlds."""

_SIZE: Mapping[str, Any] = {"first_month": "2014-01", "months": 96, "n_districts": 8, "n_factories": 500}
_CLEAN: Mapping[str, Any] = {
    "elasticity": 0.8, "elasticity_spread": 0.1, "dark_share": 0.02, "unmapped_share": 0.0, "position_error_m": 40.0,
    "led_share": 0.05, "gain_spread": 0.02, "stray_light": 0.0, "observations": 14.0, "cloud_season": 0.3,
    "factory_flicker": 0.04,
}  # fmt: skip
_HARD: Mapping[str, Any] = {
    "elasticity": 0.5, "elasticity_spread": 0.3, "dark_share": 0.15, "unmapped_share": 0.2, "position_error_m": 200.0,
    "led_share": 0.4, "gain_spread": 0.05, "stray_light": 0.6, "observations": 6.0, "cloud_season": 0.85,
    "factory_flicker": 0.12, "lights_on_share": 0.5, "common_shock_month": "2020-02",
}  # fmt: skip
KINDS: Mapping[str, Mapping[str, Any]] = {
    "clean-rich": _CLEAN | {"labels": "rich"},
    "clean-few": _CLEAN | {"labels": "few"},
    "hard-rich": _HARD | {"labels": "rich"},
    "hard-few": _HARD | {"labels": "few"},
}
"""Kinds of world and what makes them so."""


@dataclasses.dataclass(frozen=True, eq=False)
class BenchWorld:
    """A region with its truth: `material` as the evaluation sees it, all figures visible; `truth` (T, y, x) and
    `labels` (D, T) true output."""

    name: str
    material: Material
    truth: FloatArray
    labels: FloatArray


def make_world(name: str, params: Params) -> BenchWorld:
    """The world of a name: one of `PACKS`, a folder, or `<kind>/<seed>`."""
    if name in PACKS:
        return open_world(PACKS[name], name, params)
    if Path(name, "region.yaml").exists():
        return open_world(Path(name), Path(name).name, params)
    kind, _, seed = name.rpartition("/")
    spec = WorldSpec.model_validate({"name": kind, **_SIZE, **KINDS[kind]})
    with tempfile.TemporaryDirectory() as folder:
        simulate_pack(Path(folder), spec, int(seed))
        return open_world(Path(folder), name, params)


def open_world(folder: Path, name: str, params: Params) -> BenchWorld:
    """Read a pack and its truth."""
    pack = read_pack(folder)
    config = pack.config
    stack = open_stack(folder / config.ntl.source, config.ntl.product, config.bounds, config.start, None)[0]
    urban = read_urban(pack, stack.geobox)
    samples = build_samples(stack, pack.districts, pack.factories, urban, params.sample, config.area_crs, None)
    ledger = as_of(pack.ledger, max(pack.ledger.rows["published"]))
    sums = sums_matrix(ledger, samples.area_ids, config.city_id, samples.months)
    official, _ = official_monthly(ledger, samples.area_ids, config.city_id, samples.months)
    with np.load(folder / "truth" / "truth.npz", allow_pickle=False) as kept:
        truth, labels = kept["truth"].astype(np.float64), kept["labels"].astype(np.float64)
    return BenchWorld(name, Material(samples, sums, official[-1], params), truth, labels)
