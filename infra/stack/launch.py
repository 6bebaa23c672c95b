"""Turns a process of the supervisor into a program of the stack, and finds again what such programs left behind.

Every process of a stack carries its folder and the program's name in its environment. A server that was killed can
leave children that hold its port; they are found by that mark, and never by a name.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import psutil

from infra.stack.programs import Program, shared_environment
from infra.stack.settings import Settings

STACK, PROGRAM = "GVIO_STACK", "GVIO_STACK_PROGRAM"
_GRACE_S = 10.0


def become(settings: Settings, program: Program) -> None:
    """Replace this process by the program, after what an earlier life of it left has ended."""
    if not program.outlived:
        end(left_behind(settings.folder, program.name), grace_s=0.0)
    marks = {STACK: str(settings.folder), PROGRAM: program.name}
    environment = shared_environment(os.environ) | dict(program.environment) | marks
    home = settings.folder / program.name
    home.mkdir(parents=True, exist_ok=True)
    os.chdir(home)
    os.umask(0o077)
    if program.user is not None:
        known = pwd.getpwnam(program.user)
        os.initgroups(known.pw_name, known.pw_gid)
        os.setgid(known.pw_gid)
        os.setuid(known.pw_uid)
        environment |= {"USER": known.pw_name, "HOME": str(home)}
    os.execve(program.command[0], program.command, environment)


def left_behind(folder: Path, name: str | None = None) -> list[psutil.Process]:
    """Processes of this stack but ourselves, of one program or of all."""
    return [
        process for process in psutil.process_iter() if process.pid != os.getpid() and _is_of(process, folder, name)
    ]


def end(processes: list[psutil.Process], grace_s: float = _GRACE_S) -> int:
    """Ask processes to end, then make them; how many there were."""
    if grace_s:
        for process in processes:
            with _gone():
                process.terminate()
        psutil.wait_procs(processes, grace_s)
    for process in processes:
        with _gone():
            process.kill()
    psutil.wait_procs(processes, _GRACE_S)
    return len(processes)


def kill_program(folder: Path, pid: int) -> None:
    """SIGKILL for a process that carries the mark of this stack; for the rehearsal of deaths.

    Raises:
        ProcessLookupError: There is no such process, or it is somebody else's.
    """
    with contextlib.suppress(psutil.NoSuchProcess):
        process = psutil.Process(pid)
        if _is_of(process, folder, None):
            process.send_signal(signal.SIGKILL)
            return
    raise ProcessLookupError(pid)


def until_gone(folder: Path, patience_s: float) -> list[psutil.Process]:
    """Wait until no process of the stack is left; those that still are."""
    deadline = time.monotonic() + patience_s
    while (left := left_behind(folder)) and time.monotonic() < deadline:
        time.sleep(0.2)
    return left


def _is_of(process: psutil.Process, folder: Path, name: str | None) -> bool:
    try:
        environment = process.environ()
    except (psutil.Error, OSError):  # gone, or somebody else's
        return False
    return environment.get(STACK) == str(folder) and (name is None or environment.get(PROGRAM) == name)


@contextlib.contextmanager
def _gone() -> Iterator[None]:
    with contextlib.suppress(psutil.NoSuchProcess):
        yield
