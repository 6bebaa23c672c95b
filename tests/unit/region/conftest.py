import geopandas as gpd
import pytest
import shapely
from toy_pack import YAML

FACTORIES = """\
factory_id,lon,lat,category,weight,opened,closed
F0,121.05,31.05,industry;A,2.5,2019-01,
F1,121.15,31.15,industry;B,1,,2021-06
F2,121.25,31.05,services;C,1,,
F3,121.35,31.15,industry;A,1,,
"""
STATISTICS = """\
area_id,start,end,value,kind,published,series,source
CITY,2020-01,2020-02,40.5,current,2020-03-17,main,bulletin
W,2020-01,2020-03,30,cumulative,2020-04-17,,
E,2020-03,2020-03,20,current,2020-04-17,other,
"""


def districts(west=(121.0, 121.2), east=(121.2, 121.4)):
    boxes = [shapely.box(west[0], 31.0, west[1], 31.2), shapely.box(east[0], 31.0, east[1], 31.2)]
    names = {"district_id": ["W", "E"], "name": ["West", "East"], "group": ["a", "b"]}
    return gpd.GeoDataFrame(names, geometry=boxes, crs="EPSG:4326")


@pytest.fixture
def pack_dir(tmp_path):
    """A correct pack of two districts and four factories; tests spoil one file at a time."""
    root = tmp_path / "toy"
    root.mkdir()
    (root / "districts.geojson").write_text(districts().to_json(), encoding="utf-8")
    (root / "region.yaml").write_text(YAML, encoding="utf-8")
    (root / "factories.csv").write_text(FACTORIES, encoding="utf-8")
    (root / "statistics.csv").write_text(STATISTICS, encoding="utf-8")
    return root


@pytest.fixture
def rewrite(pack_dir):
    """Replace a text in one of the pack's files."""

    def replace(name, old, new):
        path = pack_dir / name
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")

    return replace
