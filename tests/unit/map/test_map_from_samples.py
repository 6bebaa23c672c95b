"""From the samples of a small region to its industry."""

import geopandas as gpd
import numpy as np
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.config import SampleParams
from gvio.map.industry import industry_of
from gvio.sample.build import build_samples
from gvio.types import LightStack, Month

PIXEL = 1 / 240
GRID = GeoBox((12, 20), Affine(PIXEL, 0, 121.0, 0, -PIXEL, 31.5), "EPSG:4326")


def test_every_factory_counts_once_in_its_own_district():
    split = 121.0 + 10.3 * PIXEL  # the border cuts column 10, whose centre lies in the eastern district
    south = 31.5 - 12 * PIXEL
    boxes = [shapely.box(121.0, south, split, 31.5), shapely.box(split, south, 121.0 + 20 * PIXEL, 31.5)]
    districts = gpd.GeoDataFrame({"area_id": ["W", "E"], "name": ["w", "e"]}, geometry=boxes, crs=4326)
    at = [(3.5, 3.5), (10.1, 6.5), (15.5, 6.5), (15.6, 6.4)]  # the second: west of the border, in an eastern pixel
    points = [shapely.Point(121.0 + x * PIXEL, 31.5 - y * PIXEL) for x, y in at]
    factories = gpd.GeoDataFrame({"factory_id": list("abcd"), "closed": [None, None, None, Month(2019, 1)]})
    factories = factories.set_geometry(points, crs=4326)
    radiance = np.random.default_rng(0).gamma(2, 5, (3, 12, 20)).astype(np.float32)
    seen = np.ones(radiance.shape, dtype=np.uint16)
    stack = LightStack(tuple(Month(2019, 1) + t for t in range(3)), radiance, seen, GRID, ((), (), ()), ())
    samples = build_samples(stack, districts, factories, None, SampleParams(), "EPSG:32651", None)
    industry = industry_of(samples)
    np.testing.assert_allclose(industry.by_district(industry.count), [[2, 2, 2], [2, 1, 1]])
    np.testing.assert_array_equal(industry.pixels, [3 * 20 + 3, 6 * 20 + 9, 6 * 20 + 15])
    assert industry.light.shape == (3, 3)
    assert industry_of(samples) is industry, "a run maps, scores and draws the same"
