"""The catalogue above the regions of a store: found by STAC clients, begun anew where it is damaged."""

from __future__ import annotations

from pathlib import Path

import pystac
import pystac.validation
import pytest

from gvio.store.local import LocalStore
from gvio.store.writing import write_release


@pytest.fixture
def store(tmp_path: Path, make_release, release_products) -> LocalStore:
    store = LocalStore(tmp_path / "store")
    elsewhere = release_products()["config"].model_copy(update={"name": "elsewhere", "title": "Else Where"})
    write_release(store, "testland", make_release())
    write_release(store, "elsewhere", make_release(config=elsewhere))
    return store


def test_it_leads_to_every_region_and_on_to_the_grids(store: LocalStore) -> None:
    root = pystac.Catalog.from_file(f"{store.url}/catalog.json")
    pystac.validation.validate_dict(root.to_dict(include_self_link=False))
    children = {child.title: child for child in root.get_children()}
    assert set(children) == {"Testland", "Else Where"}
    (collection,) = children["Else Where"].get_children()
    items = list(collection.get_items())
    assert len(items) == 3
    assert Path(items[0].assets["grid"].get_absolute_href()).is_file()
    assert Path(items[0].assets["thumbnail"].get_absolute_href()).is_file()


def test_publishing_again_leaves_it_and_one_that_is_damaged_is_begun_anew(store: LocalStore, make_release) -> None:
    file = Path(store.url) / "catalog.json"
    before = file.read_bytes()
    write_release(store, "testland", make_release())
    assert file.read_bytes() == before
    file.write_bytes(b"edited")
    write_release(store, "testland", make_release())
    assert [child.title for child in pystac.Catalog.from_file(str(file)).get_children()] == ["Testland"]
