import geopandas as gpd
import numpy as np
import pytest
import shapely
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio.errors import ConfigError, PackError, ProductError
from gvio.grid.area import pixel_area_km2
from gvio.sample.buffers import metric_buffers
from gvio.sample.coverage import coverage_matrix

UTM = "EPSG:32651"


def series(*shapes: shapely.Geometry) -> gpd.GeoSeries:
    return gpd.GeoSeries(list(shapes), crs=4326)


@pytest.mark.parametrize("radius_m", [500.0, 1000.0, 3000.0])
def test_a_disc_covers_pi_r_squared_of_true_pixel_area(geobox: GeoBox, radius_m: float) -> None:
    disc = metric_buffers(series(shapely.Point(121.0613, 31.4487)), [radius_m], UTM, geobox.crs)
    covered_km2 = coverage_matrix(disc.ravel(), geobox) @ pixel_area_km2(geobox).ravel()
    assert covered_km2[0] == pytest.approx(np.pi * radius_m**2 / 1e6, rel=0.005)


def test_a_long_straight_edge_bends_by_less_than_a_metre_when_reprojected(geobox: GeoBox) -> None:
    """The edge of a 40 km polygon, against the same edge densified a hundred times finer."""
    plate = series(shapely.box(120.8, 31.30, 121.2, 31.40))
    metric = shapely.buffer(plate.to_crs(UTM).iloc[0], 1000, quad_segs=32)
    fine = gpd.GeoSeries([shapely.segmentize(metric, 200)], crs=UTM).to_crs(4326).to_crs(UTM).iloc[0]
    ours = gpd.GeoSeries(metric_buffers(plate, [1000], UTM, 4326)[0], crs=4326)
    seen = gpd.GeoSeries([shapely.segmentize(ours.iloc[0], 1e-3)], crs=4326).to_crs(UTM).iloc[0]
    off = shapely.distance(shapely.points(shapely.get_coordinates(seen)), fine.exterior)
    assert off.max() < 1.0
    bare = gpd.GeoSeries([metric], crs=UTM).to_crs(4326)
    bent = gpd.GeoSeries([shapely.segmentize(bare.iloc[0], 1e-3)], crs=4326).to_crs(UTM).iloc[0]
    # Without densifying the same edge is metres off: the test would notice.
    assert shapely.distance(shapely.points(shapely.get_coordinates(bent)), fine.exterior).max() > 5.0


def test_a_polygon_is_buffered_from_its_edge(geobox: GeoBox) -> None:
    plate = shapely.box(121.05, 31.45, 121.06, 31.455)
    metric = series(plate).to_crs(UTM).iloc[0]
    area_m2 = metric.area + metric.length * 500 + np.pi * 500**2
    got = gpd.GeoSeries(metric_buffers(series(plate), [500], UTM, 4326)[0], crs=4326).to_crs(UTM)
    assert got.area.iloc[0] == pytest.approx(area_m2, rel=1e-3)


def test_buffers_come_radius_first_and_grow(geobox: GeoBox) -> None:
    points = series(shapely.Point(121.03, 31.45), shapely.Point(121.06, 31.47))
    areas = shapely.area(metric_buffers(points, [500, 1000, 2000], UTM, 4326))
    assert areas.shape == (3, 2)
    assert (np.diff(areas, axis=0) > 0).all()


@pytest.mark.parametrize(("crs", "unit"), [("EPSG:4326", "degree"), ("EPSG:2263", "US survey foot")])
def test_an_area_crs_that_does_not_measure_in_metres_is_refused(crs: str, unit: str) -> None:
    with pytest.raises(ConfigError, match=f"area_crs {crs} measures in {unit}, not metres. Name a projected CRS"):
        metric_buffers(series(shapely.Point(121, 31)), [500], crs, 4326)


@pytest.mark.parametrize("hole", [None, shapely.Point()])
def test_a_factory_without_a_position_is_refused(hole: shapely.Point | None) -> None:
    with pytest.raises(PackError, match="1 factories have no geometry, the first is number 2"):
        metric_buffers(series(shapely.Point(121, 31), hole), [500], UTM, 4326)


def test_coverage_of_known_rectangles_is_exact_and_in_its_place(geobox: GeoBox) -> None:
    """Half of pixel (2, 3) and a quarter of its right neighbour; pixel (0, 0) whole; nothing of the third."""
    left, top, size = geobox.affine.c, geobox.affine.f, geobox.affine.a
    half = shapely.box(left + 3.5 * size, top - 3 * size, left + 4 * size, top - 2 * size)
    quarter = shapely.box(left + 4 * size, top - 2.5 * size, left + 4.5 * size, top - 2 * size)
    whole = shapely.box(left - size, top - size, left + size, top + size)
    away = shapely.box(0, 0, 1, 1)
    matrix = coverage_matrix(np.array([half | quarter, whole, away], dtype=object), geobox)
    dense = matrix.toarray().reshape(3, *geobox.shape)
    expected = np.zeros(dense.shape)
    expected[0, 2, 3], expected[0, 2, 4], expected[1, 0, 0] = 0.5, 0.25, 1.0
    np.testing.assert_allclose(dense, expected, atol=1e-6)


def test_polygons_that_all_miss_the_grid_cover_nothing(geobox: GeoBox) -> None:
    matrix = coverage_matrix(np.array([shapely.box(0, 0, 1, 1)], dtype=object), geobox)
    assert (matrix.shape, matrix.nnz) == ((1, 24 * 30), 0)


def test_a_grid_that_is_not_north_up_is_refused() -> None:
    south_up = GeoBox((4, 4), Affine(0.1, 0, 121, 0, 0.1, 31), "EPSG:4326")
    with pytest.raises(ProductError, match="the grid is not north up"):
        coverage_matrix(np.array([shapely.box(121, 31, 122, 32)], dtype=object), south_up)
