"""The static catalogue as pystac reads it from a disk, every link followed to a file that is there."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from pathlib import Path

import pyarrow.parquet as pq
import pystac
import pytest

from gvio.publish.grids import GridObject
from gvio.publish.manifest import MEDIA_TYPES
from gvio.publish.stac import build_item
from gvio.publish.stac_assets import own_assets
from gvio.types import Asset


@pytest.fixture
def written(make_release, tmp_path: Path) -> Path:
    release = make_release()
    for key, data in {**release.payloads, **release.catalogue}.items():
        path = tmp_path / key
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
    return tmp_path


def test_the_catalogue_leads_to_one_collection_and_one_item_a_month(written: Path) -> None:
    catalog = pystac.Catalog.from_file(str(written / "catalog.json"))
    (collection,) = catalog.get_children()
    assert isinstance(collection, pystac.Collection)
    assert collection.id == "testland"
    assert [item.id for item in collection.get_items()] == [f"testland-2021-0{n}" for n in (1, 2, 3)]
    assert collection.extra_fields["gvio:skill"] == "weak"
    begin, end = collection.extent.temporal.intervals[0]
    assert begin == dt.datetime(2021, 1, 1, tzinfo=dt.UTC)
    assert end == dt.datetime(2021, 3, 31, 23, 59, 59, tzinfo=dt.UTC)
    for item in collection.get_items():
        assert item.get_parent().id == "testland"
        assert item.get_collection().id == "testland"
        assert item.get_root().id == "gvio-testland"


def test_every_asset_is_a_file_with_the_size_and_checksum_told(written: Path) -> None:
    collection = pystac.Collection.from_file(str(written / "collection.json"))
    for asset in collection.get_assets().values():
        assert Path(asset.get_absolute_href()).is_file()
    tables = {"estimates.parquet", "estimates.csv", "scoreboard.json", "checks.json", "model-card.md"}
    tables |= {"style.qml", "terms.md"}
    assert set(collection.assets) == tables
    for item in collection.get_items():
        asset = item.assets["grid"]
        data = Path(asset.get_absolute_href()).read_bytes()
        assert asset.extra_fields["file:checksum"] == "1220" + hashlib.sha256(data).hexdigest()
        assert asset.extra_fields["file:size"] == len(data)
        assert asset.media_type == pystac.MediaType.COG


def test_an_item_tells_footprint_month_grid_and_bands(written: Path) -> None:
    item = next(iter(pystac.Collection.from_file(str(written / "collection.json")).get_items()))
    assert item.bbox == pytest.approx([120.0, 30.9, 120.1, 31.0])
    ring = item.geometry["coordinates"][0]
    assert ring[0] == ring[-1]
    assert item.datetime == dt.datetime(2021, 1, 1, tzinfo=dt.UTC), "clients sort by it"
    assert item.properties["start_datetime"] == "2021-01-01T00:00:00Z"
    assert item.properties["end_datetime"] == "2021-01-31T23:59:59Z"
    assert item.properties["proj:code"] == "EPSG:4326"
    assert item.properties["proj:shape"] == [24, 24]
    assert item.properties["proj:transform"] == pytest.approx([1 / 240, 0, 120.0, 0, -1 / 240, 31.0])
    assert item.properties["gsd"] == pytest.approx(463.3)
    bands = item.assets["grid"].extra_fields["bands"]
    assert [b["name"] for b in bands] == ["estimate", "lower80", "upper80", "raw", "adjustment"]
    assert [b["unit"] for b in bands] == ["million CNY"] * 4 + ["1"]


def test_links_are_relative_so_that_a_copied_store_still_works(make_release) -> None:
    release = make_release()
    texts = [*release.catalogue.values(), *(d for k, d in release.payloads.items() if k.startswith("items/"))]
    assert len(texts) == 5, "three items, collection, catalogue"
    for text in texts:
        assert b'"href": "/' not in text
        assert b'"href": "http' not in text


def test_a_projected_grid_tells_its_footprint_in_degrees(release_products) -> None:
    from affine import Affine
    from odc.geo.geobox import GeoBox

    geobox = GeoBox((10, 20), Affine(500, 0, 300000, 0, -500, 3450000), "EPSG:32651")
    made = build_item(release_products()["config"], GridObject(release_products()["month"], b"cog", geobox))
    item = pystac.Item.from_dict(json.loads(made.data))
    assert item.properties["proj:code"] == "EPSG:32651"
    assert item.properties["gsd"] == 500.0
    assert 120 < item.bbox[0] < item.bbox[2] < 122
    assert 31 < item.bbox[1] < item.bbox[3] < 32


def test_an_item_is_named_by_its_own_content(release_products) -> None:
    products = release_products()
    item = build_item(products["config"], products["grids"][0])
    retitled = build_item(products["config"].model_copy(update={"title": "Elsewhere"}), products["grids"][0])
    assert item.key == f"items/gvio_2021-01_{hashlib.sha256(item.data).hexdigest()[:12]}.json"
    assert retitled.key != item.key


def test_clients_find_everything_by_the_extensions_that_are_named(written: Path) -> None:
    """The classes of pystac refuse an object that does not name the schema which they know."""
    collection = pystac.Collection.from_file(str(written / "collection.json"))
    item = next(iter(collection.get_items()))
    assert collection.ext.version.version == collection.extra_fields["gvio:release"]
    assert not collection.ext.version.deprecated
    assert collection.ext.sci.citation.endswith(f"gvio, release {collection.ext.version.version}.")
    table = collection.assets["estimates.parquet"]
    data = Path(table.get_absolute_href()).read_bytes()
    assert (table.ext.file.size, table.ext.file.checksum) == (len(data), "1220" + hashlib.sha256(data).hexdigest())
    columns = {column.name: column.description for column in table.ext.table.columns}
    assert columns["estimate"] == "output of the month (million CNY)"
    assert list(columns) == pq.read_schema(table.get_absolute_href()).names
    assert (table.roles, table.title is None) == (["data"], False)
    assert item.ext.proj.epsg == 4326
    assert item.ext.render.renders["estimate"].assets == ["grid"]
    assert [band.unit for band in item.assets["grid"].ext.raster.bands] == ["million CNY"] * 4 + ["1"]
    assert item.assets["thumbnail"].ext.file.checksum is not None


def test_history_and_a_picture_are_links_of_the_collection(written: Path) -> None:
    links = {link.rel: link for link in pystac.Collection.from_file(str(written / "collection.json")).links}
    assert Path(links["version-history"].get_absolute_href()) == written / "latest.json"
    newest = Path(links["preview"].get_absolute_href())
    assert newest.name.startswith("gvio_2021-03_")
    assert newest.is_file()


def test_every_object_that_a_release_may_hold_has_a_title() -> None:
    tables = {name: Asset(name, "ab" * 32, 1, kind) for name, kind in MEDIA_TYPES.items()}
    assets = own_assets("2021-03-0123456789ab", tables, "million CNY")
    assert [name for name, asset in assets.items() if not asset.title] == []
    data = {name for name, asset in assets.items() if asset.roles == ["data"]}
    assert {"estimates.csv", "districts.tif", "vintages.parquet"} <= data
