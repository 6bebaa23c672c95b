import geopandas as gpd
import numpy as np
import pytest
import shapely
from odc.geo.geobox import GeoBox
from scipy.sparse import csr_array

from gvio.errors import PackError
from gvio.sample.footprint import factory_density, footprint
from gvio.sample.owner import factory_district, factory_pixel, pixel_owner


def test_pixels_belong_to_the_district_over_their_centre(districts: gpd.GeoDataFrame, geobox: GeoBox) -> None:
    owner = pixel_owner(districts.iloc[:2], geobox)
    np.testing.assert_array_equal(owner, np.broadcast_to(np.repeat([0, 1, -1], 10), (24, 30)))
    assert owner.dtype == np.int16


def test_a_district_without_a_pixel_is_refused(districts: gpd.GeoDataFrame, geobox: GeoBox) -> None:
    tiny = districts.copy()
    tiny.loc[1, "geometry"] = shapely.box(121.0001, 31.4001, 121.0005, 31.4005)
    with pytest.raises(PackError, match=r"1 districts own no pixel of the grid: B. Widen `bounds`"):
        pixel_owner(tiny, geobox)


def test_a_factory_on_a_common_border_goes_to_the_first_district(districts: gpd.GeoDataFrame) -> None:
    border = districts.geometry.iloc[0].bounds[2]
    points = gpd.GeoSeries(shapely.points([121.001, border, 121.1], 31.45), crs=4326)
    np.testing.assert_array_equal(factory_district(points, districts, ("a", "b", "c")), [0, 0, 2])


def test_a_factory_outside_every_district_is_refused(districts: gpd.GeoDataFrame) -> None:
    points = gpd.GeoSeries(shapely.points([121.001, 10.0], [31.45, 5.0]), crs=4326)
    with pytest.raises(PackError, match="1 factories lie in no district, first F9"):
        factory_district(points, districts, ("F8", "F9"))


def test_a_factory_outside_the_grid_is_refused(geobox: GeoBox) -> None:
    points = gpd.GeoSeries(shapely.points([121.001, 121.2], 31.45), crs=4326)
    with pytest.raises(PackError, match=r"1 factories lie outside the grid, first F9. Widen `bounds`"):
        factory_pixel(points, geobox, ("F8", "F9"))


def test_a_factory_lies_in_the_pixel_over_it(geobox: GeoBox) -> None:
    points = gpd.GeoSeries(shapely.points([121 + 3.5 / 240], [31.5 - 7.2 / 240]), crs=4326)
    row, col = factory_pixel(points, geobox, ("F",))
    assert (row[0], col[0]) == (7, 3)


OWNER = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [-1, 0, 0, 1]])


def test_the_footprint_stays_inside_the_own_district_and_is_shared_there() -> None:
    """Pixel 1 is in both buffers; the second factory is of the other district and has no part of it."""
    coverage = csr_array([[1.0, 0.8] + [0.0] * 10, [0.0, 0.9, 0.7] + [0.0] * 9])
    got = footprint(coverage, OWNER, np.array([0, 1]), np.array([0, 0]), np.array([0, 2])).toarray()
    np.testing.assert_allclose(got[0, :3], [1.0, 0.8, 0.0])
    np.testing.assert_allclose(got[1, :3], [0.0, 0.0, 0.7])


def test_factories_of_one_district_share_its_pixels() -> None:
    coverage = csr_array(np.tile([1.0, 1.0] + [0.0] * 10, (2, 1)))
    got = footprint(coverage, OWNER, np.array([0, 0]), np.array([0, 0]), np.array([0, 0]))
    np.testing.assert_allclose(got.toarray()[:, :2], 0.5)


def test_a_factory_without_an_own_pixel_gets_its_own_or_the_nearest_of_its_district() -> None:
    """The first stands on its district's pixel (0, 0); the second on (0, 0) too, but belongs to district 1."""
    coverage = csr_array((2, 12))
    got = footprint(coverage, OWNER, np.array([0, 1]), np.array([0, 0]), np.array([0, 0])).toarray()
    np.testing.assert_array_equal(np.argwhere(got), [[0, 0], [1, 2]])


def test_every_footprint_has_a_pixel_and_no_pixel_is_given_twice() -> None:
    rng = np.random.default_rng(1)
    coverage = csr_array(np.where(rng.random((30, 12)) < 0.2, rng.random((30, 12)), 0.0))
    before = coverage.copy()
    district = rng.integers(0, 2, 30)
    got = footprint(coverage, OWNER, district, rng.integers(0, 3, 30), rng.integers(0, 4, 30))
    assert (got.sum(axis=1) > 0).all()
    assert (got.sum(axis=0) <= 1 + 1e-12).all()
    rows, columns = got.nonzero()
    np.testing.assert_array_equal(OWNER.ravel()[columns], district[rows])
    np.testing.assert_array_equal(coverage.toarray(), before.toarray())
    assert coverage.nnz == before.nnz


def test_density_keeps_the_number_of_factories() -> None:
    coverage = csr_array([[0.5, 0.5, 0.0, 0.0], [0.0, 0.2, 0.6, 0.0]])
    area = np.array([[0.2, 0.2], [0.25, 0.25]])
    density = factory_density(coverage, np.array([0.5, 1.5]), area)
    np.testing.assert_allclose(density * area, [[0.25, 0.25 + 0.375], [1.125, 0.0]], rtol=1e-6)
    assert density.dtype == np.float32
