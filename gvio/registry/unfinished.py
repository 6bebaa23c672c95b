"""Closes what killed processes left open: MLflow runs that would say RUNNING for ever, and download folders."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import tempfile
import time
import uuid
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from gvio.registry.record import model_name

if TYPE_CHECKING:
    from mlflow.entities import Run
    from mlflow.tracking import MlflowClient

DOWNLOAD_PREFIX = ".champion-"
_MACHINE, _PROCESS, _ATTEMPT = "gvio.machine", "gvio.process", "gvio.attempt"
_PROC = Path("/proc")
# Logging a run takes seconds and fetching a package too. Where the process itself cannot be looked at, because it ran
# on another machine or in another container, only a run of this age is known to be dead.
_RUN_SECONDS = 24 * 3600.0
_DOWNLOAD_SECONDS = 3600.0

_attempts: set[str] = set()  # that threads of this process are writing


@contextlib.contextmanager
def writing() -> Iterator[dict[str, str]]:
    """Tags that say which process writes a run, and which of its attempts, for as long as it does."""
    attempt = uuid.uuid4().hex
    _attempts.add(attempt)
    try:
        yield {_MACHINE: _machine(), _PROCESS: _process(os.getpid()) or "", _ATTEMPT: attempt}
    finally:
        _attempts.discard(attempt)


def close_unfinished_runs(client: MlflowClient, region: str) -> None:
    """Mark runs of the region as killed whose process is gone; a run that a living process writes stays open."""
    experiment = client.get_experiment_by_name(model_name(region))
    if experiment is None:
        return
    for run in client.search_runs([experiment.experiment_id], "attributes.status = 'RUNNING'"):
        if _is_dead(run):
            client.set_terminated(run.info.run_id, "KILLED")


def sweep_downloads() -> None:
    """Delete download folders that a killed process of this user left in the system's temporary folder."""
    for folder in Path(tempfile.gettempdir()).glob(f"{DOWNLOAD_PREFIX}*"):
        try:
            status = folder.lstat()
        except OSError:
            continue  # its owner deleted it in between
        if status.st_uid == os.getuid() and time.time() - status.st_mtime > _DOWNLOAD_SECONDS:
            shutil.rmtree(folder, ignore_errors=True)


def _is_dead(run: Run) -> bool:
    """Whether the run is one of ours and nobody can be writing it any more."""
    tags = run.data.tags
    if "weights_sha256" not in tags:
        return False  # somebody else's run in this experiment
    machine, process = tags.get(_MACHINE), tags.get(_PROCESS)
    if process and machine == _machine():
        if process == _process(os.getpid()):
            return tags.get(_ATTEMPT) not in _attempts
        return _process(int(process.split()[0])) != process
    return bool(time.time() - run.info.start_time / 1000 > _RUN_SECONDS)


@cache
def _machine() -> str:
    """This boot of this machine, as one set of process numbers: a container has its own."""
    try:
        boot = (_PROC / "sys/kernel/random/boot_id").read_text().strip()
        return f"{socket.gethostname()} {boot} {(_PROC / 'self/ns/pid').readlink()}"
    except OSError:
        return ""


def _process(pid: int) -> str | None:
    """A process by its number and start time, since numbers are used again; None where there is none."""
    try:
        status = (_PROC / str(pid) / "stat").read_text()
    except OSError:
        return None
    fields = status.rpartition(")")[2].split()  # the name before it may hold spaces
    return None if fields[0] in "ZX" else f"{pid} {fields[19]}"  # a zombie is gone
