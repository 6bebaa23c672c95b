"""Who does folds, members of an ensemble and planted images: threads unless the request says otherwise, because the
work is inside torch, BLAS and scikit-learn, which release the lock; processes, or a cluster, where it does."""

from __future__ import annotations

import contextlib
import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import TYPE_CHECKING, Any, TypeVar

from gvio.run.memory import worker_bytes, workers_for
from gvio.train.workers import Workers
from gvio.types import Progress

if TYPE_CHECKING:
    from gvio.run.context import Context
    from gvio.sample.samples import Samples

S = TypeVar("S")
T = TypeVar("T")
_AHEAD = 2


class Threads:
    """Runs tasks in `size` threads, or as many as there are cores, and reports how many tasks are done."""

    def __init__(self, progress: Progress | None, size: int | None = None) -> None:
        self._progress = progress
        self._size = size or os.cpu_count() or 1

    def __call__(self, label: str, tasks: Sequence[Callable[[], T]], /) -> list[T]:
        """Results in the order of `tasks`; the first error, or an interruption, ends those that have not begun."""
        with ThreadPoolExecutor(self._size) as pool:
            futures = [pool.submit(task) for task in tasks]
            try:
                for done, future in enumerate(as_completed(futures), start=1):
                    future.result()
                    if self._progress is not None:
                        self._progress(label, done, len(tasks))
            except BaseException:
                pool.shutdown(wait=False, cancel_futures=True)
                raise
            return [future.result() for future in futures]


@contextlib.contextmanager
def workers_of(context: Context, samples: Samples) -> Iterator[Workers]:
    """The workers that the run asks for, while the body works; the result of the work is the same, whoever does it.

    Raises:
        ConfigError: Dask is not installed; a worker's memory is too little; a cluster runs other code.
        WorkersUnavailable: The cluster does not answer, or the processes do not start.
    """
    size = context.request.workers or workers_for(samples)
    if not asks_for_dask(context):
        yield Threads(context.progress, size)
        return
    limit = 0 if context.request.cluster else worker_bytes(samples, size, context.request.worker_bytes)
    with _opened(context, limit) as client:
        from gvio.cluster.workers import ClusterWorkers

        where = context.request.cluster or f"{size} workers"
        beside = Threads(context.progress, workers_for(samples))
        yield ClusterWorkers(client, where, context.progress, one_thread_each, beside)


def asks_for_dask(context: Context) -> bool:
    """Whether the request names other processes than this one."""
    return context.request.cluster is not None or (context.request.workers or 1) > 1


def try_workers(context: Context) -> None:
    """Look for the workers that the run will ask for, before anything is computed; raises as `workers_of`."""
    if not asks_for_dask(context):
        return
    from gvio.cluster.opening import require_installed

    require_installed("--cluster" if context.request.cluster else "--workers")
    if context.request.cluster:
        with _opened(context, 0):
            pass


def _opened(context: Context, limit: int) -> contextlib.AbstractContextManager[Any]:
    from gvio.cluster.opening import local_cluster, running_cluster
    from gvio.train.looked import forget_light

    if context.request.cluster is None:
        return local_cluster(context.request.workers or 1, limit)
    # other runs come to these workers: nothing of this one's light stays there
    return running_cluster(context.request.cluster, context.workspace.folder, forget_light)


def one_ahead(work: Callable[[S], T], given: Iterable[S]) -> Iterator[T]:
    """What `work` makes of each, in order, in a thread beside the one that makes the next: few are there at a time."""
    with ThreadPoolExecutor(1) as pool:
        waiting = deque[Future[T]]()
        for each in given:
            waiting.append(pool.submit(work, each))
            if len(waiting) > _AHEAD:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def one_thread_each() -> None:
    """Give every operation of torch and BLAS one thread: small matrices gain nothing from more, threads of folds fight
    for the cores, and sums taken in another order would make other weights of the same seed."""
    import scipy.linalg  # noqa: F401  brings a BLAS of its own, which must be there to be told
    import torch
    from threadpoolctl import threadpool_limits

    torch.set_num_threads(1)
    threadpool_limits(1, user_api="blas")
