import gzip
import hashlib
import io
import tarfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from affine import Affine
from odc.geo.geobox import GeoBox

from gvio import raster
from gvio.errors import ProductError
from gvio.simulate.formats.vnl import pack_vnl
from gvio.sources import vnl
from gvio.sources.files import ProductFile
from gvio.sources.folder import list_files
from gvio.sources.vnl import recognise
from gvio.types import LightMonth, Month

DECEMBER = Month(2021, 12)


def files_in(folder: Path) -> list[ProductFile]:
    return list_files(folder, "vnl-monthly")


def open_month(files: Sequence[ProductFile], geobox: GeoBox) -> LightMonth:
    with vnl.open_month(files) as month:
        return month.read(geobox)


def reference_geobox(files: Sequence[ProductFile]) -> GeoBox:
    with vnl.open_month(files) as month:
        return month.grids[0][1]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        (
            "SVDNB_npp_20211201-20211231_75N060E_vcmslcfg_v10_c202201122300.avg_rade9h.tif",
            (DECEMBER, "npp", "v10", "vcmslcfg", "202201122300", "75N060E", "avg_rade9h"),
        ),
        (
            "SVDNB_j01_20200201-20200229_global_vcmcfg_v10_c202003.cf_cvg.tif",
            (Month(2020, 2), "j01", "v10", "vcmcfg", "202003", "global", "cf_cvg"),
        ),
        (
            "SVDNB_npp_20140101-20140131_00N180W_vcmslcfg_v10_c201506171538.tgz",
            (Month(2014, 1), "npp", "v10", "vcmslcfg", "201506171538", "00N180W", "archive"),
        ),
    ],
)
def test_official_names_say_what_the_file_is(name: str, expected: tuple[object, ...]) -> None:
    file = recognise(name)
    assert file is not None
    assert (file.product, str(file.path)) == ("vnl-monthly", name)
    said = (file.month, file.satellite, file.collection, file.processing, file.stamp, file.tile, file.layer)
    assert said == expected


@pytest.mark.parametrize(
    "name",
    [
        "SVDNB_npp_20150101-20151231_75N060E_vcmslcfg_v10_c2016.avg_rade9h.tif",  # a year
        "SVDNB_npp_20210201-20210229_75N060E_vcmslcfg_v10_c2021.avg_rade9h.tif",  # no such day
        "SVDNB_npp_20211201-20211230_75N060E_vcmslcfg_v10_c2022.avg_rade9h.tif",  # not the whole month
        "SVDNB_npp_20211201-20211231_75N060E_vcmslcfg_v10_c2022.avg_rade9h.tif.part",
        "VNP46A3.A2021335.h30v05.002.2022012120000.h5",
        "readme.txt",
    ],
)
def test_other_names_are_not_recognised(name: str) -> None:
    assert recognise(name) is None


def test_a_pair_comes_back_with_unseen_pixels_missing(tmp_path: Path, light) -> None:
    written = light.write(tmp_path, "2021-12")
    month = open_month(files_in(tmp_path), light.grid)
    radiance, counts = light.month(DECEMBER)
    np.testing.assert_array_equal(month.radiance, radiance)
    np.testing.assert_array_equal(month.observations, counts)
    np.testing.assert_array_equal(month.valid, counts > 0)
    assert (month.radiance.dtype, month.observations.dtype, month.month) == (np.float32, np.uint16, DECEMBER)
    assert 0 < (~month.valid).sum() < month.valid.size
    assert [p.file for p in month.provenance] == [p.name for p in written]
    assert month.provenance[1].sha256 == hashlib.sha256(written[1].read_bytes()).hexdigest()
    assert month.provenance[0].regime == "vnl-monthly/npp/v10/vcmslcfg"


def test_zero_seen_is_darkness_and_zero_unseen_is_missing(tmp_path: Path, light) -> None:
    pair = light.write(tmp_path, "2021-12")
    raster.write_geotiff(pair[0], np.zeros(light.grid.shape, np.float32), light.grid, nodata=None)
    month = open_month(files_in(tmp_path), light.grid)
    counts = light.month(DECEMBER)[1]
    assert (month.radiance[counts > 0] == 0).all()
    assert np.isnan(month.radiance[counts == 0]).all()


def test_negative_radiance_is_kept_and_infinite_radiance_is_not(tmp_path: Path, light) -> None:
    pair = light.write(tmp_path, "2021-12")
    values = np.full(light.grid.shape, -0.3, np.float32)
    values[0, :3] = np.inf, -np.inf, np.nan
    raster.write_geotiff(pair[0], values, light.grid, nodata=None)
    raster.write_geotiff(pair[1], np.ones(light.grid.shape, np.uint16), light.grid, nodata=None)
    month = open_month(files_in(tmp_path), light.grid)
    assert month.valid.sum() == month.valid.size - 3
    assert (month.observations[0, :3] == 0).all()
    assert (month.radiance[month.valid] == np.float32(-0.3)).all()


def test_nodata_tags_of_both_files_are_respected(tmp_path: Path, light) -> None:
    pair = light.write(tmp_path, "2021-12")
    values = np.ones(light.grid.shape, np.float32)
    values[0, 0] = -999.9
    counts = np.ones(light.grid.shape, np.uint16)
    counts[0, 1] = 65535
    raster.write_geotiff(pair[0], values, light.grid, nodata=-999.9)
    raster.write_geotiff(pair[1], counts, light.grid, nodata=65535)
    month = open_month(files_in(tmp_path), light.moved(-1, 0))
    assert not month.valid[0].any()  # north of the file: its count reads as nodata, which is no observation
    assert np.argwhere(~month.valid[1:]).tolist() == [[0, 0], [0, 1]]


def test_counts_may_be_floating_point(tmp_path: Path, light) -> None:
    pair = light.write(tmp_path, "2021-12")
    counts = np.full(light.grid.shape, 3, np.float32)
    counts[0, :4] = np.nan, -1, 0, 1e9
    raster.write_geotiff(pair[0], np.ones(light.grid.shape, np.float32), light.grid, nodata=None)
    raster.write_geotiff(pair[1], counts, light.grid, nodata=None)
    assert open_month(files_in(tmp_path), light.grid).observations[0, :5].tolist() == [0, 0, 0, 65535, 3]


def test_a_window_of_a_larger_file_and_a_file_smaller_than_the_region(tmp_path: Path, light) -> None:
    light.write(tmp_path, "2021-12")
    radiance, _ = light.month(DECEMBER)
    inner = open_month(files_in(tmp_path), light.moved(5, 6, (10, 12)))
    np.testing.assert_array_equal(inner.radiance, radiance[5:15, 6:18])
    outer = open_month(files_in(tmp_path), light.moved(-2, -3, (50, 50)))
    np.testing.assert_array_equal(outer.radiance[2:42, 3:33], radiance)
    assert outer.valid.sum() == np.isfinite(radiance).sum()


def test_tiles_are_joined_and_tiles_elsewhere_left_out(tmp_path: Path, light) -> None:
    west, east = light.moved(0, 0, (40, 18)), light.moved(0, 18, (40, 12))
    for tile, grid in (("75N060E", west), ("75N180W", east), ("00N060E", light.moved(9000, 0))):
        light.write(tmp_path, "2021-12", grid, tile=tile)
    month = open_month(files_in(tmp_path), light.grid)
    expected = np.hstack([light.month(DECEMBER, grid)[0] for grid in (west, east)])
    np.testing.assert_array_equal(month.radiance, expected)
    assert [p.file.split("_")[3] for p in month.provenance] == ["75N060E", "75N060E", "75N180W", "75N180W"]


def test_where_tiles_overlap_the_first_that_saw_the_pixel_counts(tmp_path: Path, light) -> None:
    for tile, shift in (("00N060E", 0), ("75N060E", 10)):
        light.write(tmp_path, "2021-12", light.moved(0, shift), tile=tile)
    month = open_month(files_in(tmp_path), light.moved(0, 10))
    radiance, counts = light.month(DECEMBER)
    expected = radiance.copy()
    expected[:, :20] = np.where(counts[:, 10:] > 0, radiance[:, 10:], radiance[:, :20])
    np.testing.assert_array_equal(month.radiance, expected)


def test_an_archive_reads_like_the_loose_pair(tmp_path: Path, light) -> None:
    pair = light.write(tmp_path, "2021-12")
    loose = open_month(files_in(tmp_path), light.grid)
    archive = pack_vnl(*pair)
    assert [p.name for p in tmp_path.iterdir()] == [archive.name]
    packed = open_month(files_in(tmp_path), light.moved(5, 6, (10, 12)))
    np.testing.assert_array_equal(packed.radiance, loose.radiance[5:15, 6:18])
    np.testing.assert_array_equal(packed.observations, loose.observations[5:15, 6:18])
    assert [p.file for p in packed.provenance] == [archive.name]
    assert packed.provenance[0].sha256 == hashlib.sha256(archive.read_bytes()).hexdigest()
    assert reference_geobox(files_in(tmp_path)) == light.grid
    assert [p.name for p in tmp_path.iterdir()] == [archive.name]  # no index or properties file was left beside it


def test_loose_files_win_over_the_archive_that_holds_them(tmp_path: Path, light) -> None:
    pair = light.write(tmp_path, "2021-12")
    copies = [path.read_bytes() for path in pair]
    pack_vnl(*pair)
    for path, data in zip(pair, copies, strict=True):
        path.write_bytes(data)
    assert [p.file for p in open_month(files_in(tmp_path), light.grid).provenance] == [p.name for p in pair]


def test_radiance_without_count_is_refused(tmp_path: Path, light) -> None:
    light.write(tmp_path, "2021-12")[1].unlink()
    with pytest.raises(ProductError, match=r"avg_rade9h\.tif: has no cf_cvg file .*Download SVDNB.*\.cf_cvg\.tif"):
        open_month(files_in(tmp_path), light.grid)


def test_count_without_radiance_is_refused(tmp_path: Path, light) -> None:
    light.write(tmp_path, "2021-12")[0].unlink()
    with pytest.raises(ProductError, match=r"cf_cvg\.tif: has no avg_rade9h file"):
        open_month(files_in(tmp_path), light.grid)


@pytest.mark.parametrize("which", [0, 1])
def test_an_html_page_is_called_by_its_name(tmp_path: Path, light, login_page: bytes, which: int) -> None:
    page = light.write(tmp_path, "2021-12")[which]
    page.write_bytes(login_page)
    with pytest.raises(ProductError, match=rf"^{page.name}: is an HTML page, probably a login page: 'Earthdata Login'"):
        open_month(files_in(tmp_path), light.grid)


@pytest.mark.parametrize(
    ("content", "words"),
    [(b"", r"is empty \(0 bytes\)"), (b'{"error": 401}', r"is not a GeoTIFF: it starts with b'\{\"error\"'")],
)
def test_other_first_bytes_are_shown(tmp_path: Path, light, content: bytes, words: str) -> None:
    light.write(tmp_path, "2021-12")[0].write_bytes(content)
    with pytest.raises(ProductError, match=words):
        open_month(files_in(tmp_path), light.grid)


def test_a_file_that_vanished_is_named(tmp_path: Path, light) -> None:
    pair = light.write(tmp_path, "2021-12")
    files = files_in(tmp_path)
    pair[0].unlink()
    with pytest.raises(ProductError, match=r"avg_rade9h\.tif: cannot be opened \(No such file"):
        open_month(files, light.grid)


def test_a_truncated_geotiff_is_refused(tmp_path: Path, light) -> None:
    path = light.write(tmp_path, "2021-12")[0]
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(ProductError, match=rf"^{path.name}: cannot be read as a raster .*Download the file again"):
        open_month(files_in(tmp_path), light.grid)


@pytest.mark.parametrize("keep", [0.05, 0.5, 0.95])
def test_a_truncated_archive_is_refused(tmp_path: Path, light, keep: float) -> None:
    archive = pack_vnl(*light.write(tmp_path, "2021-12"))
    archive.write_bytes(archive.read_bytes()[: int(archive.stat().st_size * keep)])
    with pytest.raises(ProductError, match=rf"^{archive.name}: is truncated, damaged, or does not hold SVDNB_.*tif"):
        open_month(files_in(tmp_path), light.grid)


def test_an_archive_without_count_is_refused(tmp_path: Path, light) -> None:
    radiance, counts = light.write(tmp_path, "2021-12")
    counts.unlink()
    archive = tmp_path / radiance.name.replace(".avg_rade9h.tif", ".tgz")
    with tarfile.open(archive, "w:gz") as tar:
        tar.add(radiance, arcname=radiance.name)
    radiance.unlink()
    with pytest.raises(ProductError, match=r"does not hold SVDNB_.*\.cf_cvg\.tif"):
        open_month(files_in(tmp_path), light.grid)


def test_an_archive_that_is_no_tar_is_refused(tmp_path: Path, light) -> None:
    archive = pack_vnl(*light.write(tmp_path, "2021-12"))
    buffer = io.BytesIO()
    with gzip.GzipFile(fileobj=buffer, mode="wb") as zipped:
        zipped.write(b"not a tar" * 1000)
    archive.write_bytes(buffer.getvalue())
    with pytest.raises(ProductError, match="is truncated, damaged, or does not hold"):
        open_month(files_in(tmp_path), light.grid)


def test_a_file_off_the_lattice_is_refused(tmp_path: Path, light) -> None:
    light.write(tmp_path, "2021-12", light.moved(0, 0.5))
    with pytest.raises(ProductError, match=r"^SVDNB_npp_202112.*shifted by 0\.50 pixels east"):
        open_month(files_in(tmp_path), light.grid)


def test_files_of_another_place_are_refused(tmp_path: Path, light) -> None:
    far = GeoBox((10, 10), Affine(1 / 240, 0, 72, 0, -1 / 240, 19), "EPSG:4326")
    light.write(tmp_path, "2021-12", far)
    with pytest.raises(ProductError, match=r"no tile of 2021-12 touches the region 121\.00\.\..*75N060E covers 72\.00"):
        open_month(files_in(tmp_path), light.grid)
