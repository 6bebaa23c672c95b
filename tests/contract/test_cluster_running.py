"""A cluster that runs already: who does not answer, is not like us or goes away is named, with what to do."""

from __future__ import annotations

import contextlib
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from gvio.cluster import opening
from gvio.cluster.opening import running_cluster
from gvio.cluster.workers import ClusterWorkers
from gvio.errors import ConfigError, WorkersUnavailable
from gvio.train.workers import in_turn

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]
ROOT = Path(__file__).parents[2]


def nothing() -> None:
    """Before and after a task."""


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@contextlib.contextmanager
def program(*words: str) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", *words]
    paths = f"{ROOT}{os.pathsep}{Path(__file__).parent}"
    known = os.environ | {"PYTHONPATH": paths, "OMP_NUM_THREADS": "1"}
    with subprocess.Popen(command, env=known, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
def scheduler() -> Iterator[tuple[str, subprocess.Popen[bytes]]]:
    port = free_port()
    words = ("--host", "127.0.0.1", "--port", str(port), "--no-dashboard", "--dashboard-address", "127.0.0.1:0")
    with program("distributed.cli.dask_scheduler", *words) as process:
        yield f"tcp://127.0.0.1:{port}", process


@pytest.fixture
def worker(scheduler: tuple[str, subprocess.Popen[bytes]]) -> Iterator[subprocess.Popen[bytes]]:
    words = ("--nthreads", "1", "--no-nanny", "--no-dashboard", "--host", "127.0.0.1")
    with program("distributed.cli.dask_worker", scheduler[0], *words) as process:
        yield process


def opened(address: str, folder: Path) -> contextlib.AbstractContextManager[object]:
    return running_cluster(address, folder, nothing, wait_s=20.0)


def test_an_address_where_nobody_answers_is_named_in_bounded_time(tmp_path: Path) -> None:
    nobody = f"tcp://127.0.0.1:{free_port()}"
    with socket.create_server(("127.0.0.1", 0)) as silent:
        mute = f"tcp://127.0.0.1:{silent.getsockname()[1]}"
        for address in (nobody, mute):
            began = time.monotonic()
            message = (
                rf"^{address}: no Dask scheduler answers within 1 s .* Start it, `dask scheduler` there, or correct"
            )
            with pytest.raises(WorkersUnavailable, match=message), running_cluster(address, tmp_path, nothing, 1.0):
                pass
            assert time.monotonic() - began < 15


def test_a_cluster_without_workers_is_told_how_to_get_one(
    scheduler: tuple[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "WORKERS_S", 0.5)
    address = re.escape(scheduler[0])
    message = rf"^{address}: no worker has joined within 0\.5 s\. Start some, `dask worker {address} --nthreads 1` each"
    with pytest.raises(WorkersUnavailable, match=message), opened(scheduler[0], tmp_path):
        pass


@pytest.mark.slow
@pytest.mark.usefixtures("worker")
def test_what_is_done_is_kept_when_the_scheduler_goes_away(
    scheduler: tuple[str, subprocess.Popen[bytes]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address, process = scheduler

    def task(k: int) -> int:
        (tmp_path / str(k)).touch()
        time.sleep(0.0 if k == 0 else 30.0)
        return k

    def progress(*_: object) -> None:
        process.kill()

    with opened(address, tmp_path) as client:
        workers = ClusterWorkers(client, address, progress, nothing, in_turn)  # type: ignore[arg-type]
        message = (
            rf"^{address}: the scheduler is gone; 1 of 2 tasks of 'fits' were done\. Start it again and run the same"
        )
        with pytest.raises(WorkersUnavailable, match=message):
            workers("fits", [partial(task, k) for k in range(2)])


@pytest.mark.slow
@pytest.mark.usefixtures("worker")
def test_workers_of_other_code_and_without_the_workspace_are_refused(
    scheduler: tuple[str, object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    address = scheduler[0]
    with opened(address, tmp_path / "work") as client:
        assert ClusterWorkers(client, address, None, nothing, in_turn)("ids", [os.getpid]) != [os.getpid()]  # type: ignore[arg-type]
    assert list((tmp_path / "work").iterdir()) == [], "the probe is gone"
    monkeypatch.setattr(Path, "write_text", lambda *_, **__: 0)  # as on a disk that only this machine has
    monkeypatch.setattr(Path, "unlink", lambda *_, **__: None)
    message = (
        r"--cluster: worker tcp://127\.0\.0\.1:\d+ does not see the workspace /.*work \(1 of 1 do not\)\. Mount it"
    )
    with pytest.raises(ConfigError, match=message), opened(address, tmp_path / "work"):
        pass
    monkeypatch.setattr("gvio.cluster.alike.code_version", lambda: "9.9.9")
    message = r"worker tcp://.* is gvio .*, this program is gvio 9\.9\.9\. Start the workers"
    with pytest.raises(ConfigError, match=message), opened(address, tmp_path / "work"):
        pass
