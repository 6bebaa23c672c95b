from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely

from gvio.region.coordinates import bd09_to_wgs84, gcj02_to_wgs84, wgs84_to_bd09, wgs84_to_gcj02

SHARED = Path(__file__).parents[4] / "shared" / "data" / "boundaries_shanghai"
INLAND = {"310101", "310104", "310105", "310106", "310107", "310109", "310112", "310114", "310117", "310118"}


@pytest.mark.parametrize(("there", "back"), [(wgs84_to_gcj02, gcj02_to_wgs84), (wgs84_to_bd09, bd09_to_wgs84)])
def test_the_way_back_meets_the_start_everywhere_in_china(there, back):
    rng = np.random.default_rng(7)
    lon, lat = rng.uniform(74, 135, 20_000), rng.uniform(4, 53, 20_000)
    moved = there(lon, lat)
    assert np.hypot(moved[0] - lon, moved[1] - lat).min() > 1e-4  # something was moved, everywhere
    np.testing.assert_allclose(back(*moved), (lon, lat), atol=1e-9)


@pytest.mark.parametrize("function", [gcj02_to_wgs84, bd09_to_wgs84, wgs84_to_gcj02, wgs84_to_bd09])
@pytest.mark.parametrize(("lon", "lat"), [(2.35, 48.85), (-74.0, 40.7), (139.7, 35.7), (100.0, 60.0), (100.0, -5.0)])
def test_outside_china_nothing_changes(function, lon, lat):
    x, y = function(lon, lat)
    assert (float(x), float(y)) == (lon, lat)


def test_known_points():
    """Tiananmen, from the table of the published reference implementation (wandergis/coordtransform)."""
    np.testing.assert_allclose(wgs84_to_gcj02(116.404, 39.915), (116.41024449916938, 39.91640428150164), atol=1e-9)
    np.testing.assert_allclose(wgs84_to_bd09(116.404, 39.915), (116.41662724378733, 39.922699552216216), atol=1e-5)


def test_shapes_are_kept():
    x, y = gcj02_to_wgs84(np.full((2, 3), 121.5), np.full((2, 3), 31.2))
    assert x.shape == y.shape == (2, 3)


@pytest.mark.skipif(not SHARED.exists(), reason="real district outlines are not beside this checkout (../shared)")
def test_real_district_outlines_meet_after_the_correction():
    """Inland centroids of a GCJ-02 and a WGS84 source: 400–440 m east, 200–260 m south before, < 30 m after."""
    wgs = gpd.read_file(SHARED / "wgs84_amap16" / "shanghai_districts_boundary.shp")
    gcj = gpd.read_file(SHARED / "gcj02_datav_v3" / "310000.json")
    corrected = gcj.set_geometry(
        shapely.transform(gcj.geometry.to_numpy(), lambda xy: np.column_stack(gcj02_to_wgs84(*xy.T)))
    )
    before, after = (_offsets(wgs, other.set_crs("EPSG:4326", allow_override=True)) for other in (gcj, corrected))
    assert len(before) == len(INLAND)
    assert (before[:, 0] > 400).all()
    assert (before[:, 0] < 450).all()
    assert (before[:, 1] < -200).all()
    assert (before[:, 1] > -260).all()
    assert np.hypot(*after.T).max() < 30


def _offsets(wgs, other):
    """Centroid offsets (east, north) in metres of the inland districts."""
    a = wgs.assign(key=wgs["AdCode"].astype(str)).set_index("key").to_crs(32651).centroid
    b = other.assign(key=other["adcode"].astype(str)).set_index("key").to_crs(32651).centroid
    return np.array([[b[k].x - a[k].x, b[k].y - a[k].y] for k in sorted(INLAND)])
