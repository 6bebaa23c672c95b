import datetime as dt
import hashlib
import tarfile
from pathlib import Path

import h5py
import numpy as np
import pytest
import rasterio
from affine import Affine
from odc.geo.geobox import GeoBox
from rio_cogeo import cog_validate

from gvio.errors import ProductError
from gvio.grid.region import region_geobox
from gvio.simulate.formats import black_marble
from gvio.simulate.formats.light_every_night import write_light_every_night
from gvio.simulate.formats.vnl import pack_vnl, vnl_stem, write_vnl
from gvio.types import Month

DECEMBER = Month(2021, 12)
GRID = region_geobox((121.0, 31.0, 121.1, 31.1), black_marble.tile_geobox(30, 5))
LAYER = f"{black_marble.FIELDS}/AllAngle_Composite_Snow_Free"


def light() -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(3)
    radiance = rng.gamma(2, 10, GRID.shape).astype(np.float32)
    radiance[0, 0] = np.nan
    counts = rng.integers(1, 9, GRID.shape)
    counts[0, 1] = 0
    return radiance, counts


def digests(folder: Path) -> dict[str, str]:
    return {p.name: hashlib.sha256(p.read_bytes()).hexdigest() for p in folder.rglob("*") if p.is_file()}


def test_vnl_names_are_official() -> None:
    assert vnl_stem(DECEMBER) == "SVDNB_npp_20211201-20211231_75N060E_vcmslcfg_v10_c202201121200"
    assert vnl_stem(Month(2020, 2), satellite="j01", tile="global", config="vcmcfg", stamp="7") == (
        "SVDNB_j01_20200201-20200229_global_vcmcfg_v10_c7"
    )


def test_vnl_writes_zero_where_nothing_was_seen(tmp_path: Path) -> None:
    radiance, counts = write_vnl(tmp_path, DECEMBER, *light(), GRID)
    with rasterio.open(radiance) as source:
        values = source.read(1)
        assert (source.dtypes, source.nodata, source.crs.to_epsg()) == (("float32",), None, 4326)
    with rasterio.open(counts) as source:
        number = source.read(1)
        assert (source.dtypes, source.nodata) == (("uint16",), None)
    assert values[0, :2].tolist() == number[0, :2].tolist() == [0, 0]
    np.testing.assert_array_equal(values.ravel()[2:], light()[0].ravel()[2:])
    np.testing.assert_array_equal(number.ravel()[2:], light()[1].ravel()[2:])


def test_an_archive_holds_both_files_under_official_names(tmp_path: Path) -> None:
    archive = pack_vnl(*write_vnl(tmp_path, DECEMBER, *light(), GRID))
    assert archive.name == f"{vnl_stem(DECEMBER)}.tgz"
    with tarfile.open(archive) as tar:
        assert tar.getnames() == [f"{vnl_stem(DECEMBER)}.{layer}.tif" for layer in ("avg_rade9h", "cf_cvg")]
        assert {(e.mtime, e.uid, e.uname) for e in tar} == {(0, 0, "")}


def test_the_same_light_gives_the_same_bytes_in_every_format(tmp_path: Path) -> None:
    for name in ("one", "two"):
        folder = tmp_path / name
        folder.mkdir()
        write_vnl(folder, DECEMBER, *light(), GRID)
        pack_vnl(*write_vnl(folder, DECEMBER, *light(), GRID, vnl_stem(DECEMBER, stamp="9")))
        write_light_every_night(folder, DECEMBER, *light(), GRID)
        for collection in ("001", "002"):
            black_marble.write_vnp46a3(folder, DECEMBER, *light(), GRID, collection=collection)
    assert len(digests(tmp_path / "one")) == 7
    assert digests(tmp_path / "one") == digests(tmp_path / "two")


def test_light_every_night_is_a_pair_of_cogs_in_the_buckets_layout(tmp_path: Path) -> None:
    grid = GeoBox((700, 600), GRID.transform, GRID.crs)
    radiance, counts = write_light_every_night(tmp_path, DECEMBER, np.ones(grid.shape), np.full(grid.shape, 5), grid)
    assert str(radiance.relative_to(tmp_path)) == (
        "composites/npp_202112_ops/DNB_npp_20211201-20211231_global_ecm-slcorr_v10_ops.avg_rade9.tif"
    )
    for path, dtype in ((radiance, "float32"), (counts, "uint16")):
        assert cog_validate(path, strict=True)[0]
        with rasterio.open(path) as source:
            assert (source.dtypes, source.shape, source.overviews(1)) == ((dtype,), (700, 600), [2, 4])


def test_granule_names_are_official() -> None:
    name = black_marble.granule_name(DECEMBER, 30, 5, satellite="npp", collection="002")
    assert name == "VNP46A3.A2021335.h30v05.002.2022012120000.h5"
    assert dt.datetime.strptime(name.split(".")[4], "%Y%j%H%M%S") == dt.datetime(2022, 1, 12, 12)  # noqa: DTZ001, DTZ007
    assert black_marble.granule_name(Month(2020, 3), 0, 17, satellite="j01", collection="001", stamp="1") == (
        "VJ146A3.A2020061.h00v17.001.1.h5"
    )


@pytest.mark.parametrize(
    ("collection", "dtype", "fill", "scale", "valid_range"),
    [("001", "uint16", 65535, 0.1, [0, 65534]), ("002", "float32", -999.9, 1.0, b">= 0.0")],
)
def test_granules_carry_the_attributes_of_their_collection(
    tmp_path: Path, collection: str, dtype: str, fill: float, scale: float, valid_range: object
) -> None:
    (path,) = black_marble.write_vnp46a3(tmp_path, DECEMBER, *light(), GRID, collection=collection)
    with h5py.File(path) as file:
        layer = file[LAYER]
        assert (layer.shape, layer.dtype, layer.chunks) == ((2400, 2400), np.dtype(dtype), (240, 240))
        assert layer.attrs["_FillValue"].tolist() == [np.dtype(dtype).type(fill)]
        assert layer.attrs["scale_factor"].tolist() == [np.float32(scale)]
        assert layer.attrs["offset"].tolist() == [0]
        assert layer.attrs["units"] == b"nWatts/(cm^2 sr)"
        assert np.array_equal(layer.attrs["valid_range"], valid_range)
        assert layer[0, 0] == np.dtype(dtype).type(fill)
        assert (file[f"{LAYER}_Num"].dtype, file[f"{LAYER}_Quality"].dtype) == (np.uint16, np.uint8)
        assert (file[f"{LAYER}_Num"][0, 0], file[f"{LAYER}_Quality"][0, 0]) == (65535, 255)


def test_granules_hold_every_composite_with_its_companions(tmp_path: Path) -> None:
    (path,) = black_marble.write_vnp46a3(tmp_path, DECEMBER, *light(), GRID)
    with h5py.File(path) as file:
        names = set(file[black_marble.FIELDS])
    expected = {
        f"{view}_Composite_Snow_{snow}{suffix}"
        for view in ("AllAngle", "NearNadir", "OffNadir")
        for snow in ("Free", "Covered")
        for suffix in ("", "_Num", "_Quality", "_Std")
    }
    assert names == expected | {"lat", "lon"}


def test_values_are_packed_and_graded(tmp_path: Path) -> None:
    radiance, counts = light()
    (path,) = black_marble.write_vnp46a3(tmp_path, DECEMBER, radiance, counts, GRID, collection="001")
    row, col = round((40 - GRID.boundingbox.top) * 240), round((GRID.boundingbox.left - 120) * 240)
    window = (slice(row, row + GRID.shape[0]), slice(col, col + GRID.shape[1]))
    with h5py.File(path) as file:
        raw, quality = file[LAYER][window], file[f"{LAYER}_Quality"][window]
        outside = file[LAYER][...]
    assert raw[0, 0] == 65535
    np.testing.assert_allclose(raw.ravel()[1:] * 0.1, radiance.ravel()[1:], atol=0.051)
    np.testing.assert_array_equal(quality.ravel()[1:], (counts.ravel()[1:] <= 3).astype(np.uint8))
    assert (outside != 65535).sum() == raw.size - 1


def test_structure_metadata_gives_corners_in_millionths_of_a_degree(tmp_path: Path) -> None:
    (path,) = black_marble.write_vnp46a3(tmp_path, DECEMBER, *light(), GRID)
    with h5py.File(path) as file:
        text = file["HDFEOS INFORMATION/StructMetadata.0"][()].decode()
        bounds = {k: v.tolist() for k, v in file["HDFEOS/ADDITIONAL/FILE_ATTRIBUTES"].attrs.items() if "Bounding" in k}
        latitude, longitude = file[f"{black_marble.FIELDS}/lat"][:], file[f"{black_marble.FIELDS}/lon"][:]
    for line in (
        'GridName="VIIRS_Grid_DNB_2d"',
        "XDim=2400",
        "UpperLeftPointMtrs=(120000000.000000,40000000.000000)",
        "LowerRightMtrs=(130000000.000000,30000000.000000)",
        "Projection=HE5_GCTP_GEO",
    ):
        assert f"\t\t{line}\n" in text
    assert bounds == {
        "WestBoundingCoord": [120],
        "SouthBoundingCoord": [30],
        "EastBoundingCoord": [130],
        "NorthBoundingCoord": [40],
    }
    assert (latitude[0], longitude[0]) == pytest.approx((40 - 1 / 480, 120 + 1 / 480))
    assert (np.diff(latitude) < 0).all()


def test_only_touched_tiles_are_written(tmp_path: Path) -> None:
    whole = black_marble.tile_geobox(30, 5)
    edge = GeoBox((3, 3), whole.transform @ Affine.translation(0, 0), whole.crs)
    across = GeoBox((3, 3), whole.transform @ Affine.translation(-1, -1), whole.crs)
    ones = (np.ones((3, 3)), np.ones((3, 3), int))
    names = [p.name.split(".")[2] for p in black_marble.write_vnp46a3(tmp_path, DECEMBER, *ones, edge)]
    assert names == ["h30v05"]
    names = [p.name.split(".")[2] for p in black_marble.write_vnp46a3(tmp_path, DECEMBER, *ones, across)]
    assert names == ["h29v04", "h30v04", "h29v05", "h30v05"]


def test_a_grid_off_the_lattice_cannot_be_written(tmp_path: Path) -> None:
    shifted = GeoBox(GRID.shape, GRID.transform @ Affine.translation(0.5, 0), GRID.crs)
    with pytest.raises(ProductError, match=r"shifted by 0\.50 pixels east"):
        black_marble.write_vnp46a3(tmp_path, DECEMBER, *light(), shifted)
    assert list(tmp_path.iterdir()) == []
