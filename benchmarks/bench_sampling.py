"""Buffer statistics: the sparse operator against what a user would pick, side by side in one run.

    python benchmarks/bench_sampling.py [--factories 2000] [--months 96]

A seeded window of Shanghai's size (300 × 330 pixels of 15 arc-seconds), 1 km buffers. The slow ways are timed on
a subset and extrapolated, which the table says; read the ratios, not the seconds.
"""

import argparse
import time
from collections.abc import Callable

import geopandas as gpd
import numpy as np
from affine import Affine
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from odc.geo.geobox import GeoBox
from rasterio.io import MemoryFile
from rasterio.mask import mask
from scipy.sparse import vstack

from gvio.sample.buffers import metric_buffers
from gvio.sample.means import masked_means
from gvio.sample.operator import buffer_coverage
from gvio.sample.patches import gather_patches
from gvio.sample.sharing import share

UTM, RADII, PIXEL = "EPSG:32651", (500.0, 1000.0, 2000.0), 1 / 240
EXACT_MONTHS, MASK_FACTORIES = 1, 200


def seconds(work: Callable[[], object], repeats: int = 3) -> float:
    """Median wall time."""
    times = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def exactextract_month(month: np.ndarray, discs: gpd.GeoDataFrame, geobox: GeoBox) -> None:
    box = geobox.extent.boundingbox
    source = NumPyRasterSource(month, box.left, box.bottom, box.right, box.top, srs_wkt=discs.crs.to_wkt())
    exact_extract(source, discs, ["mean"], output="pandas")


def mask_loop(cube: np.ndarray, discs: gpd.GeoDataFrame, geobox: GeoBox) -> None:
    """One open dataset with every month as a band; all_touched off: the pixel-centre rule, not exact."""
    months, height, width = cube.shape
    profile = {"driver": "GTiff", "count": months, "height": height, "width": width, "dtype": "float32"}
    with MemoryFile() as memory:
        with memory.open(**profile, crs="EPSG:4326", transform=geobox.affine) as sink:
            sink.write(cube)
        with memory.open() as source:
            for disc in discs.geometry:
                part, _ = mask(source, [disc], crop=True, filled=False)
                part.mean(axis=(1, 2))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--factories", type=int, default=2000)
    parser.add_argument("--months", type=int, default=96)
    args = parser.parse_args()
    rng = np.random.default_rng(0)
    geobox = GeoBox((300, 330), Affine(PIXEL, 0, 120.85, 0, -PIXEL, 31.90), "EPSG:4326")
    lon, lat = rng.uniform(121.0, 122.05, args.factories), rng.uniform(30.75, 31.8, args.factories)
    points = gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs=4326)
    cube = rng.lognormal(1, 1, (args.months, 300, 330)).astype(np.float32)
    cube[rng.random(cube.shape) < 0.1] = np.nan

    build = seconds(lambda: buffer_coverage(points, RADII, geobox, UTM))
    weights = [share(c) for c in buffer_coverage(points, RADII, geobox, UTM)]
    one = seconds(lambda: masked_means(weights[1], cube))
    three = seconds(lambda: masked_means(vstack(weights, format="csr"), cube))
    copy = seconds(cube.copy)
    rows, cols = rng.integers(0, 300, args.factories), rng.integers(0, 330, args.factories)
    patches = seconds(lambda: gather_patches(cube[:1], rows, cols, 9))

    discs = gpd.GeoDataFrame(geometry=metric_buffers(points, [1000.0], UTM, 4326)[0], crs=4326)
    exact = seconds(lambda: exactextract_month(cube[0], discs, geobox), 1) * args.months / EXACT_MONTHS
    few = discs.iloc[:MASK_FACTORIES]
    loop = seconds(lambda: mask_loop(cube, few, geobox), 1) * args.factories / len(few)

    print(f"{args.factories} factories, {args.months} months, 300 × 330 pixels; 1 km buffers unless said otherwise")
    print(f"{'work':66} {'seconds':>9} {'ratio':>8}")
    for name, cost in [
        (f"exactextract, month by month ({EXACT_MONTHS} timed, extrapolated)", exact),
        (f"rasterio.mask loop ({len(few)} factories timed, extrapolated; not exact)", loop),
        ("operator, 3 radii, built once", build),
        ("all months after it, 1 radius", one),
        ("all months after it, 3 radii", three),
    ]:
        print(f"{name:66} {cost:9.3f} {exact / cost:7.0f}×")
    print(f"{'(copying the stack once)':66} {copy:9.3f}")
    print(f"{'(patches 9 × 9 of one month at every factory)':66} {patches:9.4f}")


if __name__ == "__main__":
    main()
