"""The Shanghai window of a Black Marble tile against the whole tile: `python benchmarks/bench_light.py`.

Prints medians of nine and their ratio. The tile is fully filled, so that the whole read pays for every chunk.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from gvio.grid.region import region_geobox
from gvio.simulate.formats.black_marble import tile_geobox, write_vnp46a3
from gvio.sources.granule import read_tile
from gvio.types import Month

SHANGHAI = (120.85, 30.65, 122.15, 31.90)
COMPOSITE = "AllAngle_Composite_Snow_Free"


def median_seconds(action, repeats: int = 9) -> float:
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        action()
        times.append(time.perf_counter() - start)
    return statistics.median(times)


def main() -> None:
    tile = tile_geobox(30, 5)
    rng = np.random.default_rng(0)
    light = rng.gamma(2, 10, tile.shape).astype(np.float32)
    counts = rng.integers(1, 25, tile.shape)
    window = region_geobox(SHANGHAI, tile)
    for collection in ("001", "002"):
        with tempfile.TemporaryDirectory() as folder:
            (path,) = write_vnp46a3(Path(folder), Month(2021, 12), light, counts, tile, collection=collection)
            with path.open("rb") as granule:
                part = median_seconds(lambda g=granule: read_tile(g, tile, window, COMPOSITE, (2,)))
                whole = median_seconds(lambda g=granule: read_tile(g, tile, tile, COMPOSITE, (2,)), 3)
            size = path.stat().st_size / 1e6
        sys.stdout.write(
            f"collection {collection}, {size:.0f} MB: window {window.shape[0]}x{window.shape[1]} {part * 1e3:.1f} ms, "
            f"whole tile {whole * 1e3:.0f} ms, ratio {whole / part:.1f} "
            f"(pixels {tile.shape[0] * tile.shape[1] / (window.shape[0] * window.shape[1]):.0f} to 1)\n"
        )


if __name__ == "__main__":
    main()
