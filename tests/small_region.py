"""Light of a small region with two districts and four factories, for the tests of whatever is made of it."""

from __future__ import annotations

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox
from scipy.sparse import csr_array

from gvio.sample.samples import Samples
from gvio.sample.statistics import STATISTIC_NAMES
from gvio.types import Month

FIRST, T, AREAS = Month(2018, 10), 27, ("A", "B")


def small_samples(weight: float = 1.0, closes: int = T) -> Samples:
    """Light of 27 months; `weight` of the first factory and the month in which it closes are the pack's."""
    rng = np.random.default_rng(3)
    side, n = 12, 4
    row, col, district = np.array([2, 4, 8, 9]), np.array([2, 3, 9, 8]), np.array([0, 0, 1, 1])
    statistics = rng.normal(1, 0.1, (2, T, 4))
    weights = np.array([weight, 1.0, 1.0, 1.0])
    active = np.ones((n, T), dtype=bool)
    active[0, closes:] = False
    return Samples(
        months=tuple(FIRST + t for t in range(T)),
        area_ids=AREAS,
        factory_ids=tuple("wxyz"),
        categories=("",) * n,
        radii_m=(500.0, 1000.0),
        geobox=GeoBox((side, side), Affine(1 / 240, 0, 121.0, 0, -1 / 240, 31.5), "EPSG:4326"),
        district=district,
        weight=weights / weights.mean(),
        row=row,
        col=col,
        active=active,
        light=rng.lognormal(2, 0.1, (2, n, T)),
        seen=np.ones((2, n, T)),
        background=np.ones((n, T)),
        footprint=csr_array((np.ones(n), (np.arange(n), row * side + col)), shape=(n, side * side)),
        statistics=statistics,
        city_statistics=statistics.mean(axis=0),
        region_light=statistics.mean(axis=(0, 2)),
        statistic_names=STATISTIC_NAMES,
        radiance=rng.lognormal(1, 0.3, (T, side, side)).astype(np.float32),
        observations=np.full((T, side, side), 5, np.uint16),
        owner=np.repeat([[0] * 6 + [1] * 6], side, axis=0).astype(np.int16),
        urban=np.zeros((side, side), np.float32),
        density=rng.gamma(1, 1, (side, side)).astype(np.float32),
        regimes=("r",) * T,
        urban_derived=False,
    )
