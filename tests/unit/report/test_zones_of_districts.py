"""Districts found in a grid by the table: their pixels, outlines with holes, and those that cannot be told apart."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.report.zones import NOBODY, owners_of, spread, zones_of

SHAPE = (12, 16)
GEOBOX = GeoBox(SHAPE, Affine(0.01, 0, 121.0, 0, -0.01, 31.5), "EPSG:4326")


def world(factors: tuple[float, ...] = (1.1, 0.9, 1.3)) -> tuple[np.ndarray, np.ndarray, pd.Series]:
    rng = np.random.default_rng(5)
    owner = np.full(SHAPE, -1)
    owner[1:-1, 1:8], owner[1:-1, 8:-1], owner[4:6, 3:5] = 0, 1, 2  # the third is a hole in the first
    estimate = np.where(owner >= 0, rng.lognormal(0, 1, SHAPE), np.nan).astype(np.float32)
    factor = np.where(owner >= 0, np.asarray(factors)[owner], np.nan).astype(np.float32)
    bands = np.stack([estimate, estimate, estimate, estimate, factor])
    sums = [float(estimate[owner == i].sum(dtype=np.float64)) for i in range(3)]
    return bands, owner, pd.Series(sums, index=["a", "b", "c"])


def test_every_pixel_finds_its_district() -> None:
    bands, owner, sums = world()
    found = owners_of(bands, sums)
    assert found.areas == ("a", "b", "c")
    np.testing.assert_array_equal(found.number, owner)
    painted = spread(found, {"a": 5.0, "c": -2.0})
    assert (painted[owner == 0] == 5.0).all()
    assert np.isnan(painted[(owner == 1) | (owner == -1)]).all()


def test_outlines_cover_the_pixels_and_keep_holes() -> None:
    bands, owner, sums = world()
    zones = {zone.area: zone for zone in zones_of(owners_of(bands, sums), GEOBOX)}
    for number, area in enumerate(sums.index):
        shape = shapely.union_all([shapely.Polygon(part[0], part[1:]) for part in zones[area].parts])
        assert shape.area == pytest.approx((owner == number).sum() * 1e-4, rel=0.05), "a corner or two is cut"
        assert shape.contains(shapely.Point(zones[area].label))
    assert len(zones["a"].parts[0]) == 2


def test_districts_with_one_factor_are_left_out_not_guessed() -> None:
    bands, owner, sums = world((1.1, 1.1, 1.3))
    found = owners_of(bands, sums).number
    assert [zone.area for zone in zones_of(owners_of(bands, sums), GEOBOX)] == ["c"]
    assert (found[owner == 0] == NOBODY).all()


def test_a_grid_of_another_month_names_nobody() -> None:
    bands, _, sums = world()
    assert zones_of(owners_of(bands, sums * 1.5), GEOBOX) == []
    assert zones_of(owners_of(np.full_like(bands, np.nan), sums), GEOBOX) == []
