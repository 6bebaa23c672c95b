"""Files appear whole or not at all, leave nothing behind, and a lock lets one through at a time."""

import errno
import json
import os
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from gvio.errors import ConfigError, RunHeld, StoreError
from gvio.files import SecondReader, held, move, replacing, sibling, write_bytes, write_json

HOURS_AGO = 2 * 3600


def others(path):
    return sorted(p.name for p in path.parent.iterdir() if p != path)


def aged(path, seconds=HOURS_AGO):
    then = time.time() - seconds
    os.utime(path, (then, then))
    return path


def test_a_file_appears_only_when_it_is_whole(tmp_path):
    path = tmp_path / "deep" / "table.csv"
    with replacing(path) as temporary:
        temporary.write_text("half")
        assert not path.exists()
        assert temporary.parent == path.parent
        assert temporary.name.startswith(".table.csv.")
        assert temporary.name.endswith(".partial")
        temporary.write_text("whole")
    assert path.read_text() == "whole"
    assert others(path) == []


@pytest.mark.parametrize("failure", [ValueError, OSError, KeyboardInterrupt])
def test_a_writer_that_fails_leaves_what_was_there(tmp_path, failure):
    path = tmp_path / "latest.json"
    write_bytes(path, b"old")

    def write():
        with replacing(path) as temporary:
            temporary.write_bytes(b"new")
            raise failure("no space left")

    with pytest.raises(failure):
        write()
    assert path.read_bytes() == b"old"
    assert others(path) == []


def test_a_body_that_writes_nothing_removes_nothing(tmp_path):
    path = tmp_path / "latest.json"
    write_bytes(path, b"old")
    with pytest.raises(FileNotFoundError), replacing(path):
        pass
    assert path.read_bytes() == b"old"


def test_numpy_keeps_the_temporary_name(tmp_path):
    path = tmp_path / "light.npz"
    with replacing(path) as temporary:
        assert temporary.name.endswith(".partial.npz")
        np.savez(temporary, radiance=np.arange(3))
    with np.load(path) as kept:
        assert kept["radiance"].tolist() == [0, 1, 2]
    assert others(path) == []


def test_writers_of_one_path_do_not_disturb_each_other(tmp_path):
    path = tmp_path / "checks.html"
    pages = [bytes([65 + n]) * 100_000 for n in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda page: write_bytes(path, page), pages * 5))
    assert path.read_bytes() in pages
    assert others(path) == []


def test_a_sibling_that_is_not_moved_is_removed(tmp_path):
    path = tmp_path / "object"
    with sibling(path) as temporary:
        temporary.write_bytes(b"not wanted")
    assert list(tmp_path.iterdir()) == []
    with sibling(path) as temporary:
        temporary.write_bytes(b"wanted")
        move(temporary, path)
    assert path.read_bytes() == b"wanted"


def test_a_killed_writer_s_sibling_is_swept_by_the_next(tmp_path):
    path = tmp_path / "samples.npz"
    program = (
        "import os, sys, pathlib\nfrom gvio.files import replacing\n"
        "with replacing(pathlib.Path(sys.argv[1])) as part:\n    part.write_bytes(b'half'); os._exit(137)\n"
    )
    assert subprocess.run([sys.executable, "-c", program, str(path)], check=False).returncode == 137
    [left] = tmp_path.iterdir()
    write_bytes(path, b"a first")
    assert left.exists(), "its writer may be alive"
    aged(left)
    write_bytes(path, b"a second")
    assert list(tmp_path.iterdir()) == [path]


def test_only_siblings_of_the_same_path_are_swept(tmp_path):
    kept = [".other.json.12-00000000.partial", ".a.json.partial", ".a.json.12-0000000g.partial", "a.json.partial"]
    for name in kept:
        aged(tmp_path / name) if (tmp_path / name).write_text("mine") else None
    write_bytes(tmp_path / "a.json", b"{}")
    assert sorted(p.name for p in tmp_path.iterdir()) == sorted([*kept, "a.json"])


@pytest.mark.parametrize("name", ["x" * 255, "é" * 127, "n" * 251 + ".npz"])
def test_the_longest_names_can_be_written(tmp_path, name):
    write_bytes(tmp_path / name, b"1")
    assert [p.name for p in tmp_path.iterdir()] == [name]


def test_a_file_is_readable_by_whom_the_mask_allows(tmp_path):
    before = os.umask(0o022)
    try:
        write_bytes(tmp_path / "latest.json", b"{}")
    finally:
        os.umask(before)
    assert (tmp_path / "latest.json").stat().st_mode & 0o777 == 0o644


def test_json_is_sorted_and_ends_in_a_newline(tmp_path):
    path = tmp_path / "manifest.json"
    write_json(path, {"b": [1, 2], "a": "x"})
    text = path.read_text()
    assert text.index('"a"') < text.index('"b"')
    assert text.endswith("}\n")
    assert '\n  "a": "x"' in text
    assert json.loads(text) == {"b": [1, 2], "a": "x"}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_json_without_a_finite_number_is_not_written(tmp_path, value):
    path = tmp_path / "scores.json"
    with pytest.raises(ValueError, match="not JSON compliant"):
        write_json(path, {"r2": value})
    assert list(tmp_path.iterdir()) == []


def busy():
    return RunHeld("another run holds this region", hint="Wait for it to end, or use another --workspace.")


def test_a_lock_lets_one_through(tmp_path):
    path = tmp_path / "deep" / ".lock"
    with held(path, busy), pytest.raises(RunHeld, match="another run holds this region"), held(path, busy):
        pass
    with held(path, busy):
        pass


def test_a_lock_holds_between_threads(tmp_path):
    inside, most = [], []

    def work(_):
        with held(tmp_path / ".lock", busy, timeout_s=30.0):
            inside.append(1)
            most.append(len(inside))
            time.sleep(0.01)
            inside.pop()

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(8)))
    assert most == [1] * 8


def test_a_lock_is_waited_for(tmp_path):
    free = threading.Event()

    def hold():
        with held(tmp_path / ".lock", busy):
            free.set()
            time.sleep(0.2)

    holder = threading.Thread(target=hold)
    holder.start()
    free.wait(5)
    with held(tmp_path / ".lock", busy, timeout_s=30.0):
        pass
    holder.join()


def test_a_killed_holder_holds_nobody_up(tmp_path):
    program = (
        "import os, sys, pathlib\nfrom gvio.errors import RunHeld\nfrom gvio.files import held\n"
        "with held(pathlib.Path(sys.argv[1]), lambda: RunHeld('held')):\n    os._exit(137)\n"
    )
    assert subprocess.run([sys.executable, "-c", program, str(tmp_path / ".lock")], check=False).returncode == 137
    with held(tmp_path / ".lock", busy):
        pass


def test_a_lock_is_given_back_when_the_body_fails(tmp_path):
    with pytest.raises(ValueError, match="broke"), held(tmp_path / ".lock", busy):
        raise ValueError("broke")
    with held(tmp_path / ".lock", busy):
        pass


def test_a_second_reader_has_its_own_position_and_leaves_the_file_open(tmp_path):
    (tmp_path / "x").write_bytes(b"0123456789")
    with (tmp_path / "x").open("rb") as file:
        file.seek(3)
        with SecondReader(file) as one, SecondReader(file) as two:
            assert (one.read(2), one.seek(1, os.SEEK_CUR), one.read(2)) == (b"01", 3, b"34")
            assert (two.seek(-2, os.SEEK_END), two.read(), two.read(1), two.tell()) == (8, b"89", b"", 10)
            assert one.tell() == 5
        assert (file.closed, file.tell(), file.read(1)) == (False, 3, b"3")


def refuse():
    return RunHeld("held")


@pytest.mark.parametrize("reason", [errno.EROFS, errno.EACCES, errno.EPERM, errno.ENOSPC])
def test_a_lock_that_cannot_be_taken_is_one_line_with_a_cure(tmp_path, monkeypatch, reason):
    def fail(*_, **__):
        raise OSError(reason, os.strerror(reason))

    monkeypatch.setattr(os, "open", fail)
    expected = r"\.lock: cannot be written \(.+\)\. Choose another --workspace\."
    with pytest.raises(ConfigError, match=expected), held(tmp_path / ".lock", refuse):
        raise AssertionError
    with (
        pytest.raises(StoreError, match="theirs"),
        held(tmp_path / ".lock", refuse, 0.0, lambda _: StoreError("theirs")),
    ):
        raise AssertionError


def test_a_file_in_place_of_the_folder_and_a_folder_in_place_of_the_lock_are_told_alike(tmp_path):
    (tmp_path / "file").write_text("")
    (tmp_path / "folder" / ".lock").mkdir(parents=True)
    for name in ("file", "folder"):
        with (
            pytest.raises(ConfigError, match=rf"{name}/\.lock: cannot be written"),
            held(tmp_path / name / ".lock", refuse),
        ):
            raise AssertionError


def test_errors_of_the_work_under_a_lock_pass_unchanged(tmp_path):
    with pytest.raises(FileNotFoundError), held(tmp_path / ".lock", refuse):
        raise FileNotFoundError
