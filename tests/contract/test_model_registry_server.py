"""The model registry's promises through a real MLflow server, and what is said when none is there."""

import contextlib
import http.server
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path

import pytest
from gvio.registry.package import load_champion
from training_records import aliases, make_record

from gvio.errors import ModelError, UpstreamUnavailable
from gvio.registry.connection import connect
from gvio.registry.lifecycle import promote, rollback
from gvio.registry.training import log_training
from gvio.registry.versions import list_versions, read_version


@pytest.mark.enable_socket
def test_absent_server_is_told_at_once(free_port):
    start = time.monotonic()
    with pytest.raises(UpstreamUnavailable, match=r"user:\*\*\*@127\.0\.0\.1.*no MLflow server answers"):
        list_versions(f"http://user:secret@127.0.0.1:{free_port}", "any")
    assert time.monotonic() - start < 15, "MLflow itself would try for minutes"


@pytest.fixture
def free_port() -> int:
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def server(free_port: int, tmp_path: Path):
    """A real MLflow server over SQLite that proxies artifacts."""
    command = [str(Path(sys.executable).parent / "mlflow"), "server", "--host", "127.0.0.1", "--port", str(free_port)]
    command += [
        "--backend-store-uri",
        f"sqlite:///{tmp_path / 's.db'}",
        "--artifacts-destination",
        str(tmp_path / "art"),
    ]
    environment = dict(os.environ, MLFLOW_SERVER_ENABLE_JOB_EXECUTION="false", MLFLOW_DISABLE_TELEMETRY="true")
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([*command, "--workers", "1"], stdout=log, stderr=log, env=environment)
    try:
        _await(f"http://127.0.0.1:{free_port}/health", process, tmp_path / "log")
        yield f"http://127.0.0.1:{free_port}"
    finally:
        process.terminate()
        process.wait(20)


def _await(url: str, process: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + 90
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), urllib.request.urlopen(url, timeout=2):
            return
        time.sleep(0.3)
    raise RuntimeError(f"the MLflow server did not come up:\n{log.read_text()[-2000:]}")


@pytest.mark.slow
@pytest.mark.enable_socket
def test_the_same_promises_through_a_server(server, tmp_path, capfd):
    for weights in (b"one", b"two"):
        log_training(server, make_record(tmp_path, "far", weights))
    promote(server, "far", 1, "first"), promote(server, "far", 2, "better")
    assert aliases(server, "far") == {"champion": 2, "previous": 1}
    assert rollback(server, "far").version == 1
    loaded = load_champion(server, "far", tmp_path / "into")
    assert loaded is not None
    assert (loaded.path / "model.safetensors").read_bytes() == b"one"
    assert load_champion(server, "nowhere", tmp_path / "x") is None
    with pytest.raises(ModelError, match="there is no version 9"), connect(server) as client:
        read_version(client, "far", 9)
    assert capfd.readouterr().out == "", "stdout carries results only"


@pytest.mark.enable_socket
def test_a_gateway_that_hides_health_counts_as_an_answer(free_port):
    class Forbidden(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_error(403)

        def log_message(self, *args: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", free_port), Forbidden) as gateway:
        threading.Thread(target=gateway.serve_forever, daemon=True).start()
        with pytest.raises(ModelError, match="the model registry failed"):
            list_versions(f"http://127.0.0.1:{free_port}", "any")
        gateway.shutdown()
