"""Windows out of EOG's `.tgz` while they come in, over connections that break."""

from __future__ import annotations

import gzip
import hashlib
import tarfile
import threading
import tracemalloc
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import ANY

import pytest
import rasterio
from eog_double import (
    BOUNDS,
    CREDENTIALS,
    MONTH,
    QUICK,
    STEM,
    EogDouble,
    check_window,
    eog,
    left_over,
    tile_grid,
    write_tile,
)
from loopback import Answer
from loopback_faults import drop_after, garble, ignore_range, refuse, served, truncate, without_length

from gvio import raster
from gvio.archives.archive import Archive, RemoteFile
from gvio.archives.eog import eog_archive
from gvio.archives.manifest import RawFile, read_manifest, verify
from gvio.archives.ranges import RangeReader
from gvio.errors import ConfigError, ProductError, StoreError, UpstreamUnavailable
from gvio.sources.folder import open_stack
from gvio.types import Month

pytestmark = pytest.mark.enable_socket


@pytest.fixture(scope="module")
def tiles(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("eog")
    return [write_tile(folder, month) for month in (MONTH, MONTH + 1)]


@pytest.fixture
def double(tiles: list[Path], monkeypatch: pytest.MonkeyPatch) -> Iterator[EogDouble]:
    with eog(tiles) as double:
        for name, value in double.environment.items():
            monkeypatch.setenv(name, value)
        yield double


def archive(double: EogDouble, **changes) -> Archive:
    credentials = CREDENTIALS.model_copy(update=changes)
    return eog_archive(BOUNDS, credentials, double.endpoints, retry=QUICK)


def fetch(double: EogDouble, into: Path, first: Month = MONTH, last: Month = MONTH) -> list[RawFile]:
    source = archive(double)
    return source.fetch(source.list_(first, last), into, None)


def gets(double: EogDouble) -> list[tuple[int, str | None, int]]:
    return [(s.status, s.headers.get("Range"), s.sent) for s in double.server.seen if s.path.endswith(".tgz")]


def test_only_the_windows_come_to_lie_in_the_folder(double: EogDouble, tmp_path: Path) -> None:
    found = fetch(double, tmp_path, last=MONTH + 1)
    assert [file.name for file in found[:2]] == [f"{STEM}.avg_rade9h.tif", f"{STEM}.cf_cvg.tif"]
    assert len(left_over(tmp_path)) == len(found) + 1 == 5  # and the manifest
    assert (found[0].version, found[0].month) == ("v10/202201121200", "2021-12")
    check_window(tmp_path)
    check_window(tmp_path, MONTH + 1)
    assert all(check.passed for check in verify(tmp_path))
    stack, notes = open_stack(tmp_path, "vnl-monthly", BOUNDS, MONTH, None)
    assert (stack.missing, notes, stack.radiance.shape) == ((), (), (2, 25, 49))


def test_what_is_there_costs_no_request(double: EogDouble, tmp_path: Path) -> None:
    first = fetch(double, tmp_path)
    requests = len(gets(double))
    assert fetch(double, tmp_path) == first
    assert len(gets(double)) == requests == 1


def test_the_whole_archive_is_on_record_in_both_windows(double: EogDouble, tiles: list[Path], tmp_path: Path) -> None:
    fetch(double, tmp_path)
    data = tiles[0].read_bytes()
    for path in tmp_path.glob("*.tif"):
        with rasterio.open(path) as window:
            tags = window.tags()
        assert tags["SOURCE_SHA256"] == hashlib.sha256(data).hexdigest()
        assert tags["SOURCE_SIZE"] == str(len(data))
        assert tags["SOURCE_URL"].endswith(f"2021/202112/vcmslcfg/{tiles[0].name}")


def test_the_same_archive_gives_the_same_bytes_again(double: EogDouble, tmp_path: Path) -> None:
    one, two = (fetch(double, tmp_path / name) for name in "ab")
    assert [file.sha256 for file in one] == [file.sha256 for file in two]


def test_a_connection_that_breaks_is_continued_where_it_broke(
    double: EogDouble, tiles: list[Path], tmp_path: Path
) -> None:
    size = tiles[0].stat().st_size
    double.server.faults[double.path(tiles[0].name)] = [drop_after(1000), drop_after(5000), drop_after(0)]
    fetch(double, tmp_path)
    check_window(tmp_path)
    assert [entry[:2] for entry in gets(double)] == [
        (200, None),
        (206, "bytes=1000-"),
        (206, "bytes=6000-"),
        (206, "bytes=6000-"),
    ]
    assert double.server.sent(double.path(tiles[0].name)) == size  # no byte twice


def test_a_server_that_ignores_ranges_is_read_again_and_must_say_the_same(
    double: EogDouble, tiles: list[Path], tmp_path: Path
) -> None:
    double.server.faults[double.path(tiles[0].name)] = [drop_after(7000), ignore_range]
    fetch(double, tmp_path)
    check_window(tmp_path)
    assert [entry[0] for entry in gets(double)] == [200, 200]


def changed(request, route) -> Answer:
    answer = ignore_range(request, route)
    data = bytearray(answer.content())
    data[100] ^= 1
    return Answer(200, bytes(data), tuple(h for h in answer.headers if h[0] != "ETag"))


def with_etag(request, route) -> Answer:
    answer = route(request)
    return Answer(206, answer.content(), (*(h for h in answer.headers if h[0] != "ETag"), ("ETag", '"new"')))


def elsewhere(request, route) -> Answer:
    answer = route(request)
    return Answer(206, answer.content(), (("Content-Range", "bytes 0-9/10"),))


@pytest.mark.parametrize("fault", [changed, with_etag, elsewhere, refuse(416)])
def test_a_file_that_changed_between_two_connections_is_never_a_mixture(
    double: EogDouble, tiles: list[Path], tmp_path: Path, fault
) -> None:
    double.server.faults[double.path(tiles[0].name)] = [drop_after(7000), fault]
    with pytest.raises(UpstreamUnavailable, match=rf"{tiles[0].name}: the file changed at the archive .* Run again"):
        fetch(double, tmp_path)
    assert left_over(tmp_path) == []


def test_a_line_that_never_holds_is_given_up(double: EogDouble, tiles: list[Path], tmp_path: Path) -> None:
    double.server.faults[double.path(tiles[0].name)] = [drop_after(500)] + [drop_after(0)] * 9
    with pytest.raises(UpstreamUnavailable, match=r"the connection broke 3 times, last after 500 bytes. Check"):
        fetch(double, tmp_path)
    assert left_over(tmp_path) == []
    double.server.faults.clear()
    fetch(double, tmp_path)
    check_window(tmp_path)


def test_without_a_length_the_end_of_the_connection_is_the_end(
    double: EogDouble, tiles: list[Path], tmp_path: Path
) -> None:
    double.server.faults[double.path(tiles[0].name)] = [without_length]
    fetch(double, tmp_path)
    check_window(tmp_path)


def test_a_content_encoding_is_not_taken_off(double: EogDouble, tiles: list[Path], tmp_path: Path) -> None:
    double.headers = (("Content-Encoding", "x-gzip"),)  # Apache's AddEncoding says so of every .tgz
    double.server.faults[double.path(tiles[0].name)] = [drop_after(3000)]
    fetch(double, tmp_path)
    check_window(tmp_path)


def test_busy_servers_are_asked_again_and_a_gone_file_is_not(
    double: EogDouble, tiles: list[Path], tmp_path: Path
) -> None:
    path = double.path(tiles[0].name)
    double.server.faults[path] = [refuse(503, {"Retry-After": "0"}), refuse(500), served]
    fetch(double, tmp_path / "a")
    double.server.faults[path] = [refuse(404)]
    with pytest.raises(ProductError, match=r"EOG no longer has it \(HTTP 404\)"):
        fetch(double, tmp_path / "b")


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (truncate(9000), r"is not a sound .tgz \(Compressed file ended"),
        (garble, r"is not a sound .tgz \(Incorrect length|is not a sound .tgz \(CRC"),
        (lambda request, route: Answer(200, b"PK\3\4" * 400), r"is not a sound .tgz \(Not a gzipped file"),
        (lambda request, route: Answer(200, b" \n<!DOCTYPE html><html></html>"), "is an HTML page, as archives send"),
        (lambda request, route: Answer(200, gzip.compress(b"no tar" * 400)), r"is not a sound .tgz \("),
    ],
)
def test_a_damaged_archive_leaves_nothing_and_does_not_stop_the_others(
    double: EogDouble, tiles: list[Path], tmp_path: Path, fault, message: str
) -> None:
    double.server.faults[double.path(tiles[0].name)] = [fault] * 3
    with pytest.raises((ProductError, ConfigError), match=message):
        fetch(double, tmp_path, last=MONTH + 1)
    assert not list(tmp_path.glob(f"*{STEM}*"))
    double.server.faults.clear()
    fetch(double, tmp_path, last=MONTH + 1)
    check_window(tmp_path)


def repacked(folder: Path, source: Path, renamed: dict[str, str]) -> Path:
    """The same archive with some members under other names, and the masks that real archives also hold."""
    target = folder / source.name
    with tarfile.open(source) as old, tarfile.open(target, "w:gz") as new:
        for member in old.getmembers():
            data = old.extractfile(member)
            for name in (renamed.get(member.name, member.name), member.name.replace(".tif", ".masked.tif")):
                assert data is not None
                data.seek(0)
                entry = tarfile.TarInfo(f"./{STEM}/{name}")
                entry.size = member.size
                new.addfile(entry, data)
    return target


def test_members_in_a_folder_and_masks_beside_them_do_not_matter(
    tiles: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with eog([repacked(tmp_path, tiles[0], {})]) as double:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", double.server.ca_file)
        fetch(double, tmp_path / "raw")
    check_window(tmp_path / "raw")
    assert len(left_over(tmp_path / "raw")) == 3


def test_an_archive_without_its_count_is_refused(
    tiles: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with eog([repacked(tmp_path, tiles[0], {f"{STEM}.cf_cvg.tif": "other.tif"})]) as double:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", double.server.ca_file)
        with pytest.raises(ProductError, match=rf"{STEM}.tgz: does not hold {STEM}.cf_cvg.tif; it holds .*other.tif"):
            fetch(double, tmp_path / "raw")
    assert left_over(tmp_path / "raw") == []


def test_a_tile_that_does_not_hold_the_region_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with eog([write_tile(tmp_path, MONTH, grid=tile_grid(west=80.0))]) as double:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", double.server.ca_file)
        with pytest.raises(ProductError, match=rf"^{STEM}.avg_rade9h.tif: covers 80.00..80.40 E, .* nothing of"):
            fetch(double, tmp_path / "raw")
    assert left_over(tmp_path / "raw") == []


def test_other_bounds_are_fetched_as_a_vintage_of_their_own(double: EogDouble, tmp_path: Path) -> None:
    fetch(double, tmp_path)
    wider = eog_archive((121.0, 31.0, 121.25, 31.1), CREDENTIALS, double.endpoints, retry=QUICK)
    found = wider.fetch(wider.list_(MONTH, MONTH), tmp_path, None)
    assert [raster.geobox_of(tmp_path / file.path).shape[1] for file in found] == [61, 61]
    assert all(file.path.startswith("vintages/") for file in found)
    check_window(tmp_path)  # the first is still there, and superseded
    assert sorted(file.superseded for file in read_manifest(tmp_path).values()) == [False, False, True, True]


def test_memory_does_not_grow_with_the_tile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    big = write_tile(tmp_path, MONTH, grid=tile_grid(120.0, 33.0, (1600, 1600)))  # 10 MB of radiance
    with eog([big]) as double:
        monkeypatch.setenv("REQUESTS_CA_BUNDLE", double.server.ca_file)
        source = archive(double)
        listed = source.list_(MONTH, MONTH)
        tracemalloc.start()
        source.fetch(listed, tmp_path / "raw", None)
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
    assert peak < 8e6
    assert len(left_over(tmp_path / "raw")) == 3


def test_a_folder_that_cannot_be_written_is_told(double: EogDouble, tmp_path: Path) -> None:
    (tmp_path / f".{STEM}.avg_rade9h.tif.member").mkdir()
    with pytest.raises(StoreError, match=rf"{STEM}.tgz: its windows cannot be written \(.*\). Free space"):
        fetch(double, tmp_path)


def test_a_reader_that_is_told_to_stop_stops(double: EogDouble, tiles: list[Path]) -> None:
    stop = threading.Event()
    stop.set()
    remote = RemoteFile("x.tgz", MONTH, "https://archive.test/x.tgz")
    with (
        RangeReader(lambda url, headers: ANY, remote, "EOG", QUICK, stop) as stream,
        pytest.raises(UpstreamUnavailable, match=r"x.tgz: the download was stopped. Run again"),
    ):
        stream.read(1)
