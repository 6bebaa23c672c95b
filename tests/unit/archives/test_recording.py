"""Records that several threads add: in the manifest when `add` returns, written together when they wait together."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from gvio.archives import recording
from gvio.archives.manifest import RawFile, read_manifest
from gvio.archives.recording import Recorder
from gvio.errors import InputRefused


def raw(name: str) -> RawFile:
    return RawFile(
        name, name, "2021-01", f"https://archive.test/{name}", 1, "0" * 64, None, "2026-01-01T00:00:00Z", "1"
    )


def test_every_file_is_in_the_manifest_when_it_was_added(tmp_path):
    recorder = Recorder(tmp_path)

    def add(number: int) -> bool:
        recorder.add(raw(f"{number:02d}.h5"))
        return f"{number:02d}.h5" in read_manifest(tmp_path)

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(add, range(40)))
    assert len(read_manifest(tmp_path)) == 40


def test_those_that_wait_together_are_written_together(tmp_path, monkeypatch):
    written, begun, go_on = [], threading.Event(), threading.Event()

    def slowly(folder, *files):
        written.append(sorted(file.name for file in files))
        begun.set()
        assert go_on.wait(10)

    monkeypatch.setattr(recording, "record", slowly)
    recorder = Recorder(tmp_path)
    with ThreadPoolExecutor(4) as pool:
        first = pool.submit(recorder.add, raw("a"))
        assert begun.wait(10)
        others = [pool.submit(recorder.add, raw(name)) for name in "bcd"]
        deadline = time.monotonic() + 10
        while len(recorder._waiting) < 3 and time.monotonic() < deadline:
            time.sleep(0.001)
        assert not any(future.done() for future in (first, *others)), "nobody returns before the manifest is written"
        go_on.set()
    assert written == [["a"], ["b", "c", "d"]]


def test_everyone_learns_that_the_manifest_cannot_be_written(tmp_path):
    recorder = Recorder(tmp_path)
    recorder.add(raw("a"))
    (tmp_path / "manifest.json").write_text("{")
    with ThreadPoolExecutor(4) as pool:
        for future in [pool.submit(recorder.add, raw(name)) for name in "bcd"]:
            with pytest.raises(InputRefused, match="is damaged"):
                future.result()
    (tmp_path / "manifest.json").unlink()
    recorder.add(raw("e"))
    assert list(read_manifest(tmp_path)) == ["e"], "what failed is not written later behind the caller's back"
