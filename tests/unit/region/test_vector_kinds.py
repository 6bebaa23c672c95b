"""Vector files as people have them: coordinate systems, layers, containers, and what is refused of them."""

import shutil

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import pytest
import shapely

from gvio.errors import ConfigError, PackError
from gvio.region.coordinates import wgs84_to_gcj02
from gvio.region.files import PackFile
from gvio.region.pack import read_pack
from gvio.region.vectors import read_vector

LON = np.array([121.05, 121.15, 121.25, 121.35])
LAT = np.array([31.05, 31.15, 31.05, 31.15])
POINTS = gpd.GeoDataFrame({"factory_id": list("abcd")}, geometry=gpd.points_from_xy(LON, LAT), crs="EPSG:4326")
LOCAL = "+proj=laea +lat_0=31 +lon_0=121 +datum=WGS84 +units=m"


@pytest.fixture
def with_factories(pack_dir, rewrite):
    """The pack with its factories in another file and, if given, a key beside its path."""

    def write(frame, name="f.gpkg", key="", **more):
        rewrite("region.yaml", "factories: {path: factories.csv, crs: wgs84}", f"factories: {{path: {name}{key}}}")
        frame.to_parquet(pack_dir / name) if "parquet" in name else frame.to_file(pack_dir / name, **more)
        return lambda: read_pack(pack_dir).factories.geometry

    return write


def near(geometry):
    np.testing.assert_allclose(np.column_stack([geometry.x, geometry.y]), np.column_stack([LON, LAT]), atol=1e-7)


@pytest.mark.parametrize("crs", ["ESRI:102025", "OGC:CRS84", "EPSG:4490", pyproj.CRS(LOCAL).to_wkt()])
def test_a_file_in_any_system_knows_it(with_factories, crs):
    near(with_factories(POINTS.to_crs(crs))())


@pytest.mark.parametrize("crs", ["ESRI:102025", LOCAL])
def test_a_table_in_any_system_says_it(pack_dir, rewrite, crs):
    moved = POINTS.to_crs(crs).geometry
    rows = [f"{i},{p.x:.4f},{p.y:.4f}" for i, p in enumerate(moved)]
    (pack_dir / "factories.csv").write_text("\n".join(["factory_id,lon,lat", *rows]))
    rewrite("region.yaml", "crs: wgs84", f"crs: '{crs}'")
    np.testing.assert_allclose(read_pack(pack_dir).factories.geometry.x, LON, atol=1e-7)


@pytest.mark.parametrize(
    ("section", "old", "new"), [("districts", "group}", "group, %s}"), ("factories", "crs: wgs84", "%s")]
)
def test_an_unknown_number_is_refused_with_its_key(pack_dir, rewrite, section, old, new):
    rewrite("region.yaml", old, new % "crs: 'EPSG:999999'")
    with pytest.raises(
        ConfigError, match=rf"region\.yaml, {section}\.crs: unknown coordinate system 'EPSG:999999'\. Co"
    ):
        read_pack(pack_dir)


def test_outlines_in_gcj02_come_to_wgs84_when_region_yaml_says_so(pack_dir, rewrite):
    frame = gpd.read_file(pack_dir / "districts.geojson")
    true = frame.total_bounds
    frame["geometry"] = shapely.transform(frame.geometry, lambda xy: np.column_stack(wgs84_to_gcj02(*xy.T)))
    (pack_dir / "districts.geojson").write_text(frame.to_json())
    assert np.abs(read_pack(pack_dir).districts.total_bounds - true).max() > 0.001
    rewrite("region.yaml", "group: group}", "group: group, crs: gcj02}")
    np.testing.assert_allclose(read_pack(pack_dir).districts.total_bounds, true, atol=1e-7)


def test_metres_in_a_geojson_are_cured_by_the_key_since_the_format_cannot_say_them(pack_dir, rewrite):
    frame = gpd.read_file(pack_dir / "districts.geojson").to_crs("EPSG:32651").set_crs("EPSG:4326", allow_override=True)
    (pack_dir / "districts.geojson").write_text(frame.to_json())
    with pytest.raises(
        PackError, match=r"lies outside the bounds .* or write what its coordinates are: districts: {crs"
    ):
        read_pack(pack_dir)
    rewrite("region.yaml", "group: group}", "group: group, crs: 'EPSG:32651'}")
    assert len(read_pack(pack_dir).districts) == 2


def test_a_key_that_contradicts_a_file_that_knows_is_refused(with_factories):
    read = with_factories(POINTS.to_crs("EPSG:32651"), key=", crs: gcj02")
    with pytest.raises(PackError, match=r"the file is in EPSG:32651, region\.yaml says gcj02\. Make the two agree"):
        read()


def test_a_file_without_system_is_read_in_the_one_named(with_factories):
    frame = POINTS.to_crs("EPSG:32651").set_crs(None, allow_override=True)
    near(with_factories(frame, "f.parquet", key=", crs: 'EPSG:32651'")())


@pytest.mark.parametrize("name", ["f.geoparquet", "f.parquet"])
def test_geoparquet_by_both_endings(with_factories, name):
    near(with_factories(POINTS, name)())


def test_points_written_as_multipoints_of_one_are_points(with_factories):
    single = POINTS.set_geometry([shapely.MultiPoint([p]) for p in POINTS.geometry])
    near(with_factories(single)())


def test_several_points_in_one_factory_are_refused_with_the_cure(with_factories):
    pair = shapely.MultiPoint([(121.05, 31.05), (121.06, 31.06)])
    read = with_factories(POINTS.set_geometry([pair, *POINTS.geometry[1:]]))
    with pytest.raises(
        PackError, match=r"f\.gpkg, row 1: geometry is MultiPoint .* Split it into single parts: one row"
    ):
        read()


def test_of_several_layers_one_must_be_named(tmp_path):
    POINTS.to_file(tmp_path / "f.gpkg", layer="plants")
    POINTS[:2].to_file(tmp_path / "f.gpkg", layer="plants of 2010")
    file = PackFile(tmp_path / "f.gpkg")
    with pytest.raises(
        PackError, match=r"f\.gpkg: has 2 layers: 'plants', 'plants of 2010'\. Name the one .* layer: NAME"
    ):
        read_vector(file)
    assert len(read_vector(file.described(None, "plants of 2010"))) == 2
    with pytest.raises(PackError, match=r"has no layer 'plant'; it has 'plants', 'plants of 2010'"):
        read_vector(file.described(None, "plant"))


def test_a_table_of_styles_beside_the_layer_does_not_count(tmp_path):
    POINTS.to_file(tmp_path / "f.gpkg", layer="plants")
    pyogrio.write_dataframe(pd.DataFrame({"style": ["red"]}), tmp_path / "f.gpkg", layer="layer_styles")
    assert len(read_vector(PackFile(tmp_path / "f.gpkg"))) == 4


def test_containers_of_shapefiles_and_file_geodatabases(tmp_path):
    (tmp_path / "z").mkdir()
    POINTS.to_file(tmp_path / "z" / "plants.shp")
    shutil.make_archive(str(tmp_path / "f"), "zip", tmp_path / "z")
    POINTS.to_file(tmp_path / "f.gdb", driver="OpenFileGDB")
    for name in ("f.zip", "f.gdb"):
        file = PackFile(tmp_path / name)
        assert read_vector(file)["factory_id"].tolist() == list("abcd")
        digest = file.digest
        assert PackFile(tmp_path / name).digest == digest
    (tmp_path / "f.gdb" / "a00000001.gdbtable").write_bytes(b"x")
    assert PackFile(tmp_path / "f.gdb").digest != digest


def test_a_folder_in_a_files_place_and_a_spreadsheet_are_named(tmp_path):
    (tmp_path / "f.geojson").mkdir()
    (tmp_path / "f.xlsx").write_bytes(b"PK\x03\x04")
    with pytest.raises(PackError, match=r"f\.geojson: cannot be read \(IsADirectoryError\)\. Make it a file"):
        read_vector(PackFile(tmp_path / "f.geojson"))
    with pytest.raises(PackError, match=r"f\.xlsx: is a spreadsheet\. Save it as CSV in UTF-8"):
        read_vector(PackFile(tmp_path / "f.xlsx"))


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("999999", "area_crs: unknown coordinate system 'EPSG:999999'"),
        ("4326", "area_crs EPSG:4326 does not measure in metres"),
        ("2263", "area_crs EPSG:2263 does not measure in metres"),  # feet
        ("3857", "area_crs EPSG:3857 is not of this region: a metre is 17% off"),
        ("32643", "area_crs EPSG:32643 is not of this region"),
    ],
)
def test_an_area_crs_that_does_not_measure_here_is_refused_and_the_one_named_does(pack_dir, rewrite, code, words):
    rewrite("region.yaml", "EPSG:32651", f"EPSG:{code}")
    with pytest.raises(ConfigError, match=words) as caught:
        read_pack(pack_dir)
    if code != "999999":
        assert "Write the UTM zone of the region: area_crs: EPSG:32651." in str(caught.value)
    rewrite("region.yaml", f"EPSG:{code}", "EPSG:32651")
    assert len(read_pack(pack_dir).districts) == 2


def test_a_neighbouring_zone_and_an_equal_area_map_of_the_country_measure_well_enough(pack_dir, rewrite):
    for old, new in (("EPSG:32651", "EPSG:32650"), ("EPSG:32650", "EPSG:4528")):
        rewrite("region.yaml", old, new)
        assert len(read_pack(pack_dir).districts) == 2
