"""Every way that leads to a refusal: does its sentence send to the right place, and does what it says help?"""

import tempfile

import geopandas as gpd
import pytest
import shapely

from gvio.errors import PackError
from gvio.region.files import PackFile
from gvio.region.pack import read_pack
from gvio.region.vectors import read_vector

ROW = "F1,121.15,31.15"


@pytest.mark.parametrize(
    ("row", "cure", "cured"),
    [
        ("F1,31.15,121.9", "Write longitude in the column lon and latitude in lat", "F1,121.15,31.15"),
        ("F1,371234.5,3448765.1", "Metres, it seems: write their system into region.yaml", ROW),
        ("F1,121150000,31150000", "Write numbers with a decimal point and no other sign", ROW),
        ("F1,121.15,310.15", "Correct or remove the rows", ROW),
        ("F1,121°09′E,31°09′N", "Write numbers with a decimal point and no other sign", ROW),
        ("F1,121.15,", "Correct or remove the rows", ROW),
    ],
)
def test_positions(pack_dir, rewrite, row, cure, cured):
    rewrite("factories.csv", ROW, row)
    with pytest.raises(PackError, match=cure):
        read_pack(pack_dir)
    rewrite("factories.csv", row, cured)
    assert len(read_pack(pack_dir).factories) == 4


def test_metres_in_a_table_are_read_when_their_system_is_written(pack_dir, rewrite):
    points = gpd.GeoSeries.from_xy([121.05, 121.25], [31.05, 31.05], crs="EPSG:4326").to_crs("EPSG:32651")
    rows = [f"{i},{p.x:.2f},{p.y:.2f}" for i, p in enumerate(points)]
    (pack_dir / "factories.csv").write_text("\n".join(["factory_id,lon,lat", *rows]))
    with pytest.raises(PackError, match=r"such as factories: {crs: EPSG:32651}"):
        read_pack(pack_dir)
    rewrite("region.yaml", "crs: wgs84", "crs: EPSG:32651")
    assert len(read_pack(pack_dir).factories) == 2


def test_no_room_for_a_copy_is_not_the_files_fault(pack_dir, monkeypatch, tmp_path):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "nowhere"))
    with pytest.raises(PackError, match=r"cannot be copied to be read \(No such .*\)\. Free space .* TMPDIR"):
        read_pack(pack_dir)
    (tmp_path / "nowhere").mkdir()
    assert len(read_pack(pack_dir).districts) == 2


def test_a_shapefile_without_its_other_files_says_which(tmp_path):
    frame = gpd.GeoDataFrame({"name": ["a"]}, geometry=[shapely.box(0, 0, 1, 1)], crs="EPSG:4326")
    frame.to_file(tmp_path / "d.shp")
    kept = (tmp_path / "d.shx").read_bytes()
    (tmp_path / "d.shx").unlink()
    with pytest.raises(PackError, match=r"d\.shp: lacks its \.shx\. Put all files of the shapefile beside it"):
        read_vector(PackFile(tmp_path / "d.shp"))
    (tmp_path / "d.shx").write_bytes(kept)
    assert len(read_vector(PackFile(tmp_path / "d.shp"))) == 1


def test_a_shapefile_without_prj_is_cured_by_the_key_that_is_named(pack_dir, rewrite):
    frame = gpd.read_file(pack_dir / "districts.geojson").rename(columns={"district_id": "code"})
    frame.to_file(pack_dir / "d.shp")
    (pack_dir / "d.prj").unlink()
    rewrite("region.yaml", "path: districts.geojson, id: district_id", "path: d.shp, id: code")
    with pytest.raises(PackError, match=r"d\.shp: says no coordinate system\. .* districts: {crs: EPSG:4326}"):
        read_pack(pack_dir)
    rewrite("region.yaml", "group: group}", "group: group, crs: EPSG:4326}")
    assert len(read_pack(pack_dir).districts) == 2


def test_an_outline_of_the_whole_among_its_parts_is_named_as_such(pack_dir):
    frame = gpd.read_file(pack_dir / "districts.geojson")
    frame.loc[2] = {"district_id": "ALL", "name": "All", "group": "a", "geometry": frame.union_all()}
    (pack_dir / "districts.geojson").write_text(frame.to_json())
    with pytest.raises(PackError, match=r"overlap by 100\.0% of the smaller one\. .* or remove one that holds others"):
        read_pack(pack_dir)
