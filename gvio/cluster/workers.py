"""Tasks on the workers of a Dask cluster: results in order, the first error named, lost work done again."""

from __future__ import annotations

import contextlib
import pickle
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar

from gvio.cluster.carry import DEFECT, Failure, carry
from gvio.cluster.opening import MOST_FAILURES
from gvio.cluster.travel import Parcel, unpack
from gvio.errors import ConfigError, GvioError, TaskFailed, WorkersUnavailable
from gvio.train.workers import Here, Workers, in_turn
from gvio.types import Progress

if TYPE_CHECKING:
    from distributed import Client, Future

T = TypeVar("T")
_LOOK_S = 2.0  # how often it is looked whether anybody is still there
_ALONE_S = 120.0  # without a worker; in a cluster that restarts them one comes back before
_CLOCKS_S = 60.0  # that clocks of two machines may differ
_TRIES = 1 + MOST_FAILURES  # times that tasks are sent, where a worker died with the only copy of their arrays


class ClusterWorkers:
    """Implements `Workers`; what is asked of it inside a task, in a worker, is done in turn there.

    Args:
        client: Of the cluster.
        where: The cluster, in words.
        progress: Told of every task that is done.
        before: Called in a worker before each task.
        beside: Runs the tasks that do not travel (`Here`).
    """

    def __init__(
        self, client: Client, where: str, progress: Progress | None, before: Callable[[], None], beside: Workers
    ) -> None:
        self._client, self._where, self._progress = client, where, progress
        self._before, self._beside = before, beside

    def __call__(self, label: str, tasks: Sequence[Callable[[], T]], /) -> list[T]:
        """Results in the order of `tasks`.

        Raises:
            GvioError: The first error of a task, with label and number of the task.
            ConfigError: A worker needed more memory than its limit.
            WorkersUnavailable: The scheduler is gone, or no worker is left.
        """
        if not tasks or all(isinstance(task, Here) for task in tasks):
            return self._beside(label, tasks)
        batch = _Batch(self._client, self._where, label, [(self._before, task) for task in tasks], self._progress)
        return batch.results()

    def __reduce__(self) -> tuple[Callable[[], Workers], tuple[()]]:
        return _one_process, ()


def _one_process() -> Workers:
    """Whoever waited in a task for other tasks would take the worker that these need."""
    return in_turn


class _Batch:
    """The tasks of one call, until all are done."""

    def __init__(self, client: Client, where: str, label: str, works: list[Any], progress: Progress | None) -> None:
        self._client, self._where, self._label, self._progress = client, where, label, progress
        self._parcel = Parcel()
        try:
            self._packed = [self._parcel.pack(work) for work in works]
        except (TypeError, pickle.PicklingError) as error:
            raise TaskFailed(f"cannot be sent to a worker ({error})", where=label, hint=DEFECT) from None
        self._began = time.time()
        self._done: dict[int, Any] = {}
        self._alone_since: float | None = None

    def results(self) -> list[Any]:
        """All results; raises as `ClusterWorkers`."""
        from distributed import CancelledError

        for _ in range(_TRIES):
            with contextlib.suppress(CancelledError):
                self._send_and_wait()
                return [self._done[number] for number in range(len(self._packed))]
            self._require_scheduler()  # else a worker died with the only copy of an array
        raise self._gone("workers die again and again")

    def _send_and_wait(self) -> None:
        futures = self._send([n for n in range(len(self._packed)) if n not in self._done])
        try:
            while futures:
                for future in self._finished(list(futures)):
                    self._take(future, futures.pop(future))
        finally:
            if self._client.status == "running" and futures:
                self._client.cancel(list(futures))  # type: ignore[no-untyped-call]

    def _send(self, numbers: list[int]) -> dict[Future[bytes], int]:
        try:
            copies = max(1, min(len(numbers), len(self._present())))
            arrays = self._parcel.arrays
            held = self._client.scatter(arrays, broadcast=copies, hash=False) if arrays else {}  # type: ignore[no-untyped-call]
        except (OSError, TimeoutError, RuntimeError) as error:
            raise self._gone(f"does not take data ({type(error).__name__})") from None
        sent: dict[Future[bytes], int] = {}
        batch = secrets.token_hex(4)
        for number in numbers:
            data, keys = self._packed[number]
            key = f"{self._label.replace(' ', '-')}-{number + 1}-{batch}"
            future = self._client.submit(carry, data, {k: held[k] for k in keys}, key=key, pure=False)
            sent[future] = number
        return sent

    def _finished(self, futures: list[Future[bytes]]) -> list[Future[bytes]]:
        from distributed import wait

        try:
            with self._client.as_current():
                wait(futures, timeout=_LOOK_S, return_when="FIRST_COMPLETED")  # type: ignore[no-untyped-call]
        except TimeoutError:
            self._require_scheduler()
            self._require_somebody()
        return [future for future in futures if future.done()]  # type: ignore[no-untyped-call]

    def _take(self, future: Future[bytes], number: int) -> None:
        from distributed import KilledWorker

        try:
            made = unpack(future.result(), {})
        except KilledWorker as error:
            raise self._killed(str(error.last_worker.address), error.allowed_failures + 1, number) from None
        except (OSError, TimeoutError, RuntimeError) as error:
            raise self._gone(f"a result did not arrive ({type(error).__name__})") from None
        if isinstance(made, Failure):
            raise self._named(made.error, number)
        self._done[number] = made
        if self._progress is not None:
            self._progress(self._label, len(self._done), len(self._packed))

    def _task(self, number: int) -> str:
        return f"{self._label}, task {number + 1} of {len(self._packed)}"

    def _named(self, error: GvioError, number: int) -> GvioError:
        where = self._task(number) + (f", {error.where}" if error.where else "")
        return type(error)(error.what, where=where, hint=error.hint)

    def _killed(self, worker: str, deaths: int, number: int) -> GvioError:
        """Of a task whose worker died again and again: by its memory limit, or by whoever kills processes there."""
        events = self._client.get_events("worker-restart-memory")
        if any(at > self._began - _CLOCKS_S for at, _ in events):
            limits = [told["memory_limit"] for told in self._present().values()]
            limit = f"its limit of {max(limits) / 1e9:.2f} GB" if limits else "its limit"
            what = f"worker {worker} needed more memory than {limit}"
            hint = "Give workers more (--worker-memory, or the cluster's own limit), with fewer --workers if need be."
            return ConfigError(what, where=self._task(number), hint=hint)
        what = f"{deaths} workers died of it, the last was {worker}"
        hint = "Look for who kills processes there (often: no memory left), then run the same command again."
        return WorkersUnavailable(what, where=self._task(number), hint=hint)

    def _require_scheduler(self) -> None:
        if self._client.status != "running":
            raise self._gone("the scheduler is gone")

    def _require_somebody(self) -> None:
        if self._present():
            self._alone_since = None
            return
        now = time.monotonic()
        self._alone_since = now if self._alone_since is None else self._alone_since
        if now - self._alone_since > _ALONE_S:
            raise self._gone(f"no worker has been there for {_ALONE_S:g} s")

    def _present(self) -> Mapping[str, Any]:
        """The workers that are there, by address."""
        try:
            info = self._client.scheduler_info(n_workers=-1)
        except (OSError, TimeoutError):
            raise self._gone("the scheduler is gone") from None
        workers: Mapping[str, Any] = info["workers"]
        return workers

    def _gone(self, what: str) -> WorkersUnavailable:
        hint = "Start it again and run the same command: it goes on with what is done, which is kept."
        told = f"{what}; {len(self._done)} of {len(self._packed)} tasks of {self._label!r} were done"
        return WorkersUnavailable(told, where=self._where, hint=hint)
