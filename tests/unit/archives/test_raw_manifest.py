"""The manifest of raw files: whole or not at all, vintages beside each other, no secret, found out when damaged."""

import dataclasses
import hashlib
import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from filelock import FileLock

from gvio.archives.archive import Checksum, RemoteFile
from gvio.archives.manifest import RawFile, current_files, new_files, raw_file, read_manifest, record, verify
from gvio.archives.version import vintage_tag
from gvio.errors import InputRefused, RunHeld
from gvio.types import Month

REMOTE = RemoteFile("A.h5", Month(2021, 3), "https://u:SECRET@archive.test/A.h5?token=SECRET", size=10, etag='"v1"')


def put(folder: Path, remote: RemoteFile = REMOTE, path: str = "", content: bytes = b"light") -> RawFile:
    target = folder / (path or remote.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_bytes(content)
    found = raw_file(target, remote, sha256=hashlib.sha256(content).hexdigest(), version="002/1")
    return dataclasses.replace(found, path=target.relative_to(folder).as_posix())


def test_what_is_recorded_is_read_again(tmp_path):
    assert dict(read_manifest(tmp_path)) == {}
    file = put(tmp_path)
    record(tmp_path, file)
    assert dict(read_manifest(tmp_path)) == {"A.h5": file}
    assert (file.month, file.size, file.etag, file.listed_size, file.version) == ("2021-03", 5, "v1", 10, "002/1")


def test_no_secret_of_an_address_is_recorded(tmp_path):
    file = dataclasses.replace(put(tmp_path), url="https://u:SECRET@archive.test/A.h5?token=SECRET#SECRET")
    record(tmp_path, file)
    assert "SECRET" not in (tmp_path / "manifest.json").read_text()
    assert read_manifest(tmp_path)["A.h5"].url == "https://archive.test/A.h5"


def test_a_manifest_cannot_be_changed(tmp_path):
    manifest = record(tmp_path, put(tmp_path))
    with pytest.raises(TypeError):
        manifest["B.h5"] = manifest["A.h5"]  # type: ignore[index]


def test_several_threads_lose_no_record(tmp_path):
    files = [put(tmp_path, dataclasses.replace(REMOTE, name=f"{i}.h5")) for i in range(40)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda file: record(tmp_path, file), files))
    assert sorted(read_manifest(tmp_path)) == sorted(file.path for file in files)


def test_a_manifest_that_another_process_holds_is_waited_for(tmp_path, monkeypatch):
    monkeypatch.setattr("gvio.archives.manifest._LOCK_SECONDS", 0.05)
    held = r"manifest\.json: another process has held the record of fetched files for over 0\.05 s\. End"
    with FileLock(tmp_path / ".manifest.lock"), pytest.raises(RunHeld, match=held):
        record(tmp_path, put(tmp_path))
    assert list(record(tmp_path, put(tmp_path))) == ["A.h5"]


def test_only_the_new_and_the_changed_are_new(tmp_path):
    manifest = record(tmp_path, put(tmp_path))
    same, other = REMOTE, dataclasses.replace(REMOTE, name="B.h5", url="https://archive.test/B.h5")
    assert new_files([same, other], manifest) == [other]


@pytest.mark.parametrize(
    ("change", "new"),
    [
        ({"etag": "v1"}, False),
        ({"etag": 'W/"v1"'}, False),
        ({"etag": '"v2"'}, True),
        ({"etag": None}, False),
        ({"size": 11}, True),
        ({"size": None}, False),
        ({"checksum": Checksum("md5", "ABC")}, False),
        ({"checksum": Checksum("md5", "abd")}, True),
        ({"checksum": Checksum("sha256", "abd")}, False),  # another algorithm tells nothing
        ({"url": "https://elsewhere.test/A.h5"}, False),
    ],
)
def test_a_new_vintage_is_known_by_what_both_listings_say(tmp_path, change, new):
    first = dataclasses.replace(REMOTE, checksum=Checksum("md5", "abc"))
    manifest = record(tmp_path, put(tmp_path, first))
    listed = dataclasses.replace(first, **change)
    assert (new_files([listed], manifest) == [listed]) is new


def test_windows_are_known_by_the_file_they_were_cut_from(tmp_path):
    archive = RemoteFile("tile.tgz", Month(2021, 3), "https://archive.test/tile.tgz", size=2000, etag="v1")
    for name in ("tile.avg.tif", "tile.cf.tif"):
        path = tmp_path / name
        path.write_bytes(b"window")
        record(tmp_path, raw_file(path, archive, sha256="0" * 64, version="v10", name=name))
    manifest = read_manifest(tmp_path)
    assert sorted(manifest) == ["tile.avg.tif", "tile.cf.tif"]
    assert new_files([archive], manifest) == []
    assert new_files([dataclasses.replace(archive, size=2001)], manifest) != []


def test_a_republished_file_lies_beside_the_older_one_and_counts(tmp_path):
    record(tmp_path, put(tmp_path, content=b"old"))
    second = dataclasses.replace(REMOTE, etag='"v2"')
    path = f"vintages/{vintage_tag(second)}/A.h5"
    manifest = record(tmp_path, put(tmp_path, second, path, b"new"))
    assert (manifest["A.h5"].superseded, manifest[path].superseded) == (True, False)
    assert current_files(tmp_path, manifest) == [tmp_path / path]
    assert [file.read_bytes() for file in (tmp_path / "A.h5", tmp_path / path)] == [b"old", b"new"]
    assert new_files([second], manifest) == []


def test_current_files_are_sorted_by_month_and_name(tmp_path):
    for name, month in (("B.h5", 3), ("A.h5", 3), ("C.h5", 1)):
        record(tmp_path, put(tmp_path, dataclasses.replace(REMOTE, name=name, month=Month(2021, month))))
    assert [path.name for path in current_files(tmp_path, read_manifest(tmp_path))] == ["C.h5", "A.h5", "B.h5"]


@pytest.mark.parametrize(
    "content", [b"", b"{", b"[]", b'{"files": []}', b'{"schema_version": 1, "files": [{"path": "A.h5"}]}', b"\xff"]
)
def test_a_damaged_manifest_is_refused(tmp_path, content):
    (tmp_path / "manifest.json").write_bytes(content)
    with pytest.raises(InputRefused, match=r"manifest\.json: is damaged \(\w+\)\. Move it away and fetch again"):
        read_manifest(tmp_path)
    with pytest.raises(InputRefused, match="is damaged"):
        record(tmp_path, put(tmp_path))
    assert (tmp_path / "manifest.json").read_bytes() == content


def test_another_schema_version_is_refused(tmp_path):
    (tmp_path / "manifest.json").write_text(json.dumps({"schema_version": 2, "files": []}))
    with pytest.raises(InputRefused, match="has schema version 2, not 1"):
        read_manifest(tmp_path)


def test_verifying_finds_changed_missing_and_unknown_files(tmp_path):
    for name in ("good.h5", "longer.h5", "other.h5", "gone.h5"):
        record(tmp_path, put(tmp_path, dataclasses.replace(REMOTE, name=name)))
    (tmp_path / "longer.h5").write_bytes(b"lights")
    (tmp_path / "other.h5").write_bytes(b"might")
    (tmp_path / "gone.h5").unlink()
    (tmp_path / "mine.tif").write_bytes(b"?")
    (tmp_path / ".mine.h5.partial").write_bytes(b"?")
    told = []
    checks = verify(tmp_path, lambda *args: told.append(args))
    found = {check.subject: (check.name, check.passed, check.required) for check in checks}
    assert found == {
        "good.h5": ("raw.intact", True, True),
        "longer.h5": ("raw.intact", False, True),
        "other.h5": ("raw.intact", False, True),
        "gone.h5": ("raw.intact", False, True),
        "mine.tif": ("raw.known", False, False),
    }
    messages = {check.subject: check.message for check in checks}
    assert "has 6 bytes, not 5 since it was fetched" in messages["longer.h5"]
    assert "has changed" in messages["other.h5"]
    assert "is missing" in messages["gone.h5"]
    assert "has no record" in messages["mine.tif"]
    assert told == [("verifying raw files", done, 4) for done in (1, 2, 3, 4)]


def test_an_untouched_folder_verifies(tmp_path):
    record(tmp_path, put(tmp_path), put(tmp_path, dataclasses.replace(REMOTE, etag="v2"), "vintages/ab/A.h5", b"new"))
    assert [check.passed for check in verify(tmp_path)] == [True, True]
