"""Tasks side by side: results in order, the first error, and one torch thread each."""

import subprocess
import sys
import threading
from collections.abc import Iterator
from types import SimpleNamespace

import pytest
import torch
from threadpoolctl import threadpool_info, threadpool_limits

from gvio.errors import ModelError
from gvio.run.request import RunRequest
from gvio.stages.workers import Threads, asks_for_dask, one_ahead, one_thread_each, workers_of
from gvio.train.workers import Here, both


def test_results_are_in_the_order_of_the_tasks_whatever_ends_first():
    later, told = threading.Event(), []

    def first() -> int:
        assert later.wait(10)
        return 1

    def second() -> int:
        later.set()
        return 2

    workers = Threads(lambda *at: told.append(at), 2)
    assert workers("train", [first, second]) == [1, 2]
    assert told == [("train", 1, 2), ("train", 2, 2)]


def test_the_error_of_a_task_is_told_and_ends_those_that_wait():
    begun = []

    def fail() -> None:
        raise ModelError("loss is not finite", where="training")

    def wait(k: int) -> None:
        begun.append(k)
        threading.Event().wait(0.2)

    workers = Threads(None, 1)
    with pytest.raises(ModelError, match="loss is not finite"):
        workers("train", [fail, *(lambda k=k: wait(k) for k in range(20))])
    assert len(begun) < 20


def test_one_ahead_keeps_the_order_and_few_at_a_time():
    made, done = [], []

    def given() -> Iterator[int]:
        for k in range(10):
            made.append(k)
            assert len(made) - len(done) <= 4  # two wait, one is worked on, one is made
            yield k

    for square in one_ahead(lambda k: k * k, given()):
        done.append(square)
    assert done == [k * k for k in range(10)]


def test_one_ahead_ends_with_the_first_error():
    def work(k: int) -> int:
        if k == 3:
            raise ModelError("loss is not finite", where="training")
        return k

    made = []
    with pytest.raises(ModelError, match="loss is not finite"):
        list(one_ahead(work, (made.append(k) or k for k in range(100))))
    assert len(made) < 10


def test_threads_of_tasks_use_one_thread_of_torch_and_of_every_blas_each():
    def threads_of_blas() -> int:
        return max(pool["num_threads"] for pool in threadpool_info() if pool["user_api"] == "blas")

    before = torch.get_num_threads()
    with threadpool_limits(2, user_api="blas"):
        try:
            one_thread_each()
            assert Threads(None)("look", [torch.get_num_threads, threads_of_blas] * 2) == [1, 1, 1, 1]
        finally:
            torch.set_num_threads(before)


@pytest.mark.parametrize(("asked", "size"), [(None, 3), (1, 1)])
def test_who_asks_for_no_processes_has_threads_and_never_meets_dask(asked, size, monkeypatch):
    monkeypatch.setattr("gvio.stages.workers.workers_for", lambda samples: 3)
    context = SimpleNamespace(request=RunRequest(pack="p", store="s", workers=asked), progress=None)
    assert not asks_for_dask(context)
    with workers_of(context, None) as workers:
        assert isinstance(workers, Threads)
        assert workers._size == size


def test_stages_import_no_dask_by_themselves():
    code = "import sys, gvio.stages.train; print([n for n in ('distributed', 'gvio.cluster') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_what_a_process_is_asked_for_again_stays_in_it():
    given = []
    assert both(lambda label, tasks: given.extend(tasks) or [t() for t in tasks], "prepare", int, str) == (0, "")
    assert all(isinstance(task, Here) for task in given)
