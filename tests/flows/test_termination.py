"""SIGTERM ends a run, and with it the server that was started for the run."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.embedded import stopped_by_sigterm

INSIDE = """
import pathlib, sys, time
from flows.embedded import stopped_by_sigterm
root = pathlib.Path(sys.argv[1])
with stopped_by_sigterm(lambda: (root / "stopped").touch()):
    (root / "ready").write_text("0")
    time.sleep(60)
"""
FLOW = """
import pathlib, sys, time
from prefect import flow
from prefect.server.api.server import SubprocessASGIServer
from flows.embedded import temporary_server
root = pathlib.Path(sys.argv[1])

@flow
def long():
    (root / "ready.new").write_text(str(SubprocessASGIServer().server_process.pid))
    (root / "ready.new").rename(root / "ready")
    time.sleep(60)

with temporary_server(str(root)):
    long()
"""


def terminate(program: str, root: Path, patience_s: float) -> tuple[int, int]:
    """Send SIGTERM to the program once it is ready; its return code, and the number it wrote."""
    environment = {**os.environ, "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}
    environment.pop("PREFECT_API_URL", None)
    process = subprocess.Popen([sys.executable, "-c", program, str(root)], env=environment)
    try:
        deadline = time.monotonic() + patience_s
        while not (root / "ready").exists():
            assert process.poll() is None
            assert time.monotonic() < deadline
            time.sleep(0.1)
        time.sleep(0.2)
        process.send_signal(signal.SIGTERM)
        return process.wait(30), int((root / "ready").read_text() or 0)
    finally:
        process.kill()
        process.wait()


def test_the_process_stops_what_it_started_and_dies_of_the_signal(tmp_path: Path) -> None:
    code, _ = terminate(INSIDE, tmp_path, 60)
    assert code == -signal.SIGTERM
    assert (tmp_path / "stopped").exists()


@pytest.mark.slow
def test_the_temporary_server_of_a_flow_ends_with_it(tmp_path: Path) -> None:
    code, server = terminate(FLOW, tmp_path, 120)
    assert code == -signal.SIGTERM
    with pytest.raises(ProcessLookupError):
        os.kill(server, 0)


def test_a_handler_that_is_there_already_stays() -> None:
    def other(number: int, frame: object) -> None:
        """Somebody else's."""

    before = signal.signal(signal.SIGTERM, other)
    try:
        with stopped_by_sigterm(lambda: None):
            assert signal.getsignal(signal.SIGTERM) is other
        assert signal.getsignal(signal.SIGTERM) is other
    finally:
        signal.signal(signal.SIGTERM, before)


def test_the_default_is_back_afterwards() -> None:
    before = signal.signal(signal.SIGTERM, signal.SIG_DFL)
    try:
        with stopped_by_sigterm(lambda: None):
            assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL
        assert signal.getsignal(signal.SIGTERM) is signal.SIG_DFL
    finally:
        signal.signal(signal.SIGTERM, before)
