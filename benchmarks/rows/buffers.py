"""Statistics of light in buffers round factories: the coverage operator beside exactextract and rasterstats."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
import numpy as np
from affine import Affine
from exactextract import exact_extract
from exactextract.raster import NumPyRasterSource
from odc.geo.geobox import GeoBox

from benchmarks.sides import Limit, Row, Side, compared, installed, largest_difference, not_installed, seconds
from gvio.sample.buffers import metric_buffers
from gvio.sample.means import masked_means
from gvio.sample.operator import buffer_coverage

UTM, RADIUS_M, PIXEL = "EPSG:32651", 1000.0, 1 / 240
EXACT, CENTRES = 1e-9, 0.15  # rasterstats takes pixels by their centres: the median buffer differs by a few per cent


@dataclasses.dataclass(frozen=True, eq=False)
class Scene:
    """Factories on a seeded window; light (T, y, x) float32, NaN in a tenth of pixel-months."""

    points: gpd.GeoSeries
    geobox: GeoBox
    cube: np.ndarray

    @property
    def discs(self) -> gpd.GeoDataFrame:
        return gpd.GeoDataFrame(geometry=metric_buffers(self.points, [RADIUS_M], UTM, 4326)[0], crs=4326)


def scene(factories: int, months: int, shape: tuple[int, int]) -> Scene:
    rng = np.random.default_rng(0)
    height, width = shape
    geobox = GeoBox(shape, Affine(PIXEL, 0, 120.0, 0, -PIXEL, 33.0), "EPSG:4326")
    lon, lat = 120 + PIXEL * rng.uniform(5, width - 5, factories), 33 - PIXEL * rng.uniform(5, height - 5, factories)
    cube = rng.lognormal(1, 1, (months, *shape)).astype(np.float32)
    cube[rng.random(cube.shape, dtype=np.float32) < 0.1] = np.nan
    return Scene(gpd.GeoSeries(gpd.points_from_xy(lon, lat), crs=4326), geobox, cube)


def city(*, quick: bool) -> Iterator[Row]:
    """Shanghai's window."""
    of = scene(200, 24, (300, 330)) if quick else scene(2000, 96, (300, 330))
    with tempfile.TemporaryDirectory() as folder:
        first = seconds(lambda: means(of), 3)
        kept = seconds(lambda: means(of, Path(folder)), 3)
    result, limit = means(of), Limit("copying the months", seconds(of.cube.copy))
    size = f"{len(of.points):,} factories × {len(of.cube)} months, 1 km"
    few = 50 if quick else 500
    sides = [month_by_month(of, result, few), bands(of, result, len(of.points))]
    for key, work, ours in (("first-run", "first run", first), ("coverage-kept", "coverage kept", kept)):
        key = f"buffers.{key}"
        work = f"buffer means, {size}, {work}"
        for side in sides:
            yield compared(key, work, ours, side, limit, EXACT)
        if installed("rasterstats"):
            yield compared(key, work, ours, pixel_centres(of, result, 50), limit, CENTRES, "median difference")
        else:
            yield not_installed(key, work, "rasterstats")


def nation(*, quick: bool) -> Iterator[Row]:
    """As many factories as a large country has, on as many pixels as theirs would touch."""
    of = scene(20_000, 12, (600, 600)) if quick else scene(200_000, 96, (1200, 1200))
    with tempfile.TemporaryDirectory() as folder:
        first = seconds(lambda: means(of, Path(folder)), 1)
        kept = seconds(lambda: means(of, Path(folder)), 1)
    result, limit = means(of), Limit("copying the months", seconds(of.cube.copy, 3))
    size = f"{len(of.points):,} factories × {len(of.cube)} months, 1 km"
    side = bands(of, result, 200 if quick else 1000)
    for key, work, ours in (("first-run", "first run", first), ("coverage-kept", "coverage kept", kept)):
        yield compared(f"nation.{key}", f"buffer means, {size}, {work}", ours, side, limit, EXACT)


def means(of: Scene, cache: Path | None = None) -> np.ndarray:
    """(F, T), two years at a time, as the memory of a laptop wants it."""
    (weights,) = buffer_coverage(of.points, [RADIUS_M], of.geobox, UTM, cache)
    return np.hstack([masked_means(weights, of.cube[t : t + 24])[0] for t in range(0, len(of.cube), 24)])


def month_by_month(of: Scene, result: np.ndarray, few: int) -> Side:
    """A call for every month, as months arrive."""
    discs, source = of.discs.iloc[:few], _source(of, 0)

    def work() -> np.ndarray:
        return exact_extract(source, discs, ["mean"], output="pandas")["mean"].to_numpy()

    part = few / len(of.points) / len(of.cube)
    apart = largest_difference(result[:few, 0], work(), relative=True)
    return Side("exactextract, a call a month", seconds(work, 1) / part, apart, part)


def bands(of: Scene, result: np.ndarray, few: int) -> Side:
    """All months as the bands of one call, which shares the coverage among them."""
    discs, sources = of.discs.iloc[:few], [_source(of, t) for t in range(len(of.cube))]
    found: list[np.ndarray] = []

    def work() -> None:
        table = exact_extract(sources, discs, ["mean"], output="pandas", strategy="raster-sequential")
        found.append(table.to_numpy())

    taken, part = seconds(work, 1), few / len(of.points)
    apart = largest_difference(result[:few], found[0], relative=True)
    return Side("exactextract in one call, months as bands", taken / part, apart, part)


def pixel_centres(of: Scene, result: np.ndarray, few: int) -> Side:
    """Rasterstats, which asks for every polygon and month which pixels have their centre in it."""
    from rasterstats import zonal_stats  # type: ignore[import-not-found]

    discs = of.discs.iloc[:few]

    def work() -> list[float]:
        rows = zonal_stats(discs, of.cube[0], affine=of.geobox.affine, nodata=np.nan, stats=["mean"])
        return [row["mean"] for row in rows]

    part = few / len(of.points) / len(of.cube)
    apart = np.nanmedian(np.abs(np.array(work(), dtype=float) / result[:few, 0] - 1))
    return Side("rasterstats", seconds(work, 1) / part, float(apart), part)


def _source(of: Scene, month: int) -> NumPyRasterSource:
    box, wkt = of.geobox.extent.boundingbox, of.points.crs.to_wkt()
    return NumPyRasterSource(
        of.cube[month], box.left, box.bottom, box.right, box.top, srs_wkt=wkt, name=f"month{month:03}"
    )
