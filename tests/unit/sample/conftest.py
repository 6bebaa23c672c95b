"""A small seeded region: 24 × 30 pixels near Shanghai, three districts, points and polygons as factories."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.types import LightStack, Month, Provenance, month_range

AREA_CRS = "EPSG:32651"
PIXEL = 1 / 240
WEST, NORTH = 121.0, 31.5
HEIGHT, WIDTH = 24, 30


@pytest.fixture(scope="session")
def geobox() -> GeoBox:
    return GeoBox((HEIGHT, WIDTH), Affine(PIXEL, 0, WEST, 0, -PIXEL, NORTH), "EPSG:4326")


@pytest.fixture(scope="session")
def districts() -> gpd.GeoDataFrame:
    """Three vertical strips of ten columns."""
    south, ten = NORTH - HEIGHT * PIXEL, 10 * PIXEL
    boxes = [shapely.box(WEST + i * ten, south, WEST + (i + 1) * ten, NORTH) for i in range(3)]
    return gpd.GeoDataFrame({"area_id": ["A", "B", "C"], "name": ["a", "b", "c"]}, geometry=boxes, crs=4326)


@pytest.fixture(scope="session")
def factories(geobox: GeoBox) -> gpd.GeoDataFrame:
    """Forty points, and one polygon of 600 × 300 m or so."""
    rng = np.random.default_rng(7)
    lon = WEST + PIXEL * rng.uniform(1, WIDTH - 1, 40)
    lat = NORTH - PIXEL * rng.uniform(1, HEIGHT - 1, 40)
    shapes = [*shapely.points(lon, lat), shapely.box(121.05, 31.45, 121.056, 31.453)]
    return gpd.GeoDataFrame(
        {
            "factory_id": [f"F{i:02d}" for i in range(41)],
            "category": ["industry;A"] * 20 + [None] * 21,
            "weight": np.linspace(1, 3, 41),
            "opened": [Month(2019, 3)] + [None] * 40,
            "closed": [None, Month(2019, 4)] + [None] * 39,
        },
        geometry=shapes,
        crs=4326,
    )


@pytest.fixture
def stack(geobox: GeoBox) -> LightStack:
    """Six months from 2019-01; clouds over a fifth of the pixels; 2019-03 is wholly missing."""
    rng = np.random.default_rng(3)
    months = tuple(month_range(Month(2019, 1), Month(2019, 6)))
    radiance = rng.lognormal(1.0, 1.0, (6, HEIGHT, WIDTH)).astype(np.float32)
    observations = np.where(rng.random(radiance.shape) < 0.2, 0, rng.integers(1, 9, radiance.shape)).astype(np.uint16)
    observations[2] = 0
    radiance[observations == 0] = np.nan
    source = (Provenance("f.tif", "0" * 64, "vnl-monthly", "npp", "v10", "vcmslcfg", "1"),)
    provenance = tuple(() if i == 2 else source for i in range(6))
    return LightStack(months, radiance, observations, geobox, provenance, (months[2],))
