import os
import resource
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import rasterio
from affine import Affine
from hypothesis import given
from hypothesis import strategies as st
from odc.geo.geobox import GeoBox
from rio_cogeo import cog_validate
from shapely.geometry import Point, Polygon, box

from gvio import raster
from gvio.errors import ProductError, StoreError
from gvio.grid.align import check_aligned

PIXEL = 1 / 240
GRID = GeoBox((40, 30), Affine(PIXEL, 0, 121, 0, -PIXEL, 31.5), "EPSG:4326")
ANNUAL = Path(__file__).parents[2] / "../shared/data/ntl_shanghai_annual"


def light(grid: GeoBox = GRID, seed: int = 1) -> np.ndarray:
    return np.random.default_rng(seed).gamma(2, 10, grid.shape).astype(np.float32)


def part(south: float, east: float, shape: tuple[int, int], of: GeoBox = GRID) -> GeoBox:
    return GeoBox(shape, of.transform @ Affine.translation(east, south), of.crs)


@pytest.fixture(scope="module")
def lights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("raster") / "light.tif"
    raster.write_geotiff(path, light(), GRID, nodata=None)
    return path


def test_a_written_file_comes_back_whole(tmp_path: Path) -> None:
    path = tmp_path / "x.tif"
    raster.write_geotiff(path, light(), GRID, nodata=None, descriptions=["radiance"], tags={"origin": "test"})
    array, grid, nodata = raster.read_window(path)
    np.testing.assert_array_equal(array, light())
    assert (grid, nodata) == (GRID, None)
    assert raster.geobox_of(path) == GRID
    with rasterio.open(path) as source:
        assert (source.descriptions, source.tags()["origin"]) == (("radiance",), "test")
    assert [p.name for p in tmp_path.iterdir()] == ["x.tif"]


@pytest.mark.parametrize("write", [raster.write_geotiff, raster.write_cog])
def test_a_disk_that_fills_leaves_nothing_and_says_so(tmp_path: Path, write: Callable[..., None]) -> None:
    """A limit on the size of files is met as a full disk is: by a write that fails."""
    size, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (2048, hard))
        with pytest.raises(
            StoreError, match=r"x\.tif: cannot be written \(File too large\). Free space, or write into"
        ):
            write(tmp_path / "x.tif", light(), GRID, nodata=None)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("write", [raster.write_geotiff, raster.write_cog])
def test_a_folder_is_made_and_one_that_is_none_is_named(tmp_path: Path, write: Callable[..., None]) -> None:
    (tmp_path / "file").touch()
    for folder, reason in (("file", "File exists"), ("file/deep", "Not a directory")):
        with pytest.raises(StoreError, match=rf"{folder}.x\.tif: cannot be written \({reason}\). Free space"):
            write(tmp_path / folder / "x.tif", light(), GRID, nodata=None)
    write(tmp_path / "new" / "deep" / "x.tif", light(), GRID, nodata=None)
    assert [path.name for path in (tmp_path / "new" / "deep").iterdir()] == ["x.tif"]


def test_a_window_is_copied_or_its_target_named(lights: Path, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StoreError, match=r"w\.tif: cannot be written \(File exists\)"):
        raster.copy_window(lights, tmp_path / "file" / "w.tif", (121.01, 31.4, 121.05, 31.45))


@given(st.integers(-60, 60), st.integers(-60, 60), st.integers(1, 70), st.integers(1, 70))
def test_a_window_equals_the_slice_of_the_padded_whole(
    lights: Path, south: int, east: int, rows: int, cols: int
) -> None:
    padded = np.pad(light(), 150, constant_values=np.nan)
    array, grid, _ = raster.read_window(lights, part(south, east, (rows, cols)))
    expected = padded[150 + south : 150 + south + rows, 150 + east : 150 + east + cols]
    np.testing.assert_array_equal(array, expected)
    assert tuple(grid.shape) == (rows, cols)


def test_outside_an_integer_file_is_nodata_or_zero(tmp_path: Path) -> None:
    counts = np.full(GRID.shape, 7, np.uint16)
    window = part(-1, -1, (2, 2))
    for nodata, outside in ((None, 0), (65535, 65535)):
        path = tmp_path / f"{nodata}.tif"
        raster.write_geotiff(path, counts, GRID, nodata=nodata)
        array, _, tag = raster.read_window(path, window)
        assert array.dtype == np.uint16
        assert array.tolist() == [[outside, outside], [outside, 7]]
        assert tag == nodata


@pytest.mark.parametrize("nodata", [-999.9, 0.0, np.nan])
def test_nodata_of_a_float_band_becomes_nan(tmp_path: Path, nodata: float) -> None:
    values = light()
    values[3, 4] = nodata
    raster.write_geotiff(tmp_path / "n.tif", values, GRID, nodata=nodata)
    array, _, _ = raster.read_window(tmp_path / "n.tif")
    assert np.isnan(array[3, 4])
    assert np.isfinite(array).sum() == array.size - 1


def test_of_an_open_file_only_what_a_window_needs_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grid = GeoBox((1500, 1500), GRID.transform, GRID.crs)
    path, values = tmp_path / "large.tif", light(grid)
    raster.write_cog(path, values, grid, nodata=None)
    read: list[int] = []
    preadv = os.preadv
    monkeypatch.setattr(os, "preadv", lambda *args: read.append(preadv(*args)) or read[-1])
    with path.open("rb") as stream:
        stream.seek(7)
        with raster.opened(stream) as source:
            assert (source.name, source.geobox) == ("large.tif", grid)
            array, _, _ = raster.window_of(source, part(700, 700, (20, 30), grid))
        assert (stream.tell(), stream.closed) == (7, False)
    np.testing.assert_array_equal(array, values[700:720, 700:730])
    assert 0 < sum(read) < path.stat().st_size / 10


@pytest.mark.parametrize("keep", [4, 0.5])
def test_a_damaged_file_that_is_open_is_named_as_one_that_is_not(tmp_path: Path, lights: Path, keep: float) -> None:
    whole = lights.read_bytes()
    (tmp_path / "cut.tif").write_bytes(whole[: keep if keep > 1 else int(len(whole) * keep)])
    cut = (tmp_path / "cut.tif").open("rb")
    with cut as stream, pytest.raises(ProductError) as caught, raster.opened(stream) as source:
        raster.window_of(source)
    assert str(caught.value).startswith("cut.tif: cannot be read as a raster (")
    assert "vsiriopener" not in str(caught.value)  # a number of its own each time


def test_an_open_file_without_georeference_is_refused(tmp_path: Path) -> None:
    profile = {"driver": "GTiff", "count": 1, "height": 4, "width": 4, "dtype": "uint8"}
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        rasterio.open(tmp_path / "bare.tif", "w", **profile).close()
    refused = pytest.raises(ProductError, match=r"^bare\.tif: has no georeference")
    with (tmp_path / "bare.tif").open("rb") as stream, refused, raster.opened(stream):
        pass


def test_a_grid_shifted_by_half_a_pixel_is_refused(lights: Path) -> None:
    with pytest.raises(ProductError, match=r"^light\.tif: the grid is shifted by 0\.50 pixels east"):
        raster.read_window(lights, part(2, 3.5, (4, 4)))


def test_the_direction_of_a_shift_is_that_of_the_file(lights: Path) -> None:
    with pytest.raises(ProductError, match=r"shifted by 0\.25 pixels west and 0\.10 pixels north"):
        raster.read_window(lights, part(2.1, 3.25, (4, 4)))


def test_write_cog_keeps_the_dtype(tmp_path: Path) -> None:
    counts = np.arange(GRID.shape[0] * GRID.shape[1], dtype=np.uint16).reshape(GRID.shape)
    raster.write_cog(tmp_path / "n.tif", counts, GRID, nodata=None)
    array, grid, _ = raster.read_window(tmp_path / "n.tif")
    np.testing.assert_array_equal(array, counts)
    assert (array.dtype, grid) == (np.uint16, GRID)
    assert cog_validate(tmp_path / "n.tif", strict=True)[0]


def test_a_missing_band_is_named(lights: Path) -> None:
    with pytest.raises(ProductError, match=r"has 1 band\(s\), not band 2"):
        raster.read_window(lights, band=2)


def test_a_file_that_is_absent_or_no_raster_is_one_line(tmp_path: Path) -> None:
    (tmp_path / "page.tif").write_text("<!DOCTYPE html><html></html>")
    for name in ("absent.tif", "page.tif"):
        with pytest.raises(ProductError, match=rf"^{name}: cannot be read as a raster") as caught:
            raster.geobox_of(tmp_path / name)
        assert "\n" not in str(caught.value)


def test_a_truncated_file_is_refused_with_the_reason(tmp_path: Path, lights: Path) -> None:
    whole = lights.read_bytes()
    for keep in (4, len(whole) // 2, len(whole) - 300):
        (tmp_path / "cut.tif").write_bytes(whole[:keep])
        with pytest.raises(ProductError, match=r"^cut\.tif: cannot be read as a raster"):
            raster.read_window(tmp_path / "cut.tif")


def test_a_truncated_cog_whose_header_is_whole_is_refused(tmp_path: Path) -> None:
    grid = GeoBox((600, 700), GRID.transform, GRID.crs)
    data = raster.cog_bytes(light(grid), grid, nodata=None)
    (tmp_path / "cut.tif").write_bytes(data[: len(data) // 2])
    assert raster.geobox_of(tmp_path / "cut.tif") == grid
    for read in (raster.read_window, lambda path: raster.read_onto(path, part(0.5, 0.5, (600, 700), grid))):
        with pytest.raises(ProductError, match=r"^cut\.tif: cannot be read as a raster"):
            read(tmp_path / "cut.tif")
    with pytest.raises(ProductError, match="cannot be read as a raster"):
        raster.read_cog(data[: len(data) // 2])


def test_a_file_without_georeference_is_refused(tmp_path: Path) -> None:
    profile = {"driver": "GTiff", "count": 1, "height": 4, "width": 4, "dtype": "uint8"}
    with pytest.warns(rasterio.errors.NotGeoreferencedWarning):
        rasterio.open(tmp_path / "bare.tif", "w", **profile).close()
    with pytest.raises(ProductError, match=r"^bare\.tif: has no georeference"):
        raster.geobox_of(tmp_path / "bare.tif")


def test_reading_leaves_nothing_beside_the_file(tmp_path: Path) -> None:
    raster.write_geotiff(tmp_path / "a.tif", light(), GRID, nodata=None)
    raster.read_window(tmp_path / "a.tif", part(0, 0, (5, 5)))
    raster.read_onto(tmp_path / "a.tif", part(0.5, 0.5, (5, 5)))
    assert [p.name for p in tmp_path.iterdir()] == ["a.tif"]


def test_read_onto_takes_the_nearest_and_marks_what_is_outside(tmp_path: Path) -> None:
    mask = np.zeros(GRID.shape, np.uint8)
    mask[:, 15:] = 1
    raster.write_geotiff(tmp_path / "u.tif", mask, GRID, nodata=255)
    array = raster.read_onto(tmp_path / "u.tif", part(0.2, 10.2, (40, 30)))
    assert (array[:39, :5] == 0).all()
    assert (array[:39, 5:20] == 1).all()
    assert np.isnan(array[:, 20:]).all()


def test_read_onto_averages_and_reprojects(tmp_path: Path) -> None:
    raster.write_geotiff(tmp_path / "u.tif", np.ones(GRID.shape, np.uint8), GRID, nodata=255)
    metric = GeoBox((3, 3), Affine(1000, 0, 312_000, 0, -1000, 3_484_000), "EPSG:32651")
    assert (raster.read_onto(tmp_path / "u.tif", metric, resampling="average") == 1).all()


def test_a_cog_is_valid_deterministic_and_complete(tmp_path: Path) -> None:
    grid = GeoBox((300, 600), GRID.transform, GRID.crs)
    cube = np.stack([light(grid, seed) for seed in range(5)])
    cube[:, 0, 0] = np.nan
    names = ("estimate", "lower80", "upper80", "raw", "adjustment")
    data = raster.cog_bytes(cube, grid, nodata=np.nan, descriptions=names, tags={"month": "2021-12"})
    assert data == raster.cog_bytes(cube, grid, nodata=np.nan, descriptions=names, tags={"month": "2021-12"})
    (tmp_path / "g.tif").write_bytes(data)
    assert cog_validate(tmp_path / "g.tif", strict=True) == (True, [], [])
    array, box_, descriptions = raster.read_cog(data)
    np.testing.assert_array_equal(array, cube)
    assert (array.dtype, box_, descriptions) == (np.float32, grid, names)
    with rasterio.open(tmp_path / "g.tif") as source:
        assert np.isnan(source.nodata)
        assert source.tags()["month"] == "2021-12"
        assert source.overviews(1)


def test_damaged_cog_bytes_are_refused() -> None:
    with pytest.raises(ProductError, match="cannot be read as a raster"):
        raster.read_cog(b"II*\0 but no more")


def test_an_array_that_does_not_fit_is_a_programming_error() -> None:
    with pytest.raises(ValueError, match=r"shape \(3, 3\) does not fit"):
        raster.cog_bytes(np.zeros((3, 3), np.float32), GRID, nodata=None)
    with pytest.raises(ValueError, match="2 descriptions for 1 bands"):
        raster.cog_bytes(light(), GRID, nodata=None, descriptions=["a", "b"])


def test_rasterize_decides_by_pixel_centre() -> None:
    left, _, _, top = GRID.boundingbox.bbox
    # Covers the centre of pixel (0, 0) but only 0.4 of pixel (0, 1).
    shape = box(left, top - PIXEL, left + 1.4 * PIXEL, top)
    burned = raster.rasterize([shape], [3], GRID)
    assert burned.dtype == np.int32
    assert np.argwhere(burned == 3).tolist() == [[0, 0]]
    assert (burned == -1).sum() == burned.size - 1


def test_rasterize_tiles_without_gap_or_overlap() -> None:
    left, bottom, right, top = GRID.boundingbox.bbox
    middle = (left + right) / 2 + 0.3 * PIXEL
    halves = [box(left, bottom, middle, top), box(middle, bottom, right, top)]
    burned = raster.rasterize(halves, [0, 1], GRID)
    assert set(np.unique(burned)) == {0, 1}
    assert (burned == 0).sum() == 40 * 15


def test_rasterize_of_nothing_is_fill() -> None:
    assert (raster.rasterize([], [], GRID, fill=9) == 9).all()
    assert (raster.rasterize([Polygon()], [1], GRID) == -1).all()
    assert (raster.rasterize([Point(0, 0).buffer(1)], [1], GRID) == -1).all()


@pytest.mark.parametrize(
    "name",
    ["viirs_vnl_v21/NTL_Shanghai_NPP-VIIRS_2013_2022_2021.tif", "npp_viirs_like/NTL_Shanghai_2000_2020_2000.tif"],
)
def test_real_annual_rasters_open_though_their_zeros_have_no_nodata_tag(name: str) -> None:
    path = ANNUAL / name
    if not path.exists():
        pytest.skip(f"real data absent: {path}")
    array, grid, nodata = raster.read_window(path)
    assert nodata is None
    assert tuple(grid.shape) == array.shape == (262, 281)
    assert np.isfinite(array).all()
    assert (array == 0).mean() > 0.2
    window = part(100, 120, (50, 60), of=grid)
    np.testing.assert_array_equal(raster.read_window(path, window)[0], array[100:150, 120:180])


@pytest.mark.parametrize(("dtype", "nodata"), [("float32", None), ("float32", -999.9), ("uint16", 65535)])
def test_a_copied_window_holds_the_same_values_dtype_nodata_and_lattice(
    tmp_path: Path, dtype: str, nodata: float | None
) -> None:
    array = light().astype(dtype)
    array[12, 6] = array.dtype.type(0 if nodata is None else nodata)
    raster.write_geotiff(tmp_path / "whole.tif", array, GRID, nodata=nodata)
    edges = part(10, 5, (8, 6)).boundingbox
    bounds = (edges.left, edges.bottom, edges.right, edges.top)
    raster.copy_window(tmp_path / "whole.tif", tmp_path / "part.tif", bounds, tags={"SOURCE_URL": "x"})
    with rasterio.open(tmp_path / "part.tif") as source:
        assert (source.dtypes, source.tags()["SOURCE_URL"]) == ((dtype,), "x")
        assert source.nodata == (nodata if nodata is None else np.dtype(dtype).type(nodata))
        np.testing.assert_array_equal(source.read(1), array[10:18, 5:11])
    assert check_aligned(raster.geobox_of(tmp_path / "part.tif"), GRID) == (10, 5)


def test_a_copied_window_ends_where_the_file_ends(tmp_path: Path, lights: Path) -> None:
    raster.copy_window(lights, tmp_path / "corner.tif", (120.0, 31.45, 121.02, 32.0))
    array, grid, _ = raster.read_window(tmp_path / "corner.tif")
    np.testing.assert_array_equal(array, light()[:12, :5])
    assert check_aligned(grid, GRID) == (0, 0)


def test_a_file_of_another_place_gives_no_window(tmp_path: Path, lights: Path) -> None:
    with pytest.raises(ProductError, match=r"light.tif: covers 121.00..121.12 E, .* nothing of the region. Correct"):
        raster.copy_window(lights, tmp_path / "none.tif", (72.0, 18.0, 73.0, 19.0))
    assert not list(tmp_path.iterdir())
