"""The catalogue above the regions of a store: found by STAC clients, begun anew where it is damaged."""

from __future__ import annotations

import dataclasses
import datetime as dt
import json
from pathlib import Path

import pystac
import pystac.validation
import pytest

from gvio.store.local import LocalStore
from gvio.store.repair import repair
from gvio.store.root import root_fault
from gvio.store.standing import last_manifest, standing
from gvio.store.verify import verify_release
from gvio.store.writing import write_release
from gvio.version import code_version


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


def gone(data: bytes) -> bytes:
    document = json.loads(data)
    document["links"] = [link for link in document["links"] if "testland" not in link["href"]]
    return json.dumps(document).encode()


@pytest.mark.parametrize(
    ("damage", "said"),
    [
        (None, "no such object, so nothing leads to the regions"),
        (lambda _: b"edited", "does not lead to testland"),
        (gone, "does not lead to testland"),
        (lambda data: data.replace(b'"Testland"', b'"Atlantis"'), "calls testland 'Atlantis'"),
        (lambda data: data.replace(b"./elsewhere/", b"./nowhere/"), "leads to nowhere, which is no region of this"),
        (lambda data: data.replace(b"Regions of", b"Reasons of"), "was edited"),
    ],
)
def test_damage_is_found_and_the_command_that_is_named_cures_it(store, make_release, damage, said) -> None:
    write_release(store, "testland", make_release(code=code_version()))
    assert verify_release(store, "testland") == ()
    file = Path(store.url) / "catalog.json"
    before = file.read_bytes()
    if damage is None:
        file.unlink()
    else:
        assert damage(before) != before
        file.write_bytes(damage(before))
    (finding,) = verify_release(store, "testland")
    assert (finding.kind, finding.key) == ("catalogue", "../catalog.json")
    assert said in finding.message
    assert f"gvio repair --store {store.url} --region testland" in finding.message
    assert repair(store, "testland", now=dt.datetime(2026, 3, 1, tzinfo=dt.UTC)).catalogue
    assert file.read_bytes() == before, "both regions, whoever was asked for"
    assert verify_release(store, "testland") == verify_release(store, "elsewhere") == ()


def test_a_store_of_before_has_none_and_is_sound(store, make_release) -> None:
    (Path(store.url) / "catalog.json").unlink()
    manifest = last_manifest(store, "testland")
    assert root_fault(store, manifest) is not None
    older = tuple(o for o in manifest.objects if not o.key.endswith("terms.md"))
    assert root_fault(store, dataclasses.replace(manifest, objects=older)) is None


def test_the_cube_is_one_asset_and_the_store_is_sound_with_it(tmp_path: Path, make_release) -> None:
    store = LocalStore(tmp_path / "cubed")
    parts = {"cube.zarr/zarr.json": b"{}", "cube.zarr/estimate/c/0/0/0": b"1", "cube.zarr/lower80/c/0/0/0": b"2"}
    release = make_release(outlines=parts)
    write_release(store, "testland", release)
    assert release.id != make_release(outlines=parts | {"cube.zarr/lower80/c/0/0/0": b"3"}).id
    assert standing(store, "testland").whole
    assert verify_release(store, "testland") == ()
    collection = pystac.Collection.from_file(f"{store.url}/testland/collection.json")
    (href,) = [asset.href for name, asset in collection.assets.items() if "cube" in name]
    assert href == f"./releases/{release.id}/cube.zarr"
