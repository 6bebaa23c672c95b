"""What a folder store does beyond the contract suite: no half files, no foreign files, one-line errors."""

from __future__ import annotations

from pathlib import Path

import pytest
from filelock import FileLock

from gvio.errors import StoreError
from gvio.store.local import LocalStore


def test_writing_leaves_no_temporary_file(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put_new("a/b.tif", b"1", "image/tiff")
    store.put_new("a/b.tif", b"1", "image/tiff")
    store.replace("a/latest.json", b"1", None)
    with pytest.raises(StoreError):
        store.put_new("a/b.tif", b"2", "image/tiff")
    assert sorted(p.name for p in (tmp_path / "a").iterdir()) == ["b.tif", "latest.json"]


def test_a_temporary_file_of_a_killed_writer_is_never_listed(tmp_path: Path) -> None:
    store = LocalStore(tmp_path)
    store.put_new("a/b.tif", b"1", "image/tiff")
    (tmp_path / "a" / ".b.tif.x7").write_bytes(b"half")
    (tmp_path / ".gvio.lock").touch()
    assert store.list_("") == {"a/b.tif": 1}
    assert store.list_folders("") == ["a"]


def test_published_files_are_readable_by_everybody(tmp_path: Path) -> None:
    LocalStore(tmp_path).put_new("a", b"1", "text/plain")
    assert (tmp_path / "a").stat().st_mode & 0o777 == 0o644


def test_reading_creates_nothing(tmp_path: Path) -> None:
    store = LocalStore(tmp_path / "absent")
    assert store.list_("") == {}
    assert store.list_folders("") == []
    assert not store.exists("a")
    assert store.read_versioned("a") is None
    assert not (tmp_path / "absent").exists()


def test_a_store_that_is_a_file_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    store = LocalStore(tmp_path / "file")
    with pytest.raises(StoreError, match=r"file/a: cannot be read or written \(.*\)\. Check that the folder exists"):
        store.put_new("a", b"1", "text/plain")
    with pytest.raises(StoreError, match=r"cannot be read or written \(Not a directory\)"):
        store.list_("a/b")


def test_an_object_that_is_a_folder_is_told(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    with pytest.raises(StoreError, match=r"cannot be read or written \(Is a directory\)"):
        LocalStore(tmp_path).get("a")


def test_a_lock_that_is_never_released_is_told(tmp_path: Path) -> None:
    store = LocalStore(tmp_path, lock_seconds=0.05)
    with (
        FileLock(tmp_path / ".gvio.lock"),
        pytest.raises(StoreError, match=r"\.gvio\.lock: locked by another writer for over 0\.05 s\. End"),
    ):
        store.replace("latest.json", b"1", None)
    assert store.list_("") == {}
