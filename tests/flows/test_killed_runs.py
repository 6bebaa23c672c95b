"""A run whose process is killed leaks no slot and does not run for ever, also where only the server can notice."""

from __future__ import annotations

import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from uuid import uuid4

import pytest
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import TaskRunFilter
from prefect.client.schemas.objects import State, StateType
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Completed, Failed

from flows.dead import _end_steps, is_dead, watch_heartbeats
from flows.server import scheduling_server
from flows.slot import region_slot, slot_name
from gvio.errors import RunHeld
from gvio.files import held

PROGRAM = """
import pathlib, sys, time
from prefect import flow, tags
import flows.slot
flows.slot.LEASE_S = 60

@flow
def long():
    with flows.slot.region_slot("testland"):
        pathlib.Path(sys.argv[1]).touch()
        time.sleep(600)

with tags("gvio"):
    long()
"""


def test_a_run_is_dead_when_nobody_holds_its_lock(tmp_path: Path) -> None:
    number = uuid4()
    assert is_dead(str(tmp_path), number, only_here=True), "it left no trace on the only machine"
    assert not is_dead(str(tmp_path), number, only_here=False), "another machine may have it"
    lock = tmp_path / "prefect" / "runs" / f"{number}.lock"
    with held(lock, lambda: RunHeld("held")):
        assert not is_dead(str(tmp_path), number, only_here=True)
    assert is_dead(str(tmp_path), number, only_here=False)
    assert not lock.exists()


def test_without_a_server_nobody_is_waited_for() -> None:
    with temporary_settings({PREFECT_API_URL: None}), region_slot("testland"), region_slot("testland"):
        pass


def test_steps_whose_word_was_lost_end_as_their_run() -> None:
    """A server that is killed also loses the word of a start: such a step is pending for ever."""
    good, bad = uuid4(), uuid4()
    runs = [SimpleNamespace(id=good, state=Completed()), SimpleNamespace(id=bad, state=Failed())]
    steps = [SimpleNamespace(id=n, flow_run_id=run) for n, run in enumerate((good, bad))]
    asked, ended = [], {}

    class Client:
        def read_flow_runs(self, **_: object) -> list[SimpleNamespace]:
            return runs

        def read_task_runs(self, task_run_filter: TaskRunFilter, **_: object) -> list[SimpleNamespace]:
            asked.extend(task_run_filter.state.type.any_)
            return steps

        def set_task_run_state(self, number: int, state: State, force: bool) -> None:
            ended[number] = state.type

    _end_steps(Client(), uuid4())
    assert set(asked) == {StateType.RUNNING, StateType.PENDING}
    assert ended == {0: StateType.COMPLETED, 1: StateType.CRASHED}


@pytest.mark.slow
@pytest.mark.enable_socket
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_a_killed_run_crashes_and_its_slot_is_free(tmp_path: Path) -> None:
    with scheduling_server(str(tmp_path)) as url, temporary_settings({PREFECT_API_URL: url}):
        watch_heartbeats(dt.timedelta(seconds=45))
        watch_heartbeats(dt.timedelta(seconds=45))
        _kill_once_at_work(tmp_path / "at work", url)
        with get_client(sync_client=True) as client:
            with pytest.raises(RunHeld, match="testland"), region_slot("testland", patience_s=2):
                pass
            _until(lambda: _states(client) == ["Crashed"], "the server misses the heartbeats")
            _until(lambda: _slots(client) == 0, "the lease ends")
        with region_slot("testland", patience_s=30):
            pass


def _kill_once_at_work(sign: Path, url: str) -> None:
    environment = os.environ | {"PREFECT_API_URL": url, "PREFECT_FLOWS_HEARTBEAT_FREQUENCY": "30"}
    process = subprocess.Popen([sys.executable, "-c", PROGRAM, str(sign)], env=environment)
    try:
        _until(sign.exists, "the run is at work")
        time.sleep(5)  # the first heartbeat reaches the server
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait()


def _until(found: Callable[[], bool], what: str, patience_s: float = 240) -> None:
    deadline = time.monotonic() + patience_s
    while not found():
        assert time.monotonic() < deadline, what
        time.sleep(1)


def _states(client: SyncPrefectClient) -> list[str | None]:
    return [run.state.name if run.state else None for run in client.read_flow_runs()]


def _slots(client: SyncPrefectClient) -> int:
    return client.read_global_concurrency_limit_by_name(slot_name("testland")).active_slots
