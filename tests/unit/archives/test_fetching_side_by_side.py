"""Many files: each recorded when it is whole, failures apart, vintages beside each other, nothing asked for twice."""

import dataclasses
import hashlib
import threading
import time
from pathlib import Path

import pytest
from filelock import FileLock

from gvio.archives.archive import RemoteFile
from gvio.archives.manifest import RawFile, current_files, raw_file, read_manifest
from gvio.archives.recording import Recorder
from gvio.archives.transfer import fetch_all
from gvio.errors import ConfigError, InputRefused, ProductError, RunHeld, StoreError, UpstreamUnavailable
from gvio.types import Month


def listed(count: int, **changes) -> list[RemoteFile]:
    names = [f"{number:02d}.h5" for number in range(count)]
    files = [RemoteFile(name, Month(2021, 1), f"https://archive.test/{name}", etag="v1") for name in names]
    return [dataclasses.replace(file, **changes) for file in files]


class Provider:
    """A stand-in for one archive: writes the version's letters, or raises what a name is given."""

    def __init__(self, **errors: Exception) -> None:
        self.errors, self.asked, self.at_once, self.most = errors, [], 0, 0
        self.lock = threading.Lock()

    def __call__(self, remote: RemoteFile, folder: Path, stop: threading.Event) -> RawFile:
        with self.lock:
            self.asked.append(remote.name)
            self.at_once += 1
            self.most = max(self.most, self.at_once)
        try:
            time.sleep(0.01)
            if error := self.errors.get(f"f{remote.name[:2]}"):
                raise error
            folder.mkdir(parents=True, exist_ok=True)
            content = f"{remote.name} {remote.etag}".encode()
            (folder / remote.name).write_bytes(content)
            return raw_file(folder / remote.name, remote, sha256=hashlib.sha256(content).hexdigest(), version="1")
        finally:
            with self.lock:
                self.at_once -= 1


def test_all_files_come_in_their_order_and_a_second_call_asks_nothing(tmp_path):
    provider, told = Provider(), []
    found = fetch_all(listed(9), provider, tmp_path, archive="LAADS", progress=lambda *args: told.append(args))
    assert [file.path for file in found] == [file.name for file in listed(9)]
    assert told == [("fetching from LAADS", done, 9) for done in range(10)]
    assert 1 < provider.most <= 4
    again = Provider(f00=ConfigError("no network"))
    assert fetch_all(listed(9), again, tmp_path, progress=lambda *args: told.append(args)) == found
    assert again.asked == []
    assert len(told) == 10


def test_threads_are_bounded(tmp_path):
    provider = Provider()
    fetch_all(listed(8), provider, tmp_path, threads=2)
    assert provider.most == 2


@pytest.mark.parametrize("damage", ["lost", "shortened"])
def test_what_is_recorded_but_not_whole_is_fetched_again_to_its_place(tmp_path, damage):
    fetch_all(listed(3), Provider(), tmp_path)
    path = tmp_path / "01.h5"
    path.unlink()
    if damage == "shortened":
        path.write_bytes(b"x")
    provider = Provider()
    fetch_all(listed(3), provider, tmp_path)
    assert provider.asked == ["01.h5"]
    assert path.read_bytes() == b"01.h5 v1"


def test_a_failure_does_not_stop_the_others_and_the_worst_is_told(tmp_path):
    provider = Provider(f01=UpstreamUnavailable("busy"), f03=ProductError("damaged"), f05=UpstreamUnavailable("slow"))
    with pytest.raises(ProductError, match="damaged"):
        fetch_all(listed(8), provider, tmp_path)
    assert sorted(read_manifest(tmp_path)) == ["00.h5", "02.h5", "04.h5", "06.h5", "07.h5"]
    rest = Provider()
    fetch_all(listed(8), rest, tmp_path)
    assert sorted(rest.asked) == ["01.h5", "03.h5", "05.h5"]


@pytest.mark.parametrize("error", [ConfigError("token refused"), StoreError("disk full")])
def test_what_all_would_meet_stops_all(tmp_path, error):
    provider = Provider(f00=error)
    with pytest.raises(type(error), match=str(error)):
        fetch_all(listed(200), provider, tmp_path)
    assert len(provider.asked) < 50


def test_a_republished_file_becomes_a_vintage(tmp_path):
    fetch_all(listed(2), Provider(), tmp_path)
    provider = Provider()
    found = fetch_all([*listed(1, etag="v2"), *listed(2)[1:]], provider, tmp_path)
    assert provider.asked == ["00.h5"]
    assert found[0].path.startswith("vintages/")
    assert (tmp_path / "00.h5").read_bytes() == b"00.h5 v1"
    current = current_files(tmp_path, read_manifest(tmp_path))
    assert [path.read_bytes() for path in current] == [b"00.h5 v2", b"01.h5 v1"]
    third = fetch_all(listed(1, etag="v3"), Provider(), tmp_path)
    assert len({file.path for file in (*found, *third)}) == 3
    assert [file.superseded for file in read_manifest(tmp_path).values() if file.name == "00.h5"] == [True, True, False]


def test_one_listed_file_may_bring_several(tmp_path):
    def windows(remote: RemoteFile, folder: Path, stop: threading.Event) -> list[RawFile]:
        folder.mkdir(parents=True, exist_ok=True)
        paths = [folder / f"{remote.name}.{layer}.tif" for layer in ("avg", "cf")]
        for path in paths:
            path.write_bytes(b"window")
        return [raw_file(path, remote, sha256="0" * 64, version="1", name=path.name) for path in paths]

    found = fetch_all(listed(2), windows, tmp_path)
    assert [file.name for file in found] == ["00.h5.avg.tif", "00.h5.cf.tif", "01.h5.avg.tif", "01.h5.cf.tif"]
    provider = Provider()
    assert fetch_all(listed(2), provider, tmp_path) == found
    assert provider.asked == []
    newer = fetch_all(listed(1, etag="v2"), windows, tmp_path)
    assert all(file.path.startswith("vintages/") for file in newer)
    assert sum(file.superseded for file in read_manifest(tmp_path).values()) == 2


def test_a_name_that_is_listed_twice_is_fetched_once_as_listed_first(tmp_path):
    provider = Provider()
    found = fetch_all([*listed(3), *listed(2, etag="v2")], provider, tmp_path)
    assert sorted(provider.asked) == ["00.h5", "01.h5", "02.h5"]
    assert [(file.name, file.etag) for file in found] == [("00.h5", "v1"), ("01.h5", "v1"), ("02.h5", "v1")]


def test_an_error_that_is_not_ours_is_not_hidden(tmp_path):
    with pytest.raises(ZeroDivisionError):
        fetch_all(listed(2), Provider(f01=ZeroDivisionError("bug")), tmp_path)


def test_an_interrupt_stops_those_under_way_and_keeps_what_is_whole(tmp_path):
    seen = []

    def slow(remote: RemoteFile, folder: Path, stop: threading.Event) -> RawFile:
        if remote.name == "00.h5":
            return Provider()(remote, folder, stop)
        seen.append(stop.wait(20))
        raise UpstreamUnavailable("stopped")

    def interrupt(label: str, done: int, total: int) -> None:
        if done == 1:
            raise KeyboardInterrupt

    started = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        fetch_all(listed(30), slow, tmp_path, progress=interrupt)
    assert time.monotonic() - started < 10
    assert seen
    assert all(seen)
    assert list(read_manifest(tmp_path)) == ["00.h5"]


def test_another_run_in_the_same_folder_is_waited_for(tmp_path):
    with (
        FileLock(tmp_path / ".fetch.lock"),
        pytest.raises(RunHeld, match="another run is fetching from LAADS"),
    ):
        fetch_all(listed(1), Provider(), tmp_path, archive="LAADS", lock_seconds=0.1)


def test_a_damaged_manifest_stops_before_the_first_request(tmp_path):
    (tmp_path / "manifest.json").write_text("{")
    provider = Provider()
    with pytest.raises(InputRefused, match="is damaged"):
        fetch_all(listed(1), provider, tmp_path)
    assert provider.asked == []


def test_after_a_wish_to_stop_nothing_more_is_asked_for(tmp_path):
    from gvio.archives.transfer import _bring

    stop = threading.Event()
    stop.set()
    with pytest.raises(UpstreamUnavailable, match="was not asked for: the download was stopped"):
        _bring(listed(1)[0], tmp_path, Provider(), tmp_path, stop, Recorder(tmp_path))
