import functools
import hashlib
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import h5py
import numpy as np
import pytest
from affine import Affine
from hypothesis import given, settings
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox

from gvio.errors import ProductError
from gvio.grid.region import region_geobox
from gvio.simulate.formats.black_marble import FIELDS, tile_geobox, write_vnp46a3
from gvio.sources import vnp46a3
from gvio.sources.files import ProductFile
from gvio.sources.folder import list_files
from gvio.sources.product import Product
from gvio.sources.vnp46a3 import black_marble, recognise
from gvio.types import LightMonth, Month

DECEMBER = Month(2021, 12)
LAYER = "AllAngle_Composite_Snow_Free"
INSIDE = region_geobox((121.0, 31.0, 121.2, 31.15), tile_geobox(30, 5))
CORNER = region_geobox((119.95, 29.95, 120.05, 30.05), tile_geobox(30, 5))


def world(grid: GeoBox, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    radiance = rng.gamma(2, 10, grid.shape).round(1).astype(np.float32)
    radiance[rng.random(grid.shape) < 0.1] = np.nan
    return radiance, rng.integers(1, 25, grid.shape)


def moved(south: float, east: float, shape: tuple[int, int]) -> GeoBox:
    return GeoBox(shape, INSIDE.transform @ Affine.translation(east, south), INSIDE.crs)


def files_in(folder: Path) -> list[ProductFile]:
    return list_files(folder, "vnp46a3")


def open_month(files: Sequence[ProductFile], geobox: GeoBox, product: Product = vnp46a3.PRODUCT) -> LightMonth:
    with product.open_month(files) as month:
        return month.read(geobox)


@functools.cache
def granule_bytes(**options: str) -> tuple[str, bytes]:
    """Written once per variant: every test damages its own copy."""
    with tempfile.TemporaryDirectory() as folder:
        (path,) = write_vnp46a3(Path(folder), DECEMBER, *world(INSIDE), INSIDE, **options)
        return path.name, path.read_bytes()


def write(folder: Path, **options: str) -> Path:
    name, data = granule_bytes(**options)
    path = folder / name
    path.write_bytes(data)
    return path


def edit(path: Path, layer: str, window: tuple[int, int], value: float) -> None:
    """Overwrite one pixel, given on the region's grid."""
    row, col = round((40 - INSIDE.boundingbox.top) * 240), round((INSIDE.boundingbox.left - 120) * 240)
    with h5py.File(path, "r+") as file:
        file[FIELDS][layer][row + window[0], col + window[1]] = value


def test_official_names_say_what_the_file_is() -> None:
    file = recognise("VNP46A3.A2021335.h30v05.002.2022012120000.h5")
    assert file is not None
    said = (file.month, file.satellite, file.collection, file.processing, file.stamp, file.tile, file.layer)
    assert said == (DECEMBER, "npp", "002", LAYER, "2022012120000", "h30v05", "granule")
    noaa20 = recognise("VJ146A3.A2020032.h08v04.001.2021000000000.h5")
    assert noaa20 is not None
    assert (noaa20.satellite, noaa20.month) == ("j01", Month(2020, 2))


@pytest.mark.parametrize(
    "name",
    [
        "VNP46A3.A2021336.h30v05.002.2022012120000.h5",  # second day of December
        "VNP46A3.A2021366.h30v05.002.2022012120000.h5",  # no such day
        "VNP46A2.A2021335.h30v05.002.2022012120000.h5",  # daily
        "VNP46A4.A2021001.h30v05.002.2022012120000.h5",  # annual
        "VNP46A3.A2021335.h30v05.002.2022012120000.h5.part",
    ],
)
def test_other_names_are_not_recognised(name: str) -> None:
    assert recognise(name) is None


def test_tile_corners_follow_from_the_name() -> None:
    for tile, corner in (("h30v05", (120, 40)), ("h00v00", (-180, 90)), ("h35v17", (170, -80))):
        box = vnp46a3.tile_geobox(tile).boundingbox
        assert (box.left, box.top) == corner
        assert (box.right, box.bottom) == pytest.approx((corner[0] + 10, corner[1] - 10), abs=1e-9)


@pytest.mark.parametrize("collection", ["001", "002"])
@pytest.mark.parametrize("satellite", ["npp", "j01"])
def test_both_collections_give_the_same_light(tmp_path: Path, collection: str, satellite: str) -> None:
    path = write(tmp_path, collection=collection, satellite=satellite)
    month = open_month(files_in(tmp_path), INSIDE)
    radiance, counts = world(INSIDE)
    np.testing.assert_allclose(month.radiance, radiance, atol=1e-5, equal_nan=True)
    np.testing.assert_array_equal(month.valid, np.isfinite(radiance))
    np.testing.assert_array_equal(month.observations, np.where(np.isfinite(radiance), counts, 0))
    assert (month.radiance.dtype, month.observations.dtype) == (np.float32, np.uint16)
    (origin,) = month.provenance
    assert origin.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert origin.regime == f"vnp46a3/{satellite}/{collection}/{LAYER}"


def test_scale_and_offset_are_the_files_own(tmp_path: Path) -> None:
    path = write(tmp_path, collection="001")
    with h5py.File(path, "r+") as file:
        file[FIELDS][LAYER].attrs["scale_factor"] = np.array([0.5], np.float32)
        file[FIELDS][LAYER].attrs["offset"] = np.array([2.0], np.float32)
    expected = world(INSIDE)[0] * 5 + 2
    np.testing.assert_allclose(open_month(files_in(tmp_path), INSIDE).radiance, expected, rtol=1e-6, equal_nan=True)


def test_fill_is_the_files_own(tmp_path: Path) -> None:
    path = write(tmp_path)
    edit(path, LAYER, (0, 0), 7777.0)
    with h5py.File(path, "r+") as file:
        file[FIELDS][LAYER].attrs["_FillValue"] = np.array([7777.0], np.float64)
    assert not open_month(files_in(tmp_path), INSIDE).valid[0, 0]


@pytest.mark.parametrize(("flag", "valid"), [(0, True), (1, True), (2, False), (255, False), (7, False)])
def test_gap_filled_and_fill_quality_is_no_observation(tmp_path: Path, flag: int, valid: bool) -> None:
    path = write(tmp_path)
    for layer, value in ((LAYER, 5.0), (f"{LAYER}_Num", 4), (f"{LAYER}_Quality", flag)):
        edit(path, layer, (3, 4), value)
    month = open_month(files_in(tmp_path), INSIDE)
    assert month.valid[3, 4] == valid
    assert month.observations[3, 4] == (4 if valid else 0)


def test_gap_filled_pixels_can_be_kept_by_decision(tmp_path: Path) -> None:
    path = write(tmp_path)
    for layer, value in ((LAYER, 5.0), (f"{LAYER}_Num", 4), (f"{LAYER}_Quality", 2)):
        edit(path, layer, (3, 4), value)
    keeping = black_marble(dropped_quality=())
    assert open_month(files_in(tmp_path), INSIDE, keeping).radiance[3, 4] == 5


def test_without_a_count_nothing_was_observed(tmp_path: Path) -> None:
    path = write(tmp_path)
    for col, count in ((0, 0), (1, 65535)):
        edit(path, LAYER, (2, col), 5.0)
        edit(path, f"{LAYER}_Quality", (2, col), 0)
        edit(path, f"{LAYER}_Num", (2, col), count)
    month = open_month(files_in(tmp_path), INSIDE)
    assert np.isnan(month.radiance[2, :2]).all()


@pytest.mark.parametrize(
    ("limits", "valid"),
    [
        (np.bytes_(">= 0.0"), False),
        (">= 0.0", False),
        (np.array([0, 100], np.float32), False),
        (np.array([-5, 100], np.float32), True),
        (np.bytes_("any"), True),
    ],
)
def test_the_valid_range_is_text_or_two_numbers(tmp_path: Path, limits: Any, valid: bool) -> None:
    path = write(tmp_path)
    edit(path, LAYER, (1, 1), -1.5)
    edit(path, f"{LAYER}_Num", (1, 1), 9)
    edit(path, f"{LAYER}_Quality", (1, 1), 0)
    with h5py.File(path, "r+") as file:
        del file[FIELDS][LAYER].attrs["valid_range"]
        file[FIELDS][LAYER].attrs["valid_range"] = limits
    assert open_month(files_in(tmp_path), INSIDE).valid[1, 1] == valid


def test_an_absent_valid_range_limits_nothing(tmp_path: Path) -> None:
    path = write(tmp_path)
    with h5py.File(path, "r+") as file:
        del file[FIELDS][LAYER].attrs["valid_range"]
    radiance = open_month(files_in(tmp_path), INSIDE).radiance
    np.testing.assert_allclose(radiance, world(INSIDE)[0], equal_nan=True)


def test_another_composite_is_another_regime(tmp_path: Path) -> None:
    write(tmp_path, composite="NearNadir_Composite_Snow_Free")
    near = black_marble(composite="NearNadir_Composite_Snow_Free")
    file = near.recognise(files_in(tmp_path)[0].path.name)
    assert file is not None
    assert file.processing == "NearNadir_Composite_Snow_Free"
    assert not open_month(files_in(tmp_path), INSIDE).valid.any()  # the default composite of this file is all fill


def test_four_tiles_are_joined_at_their_corner(tmp_path: Path) -> None:
    paths = write_vnp46a3(tmp_path, DECEMBER, *world(CORNER), CORNER)
    assert len(paths) == 4
    month = open_month(files_in(tmp_path), CORNER)
    np.testing.assert_allclose(month.radiance, world(CORNER)[0], atol=1e-5, equal_nan=True)
    assert [p.file.split(".")[2] for p in month.provenance] == ["h29v05", "h29v06", "h30v05", "h30v06"]
    paths[0].unlink()
    partly = open_month(files_in(tmp_path), CORNER)
    assert 0 < partly.valid.sum() < month.valid.sum()


_PAD = 160  # pixels round the granule: the farthest window of the test ends within it


@settings(deadline=None, max_examples=8)
@given(st.integers(-30, 60), st.integers(-30, 60), st.integers(1, 80), st.integers(1, 80))
def test_any_window_equals_the_slice_of_the_whole(
    granule: tuple[list[ProductFile], np.ndarray], south: int, east: int, rows: int, cols: int
) -> None:
    files, padded = granule
    window = moved(south, east, (rows, cols))
    expected = padded[_PAD + south : _PAD + south + rows, _PAD + east : _PAD + east + cols]
    np.testing.assert_allclose(open_month(files, window).radiance, expected, atol=1e-5, equal_nan=True)


@pytest.fixture(scope="module")
def granule(tmp_path_factory: pytest.TempPathFactory) -> tuple[list[ProductFile], np.ndarray]:
    folder = tmp_path_factory.mktemp("granule")
    write(folder)
    return files_in(folder), np.pad(world(INSIDE)[0], _PAD, constant_values=np.nan)


def test_grids_follow_from_names_though_the_content_is_damaged(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_bytes(path.read_bytes()[:64])
    (file,) = files_in(tmp_path)
    with vnp46a3.open_month([file]) as month:
        assert month.grids == ((file, tile_geobox(30, 5)),)


def test_the_group_in_gdals_spelling_is_read_too(tmp_path: Path) -> None:
    with h5py.File(write(tmp_path), "r+") as file:
        file.move(FIELDS, FIELDS.replace("Data Fields", "Data_Fields"))
    assert open_month(files_in(tmp_path), INSIDE).valid.any()


def test_a_granule_without_structure_metadata_is_read(tmp_path: Path) -> None:
    with h5py.File(write(tmp_path), "r+") as file:
        del file["HDFEOS INFORMATION"]
    assert open_month(files_in(tmp_path), INSIDE).valid.any()


def test_a_renamed_tile_is_refused(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.rename(path.with_name(path.name.replace("h30v05", "h29v05")))
    grid = region_geobox((111.0, 31.0, 111.2, 31.15), tile_geobox(29, 5))
    with pytest.raises(ProductError, match=r"name says upper left \(110, 40\), the content says \(120, 40\)"):
        open_month(files_in(tmp_path), grid)


@pytest.mark.parametrize("keep", [0.02, 0.5, 0.999])
def test_a_truncated_granule_is_refused(tmp_path: Path, keep: float) -> None:
    path = write(tmp_path)
    path.write_bytes(path.read_bytes()[: int(path.stat().st_size * keep)])
    with pytest.raises(ProductError, match=rf"^{path.name}: cannot be read as HDF5, it is truncated .*Download") as it:
        open_month(files_in(tmp_path), INSIDE)
    assert "\n" not in str(it.value)


def test_damaged_chunks_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path)
    with h5py.File(path, "r") as file:
        chunk = file[FIELDS][LAYER].id.get_chunk_info(0)
    data = bytearray(path.read_bytes())
    data[chunk.byte_offset : chunk.byte_offset + chunk.size] = b"\xff" * chunk.size
    path.write_bytes(data)
    with pytest.raises(ProductError, match="cannot be read as HDF5"):
        open_month(files_in(tmp_path), INSIDE)


def test_an_html_page_is_called_by_its_name(tmp_path: Path, login_page: bytes) -> None:
    path = write(tmp_path)
    path.write_bytes(login_page)
    words = rf"^{path.name}: is an HTML page, probably a login page: 'Earthdata Login'\. Log in"
    with pytest.raises(ProductError, match=words):
        open_month(files_in(tmp_path), INSIDE)


def test_an_untitled_page_and_other_bytes_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path)
    path.write_bytes(b"\xef\xbb\xbf\n <HTML>moved</HTML>")
    with pytest.raises(ProductError, match=r"login page: '\(no title\)'"):
        open_month(files_in(tmp_path), INSIDE)
    path.write_bytes(b"CDF\x01 and more")
    with pytest.raises(ProductError, match=r"is not a HDF5: it starts with b'CDF"):
        open_month(files_in(tmp_path), INSIDE)


@pytest.mark.parametrize("suffix", ["", "_Num", "_Quality"])
def test_a_missing_layer_is_named(tmp_path: Path, suffix: str) -> None:
    with h5py.File(write(tmp_path), "r+") as file:
        del file[FIELDS][LAYER + suffix]
    with pytest.raises(ProductError, match=rf"has no layer '{LAYER}{suffix}'; it has .*NearNadir_Composite"):
        open_month(files_in(tmp_path), INSIDE)


def test_a_missing_group_is_named(tmp_path: Path) -> None:
    with h5py.File(write(tmp_path), "r+") as file:
        del file["HDFEOS/GRIDS"]
    with pytest.raises(ProductError, match="has no group 'HDFEOS/GRIDS/VIIRS_Grid_DNB_2d/Data Fields'"):
        open_month(files_in(tmp_path), INSIDE)


def test_wrong_dimensions_are_refused(tmp_path: Path) -> None:
    with h5py.File(write(tmp_path), "r+") as file:
        del file[FIELDS][f"{LAYER}_Num"]
        file[FIELDS].create_dataset(f"{LAYER}_Num", data=np.zeros((1200, 2400), np.uint16))
    with pytest.raises(ProductError, match=r"_Num' has shape \(1200, 2400\), not \(2400, 2400\)"):
        open_month(files_in(tmp_path), INSIDE)


def test_a_grid_between_the_pixels_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    with pytest.raises(ProductError, match=r"^VNP46A3.*shifted by 0\.50 pixels"):
        open_month(files_in(tmp_path), moved(0, 0.5, (5, 5)))


def test_a_tile_of_another_place_is_refused(tmp_path: Path) -> None:
    write(tmp_path)
    paris = region_geobox((2.2, 48.8, 2.4, 48.9), tile_geobox(18, 4))
    with pytest.raises(ProductError, match=r"no tile of 2021-12 touches .*h30v05 covers 120\.00\.\.130\.00 E"):
        open_month(files_in(tmp_path), paris)
