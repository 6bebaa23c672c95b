"""Folds side by side: threads, because the work is inside torch, BLAS and scikit-learn, which release the lock."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from typing import TypeVar

from gvio.types import Progress

T = TypeVar("T")


class Threads:
    """Runs tasks in as many threads as there are cores, and reports how many are done."""

    def __init__(self, progress: Progress | None) -> None:
        self._progress = progress
        self._size = os.cpu_count() or 1

    def __call__(self, label: str, tasks: Sequence[Callable[[], T]], /) -> list[T]:
        """Results in the order of `tasks`; the first error ends the rest."""
        with ThreadPoolExecutor(self._size) as pool:
            futures = [pool.submit(task) for task in tasks]
            for done, future in enumerate(as_completed(futures), start=1):
                if future.exception() is not None:
                    pool.shutdown(wait=False, cancel_futures=True)
                if self._progress is not None:
                    self._progress(label, done, len(tasks))
            return [future.result() for future in futures]


def one_thread_each() -> None:
    """Give every torch operation one thread: small matrices gain nothing from more, threads of folds fight for the
    cores, and sums taken in another order would make other weights of the same seed."""
    import torch

    torch.set_num_threads(1)
