"""The supervisor of a stack: its configuration, starting and ending it, and what it says of each program.

supervisord restarts what dies. Its socket and its files lie in the stack's folder, and its configuration holds no
secret: each program reads its own from `.env` when it starts.
"""

from __future__ import annotations

import contextlib
import dataclasses
import os
import shlex
import subprocess
import sys
import time
import xmlrpc.client
from collections.abc import Sequence
from pathlib import Path

from supervisor.xmlrpc import SupervisorTransport

from gvio.errors import ConfigError, UpstreamUnavailable
from infra.stack.programs import ROOT, Program
from infra.stack.settings import Settings, write_private

_LONGEST_SOCKET = 100  # the system takes 107 bytes, and supervisord makes a sibling of the name first
_RUNNING, _FATAL = "RUNNING", "FATAL"
_ALREADY = 60  # its fault for a program that is started twice


@dataclasses.dataclass(frozen=True)
class Alive:
    """What the supervisor says of a program: its word, the process, and for how many seconds it runs."""

    word: str
    pid: int
    seconds: int

    @property
    def runs(self) -> bool:
        """Whether the process is there and has been for some seconds."""
        return self.word == _RUNNING

    @property
    def gave_up(self) -> bool:
        """Whether the supervisor tries no more."""
        return self.word == _FATAL


def configure(settings: Settings, programs: Sequence[Program]) -> Path:
    """Write the supervisor's configuration; its path.

    Raises:
        ConfigError: The stack's folder has too long a name for a socket.
    """
    socket = _socket(settings)
    if len(os.fsencode(socket)) > _LONGEST_SOCKET:
        hint = "Choose a shorter one: make stack-up STACK=/srv/gvio."
        raise ConfigError("the name of the folder is too long for a socket", where=str(settings.folder), hint=hint)
    for folder in (socket.parent, _logs(settings)):
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(0o700)
    path = settings.folder / "supervisord.conf"
    parts = [_head(settings), *(_program(settings, one, n) for n, one in enumerate(programs, start=1))]
    write_private(path, "\n".join(parts))
    return path


def _head(settings: Settings) -> str:
    socket, run = _plain(_socket(settings)), _plain(_socket(settings).parent)
    return f"""; written by `make stack-up`: changes are lost
[unix_http_server]
file={socket}
chmod=0700

[supervisord]
logfile={_plain(_logs(settings) / "supervisord.log")}
logfile_maxbytes=10MB
logfile_backups=3
pidfile={run}/supervisord.pid
directory={_plain(ROOT)}
umask=077
minfds=1024

[rpcinterface:supervisor]
supervisor.rpcinterface_factory=supervisor.rpcinterface:make_main_rpcinterface

[supervisorctl]
serverurl=unix://{socket}
"""


def _program(settings: Settings, program: Program, place: int) -> str:
    command = shlex.join([sys.executable, "-m", "infra.stack", "--stack", str(settings.folder), "exec", program.name])
    group = str(program.stop == "TERM").lower()  # PostgreSQL ends its own children, in the right order
    return f"""[program:{program.name}]
command={_plain(command)}
directory={_plain(ROOT)}
environment=PYTHONPATH="{_plain(ROOT)}"
priority={10 * place}
autostart=false
autorestart=true
startsecs=2
startretries=1000
stopsignal={program.stop}
stopwaitsecs=30
stopasgroup={group}
killasgroup=true
redirect_stderr=true
stdout_logfile={_plain(log_of(settings, program.name))}
stdout_logfile_maxbytes=10MB
stdout_logfile_backups=3
"""


def start_supervisor(settings: Settings, configuration: Path) -> None:
    """Start supervisord in the background, where none runs.

    Raises:
        UpstreamUnavailable: It does not come up.
    """
    if is_up(settings):
        return
    command = [sys.executable, "-m", "supervisor.supervisord", "-c", str(configuration)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    deadline = time.monotonic() + 20
    while not is_up(settings):
        if done.returncode or time.monotonic() > deadline:
            said = " ".join((done.stderr or done.stdout).split())[-200:]
            where = str(_logs(settings) / "supervisord.log")
            raise UpstreamUnavailable(f"the supervisor does not come up ({said})", where=where, hint="Read that file.")
        time.sleep(0.1)


def is_up(settings: Settings) -> bool:
    """Whether the stack's supervisor answers."""
    if not _socket(settings).exists():
        return False
    try:
        with _remote(settings) as remote:
            remote.supervisor.getState()
    except (OSError, xmlrpc.client.Error):
        return False
    return True


def start(settings: Settings, name: str) -> None:
    """Let the supervisor start a program; one that runs goes on."""
    try:
        with _remote(settings) as remote:
            remote.supervisor.startProcess(name, False)
    except xmlrpc.client.Fault as fault:
        if fault.faultCode != _ALREADY:
            raise


def stop(settings: Settings, name: str) -> None:
    """Let the supervisor stop a program, and wait for its end; one that does not run stays so."""
    with contextlib.suppress(xmlrpc.client.Fault), _remote(settings) as remote:
        remote.supervisor.stopProcess(name, True)


def shut_down(settings: Settings) -> None:
    """End the programs in the opposite order of their start, then the supervisor; nothing where none runs."""
    for name in reversed(list(alive(settings))):  # in the order of their priorities
        stop(settings, name)
    if is_up(settings):
        with contextlib.suppress(OSError, xmlrpc.client.Error), _remote(settings) as remote:
            remote.supervisor.shutdown()


def alive(settings: Settings) -> dict[str, Alive]:
    """What the supervisor says of its programs, by name; empty where it does not run."""
    if not _socket(settings).exists():
        return {}
    try:
        with _remote(settings) as remote:
            told = remote.supervisor.getAllProcessInfo()
    except (OSError, xmlrpc.client.Error):
        return {}
    if not isinstance(told, list):
        return {}
    return {
        str(one["name"]): Alive(str(one["statename"]), int(one["pid"]), max(0, int(one["now"]) - int(one["start"])))
        for one in told
    }


def log_of(settings: Settings, name: str) -> Path:
    """Where a program's lines are."""
    return _logs(settings) / f"{name}.log"


def _remote(settings: Settings) -> xmlrpc.client.ServerProxy:
    transport = SupervisorTransport(None, None, f"unix://{_socket(settings)}")
    return xmlrpc.client.ServerProxy("http://127.0.0.1", transport=transport)


def _socket(settings: Settings) -> Path:
    return settings.folder / "run" / "supervisor.sock"


def _logs(settings: Settings) -> Path:
    return settings.folder / "logs"


def _plain(text: object) -> str:
    return str(text).replace("%", "%%")
