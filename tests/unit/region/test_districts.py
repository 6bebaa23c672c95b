import geopandas as gpd
import pytest
import shapely

from gvio.config import parse_region
from gvio.errors import PackError
from gvio.region.districts import read_districts
from gvio.region.files import PackFile

CONFIG = parse_region(
    """
name: toy
title: Toy
bounds: [121.0, 31.0, 121.4, 31.2]
area_crs: EPSG:32651
first_month: "2020-01"
unit: CNY
ntl: {product: vnl-monthly, source: ntl}
districts: {path: d.gpkg, id: code, name: label}
city_id: CITY
factories: {path: f.csv}
statistics: {path: s.csv}
"""
)
WEST, EAST = shapely.box(121.0, 31.0, 121.2, 31.2), shapely.box(121.2, 31.0, 121.4, 31.2)


def read(tmp_path, shapes, ids=("W", "E"), crs="EPSG:4326", name="d.gpkg", **columns):
    frame = gpd.GeoDataFrame({"code": list(ids), "label": list(ids), **columns}, geometry=list(shapes), crs=crs)
    frame.to_parquet(tmp_path / name) if name.endswith("parquet") else frame.to_file(tmp_path / name)
    return read_districts(PackFile(tmp_path / name), CONFIG)


@pytest.mark.parametrize("name", ["d.gpkg", "d.geojson", "d.shp", "d.parquet"])
def test_any_vector_format_gives_the_same_districts(tmp_path, name):
    districts, notes = read(tmp_path, [WEST, EAST], name=name)
    assert districts["area_id"].tolist() == ["W", "E"]
    assert districts["group"].tolist() == ["", ""]
    assert shapely.area(districts.geometry.to_numpy()).sum() == pytest.approx(0.08)
    assert notes == ()


def test_another_projection_becomes_wgs84(tmp_path):
    metric = gpd.GeoSeries([WEST, EAST], crs="EPSG:4326").to_crs("EPSG:32651")
    districts, _ = read(tmp_path, metric, crs="EPSG:32651")
    assert districts.crs == "EPSG:4326"
    assert districts.total_bounds == pytest.approx([121.0, 31.0, 121.4, 31.2], abs=1e-6)


@pytest.mark.parametrize("ids", [(310101, 310102), (310101.0, 310102.0)])
def test_numeric_ids_become_text(tmp_path, ids):
    assert read(tmp_path, [WEST, EAST], ids=ids)[0]["area_id"].tolist() == ["310101", "310102"]


def test_an_invalid_polygon_is_repaired_and_reported(tmp_path):
    bow = shapely.Polygon([(121.0, 31.0), (121.2, 31.2), (121.2, 31.0), (121.0, 31.2)])
    districts, notes = read(tmp_path, [bow, EAST])
    assert districts.is_valid.all()
    assert (notes[0].name, notes[0].required) == ("districts.repaired", False)
    assert "first W" in notes[0].message


@pytest.mark.parametrize(
    ("shapes", "ids", "message"),
    [
        ([WEST, EAST], ("W", "W"), "district id 'W' appears twice"),
        ([WEST, EAST], ("W", None), "district 2 has an empty id"),
        ([WEST, EAST], ("W", "CITY"), "district id 'CITY' is also the city_id"),
        ([WEST, EAST], ("W", "N + E"), r"district id 'N \+ E' holds ' \+ '"),
        ([WEST, None], ("W", "E"), "district E has an empty geometry"),
        ([WEST, shapely.Point(121.3, 31.1)], ("W", "E"), "district E is a Point, not a polygon"),
        ([WEST, shapely.box(2, 48, 3, 49)], ("W", "E"), r"district E lies outside the bounds \[121\.0"),
        (
            [WEST, shapely.box(121.19, 31.0, 121.4, 31.2)],
            ("W", "E"),
            "districts W and E overlap by 5.0% of the smaller",
        ),
    ],
)
def test_faults_are_refused(tmp_path, shapes, ids, message):
    with pytest.raises(PackError, match=message):
        read(tmp_path, shapes, ids=ids)


def test_a_district_without_a_name_is_refused(tmp_path):
    with pytest.raises(PackError, match=r"d\.gpkg: district E has an empty name\. Give it one"):
        read(tmp_path, [WEST, EAST], label=["West", None])


def test_a_digitised_border_may_cross_a_little(tmp_path):
    assert len(read(tmp_path, [WEST, shapely.box(121.199, 31.0, 121.4, 31.2)])[0]) == 2


def test_a_missing_column_names_the_nearest(tmp_path):
    frame = gpd.GeoDataFrame({"code": ["W"], "lable": ["West"]}, geometry=[WEST], crs="EPSG:4326")
    frame.to_file(tmp_path / "d.gpkg")
    with pytest.raises(PackError, match=r"d\.gpkg: no column 'label'; the nearest is 'lable'"):
        read_districts(PackFile(tmp_path / "d.gpkg"), CONFIG)


def test_a_file_that_is_no_vector_is_refused(tmp_path):
    (tmp_path / "d.gpkg").write_text("<html>login</html>")
    with pytest.raises(PackError, match=r"d\.gpkg: not a readable vector file"):
        read_districts(PackFile(tmp_path / "d.gpkg"), CONFIG)


def test_a_file_without_coordinate_system_is_refused(tmp_path):
    with pytest.raises(PackError, match="says no coordinate system"):
        read(tmp_path, [WEST, EAST], crs=None, name="d.parquet")


def test_a_table_without_geometry_is_refused(tmp_path):
    (tmp_path / "d.csv").write_text("code,label\nW,West\n")
    with pytest.raises(PackError, match=r"d\.csv: holds no geometry"):
        read_districts(PackFile(tmp_path / "d.csv"), CONFIG)
