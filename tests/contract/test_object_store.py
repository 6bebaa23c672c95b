"""One suite for every object store: a folder, and S3 on a real server that enforces signatures and conditions."""

from __future__ import annotations

import subprocess
import sys
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from gvio.errors import ConflictError, StoreError
from gvio.store.objects import ObjectStore, open_store
from gvio.store.probe import probe_conditional_writes

pytestmark = pytest.mark.enable_socket


@pytest.fixture(params=["folder", "s3"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> ObjectStore:
    if request.param == "folder":
        return open_store(str(tmp_path / "store"))
    request.getfixturevalue("s3_credentials")
    return open_store(f"s3://gvio-contract/{uuid.uuid4().hex}/deep", request.getfixturevalue("s3_endpoint"))


def test_an_object_is_read_back_with_its_size_and_only_under_its_folder(store: ObjectStore) -> None:
    assert store.put_new("mumbai/grids/2021-12/a b.tif", b"\x00\xffpixels", "image/tiff")
    assert store.put_new("mumbai/grids-old/x.tif", b"1", "image/tiff")
    assert store.get("mumbai/grids/2021-12/a b.tif") == b"\x00\xffpixels"
    assert store.exists("mumbai/grids/2021-12/a b.tif")
    assert store.list_("mumbai/grids") == {"mumbai/grids/2021-12/a b.tif": 8}
    assert list(store.list_("")) == ["mumbai/grids-old/x.tif", "mumbai/grids/2021-12/a b.tif"]
    assert store.list_folders("") == ["mumbai"]
    assert store.list_folders("mumbai/") == ["grids", "grids-old"]


def test_an_absent_object_is_an_error_to_get_and_none_to_ask(store: ObjectStore) -> None:
    assert not store.exists("a/b")
    assert store.read_versioned("a/b") is None
    assert store.list_("a") == {}
    assert store.list_folders("a") == []
    store.delete("a/b")
    with pytest.raises(StoreError, match=r"a/b: no such object\. Check"):
        store.get("a/b")


def test_an_immutable_object_may_be_written_again_but_never_changed(store: ObjectStore) -> None:
    assert store.put_new("a/b", b"one", "text/plain") is True
    assert store.put_new("a/b", b"one", "text/plain") is False
    with pytest.raises(StoreError, match=r"a/b: holds other bytes \(sha256 7692c3ad3540, ours 3fc4ccfe7458\)"):
        store.put_new("a/b", b"two", "text/plain")
    assert store.get("a/b") == b"one"


def test_replace_follows_the_version_that_was_read(store: ObjectStore) -> None:
    store.replace("latest.json", b"1", None)
    first = store.read_versioned("latest.json")
    assert first is not None
    store.replace("latest.json", b"2", first[1])
    second = store.read_versioned("latest.json")
    assert second is not None
    assert second[0] == b"2"
    assert second[1] != first[1]


def test_replace_that_lost_overwrites_nothing(store: ObjectStore) -> None:
    store.replace("latest.json", b"1", None)
    old = store.read_versioned("latest.json")
    assert old is not None
    store.replace("latest.json", b"2", old[1])
    with pytest.raises(ConflictError, match=r"latest\.json: .*wrote it first"):
        store.replace("latest.json", b"3", old[1])
    with pytest.raises(ConflictError, match=r"latest\.json: .*wrote it first"):
        store.replace("latest.json", b"3", None)
    assert store.get("latest.json") == b"2"


def test_replace_of_a_vanished_object_conflicts(store: ObjectStore) -> None:
    store.replace("latest.json", b"1", None)
    old = store.read_versioned("latest.json")
    store.delete("latest.json")
    assert old is not None
    with pytest.raises(ConflictError, match="nothing was"):
        store.replace("latest.json", b"2", old[1])
    assert not store.exists("latest.json")


def test_a_replace_whose_answer_was_lost_can_be_repeated(store: ObjectStore) -> None:
    store.replace("latest.json", b"1", None)
    store.replace("latest.json", b"1", None)
    assert store.get("latest.json") == b"1"


@pytest.mark.parametrize("key", ["", "/a", "a/", "a//b", "../a", "a/./b", "a/.hidden", "a\\b", "a\nb", "a" * 901])
def test_names_that_some_store_would_refuse_are_refused_by_all(store: ObjectStore, key: str) -> None:
    with pytest.raises(StoreError, match="is not a portable object key"):
        store.put_new(key, b"", "text/plain")


def test_of_sixteen_writers_at_once_exactly_one_creates(store: ObjectStore) -> None:
    wins = _race(lambda n: store.replace("latest.json", f"writer {n}".encode(), None))
    assert len(wins) == 1
    assert store.get("latest.json") == f"writer {wins[0]}".encode()


def test_of_sixteen_writers_at_once_exactly_one_swaps(store: ObjectStore) -> None:
    store.replace("latest.json", b"start", None)
    read = store.read_versioned("latest.json")
    assert read is not None
    wins = _race(lambda n: store.replace("latest.json", f"writer {n}".encode(), read[1]))
    assert len(wins) == 1
    assert store.get("latest.json") == f"writer {wins[0]}".encode()


def test_compare_and_swap_loses_no_increment(store: ObjectStore) -> None:
    store.replace("count", b"0", None)

    def add(_: int) -> None:
        for _ in range(500):
            read = store.read_versioned("count")
            assert read is not None
            try:
                # a unique suffix, because equal bytes count as written already
                store.replace("count", f"{int(read[0].split()[0]) + 1} {uuid.uuid4().hex}".encode(), read[1])
            except ConflictError:
                continue
            return
        raise TimeoutError("500 attempts lost")

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(add, range(24)))
    assert store.get("count").split()[0] == b"24"


def test_the_probe_passes_and_leaves_nothing(store: ObjectStore) -> None:
    probe_conditional_writes(store)
    assert store.list_("") == {}


ADD_TEN = """
import sys, uuid
from gvio.errors import ConflictError
from gvio.store.objects import open_store
store, done = open_store(sys.argv[1]), 0
while done < 10:
    data, etag = store.read_versioned("count")
    try:
        store.replace("count", f"{int(data.split()[0]) + 1} {uuid.uuid4().hex}".encode(), etag)
        done += 1
    except ConflictError:
        pass
"""


def test_a_folder_keeps_its_promise_between_processes(tmp_path: Path) -> None:
    store = open_store(str(tmp_path))
    store.replace("count", b"0", None)
    command = [sys.executable, "-c", ADD_TEN, str(tmp_path)]
    adders = [subprocess.Popen(command) for _ in range(3)]
    assert [adder.wait(timeout=60) for adder in adders] == [0, 0, 0]
    assert store.get("count").split()[0] == b"30"


def _race(write) -> list[int]:  # type: ignore[no-untyped-def]
    barrier = threading.Barrier(16)

    def attempt(number: int) -> int | None:
        barrier.wait()
        try:
            write(number)
        except ConflictError:
            return None
        return number

    with ThreadPoolExecutor(16) as pool:
        return [n for n in pool.map(attempt, range(16)) if n is not None]
