"""A Prefect server with scheduler for `gvio serve`, where none is configured: the temporary one has no clock."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.embedded import PATIENCE_S, stopped_by_sigterm
from flows.own_server import ADDRESS, TAKEN, taken
from flows.patience import silence_of
from flows.server_environment import server_environment
from gvio.errors import UpstreamUnavailable
from gvio.loopback import direct_loopback


@contextlib.contextmanager
def scheduling_server(workspace: str, timeout_s: float = PATIENCE_S) -> Iterator[str]:
    """The API address of the configured server, or of a child process with its state in `workspace/prefect`.

    The child ends with this process, also when this one is killed. Its port stays the same as far as it is free.

    Raises:
        UpstreamUnavailable: The child does not come up in `timeout_s`, or the configured server does not answer.
        RunHeld: Another process has a server on the same state.
    """
    os.environ.update(direct_loopback(os.environ))  # noqa: TID251
    if configured := PREFECT_API_URL.value():
        require_server(str(configured))
        yield str(configured)
        return
    home = Path(workspace, "prefect").resolve()
    home.mkdir(parents=True, exist_ok=True)
    port = _port(home)
    url = f"http://127.0.0.1:{port}/api"
    with (home / "server.log").open("ab") as log:
        server = _start(home, port, log.fileno())
    try:
        with stopped_by_sigterm(lambda: _stop(server)):
            _await(f"{url}/health", server, home, timeout_s)
            with temporary_settings({PREFECT_API_URL: url}):
                yield url
    finally:
        _stop(server)


def require_server(url: str) -> None:
    """Ask a configured server for its health: Prefect would end in pages of traceback.

    Raises:
        UpstreamUnavailable: It does not answer.
    """
    if (error := silence_of(url)) is not None:
        hint = "Start it, or unset PREFECT_API_URL: gvio then starts a server of its own."
        raise UpstreamUnavailable(f"no Prefect server answers ({error})", where=url, hint=hint)


def _start(home: Path, port: int, log: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "flows.own_server", str(home), str(port)]
    environment = os.environ | server_environment(home, port)  # noqa: TID251
    # A session of its own: Ctrl-C must reach the schedule first, which ends its runs and then the server.
    return subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=log, stderr=log, env=environment, start_new_session=True
    )


def _await(url: str, server: subprocess.Popen[bytes], home: Path, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.3)
    if server.poll() == TAKEN:
        raise taken(home)
    log = home / "server.log"
    raise UpstreamUnavailable("the Prefect server does not come up", where=str(log), hint="Read that file.")


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()
    if server.stdin is not None:
        server.stdin.close()


def _port(home: Path) -> int:
    """The port of the last time where it is free: a run that outlived its server finds it again."""
    address = home / ADDRESS
    with contextlib.suppress(OSError, ValueError), contextlib.closing(socket.socket()) as probe:
        port = urllib.parse.urlsplit(address.read_text().strip()).port or 0
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind(("127.0.0.1", port))
        return int(probe.getsockname()[1])
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
