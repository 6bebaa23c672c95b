"""A real MLflow server on loopback, with or without users."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path


def free_port_number() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextlib.contextmanager
def mlflow_server(
    folder: Path, options: tuple[str, ...] = (), environment: Mapping[str, str] | None = None
) -> Iterator[str]:
    """The address of a server over SQLite in `folder` that proxies artifacts."""
    port, log = free_port_number(), folder / "log"
    command = [str(Path(sys.executable).parent / "mlflow"), "server", "--host", "127.0.0.1", "--port", str(port)]
    command += ["--backend-store-uri", f"sqlite:///{folder / 's.db'}", "--artifacts-destination", str(folder / "art")]
    quiet = {"MLFLOW_SERVER_ENABLE_JOB_EXECUTION": "false", "MLFLOW_DISABLE_TELEMETRY": "true"}
    with log.open("wb") as file:
        process = subprocess.Popen(
            [*command, "--workers", "1", *options],
            stdout=file,
            stderr=file,
            env={**os.environ, **quiet, **(environment or {})},
            cwd=folder,
        )
    try:
        _await(f"http://127.0.0.1:{port}/health", process, log)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        process.wait(20)


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 180
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.3)
    raise RuntimeError(f"the MLflow server did not come up:\n{log.read_text()[-2000:]}")
