"""Names and ids in the encodings that people's files have: read rightly, or refused with the key that cures it."""

import shutil
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from toy_pack import YAML

from gvio.config import parse_region
from gvio.errors import ConfigError, PackError
from gvio.region.files import PackFile
from gvio.region.pack import read_pack
from gvio.region.tables import read_text_table
from gvio.region.vectors import encoding_note, read_vector

REAL = Path(__file__).parents[4] / "shared" / "data" / "boundaries_shanghai" / "wgs84_amap16"
CHINA = parse_region(YAML)
NAMES = ["黄浦区", "浦东新区"]
BOXES = [shapely.box(121, 31, 121.1, 31.1), shapely.box(121.1, 31, 121.2, 31.1)]


def shapefile(folder, encoding, names=NAMES, cpg=None):
    frame = gpd.GeoDataFrame({"name": names}, geometry=BOXES, crs="EPSG:4326")
    frame.to_file(folder / "d.shp", encoding=encoding)
    (folder / "d.cpg").unlink(missing_ok=True)
    if cpg is not None:
        (folder / "d.cpg").write_text(cpg)
    table = bytearray((folder / "d.dbf").read_bytes())
    table[29] = 0  # the language that the writer may have noted
    (folder / "d.dbf").write_bytes(table)
    return PackFile(folder / "d.shp")


@pytest.mark.parametrize(
    ("encoding", "cpg", "guessed"),
    [
        ("utf-8", None, False),
        ("gb18030", None, True),
        ("gb18030", "UTF-8", True),  # written beside many tables that are not
        ("gb18030", "GBK", False),
        ("utf-8", "UTF-8", False),
    ],
)
def test_chinese_names_of_a_shapefile_are_read_as_they_are(tmp_path, encoding, cpg, guessed):
    file = shapefile(tmp_path, encoding, cpg=cpg)
    assert read_vector(file)["name"].tolist() == NAMES
    notes = encoding_note(file, CHINA)
    assert [(note.name, note.required) for note in notes] == [("pack.encoding", False)] * guessed


def test_outside_china_what_looks_like_chinese_is_refused(tmp_path):
    bounds = "bounds: [37.0, 55.0, 38.0, 56.0]"  # Moscow
    config = parse_region(YAML.replace("bounds: [121.0, 31.0, 121.4, 31.2]", bounds))
    file = shapefile(tmp_path, "cp1251", ["Москва", "Калуга"])
    with pytest.raises(PackError, match=r"encoding cannot be told\. Save it as UTF-8, or name its encoding"):
        encoding_note(file, config)
    assert encoding_note(file.described("cp1251"), config) == ()


@pytest.mark.skipif(not REAL.exists(), reason="real district outlines are not beside this checkout (../shared)")
def test_a_real_shapefile_that_lost_its_cpg_keeps_its_names(tmp_path):
    for part in REAL.iterdir():
        if part.suffix != ".cpg":
            shutil.copy(part, tmp_path)
    names = read_vector(PackFile(tmp_path / "shanghai_districts_boundary.shp"))["Name"].tolist()
    assert "黄浦区" in names


def test_text_that_could_be_anything_is_refused_and_the_key_cures_it(tmp_path):
    file = shapefile(tmp_path, "cp1252", ["Köln", "Düren"])
    with pytest.raises(PackError, match=r"d\.shp: has text that is not in UTF-8, .* region\.yaml: encoding: cp1252"):
        read_vector(file)
    assert read_vector(file.described("cp1252"))["name"].tolist() == ["Köln", "Düren"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_a_geojson_is_read_in_the_encoding_it_has(tmp_path, encoding):
    text = gpd.GeoDataFrame({"name": NAMES}, geometry=BOXES, crs="EPSG:4326").to_json(ensure_ascii=False)
    (tmp_path / "d.geojson").write_text(text, encoding=encoding)
    assert read_vector(PackFile(tmp_path / "d.geojson"))["name"].tolist() == NAMES


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk", "utf-16"])
def test_a_table_is_read_in_the_encoding_it_has(tmp_path, encoding):
    (tmp_path / "f.csv").write_text("factory_id,category\nF1,化工;浦东\n", encoding=encoding)
    assert read_text_table(PackFile(tmp_path / "f.csv"))["category"].tolist() == ["化工;浦东"]


@pytest.mark.parametrize(("text", "encoding"), [("Köln,Straße", "cp1252"), ("Łódź,Ruda Śląska", "cp1250")])
def test_a_table_in_a_european_encoding_is_not_taken_for_chinese(tmp_path, text, encoding):
    (tmp_path / "f.csv").write_text(f"factory_id,name\n{text}\n", encoding=encoding)
    file = PackFile(tmp_path / "f.csv")
    with pytest.raises(PackError, match=r"f\.csv: is not in UTF-8, and its encoding cannot be told\. Save it as UTF-8"):
        read_text_table(file)
    assert read_text_table(file.described(encoding))["name"].tolist() == [text.split(",")[1]]


def test_a_wrong_key_is_refused(pack_dir, rewrite):
    (pack_dir / "factories.csv").write_text("factory_id,lon,lat\nü,1,2")
    with pytest.raises(PackError, match=r"is not in the encoding ascii that region\.yaml names"):
        read_text_table(PackFile(pack_dir / "factories.csv").described("ascii"))
    rewrite("region.yaml", "crs: wgs84", "encoding: klingon")
    with pytest.raises(ConfigError, match=r"factories\.encoding: unknown encoding 'klingon'; use utf-8, gb18030"):
        read_pack(pack_dir)


def test_every_file_of_a_pack_may_be_in_gb18030(pack_dir, rewrite):
    rewrite("factories.csv", "industry;A", "工业;甲")
    rewrite("statistics.csv", "bulletin", "统计公报")
    for name in ("factories.csv", "statistics.csv", "districts.geojson"):
        text = (pack_dir / name).read_text(encoding="utf-8")
        (pack_dir / name).write_text(text.replace("West", "西区"), encoding="gb18030")
    pack = read_pack(pack_dir)
    assert pack.factories["category"].iloc[0] == "工业;甲"
    assert pack.ledger.rows["source"].iloc[0] == "统计公报"
    assert [note.subject for note in pack.notes if note.name == "pack.encoding"] == [
        "districts.geojson",
        "factories.csv",
    ]


@pytest.mark.parametrize("encoding", ["gb18030", "utf-16-le"])
def test_a_configuration_that_is_not_utf8_says_so(pack_dir, encoding):
    text = (pack_dir / "region.yaml").read_text(encoding="utf-8").replace("Toy", "上海")
    (pack_dir / "region.yaml").write_text(text, encoding=encoding)
    with pytest.raises(ConfigError, match=r"region\.yaml: is not text in UTF-8\. Save it as UTF-8"):
        read_pack(pack_dir)
