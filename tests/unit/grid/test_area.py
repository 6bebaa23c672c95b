import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox
from pyproj import Geod
from shapely.geometry import box as rectangle

from gvio.grid.area import pixel_area_km2


def test_the_whole_earth_has_the_area_of_the_ellipsoid() -> None:
    globe = GeoBox((180, 360), Affine(1, 0, -180, 0, -1, 90), "EPSG:4326")
    assert pixel_area_km2(globe).sum() == pytest.approx(510_065_621.724, rel=1e-9)


@pytest.mark.parametrize("latitude", [0.0, 31.2, -45.0, 75.0])
def test_a_pixel_agrees_with_geodesic_area(latitude: float) -> None:
    pixel = 1 / 240
    cell = GeoBox((1, 1), Affine(pixel, 0, 121, 0, -pixel, latitude), "EPSG:4326")
    # The geodesic polygon's north and south edges are not parallels, hence the tolerance.
    geodesic = abs(Geod(ellps="WGS84").geometry_area_perimeter(rectangle(*cell.boundingbox.bbox))[0]) / 1e6
    assert pixel_area_km2(cell)[0, 0] == pytest.approx(geodesic, rel=1e-6)


def test_rows_shrink_towards_the_pole_and_columns_are_equal() -> None:
    area = pixel_area_km2(GeoBox((50, 4), Affine(0.1, 0, 0, 0, -0.1, 60), "EPSG:4326"))
    assert area.shape == (50, 4)
    assert (np.diff(area[:, 0]) > 0).all()
    assert (area == area[:, :1]).all()


def test_projected_pixels_all_have_their_plane_area() -> None:
    area = pixel_area_km2(GeoBox((2, 3), Affine(500, 0, 0, 0, -250, 0), "EPSG:32651"))
    assert area.tolist() == [[0.125] * 3] * 2
