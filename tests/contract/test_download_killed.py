"""A process that fetches is killed again and again at any time; what it had is whole, continued and never lost."""

import dataclasses
import random
import subprocess
import sys
import threading
import time
from collections import defaultdict
from pathlib import Path

import pytest
import requests
from download_case import DATA, NAME, PATH
from loopback import file_route, loopback
from loopback_faults import drip

from gvio.archives.archive import RemoteFile
from gvio.archives.download import download
from gvio.archives.manifest import RawFile, read_manifest, verify
from gvio.archives.ranges import CHUNK
from gvio.archives.transfer import fetch_all
from gvio.types import Month

pytestmark = pytest.mark.enable_socket

PROGRAM = Path(__file__).with_name("fetch_program.py")
MONTHS, SIZE, KILLS = 6, 2_500_000, 5


def test_killed_again_and_again_no_byte_comes_twice_beyond_a_chunk(tmp_path):
    names = [f"VNP46A3.A2021{day:03d}.h30v05.002.2025123456789.h5" for day in (1, 32, 60, 91, 121, 152)]
    rng = random.Random(7)
    bodies = {name: b"\x89HDF\r\n\x1a\n" + rng.randbytes(SIZE - 8) for name in names}
    folder = tmp_path / "raw"
    with loopback({f"/{name}": file_route(body) for name, body in bodies.items()}) as server:
        server.faults["*"] = [drip(0.02, 32_768)] * 1000  # slow enough to be killed half-way: 5 s for all
        command = [sys.executable, str(PROGRAM), server.url, str(folder)]
        command += [part for name in names for part in (name, str(SIZE))]
        written: list[dict[str, int]] = []
        for _ in range(KILLS):
            process = subprocess.Popen(command)
            _wait_for_bytes(server, process)
            time.sleep(rng.uniform(0.05, 0.4))
            process.kill()
            process.wait()
            assert all((folder / path).read_bytes() == bodies[path] for path in read_manifest(folder))
            written.append({path.name[1:-8]: path.stat().st_size for path in folder.glob(".*.partial")})
        half_way = server.sent()
        assert half_way < MONTHS * SIZE
        server.faults.clear()
        subprocess.run(command, check=True, timeout=60)
        assert server.sent() - half_way < MONTHS * SIZE
        twice = _fetched_twice(server)
        seen = len(server.seen)
        subprocess.run(command, check=True, timeout=60)
        assert len(server.seen) == seen
    assert {name: (folder / name).read_bytes() == bodies[name] for name in names} == dict.fromkeys(names, True)
    assert all(check.passed for check in verify(folder))
    assert sorted(path.name for path in folder.iterdir() if not path.name.startswith(".")) == sorted(
        [*names, "manifest.json"]
    )
    assert not list(folder.glob(".*.partial")) + list(folder.glob(".*.json"))
    assert max(twice) <= CHUNK
    asked = {(seen.path[1:], int(start[6:-1])) for seen in server.seen if (start := seen.headers.get("Range"))}
    assert asked, "something was continued"
    assert asked <= {item for state in written for item in state.items()}, "from the last byte on the disk"


def test_a_kill_between_renaming_and_recording_costs_no_byte(tmp_path):
    """`download` alone leaves what such a kill leaves: the file, its note, and no record."""
    remote = RemoteFile(NAME, Month(2021, 3), "", len(DATA))
    with loopback({PATH: file_route(DATA)}) as server, requests.Session() as session:

        def fetch_one(remote: RemoteFile, folder: Path, stop: threading.Event) -> RawFile:
            return download(lambda url, head: session.get(url, headers=head, stream=True), remote, folder, "HDF5")

        remote = dataclasses.replace(remote, url=server.url + PATH)
        first = fetch_one(remote, tmp_path, threading.Event())
        assert len(server.seen) == 1
        (found,) = fetch_all([remote], fetch_one, tmp_path)
        assert len(server.seen) == 1
    assert (found.sha256, found.etag) == (first.sha256, first.etag)
    assert sorted(path.name for path in tmp_path.iterdir() if path.suffix == ".json") == ["manifest.json"]


def _wait_for_bytes(server, process) -> None:
    before, deadline = server.sent(), time.monotonic() + 30
    while server.sent() == before and process.poll() is None and time.monotonic() < deadline:
        time.sleep(0.01)


def _fetched_twice(server) -> list[int]:
    """Bytes that went out again, per continuation of a file."""
    reached: dict[str, int] = defaultdict(int)
    twice = []
    for seen in server.seen:
        start = int(seen.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))
        twice.append(max(0, reached[seen.path] - start))
        reached[seen.path] = start + seen.sent
    return twice
