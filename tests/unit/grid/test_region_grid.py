import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from gvio.errors import ProductError
from gvio.grid.align import check_aligned
from gvio.grid.region import covered_window, region_geobox

PIXEL = 1 / 240
TILE = GeoBox((2400, 2400), Affine(PIXEL, 0, 120, 0, -PIXEL, 40), "EPSG:4326")


def test_bounds_on_pixel_borders_give_exactly_those_pixels() -> None:
    box = region_geobox((120.85, 30.65, 122.15, 31.90), TILE)
    assert tuple(box.shape) == (300, 312)
    assert check_aligned(box, TILE) == (1944, 204)


@given(st.tuples(*[st.floats(-0.009, 0.009)] * 4))
def test_rounding_in_yaml_adds_no_row_and_no_column(error: tuple[float, float, float, float]) -> None:
    exact = (120 + 100 * PIXEL, 40 - 60 * PIXEL, 120 + 140 * PIXEL, 40 - 20 * PIXEL)
    bounds = tuple(value + px * PIXEL for value, px in zip(exact, error, strict=True))
    box = region_geobox(bounds, TILE)  # type: ignore[arg-type]
    assert (tuple(box.shape), check_aligned(box, TILE)) == ((40, 40), (20, 100))


coordinates = st.floats(-60, 60)
sizes = st.floats(0.001, 3)


@given(coordinates, coordinates, sizes, sizes)
def test_the_window_covers_the_bounds_and_is_minimal(west: float, south: float, width: float, height: float) -> None:
    box = region_geobox((west, south, west + width, south + height), TILE)
    edges = box.boundingbox
    slack = 0.011 * PIXEL
    assert edges.left <= west + slack
    assert edges.right >= west + width - slack
    assert edges.bottom <= south + slack
    assert edges.top >= south + height - slack
    assert tuple(box.shape) <= (height / PIXEL + 2, width / PIXEL + 2)
    check_aligned(box, TILE)


def test_the_window_may_reach_outside_the_reference() -> None:
    box = region_geobox((119, 39, 121, 41), TILE)
    assert tuple(box.shape) == (480, 480)
    assert check_aligned(box, TILE) == (-240, -240)


def test_bounds_thinner_than_a_pixel_keep_the_pixel() -> None:
    assert tuple(region_geobox((121, 35, 121 + 1e-9, 35 + 1e-9), TILE).shape) == (1, 1)


@pytest.mark.parametrize(
    "reference",
    [
        GeoBox((10, 10), Affine(500, 0, 0, 0, -500, 0), "EPSG:32651"),
        GeoBox((10, 10), Affine(PIXEL, 0, 0, 0, PIXEL, 0), "EPSG:4326"),
        GeoBox((10, 10), Affine(PIXEL, 0, 0, 0, -PIXEL, 0), None),
        GeoBox((10, 10), TILE.transform @ Affine.rotation(3), "EPSG:4326"),
    ],
)
def test_only_a_north_up_grid_in_degrees_can_be_the_reference(reference: GeoBox) -> None:
    with pytest.raises(ProductError, match="not a north-up grid in degrees"):
        region_geobox((0, 0, 1, 1), reference)


def test_same_input_gives_the_identical_grid() -> None:
    bounds = (72.781252, 18.847916, 72.981252, 19.268750)
    first, second = region_geobox(bounds, TILE), region_geobox(bounds, TILE)
    assert first == second
    assert np.isfinite(list(first.transform)).all()


def test_what_a_file_holds_of_the_region_is_a_window_of_its_own_grid() -> None:
    window, row, col = covered_window((129.5, 39.5, 131.0, 41.0), TILE)
    assert (tuple(window.shape), row, col) == ((120, 120), 0, 2280)
    assert check_aligned(window, TILE) == (0, 2280)
    assert covered_window((120, 30, 130, 40), TILE)[0] == TILE


@pytest.mark.parametrize("bounds", [(130.0, 35, 131, 36), (119, 35, 120, 36), (125, 40, 126, 41), (125, 29, 126, 30)])
def test_a_file_that_only_touches_the_region_holds_nothing_of_it(bounds: tuple[float, float, float, float]) -> None:
    with pytest.raises(ProductError, match=r"x.tif: covers 120.00..130.00 E, 30.00..40.00 N and nothing of the region"):
        covered_window(bounds, TILE, where="x.tif")
