"""What light costs by the number of tiles: learned from, cleared and looked at, read window by window from a store on
disk.

    python -m benchmarks.bench_tiles [--tiles 1 4 16] [--months 155] [--factories 500]

A seeded region of so many tiles of 240 pixels a side, each with so many factories, is written tile by tile into a Zarr
store whose chunks hold all months of 60 pixels a side. Every size is a process of its own: CPU and wall seconds, and
the peak of memory above what the libraries take.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from affine import Affine
from odc.geo.geobox import GeoBox
from scipy.sparse import csr_array

from gvio.cli.options import be_quiet
from gvio.grid.tiles import TILE_PX, tiles_of
from gvio.model.normalisation import fit_and_look
from gvio.model.panel import build_panel
from gvio.sample.samples import Samples
from gvio.sample.statistics import STATISTIC_NAMES
from gvio.types import FloatArray, Month

SEED, STATIC_PX, DYNAMIC_PX, DISTRICTS_A_TILE, CHUNK_PX = 5, 9, 5, 2, 60


def main() -> None:
    """Every size in a process of its own, as a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tiles", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--months", type=int, default=155)
    parser.add_argument("--factories", type=int, default=500, help="in every tile")
    parser.add_argument("--one", type=int, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    if asked.one:
        json.dump(_one(asked.one, asked.months, asked.factories), sys.stdout)
        return
    print("| Tiles | Factories | Light on disk, GB | CPU s | CPU s a tile | Wall s | Peak, MB |")
    print("| ---: | ---: | ---: | ---: | ---: | ---: | ---: |")
    for tiles in asked.tiles:
        words = ["--one", str(tiles), "--months", str(asked.months), "--factories", str(asked.factories)]
        done = subprocess.run([sys.executable, "-m", "benchmarks.bench_tiles", *words], check=True, capture_output=True)
        got = json.loads(done.stdout.decode().splitlines()[-1])
        parts = (f"{got['cpu']:.1f}", f"{got['cpu'] / tiles:.2f}", f"{got['wall']:.1f}", f"{got['peak_mb']:.0f}")
        print(f"| {tiles} | {got['factories']:,} | {got['gb']:.2f} |", " | ".join(parts), "|", flush=True)
    print(f"\nLoad {os.getloadavg()[0]:.1f}")


def _one(tiles: int, months: int, factories: int) -> dict[str, float]:
    rows = 2 ** (int(math.log2(tiles)) // 2)
    shape = (rows * TILE_PX, tiles // rows * TILE_PX)
    with tempfile.TemporaryDirectory() as folder:
        radiance, observations = write_light(Path(folder), shape, months)
        samples = _samples(radiance, observations, shape, months, factories * tiles)
        before, wall, cpu = _peak_mb(), time.perf_counter(), time.process_time()
        normalisation, looked = fit_and_look(samples, np.ones(months, dtype=bool), DYNAMIC_PX)
        build_panel(samples, normalisation, STATIC_PX, DYNAMIC_PX, looked)
        spent = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "peak_mb": _peak_mb() - before}
        size = sum(path.stat().st_size for path in Path(folder).rglob("*") if path.is_file())
    return {**spent, "factories": factories * tiles, "gb": size / 1e9}


def write_light(folder: Path, shape: tuple[int, int], months: int) -> tuple[Any, Any]:
    """`radiance` and `observations` (T, y, x) of a seeded region, written tile by tile; no whole month in memory."""
    kinds = {"radiance": np.float32, "observations": np.uint16}
    arrays = {
        name: zarr.create_array(
            folder / f"{name}.zarr", shape=(months, *shape), chunks=(months, CHUNK_PX, CHUNK_PX), dtype=kind
        )
        for name, kind in kinds.items()
    }
    sky = np.random.default_rng(SEED).normal(0, 0.05, months)
    for number, tile in enumerate(tiles_of(shape)):
        rng = np.random.default_rng((SEED, number))
        base = rng.lognormal(1, 0.6, (tile.bottom - tile.top, tile.right - tile.left))
        light, count = np.empty((months, *base.shape), np.float32), np.empty((months, *base.shape), np.uint16)
        for t in range(months):
            count[t] = rng.integers(0, 12, base.shape)
            seen = base * np.exp(sky[t] + 0.1 * rng.standard_normal(base.shape))
            light[t] = np.where(count[t] > 0, seen, np.nan)
        arrays["radiance"][(slice(None), *tile.window)] = light
        arrays["observations"][(slice(None), *tile.window)] = count
    return arrays["radiance"], arrays["observations"]


def _samples(radiance: Any, observations: Any, shape: tuple[int, int], months: int, factories: int) -> Samples:
    rng = np.random.default_rng((SEED, factories))
    row, col = (rng.integers(3, side - 3, factories) for side in shape)
    tiles = tiles_of(shape)
    owner = np.zeros(shape, np.int16)
    for number, tile in enumerate(tiles):
        middle = (tile.top + tile.bottom) // 2
        owner[tile.top : middle, tile.left : tile.right] = DISTRICTS_A_TILE * number
        owner[middle : tile.bottom, tile.left : tile.right] = DISTRICTS_A_TILE * number + 1
    areas, nothing = DISTRICTS_A_TILE * len(tiles), np.zeros((0,))
    ones: FloatArray = np.ones(factories)
    return Samples(
        months=tuple(Month(2014, 1) + t for t in range(months)),
        area_ids=tuple(f"D{i}" for i in range(areas)),
        factory_ids=tuple(f"F{i}" for i in range(factories)),
        categories=("",) * factories,
        radii_m=(500.0, 1000.0),
        geobox=GeoBox(shape, Affine(1 / 240, 0, 100.0, 0, -1 / 240, 40.0), "EPSG:4326"),
        district=owner[row, col].astype(np.int64),
        weight=ones,
        row=row,
        col=col,
        active=np.ones((factories, months), dtype=bool),
        light=nothing,
        seen=nothing,
        background=nothing,
        footprint=csr_array((factories, 1)),
        statistics=nothing,
        city_statistics=nothing,
        region_light=nothing,
        statistic_names=STATISTIC_NAMES,
        radiance=radiance,
        observations=observations,
        owner=owner,
        urban=nothing,
        density=nothing,
        regimes=("r",) * months,
        urban_derived=False,
    )


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


if __name__ == "__main__":
    be_quiet()
    main()
