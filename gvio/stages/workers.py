"""Folds, or members of an ensemble, side by side: threads, because the work is inside torch, BLAS and scikit-learn,
which release the lock."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from typing import TypeVar

from gvio.types import Progress

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
