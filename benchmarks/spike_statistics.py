"""Are fresh spike-in worlds of the same kind as the development packs? The numbers that decide it, side by side.

    python benchmarks/spike_statistics.py --seeds 16

Needs `../shared` (real light and packs, which are not part of the repository).
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np
from mumbai_base import CUBES, write_base
from scipy import ndimage

from gvio.simulate.onto import read_base
from gvio.simulate.presets import preset_spec
from gvio.simulate.spec import WorldSpec
from gvio.simulate.world import World, simulate_world
from gvio.types import FloatArray, LightStack, Month

PACKS = Path(__file__).parents[2] / "shared" / "regions"
NAMES = ("mumbai-spike-in", "mumbai-spike-in-few")
BLOOMING_PX = 0.9
PROBE = slice(0, 12)  # months from which single factories' light is recovered

Truth = dict[str, Any]


def main() -> int:
    """Print the table; 0 on success, 2 where the real light is absent."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=8)
    args = parser.parse_args()
    if not CUBES.is_dir() or not all((PACKS / name).is_dir() for name in NAMES):
        print(f"no {CUBES} or no packs under {PACKS}: nothing to compare with on this machine", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        write_base(Path(folder), Month(2014, 1), Month(2021, 12))
        base = read_base(folder, WorldSpec()).stack
    packs = [statistics(pack_truth(PACKS / name), base) for name in NAMES]
    spec = preset_spec("spike-in")
    worlds = [statistics(world_truth(simulate_world(spec, seed, base=base)), base) for seed in range(args.seeds)]
    print(f"| {'':38s} | pack rich | pack few | mean of {args.seeds} | least | most |\n|---|---|---|---|---|---|")
    for name in packs[0]:
        values = [world[name] for world in worlds]
        cells = [*(pack[name] for pack in packs), float(np.mean(values)), min(values), max(values)]
        print(f"| {name:38s} | {' | '.join(f'{cell:.3g}' for cell in cells)} |")
    return 0


def pack_truth(folder: Path) -> Truth:
    """Light and truth of a pack on disk."""
    with np.load(folder / "truth" / "truth.npz") as file:
        truth = {name: file[name] for name in ("labels", "truth", "dist", "fd", "iy", "ix")}
    return truth | {"light": read_base(folder, WorldSpec()).stack.radiance}


def world_truth(world: World) -> Truth:
    """The same of a world in memory."""
    places = world.places
    return {
        "labels": world.labels, "truth": world.truth, "dist": places.owner, "fd": places.district, "iy": places.row,
        "ix": places.col, "light": world.radiance,
    }  # fmt: skip


def statistics(truth: Truth, base: LightStack) -> dict[str, float]:
    """What decides how hard the world is."""
    output, light = np.log(truth["labels"]), truth["light"] - base.radiance
    shares = output - np.log(truth["labels"].sum(axis=0))
    city = np.log(truth["labels"].sum(axis=0)).reshape(-1, 12)
    season = (city - city.mean(axis=1, keepdims=True)).mean(axis=0)
    planted = [_share(light, base.radiance, truth["dist"] == d) for d in range(len(output))]
    numbers = {
        "pixels with factories": len(set(zip(truth["iy"].tolist(), truth["ix"].tolist(), strict=True))),
        "factories of the emptiest district": np.bincount(truth["fd"]).min(),
        "factories of the fullest district": np.bincount(truth["fd"]).max(),
        "share of the largest district": truth["labels"].mean(axis=1).max() / truth["labels"].mean(axis=1).sum(),
        "within-district sd, least": output.std(axis=1).min(),
        "within-district sd, median": np.median(output.std(axis=1)),
        "within-district sd, most": output.std(axis=1).max(),
        "district year on year sd": _year_on_year(output),
        "district share year on year sd": _year_on_year(shares),
        "city trend a year": np.polyfit(np.arange(city.size) / 12, city.ravel(), 1)[0],
        "season January": season[0],
        "season February": season[1],
        "season December": season[11],
        "planted light, mean per pixel": np.nanmean(light),
        "planted light, brightest pixel": np.nanmax(light),
        "planted share of all light": _share(light, base.radiance, truth["dist"] >= 0),
        "planted share, least district": min(planted),
        "planted share, median district": np.median(planted),
        "planted share, most district": max(planted),
    }
    return {name: float(value) for name, value in (numbers | _response(truth, light)).items()}


def _share(light: FloatArray, base: FloatArray, inside: Any) -> float:
    return float(np.nansum(light[:, inside]) / np.nansum((light + base)[:, inside]))


def _year_on_year(series: FloatArray) -> float:
    return float(np.mean(np.std(series[:, 12:] - series[:, :-12], axis=1)))


def _response(truth: Truth, light: FloatArray) -> dict[str, float]:
    """How the light of pixels with one factory answers to its output, the blur undone by least squares."""
    shape = truth["dist"].shape
    pixels, counts = np.unique(truth["iy"] * shape[1] + truth["ix"], return_counts=True)
    spread = np.stack([ndimage.gaussian_filter(_dot(p, shape), BLOOMING_PX).ravel() for p in pixels], axis=1)
    months = [t for t in range(len(light)) if np.isfinite(light[t]).all()][PROBE]
    found = np.linalg.lstsq(spread, light[months].reshape(len(months), -1).T, rcond=None)[0][counts == 1]
    made = truth["truth"][months][:, pixels // shape[1], pixels % shape[1]].T[counts == 1]
    x, y = np.log(made.astype(float)), np.log(np.maximum(found, 1e-6))
    dx, dy = x - x.mean(axis=1, keepdims=True), y - y.mean(axis=1, keepdims=True)
    slope, (level, offset) = (dx * dy).sum() / (dx * dx).sum(), np.polyfit(x.mean(axis=1), y.mean(axis=1), 1)
    return {
        "elasticity of light to output": slope,
        "flicker sd": (dy - slope * dx).std() * np.sqrt(len(months) / (len(months) - 1)),
        "level exponent of light to size": level,
        "sd of levels about it": (y.mean(axis=1) - level * x.mean(axis=1) - offset).std(),
    }


def _dot(pixel: int, shape: tuple[int, int]) -> FloatArray:
    dot = np.zeros(shape)
    dot.flat[pixel] = 1.0
    return dot


if __name__ == "__main__":
    sys.exit(main())
