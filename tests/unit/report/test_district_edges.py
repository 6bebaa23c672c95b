from __future__ import annotations

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.report.edges import district_edges


def grid(owner: list[list[int]]) -> tuple[np.ndarray, GeoBox]:
    zones = np.array(owner)
    bands = np.ones((5, *zones.shape))
    bands[4] = 1.0 + zones / 10
    bands[:, zones < 0] = np.nan
    return bands, GeoBox(zones.shape, Affine(1, 0, 100, 0, -1, 50), "EPSG:4326")


def length(paths: list[list[list[float]]]) -> float:
    return sum(float(np.abs(np.diff(np.array(path), axis=0)).sum()) for path in paths)


def test_one_district_is_bordered_by_its_outer_edge() -> None:
    paths = district_edges(*grid([[-1, -1, -1], [-1, 0, 0], [-1, -1, -1]]))
    assert length(paths) == 6
    corners = {tuple(point) for path in paths for point in path}
    assert {(101, 49), (103, 49), (101, 48), (103, 48)} <= corners


def test_two_districts_share_an_edge() -> None:
    assert length(district_edges(*grid([[0, 1], [0, 1]]))) == 8 + 2


def test_straight_runs_have_no_points_inside() -> None:
    (path,) = district_edges(*grid([[0] * 50] * 40))
    assert len(path) <= 6
    assert length([path]) == 180


def test_a_district_without_a_factor_still_has_its_border() -> None:
    bands, geobox = grid([[0, 1], [0, 1]])
    bands[4, :, 1] = np.nan
    assert length(district_edges(bands, geobox)) == 10


def test_an_empty_grid_has_no_borders() -> None:
    bands, geobox = grid([[0, 1], [0, 1]])
    bands[:] = np.nan
    assert district_edges(bands, geobox) == []
