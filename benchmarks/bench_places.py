"""Which shifted packs are found, and how often honest ones are taken for shifted (docs/measurements/mistakes.md).

    python -m benchmarks.bench_places [--seeds 8] [--factories 400] [--outlines FILE --id COLUMN]

Worlds of the demonstration's economy on its outlines, or on those of a file in WGS84; 13 months. Outlines, factories or
both are moved as China's map services do while the pack says WGS84. One letter a seed: - nothing said, w warned,
R refused; first by outlines and factories, then by factories and light.
"""

import argparse
from pathlib import Path

import geopandas as gpd
import numpy as np
import shapely

from gvio.config import RegionConfig, parse_region
from gvio.region.coordinates import gcj02_to_wgs84, wgs84_to_bd09, wgs84_to_gcj02
from gvio.region.datum import factories_and_light, outlines_and_factories
from gvio.region.files import PackFile
from gvio.region.vectors import read_vector
from gvio.simulate.demo import demo_spec, shanghai_districts
from gvio.simulate.world import World, simulate_world
from gvio.types import LightStack, month_range

YAML = """
name: places
title: Places
bounds: [120.85, 30.65, 122.15, 31.90]
area_crs: EPSG:32651
first_month: "2018-01"
unit: 100 million CNY
ntl: {{product: vnl-monthly, source: ntl}}
districts: {{path: districts.geojson}}
city_id: CITY
factories: {{path: factories.csv, crs: {crs}}}
statistics: {{path: statistics.csv}}
"""
# What is moved: outlines, factories, and what the pack calls the factories.
MISTAKES = {
    "none": (None, None, "wgs84"),
    "outlines GCJ-02": (wgs84_to_gcj02, None, "wgs84"),
    "outlines BD-09": (wgs84_to_bd09, None, "wgs84"),
    "factories GCJ-02": (None, wgs84_to_gcj02, "wgs84"),
    "factories BD-09": (None, wgs84_to_bd09, "wgs84"),
    "both GCJ-02": (wgs84_to_gcj02, wgs84_to_gcj02, "wgs84"),
    "factories WGS84, called gcj02": (None, gcj02_to_wgs84, "gcj02"),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=8)
    parser.add_argument("--factories", type=int, default=400)
    parser.add_argument("--outlines", type=Path)
    parser.add_argument("--id", default="AdCode")
    given = parser.parse_args()
    zones = shanghai_districts() if given.outlines is None else _zones(given.outlines, given.id)
    spec = demo_spec(13).model_copy(update={"n_factories": given.factories})
    worlds = [simulate_world(spec, seed, zones) for seed in range(1, given.seeds + 1)]
    for name, (outlines, factories, crs) in MISTAKES.items():
        found = [_found(world, zones, outlines, factories, parse_region(YAML.format(crs=crs))) for world in worlds]
        print(f"{name:32}", *("".join(letters) for letters in zip(*found, strict=True)))


def _zones(path: Path, column: str) -> gpd.GeoDataFrame:
    frame = read_vector(PackFile(path))
    ids = [str(value) for value in frame[column]]
    shapes = shapely.make_valid(np.asarray(frame.geometry))
    return gpd.GeoDataFrame({"area_id": ids, "name": ids, "group": ""}, geometry=list(shapes), crs="EPSG:4326")


def _found(world: World, zones: gpd.GeoDataFrame, outlines, factories, config: RegionConfig) -> tuple[str, str]:
    points = _moved(np.column_stack([world.places.lon, world.places.lat])[world.mapped], factories)
    shapes = shapely.transform(np.asarray(zones.geometry), lambda xy: _moved(xy, outlines))
    moved = gpd.GeoDataFrame({"area_id": zones["area_id"]}, geometry=list(shapes), crs="EPSG:4326")
    radiance = np.where(world.observations > 0, world.radiance, np.nan)
    months = tuple(month_range(config.start, config.start + (len(radiance) - 1)))
    nothing = ((),) * len(months)
    stack = LightStack(months, radiance, world.observations, world.places.geobox, nothing, ())
    sites = gpd.GeoDataFrame(geometry=shapely.points(points), crs="EPSG:4326")
    checks = outlines_and_factories(points, moved, config, ""), factories_and_light(sites, stack, config, "")
    first, second = ("-" if not check else "R" if check[0].required else "w" for check in checks)
    return first, second


def _moved(xy: np.ndarray, way) -> np.ndarray:
    return xy if way is None else np.column_stack(way(xy[:, 0], xy[:, 1]))


if __name__ == "__main__":
    main()
