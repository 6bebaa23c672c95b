import numpy as np
import pytest
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from gvio.errors import ProductError
from gvio.grid.align import check_aligned

PIXEL = 1 / 240
REFERENCE = GeoBox((1200, 900), Affine(PIXEL, 0, 60 - PIXEL / 2, 0, -PIXEL, 75 + PIXEL / 2), "EPSG:4326")


def moved(south: float, east: float) -> GeoBox:
    return GeoBox((7, 5), REFERENCE.transform @ Affine.translation(east, south), REFERENCE.crs)


@given(st.integers(-20_000, 20_000), st.integers(-20_000, 20_000))
def test_whole_pixel_offsets_come_back_exactly(south: int, east: int) -> None:
    assert check_aligned(moved(south, east), REFERENCE) == (south, east)


@given(st.floats(-1e-3, 1e-3).map(lambda x: 0.9 * x), st.floats(-1e-3, 1e-3).map(lambda x: 0.9 * x))
def test_an_offset_within_a_thousandth_of_a_pixel_is_rounding(south: float, east: float) -> None:
    assert check_aligned(moved(3 + south, 4 + east), REFERENCE) == (3, 4)


@given(st.floats(0.0011, 0.9989), st.integers(-50, 50))
def test_a_larger_fraction_is_never_accepted(fraction: float, whole: int) -> None:
    for grid in (moved(whole + fraction, 0), moved(0, whole + fraction)):
        with pytest.raises(ProductError):
            check_aligned(grid, REFERENCE)


@pytest.mark.parametrize(
    ("south", "east", "words"),
    [
        (0, 0.5, "shifted by 0.50 pixels east against"),
        (10.25, -3, "shifted by 0.25 pixels south against"),
        (-0.25, 0.75, "shifted by 0.25 pixels west and 0.25 pixels north against"),
    ],
)
def test_a_shift_is_told_in_pixels_and_direction(south: float, east: float, words: str) -> None:
    with pytest.raises(ProductError, match=f"^some.tif: .*{words}") as caught:
        check_aligned(moved(south, east), REFERENCE, where="some.tif")
    assert caught.value.exit_code == 3
    assert "resampled" in caught.value.hint


def test_ten_digit_pixel_size_of_the_provider_is_the_same_lattice() -> None:
    rounded = 0.0041666667
    window = GeoBox((10, 10), Affine(rounded, 0, 60 - PIXEL / 2 + 3000 * rounded, 0, -rounded, 75 + PIXEL / 2), 4326)
    assert check_aligned(window, REFERENCE) == (0, 3000)


def test_another_resolution_is_refused() -> None:
    coarse = GeoBox((7, 5), Affine(0.00449, 0, 60, 0, -0.00449, 75), "EPSG:4326")
    with pytest.raises(ProductError, match=r"pixels are 0\.00449 x -0\.00449, the region's grid has 0\.00416666"):
        check_aligned(coarse, REFERENCE)


def test_a_rotated_grid_is_refused() -> None:
    turned = GeoBox((7, 5), REFERENCE.transform @ Affine.rotation(1e-6), REFERENCE.crs)
    with pytest.raises(ProductError, match=r"\(rotated\)"):
        check_aligned(turned, REFERENCE)


def test_another_crs_is_refused() -> None:
    metric = GeoBox((7, 5), Affine(500, 0, 0, 0, -500, 0), "EPSG:32651")
    with pytest.raises(ProductError, match=r"coordinate system is EPSG:32651, .* EPSG:4326"):
        check_aligned(metric, REFERENCE)


def test_a_nan_corner_is_refused() -> None:
    broken = GeoBox((7, 5), Affine(PIXEL, 0, np.nan, 0, -PIXEL, 75), "EPSG:4326")
    with pytest.raises(ProductError, match=r"georeference is not finite: .*nan"):
        check_aligned(broken, REFERENCE)
