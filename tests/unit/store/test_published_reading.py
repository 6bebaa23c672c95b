"""Readers over a folder: nothing published, documents that are damaged or newer, the wrong region."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from gvio.errors import StoreError
from gvio.publish.explanations import VALUES, explanations_frame
from gvio.store.documents import read_latest
from gvio.store.local import LocalStore
from gvio.store.looks import regions_seen
from gvio.store.published import list_releases, read_object, read_release
from gvio.store.writing import write_release
from gvio.types import Month


@pytest.fixture
def store(tmp_path: Path) -> LocalStore:
    return LocalStore(tmp_path / "store")


def test_an_empty_store_has_no_regions_and_says_so(store: LocalStore) -> None:
    assert regions_seen(store) == []
    assert list_releases(store, "testland") == []
    assert read_latest(store, "testland") is None
    with pytest.raises(StoreError, match=r"store/testland: nothing is published\. Check the store"):
        read_release(store, "testland")


def test_regions_stand_side_by_side_and_other_folders_are_not_regions(
    store: LocalStore, make_release, release_products
) -> None:
    release = make_release()
    elsewhere = make_release(config=release_products()["config"].model_copy(update={"name": "elsewhere"}))
    write_release(store, "testland", release)
    write_release(store, "elsewhere", elsewhere)
    store.put_new("backup/notes.txt", b"1", "text/plain")
    assert regions_seen(store) == ["elsewhere", "testland"]
    assert read_release(store, "elsewhere").region == "elsewhere"


def test_explanations_are_read_back_and_older_releases_have_none(store: LocalStore, make_release) -> None:
    months = [Month(2021, m) for m in (1, 2, 3)]
    why = explanations_frame({name: np.full((2, 3), 0.25) for name in VALUES}, ["east", "west"], months)
    older, newer = make_release(), make_release(explanations=why)
    for release in (older, newer):
        write_release(store, "testland", release)
    assert read_release(store, "testland", older.id).explanations is None
    pd.testing.assert_frame_equal(read_release(store, "testland", newer.id).explanations, why)
    (tmp,) = Path(store.url.removeprefix("file://")).rglob("explanations.parquet")
    tmp.write_bytes(b"edited")
    with pytest.raises(StoreError, match=r"explanations\.parquet: its bytes are not the ones published"):
        read_release(store, "testland", newer.id)


def test_an_unknown_release_is_told(store: LocalStore, make_release) -> None:
    write_release(store, "testland", make_release())
    with pytest.raises(StoreError, match=r"2020-01-abc/manifest\.json: no such object"):
        read_release(store, "testland", "2020-01-abc")


def test_a_release_is_not_written_under_another_region(store: LocalStore, make_release) -> None:
    with pytest.raises(StoreError, match=r"elsewhere: a release of 'testland' does not belong here"):
        write_release(store, "elsewhere", make_release())
    assert store.list_("") == {}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (
            "<html>login</html>",
            r"latest\.json: is not JSON\. Damaged or edited: run `gvio repair --store \S+ --region test",
        ),
        ('{"schema_version": 2}', r"has schema_version 2, this program reads 1\. Read it with"),
        ("[1]", "has schema_version None, not 1"),
        (
            '{"schema_version": 1, "region": "testland", "month": [], "release": "r", "published_at": ""}',
            "cannot be under",
        ),
        ('{"schema_version": 1, "region": "testland", "month": "2021-03"}', "lacks the field 'release'"),
    ],
)
def test_a_pointer_that_cannot_be_understood_is_told(store: LocalStore, text: str, message: str) -> None:
    store.replace("testland/latest.json", text.encode(), None)
    with pytest.raises(StoreError, match=message):
        read_latest(store, "testland")


@pytest.mark.parametrize("name", ["month", "objects"])
def test_a_manifest_that_lacks_a_field_is_told(store: LocalStore, make_release, name: str) -> None:
    manifest = json.loads(make_release().manifest)
    del manifest[name]
    store.put_new("testland/releases/r/manifest.json", json.dumps(manifest).encode(), "application/json")
    with pytest.raises(StoreError, match=rf"r/manifest\.json: lacks the field '{name}'\. Damaged or edited"):
        read_release(store, "testland", "r")


def test_a_manifest_that_does_not_list_a_table_is_told(store: LocalStore, make_release) -> None:
    release = make_release()
    write_release(store, "testland", release)
    manifest = json.loads(release.manifest)
    manifest["objects"] = [o for o in manifest["objects"] if not o["key"].endswith("scoreboard.json")]
    key = f"testland/releases/{release.id}/manifest.json"
    store.delete(key)
    store.put_new(key, json.dumps(manifest).encode(), "application/json")
    with pytest.raises(StoreError, match=r"scoreboard\.json: the manifest does not list it"):
        read_release(store, "testland")


def test_items_are_verified_by_their_names_as_grids_are(store: LocalStore, make_release) -> None:
    release = make_release()
    write_release(store, "testland", release)
    key = next(key for key in release.payloads if key.startswith("items/"))
    assert read_object(store, "testland", key) == release.payloads[key]
