import geopandas as gpd
import numpy as np
import pytest
import shapely

from gvio.errors import PackError
from gvio.region.coordinates import wgs84_to_bd09, wgs84_to_gcj02
from gvio.region.pack import read_pack
from gvio.types import Month

LON = np.array([121.05, 121.15, 121.25, 121.35])
LAT = np.array([31.05, 31.15, 31.05, 31.15])


def write_csv(pack_dir, lon, lat):
    rows = [f"F{i},{x:.9f},{y:.9f}" for i, (x, y) in enumerate(zip(lon, lat, strict=True))]
    (pack_dir / "factories.csv").write_text("\n".join(["factory_id,lon,lat", *rows]))


def positions(pack_dir):
    points = read_pack(pack_dir).factories.geometry
    return np.column_stack([points.x, points.y])


def test_optional_columns_are_read(pack_dir):
    factories = read_pack(pack_dir).factories
    assert factories["weight"].tolist() == [2.5, 1, 1, 1]
    assert factories["opened"].tolist() == [Month(2019, 1), None, None, None]
    assert factories["closed"].tolist() == [None, Month(2021, 6), None, None]
    assert factories["category"].iloc[0] == "industry;A"


def test_optional_columns_may_be_absent(pack_dir):
    write_csv(pack_dir, LON, LAT)
    factories = read_pack(pack_dir).factories
    assert factories["weight"].tolist() == [1, 1, 1, 1]
    assert set(factories["category"]) == {""}
    assert factories["opened"].isna().all()


def test_the_category_filter_keeps_paths_that_start_with_it(pack_dir, rewrite):
    rewrite("region.yaml", "crs: wgs84", "crs: wgs84, category: industry")
    assert read_pack(pack_dir).factories["factory_id"].tolist() == ["F0", "F1", "F3"]


@pytest.mark.parametrize(("crs", "shift"), [("gcj02", wgs84_to_gcj02), ("bd09", wgs84_to_bd09)])
def test_chinese_coordinates_come_back_to_wgs84(pack_dir, rewrite, crs, shift):
    write_csv(pack_dir, *shift(LON, LAT))
    rewrite("region.yaml", "crs: wgs84", f"crs: {crs}")
    np.testing.assert_allclose(positions(pack_dir), np.column_stack([LON, LAT]), atol=1e-6)


def test_an_epsg_code_means_x_and_y_of_that_system(pack_dir, rewrite):
    metric = gpd.GeoSeries.from_xy(LON, LAT, crs="EPSG:4326").to_crs("EPSG:32651")
    write_csv(pack_dir, metric.x, metric.y)
    rewrite("region.yaml", "crs: wgs84", "crs: EPSG:32651")
    np.testing.assert_allclose(positions(pack_dir), np.column_stack([LON, LAT]), atol=1e-7)


@pytest.mark.parametrize("name", ["f.gpkg", "f.parquet"])
def test_polygons_are_read_from_vector_files(pack_dir, rewrite, name):
    rewrite("region.yaml", "path: factories.csv", f"path: {name}")
    shapes = shapely.buffer(shapely.points(LON, LAT), 0.002)
    frame = gpd.GeoDataFrame({"factory_id": list("abcd"), "closed": ["2021-06", None, None, None]}, geometry=shapes)
    frame = frame.set_crs("EPSG:4326")
    frame.to_parquet(pack_dir / name) if name.endswith("parquet") else frame.to_file(pack_dir / name)
    factories = read_pack(pack_dir).factories
    assert set(factories.geom_type) == {"Polygon"}
    assert factories["closed"].tolist() == [Month(2021, 6), None, None, None]


def test_polygons_in_gcj02_are_moved_vertex_by_vertex(pack_dir, rewrite):
    rewrite("region.yaml", "factories: {path: factories.csv, crs: wgs84}", "factories: {path: f.gpkg, crs: gcj02}")
    shapes = shapely.buffer(shapely.points(LON, LAT), 0.002)
    moved = shapely.transform(shapes, lambda xy: np.column_stack(wgs84_to_gcj02(*xy.T)))
    gpd.GeoDataFrame({"factory_id": list("abcd")}, geometry=moved, crs="EPSG:4326").to_file(pack_dir / "f.gpkg")
    factories = read_pack(pack_dir).factories
    distances = shapely.hausdorff_distance(factories.geometry.to_numpy(), shapes)
    assert distances.max() < 1e-6


def test_a_vector_file_knows_its_own_projection(pack_dir, rewrite):
    rewrite("region.yaml", "path: factories.csv", "path: f.gpkg")
    points = gpd.GeoSeries.from_xy(LON, LAT, crs="EPSG:4326").to_crs("EPSG:32651")
    gpd.GeoDataFrame({"factory_id": list("abcd")}, geometry=points).to_file(pack_dir / "f.gpkg")
    np.testing.assert_allclose(positions(pack_dir), np.column_stack([LON, LAT]), atol=1e-7)


def test_a_vector_file_that_contradicts_the_configuration_is_refused(pack_dir, rewrite):
    rewrite(
        "region.yaml", "factories: {path: factories.csv, crs: wgs84}", "factories: {path: f.gpkg, crs: 'EPSG:32651'}"
    )
    points = gpd.GeoSeries.from_xy(LON, LAT, crs="EPSG:4326")
    gpd.GeoDataFrame({"factory_id": list("abcd")}, geometry=points).to_file(pack_dir / "f.gpkg")
    with pytest.raises(PackError, match=r"the file is in EPSG:4326, region\.yaml says EPSG:32651"):
        read_pack(pack_dir)


@pytest.mark.parametrize("shape", [shapely.LineString([(121.05, 31.05), (121.06, 31.06)]), None, shapely.Point()])
def test_geometries_that_are_no_factory_are_refused(pack_dir, rewrite, shape):
    rewrite("region.yaml", "path: factories.csv", "path: f.gpkg")
    shapes = [*shapely.points(LON[:3], LAT[:3]), shape]
    gpd.GeoDataFrame({"factory_id": list("abcd")}, geometry=shapes, crs="EPSG:4326").to_file(pack_dir / "f.gpkg")
    with pytest.raises(PackError, match=r"f\.gpkg, row 4: geometry is .* factories are points or polygons"):
        read_pack(pack_dir)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("factory_id,lon", "id,lon", r"factories\.csv: no column 'factory_id'; the nearest is"),
        (",lat,", ",latitude,", "no column 'lat'; the nearest is 'latitude'"),
        ("F1,121.15,31.15", "F1,,31.15", r"factories\.csv, line 3: position \('', '31.15'\) is not a pair of numbers"),
        ("F1,121.15,31.15", "F1,nan,31.15", r"line 3: position \('nan', '31.15'\) is not a pair of numbers"),
        ("F1,121.15,31.15", "F1,inf,31.15", r"line 3: position .* is not a pair of numbers"),
        (
            "F1,121.15,31.15",
            "F1,31.15,121.15",
            r"line 3: position \(31.15, 121.15\) fits the bounds only with lon and lat",
        ),
        ("F1,121.15,31.15", "F1,121.15,310.15", r"line 3: position \(121.15, 310.15\) is not on the globe"),
        ("F1,121", "F0,121", r"factories\.csv, lines 2, 3: factory_id 'F0' appears more than once"),
        ("F1,121", ",121", r"line 3: factory_id is empty"),
        (",2.5,", ",0,", r"line 2: weight '0' is not a positive number"),
        (",2.5,", ",nan,", r"line 2: weight 'nan' is not a positive number"),
        (",2.5,", ",,", r"line 2: weight '' is not a positive number"),
        ("2019-01", "2019-13", r"line 2: opened '2019-13' is not a month"),
        ("2.5,2019-01,", "2.5,2019-02,2019-01", r"line 2: factory F0 closed 2019-01 before it opened 2019-02"),
        ("industry;B", "industry;B,x,y,z,w", r"line 3: not a CSV table: 11 cells under 7 columns"),
    ],
)
def test_faults_are_refused_by_line(pack_dir, rewrite, old, new, message):
    rewrite("factories.csv", old, new)
    with pytest.raises(PackError, match=message):
        read_pack(pack_dir)


def test_lines_are_counted_over_empty_lines(pack_dir, rewrite):
    rewrite("factories.csv", "F1,121.15,31.15", "\n\nF1,121.15,")
    with pytest.raises(PackError, match="line 5: position"):
        read_pack(pack_dir)


def test_a_column_twice_is_refused(pack_dir, rewrite):
    rewrite("factories.csv", "opened,closed", "opened,opened")
    with pytest.raises(PackError, match="column 'opened' appears twice"):
        read_pack(pack_dir)


def test_no_factory_left_by_the_filter_is_refused(pack_dir, rewrite):
    rewrite("region.yaml", "crs: wgs84", "crs: wgs84, category: mining")
    with pytest.raises(PackError, match="holds no factory of category 'mining'"):
        read_pack(pack_dir)


def test_a_header_alone_is_refused(pack_dir):
    (pack_dir / "factories.csv").write_text("factory_id,lon,lat\n")
    with pytest.raises(PackError, match=r"factories\.csv: holds no factory\. Correct"):
        read_pack(pack_dir)


def test_rows_repeated_in_every_field_are_dropped_and_reported(pack_dir, rewrite):
    row = "F3,121.35,31.15,industry;A,1,,\n"
    rewrite("factories.csv", row, row + row)
    pack = read_pack(pack_dir)
    assert len(pack.factories) == 4
    (note,) = pack.notes
    assert (note.name, note.required, note.observed) == ("factories.repeated", False, {"dropped": 1})
    assert note.message.startswith("line 6: 1 row(s) repeat")


def test_two_ids_at_one_place_are_kept_and_reported(pack_dir, rewrite):
    row = "F3,121.35,31.15,industry;A,1,,\n"
    rewrite("factories.csv", row, row + row.replace("F3", "F4"))
    pack = read_pack(pack_dir)
    assert len(pack.factories) == 5
    assert [(note.name, note.required) for note in pack.notes] == [("factories.same_position", False)]
    assert pack.notes[0].message.startswith("lines 5, 6: 2 factories share position and category")


def test_factories_outside_every_district_are_dropped_and_reported(pack_dir, rewrite):
    rewrite("factories.csv", "F0,121.05", "F0,120.05")
    pack = read_pack(pack_dir)
    assert pack.factories["factory_id"].tolist() == ["F1", "F2", "F3"]
    (note,) = pack.notes
    assert (note.name, note.passed, note.required) == ("factories.outside", False, False)
    assert note.message.startswith("line 2: 1 of 4 factories lie outside every district")


def test_most_factories_outside_is_refused_with_the_likely_cause(pack_dir):
    write_csv(pack_dir, LON - [1, 1, 1, 0], LAT)
    with pytest.raises(PackError, match=r"3 of 4 factories lie outside every district\. Check .* gcj02 or bd09"):
        read_pack(pack_dir)
