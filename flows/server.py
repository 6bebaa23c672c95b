"""A Prefect server with scheduler for `gvio serve`, where none is configured: the temporary one has no clock."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.embedded import PATIENCE_S, stopped_by_sigterm
from gvio.errors import UpstreamUnavailable
from gvio.loopback import direct_loopback

_HEALTH_S = 10


@contextlib.contextmanager
def scheduling_server(workspace: str, timeout_s: float = PATIENCE_S) -> Iterator[str]:
    """The API address of the configured server, or of a child process with its state in `workspace/prefect`.

    Raises:
        UpstreamUnavailable: The child does not come up in `timeout_s`, or the configured server does not answer.
    """
    os.environ.update(direct_loopback(os.environ))  # noqa: TID251
    if configured := PREFECT_API_URL.value():
        require_server(str(configured))
        yield str(configured)
        return
    home, port = Path(workspace, "prefect").resolve(), _free_port()
    home.mkdir(parents=True, exist_ok=True)
    url = f"http://127.0.0.1:{port}/api"
    with (home / "server.log").open("ab") as log:
        server = _start(home, port, log.fileno())
    try:
        with stopped_by_sigterm(lambda: _stop(server)):
            _await(f"{url}/health", server, home / "server.log", timeout_s)
            with temporary_settings({PREFECT_API_URL: url}):
                yield url
    finally:
        _stop(server)


def require_server(url: str) -> None:
    """Ask a configured server for its health: Prefect would end in pages of traceback.

    Raises:
        UpstreamUnavailable: It does not answer.
    """
    try:
        with urllib.request.urlopen(f"{url.rstrip('/')}/health", timeout=_HEALTH_S):
            return
    except urllib.error.HTTPError as answer:
        answer.close()  # it is there, and asks for a key perhaps: Prefect has it
    except (OSError, ValueError) as error:
        hint = "Start it, or unset PREFECT_API_URL: gvio then starts a server of its own."
        raise UpstreamUnavailable(f"no Prefect server answers ({error})", where=url, hint=hint) from None


def _start(home: Path, port: int, log: int) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
    environment = os.environ | {"PREFECT_HOME": str(home), "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}  # noqa: TID251
    return subprocess.Popen([*command, "--no-ui"], stdout=log, stderr=log, env=environment)


def _await(url: str, server: subprocess.Popen[bytes], log: Path, timeout_s: float) -> None:
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=5):
            return
        time.sleep(0.3)
    raise UpstreamUnavailable("the Prefect server does not come up", where=str(log), hint="Read that file.")


def _stop(server: subprocess.Popen[bytes]) -> None:
    server.terminate()
    try:
        server.wait(20)
    except subprocess.TimeoutExpired:
        server.kill()
        server.wait()


def _free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
