"""Processes of this machine do what threads do: order, first error, lost work done again; and nobody listens."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import psutil
import pytest

from gvio.cluster.opening import local_cluster
from gvio.cluster.workers import ClusterWorkers
from gvio.errors import ConfigError, ModelError, TaskFailed
from gvio.train.workers import in_turn

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
]
LIMIT = 600_000_000
LIGHT = np.random.default_rng(5).random((60, 50))


def nothing() -> None:
    """Before a task."""


@pytest.fixture(scope="module")
def client() -> Iterator[Any]:
    with local_cluster(2, LIMIT) as made:
        yield made


@pytest.fixture
def told() -> list[tuple[str, int, int]]:
    return []


@pytest.fixture
def workers(client: Any, told: list[tuple[str, int, int]]) -> ClusterWorkers:
    return ClusterWorkers(client, "2 workers", lambda *at: told.append(at), nothing, in_turn)


def test_results_come_in_order_from_other_processes_and_progress_is_told(workers: Any, told: Any) -> None:
    light = LIGHT  # by value: a test's module is not there to be imported

    def part(n: int) -> tuple[float, int, str | None]:
        time.sleep(0.05 * (n < 20))
        return float(light[:, :n].sum()), os.getpid(), os.environ.get("MALLOC_TRIM_THRESHOLD_")

    found = workers("parts", [partial(part, n) for n in (10, 20, 30, 40)])
    assert [total for total, _, _ in found] == [LIGHT[:, :n].sum() for n in (10, 20, 30, 40)], "to the last bit"
    assert os.getpid() not in {process for _, process, _ in found}
    assert {trim for *_, trim in found} == {None}, "every large array would be paged in anew"
    assert told == [("parts", k, 4) for k in (1, 2, 3, 4)]
    assert workers("nothing", []) == []


def test_nothing_listens_beyond_this_machine(client: Any) -> None:
    ours = psutil.Process()
    inet = [c for p in (ours, *ours.children(recursive=True)) for c in p.net_connections(kind="inet")]
    listening = {c.laddr.ip for c in inet if c.status == psutil.CONN_LISTEN}
    assert listening == {"127.0.0.1"}
    assert client.scheduler.address.startswith("tls://"), "and other users of the machine cannot send work"


def test_tasks_inside_of_a_task_are_done_in_turn_there(workers: Any) -> None:
    def outer(k: int) -> list[int]:
        return list(workers("inner", [lambda j=j: 10 * k + j for j in range(3)]))

    assert workers("outer", [partial(outer, k) for k in range(4)]) == [[10 * k + j for j in range(3)] for k in range(4)]


def test_the_first_error_is_told_with_label_and_number_of_its_task(workers: Any) -> None:
    def fail() -> None:
        raise ModelError("loss is not finite", where="training", hint="Look at the light.")

    with pytest.raises(ModelError, match=r"^train, task 2 of 3, training: loss is not finite\. Look at the light\.$"):
        workers("train", [int, fail, int])
    with pytest.raises(TaskFailed, match=r"^fits, task 1 of 1, .*: ZeroDivisionError: .* This is a defect of gvio"):
        workers("fits", [lambda: 1 // 0])
    generator = (k for k in range(3))
    with pytest.raises(TaskFailed, match=r"^fits: cannot be sent to a worker \(.*generator"):
        workers("fits", [lambda: list(generator)])
    assert workers("after it", [int]) == [0]


@pytest.mark.slow
def test_the_work_of_a_killed_worker_is_done_again(workers: Any, tmp_path: Path) -> None:
    """Also where all die at once, and with them every copy of the light."""
    light = LIGHT

    def once(k: int) -> float:
        mark = tmp_path / str(k)
        if not mark.exists():
            mark.touch()
            time.sleep(0.5)
            os.kill(os.getpid(), signal.SIGKILL)
        return float(light[k].sum())

    assert workers("fits", [partial(once, k) for k in range(2)]) == [LIGHT[k].sum() for k in range(2)]


@pytest.mark.slow
def test_a_worker_beyond_its_memory_is_named_with_the_limit_and_what_to_do(workers: Any) -> None:
    def large() -> None:
        kept = np.ones(LIMIT // 8)
        time.sleep(30.0 * kept[0])

    with pytest.raises(
        ConfigError, match=r"fits, task 1 of 1: worker tls://.* needed more memory than its limit of 0\.60"
    ):
        workers("fits", [large])
