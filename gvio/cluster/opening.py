"""Dask clusters: one of this machine for as long as a stage works, or one that is running, with workers like us."""

from __future__ import annotations

import contextlib
import logging
import secrets
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from gvio.cluster.alike import require_alike
from gvio.errors import ConfigError, WorkersUnavailable

if TYPE_CHECKING:
    from distributed import Client

ANSWER_S = 20.0
WORKERS_S = 60.0
MOST_FAILURES = 2  # deaths of workers that a task may have seen; the next one ends the run
_WORD, _MOST_FRAMES = 8, 64  # of Dask's first message: bytes of its first number, and what that number may be
_AGAIN_S = 0.2
_FULL = 0.95  # share of a worker's memory limit at which it is ended
_THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
_OURS = {
    "distributed.scheduler.allowed-failures": MOST_FAILURES,
    # a pause would never end: what a worker keeps of the light is no data of Dask, and not Dask's to write to disk
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,
    "distributed.worker.memory.terminate": _FULL,
    # one thread each; without Dask's MALLOC_TRIM_THRESHOLD_, which has every large array paged in anew (twice the time)
    "distributed.nanny.pre-spawn-environ": dict.fromkeys(_THREADS, 1),
    # pages and figures for browsers: nobody asked for them
    "distributed.scheduler.http-routes": [],
    "distributed.worker.http-routes": [],
    "distributed.diagnostics.nvml": False,
}


def require_installed(where: str) -> None:
    """Refuse before the work where Dask is absent.

    Raises:
        ConfigError: It is not installed.
    """
    try:
        import distributed  # noqa: F401
    except ModuleNotFoundError as error:
        hint = "Run `pip install 'gvio[cluster]'`, or leave the option out."
        raise ConfigError(f"the library {error.name!r} is not installed", where=where, hint=hint) from None
    logging.getLogger("distributed").setLevel(logging.CRITICAL)  # what ends a run is told in our own words


@contextlib.contextmanager
def local_cluster(size: int, memory_bytes: int) -> Iterator[Client]:
    """A cluster of `size` processes with one thread each, reached over loopback and by nobody but this process.

    Args:
        size: Processes.
        memory_bytes: Limit of each.

    Raises:
        ConfigError: Dask is not installed.
        WorkersUnavailable: The processes do not start.
    """
    require_installed("--workers")
    import dask
    from distributed import Client, LocalCluster

    with dask.config.set(_OURS), contextlib.ExitStack() as ends:
        try:
            cluster = LocalCluster(  # type: ignore[no-untyped-call]
                n_workers=size,
                threads_per_worker=1,
                memory_limit=memory_bytes,
                host="127.0.0.1",
                security=True,  # certificates of this process alone: other users of the machine cannot send work
                dashboard_address="127.0.0.1:0",
                scheduler_kwargs={"dashboard": False},
                silence_logs=logging.CRITICAL,
            )
            ends.enter_context(cluster)
            client = ends.enter_context(Client(cluster, set_as_default=False))  # type: ignore[no-untyped-call]
        except (OSError, RuntimeError, TimeoutError) as error:
            hint = "Ask for fewer --workers, or leave the option out."
            raise WorkersUnavailable(f"do not start ({_short(error)})", where=f"{size} workers", hint=hint) from None
        yield client


@contextlib.contextmanager
def running_cluster(
    address: str, workspace: Path, after: Callable[[], None], wait_s: float = ANSWER_S
) -> Iterator[Client]:
    """A cluster that runs already, when its workers are like us and see the workspace.

    Args:
        address: Of its scheduler, `tcp://host:port` or `tls://host:port` (certificates as Dask's configuration says).
        workspace: Folder of the region's work, which every worker must see under this name.
        after: Called in every worker at the end.
        wait_s: Seconds in which the scheduler must answer.

    Raises:
        ConfigError: Dask is not installed; workers are of another version, or do not see the workspace.
        WorkersUnavailable: Nobody answers, or no worker is there.
    """
    require_installed("--cluster")
    from distributed import Client

    try:
        _require_dask(address, wait_s)
        client = Client(address, timeout=wait_s, set_as_default=False)  # type: ignore[no-untyped-call]
    except (OSError, TimeoutError, RuntimeError, ValueError) as error:
        what = f"no Dask scheduler answers within {wait_s:g} s ({_short(error)})"
        hint = "Start it, `dask scheduler` there, or correct --cluster; `--workers 2` works on this machine alone."
        raise WorkersUnavailable(what, where=address, hint=hint) from None
    with client:
        _await_workers(client, address)
        require_alike(client, address)
        _require_workspace(client, workspace)
        try:
            yield client
        finally:
            if client.status == "running":
                with contextlib.suppress(OSError, TimeoutError):
                    client.run(after, on_error="ignore")


def _require_dask(address: str, wait_s: float) -> None:
    """Of a program that accepts a connection and says nothing Dask would wait for ever: a scheduler speaks first.

    Raises:
        OSError, TimeoutError: Nobody accepts, or nobody speaks; ValueError: it is something else.
    """
    scheme, _, place = address.partition("://")
    host, _, port = place.rpartition(":")
    ends = time.monotonic() + wait_s
    while True:
        left = max(ends - time.monotonic(), _AGAIN_S)
        try:
            with socket.create_connection((host.strip("[]"), int(port)), timeout=left) as line:
                if scheme != "tcp":  # there the two programs prove who they are, in bounded time
                    return
                frames = int.from_bytes(line.recv(_WORD, socket.MSG_WAITALL), "little")
            break
        except ConnectionRefusedError:  # it may be about to start
            if time.monotonic() > ends:
                raise
            time.sleep(_AGAIN_S)
    if not 0 < frames < _MOST_FRAMES:
        raise ValueError("what answers is no Dask scheduler")


def _await_workers(client: Client, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=WORKERS_S)
    except (OSError, TimeoutError):
        hint = f"Start some, `dask worker {address} --nthreads 1` each, and run the same command again."
        what = f"no worker has joined within {WORKERS_S:g} s"
        raise WorkersUnavailable(what, where=address, hint=hint) from None


def _require_workspace(client: Client, workspace: Path) -> None:
    """Folds, answers and light are files there: who did not see them would work everything out again."""
    folder, token = workspace.absolute(), secrets.token_hex(8)
    probe = folder / f".probe-{token}"
    folder.mkdir(parents=True, exist_ok=True)
    probe.write_text(token)
    try:
        seen = client.run(_read, str(probe), on_error="return")
    finally:
        probe.unlink(missing_ok=True)
    blind = sorted(worker for worker, found in seen.items() if found != token)
    if blind:
        what = f"worker {blind[0]} does not see the workspace {folder} ({len(blind)} of {len(seen)} do not)"
        hint = "Mount it there under the same name, or give a --workspace on a file system that all share."
        raise ConfigError(what, where="--cluster", hint=hint)


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def _short(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0].strip()[:120] or type(error).__name__
