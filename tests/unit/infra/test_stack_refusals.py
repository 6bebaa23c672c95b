"""What the commands of a stack say when a server refuses or a process stays."""

from __future__ import annotations

import http.server
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest

from gvio.errors import ConfigError, RunHeld, UpstreamUnavailable
from gvio.files import held
from infra.stack import health, lifecycle, mlflow_users, orders
from infra.stack.__main__ import main
from infra.stack.settings import Settings

pytestmark = pytest.mark.enable_socket


@pytest.fixture
def refusing() -> Iterator[str]:
    """A server that answers 403 to everything."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def _refuse(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            self.send_response(403)
            self.send_header("Content-Length", "0")
            self.end_headers()

        do_GET = do_POST = do_PATCH = _refuse  # noqa: N815

        def log_message(self, *_: object) -> None:
            pass

    with http.server.HTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def test_a_server_that_refuses_is_named(refusing: str) -> None:
    with pytest.raises(UpstreamUnavailable, match=r"MLflow makes no user 'pipeline' \(answers 403, then 403\)"):
        mlflow_users.make_pipeline_user(refusing, "a", "b")
    with pytest.raises(UpstreamUnavailable, match=r"Prefect refuses or is away \(HTTP Error 403"):
        orders.Orders(refusing, "gvio:wrong").look("1")
    assert health.answers(refusing) == "answers 403"
    assert health.s3(refusing) is None, "an S3 server that asks for a key is well"


def test_a_server_that_is_away_is_named(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    with pytest.raises(UpstreamUnavailable, match="MLflow does not answer"):
        mlflow_users.make_pipeline_user(f"http://127.0.0.1:{free}", "a", "b")
    for told in (health.answers(f"http://127.0.0.1:{free}"), health.s3(f"http://127.0.0.1:{free}")):
        assert "does not answer" in str(told)


@pytest.fixture
def free() -> int:
    from infra.stack.settings import is_free

    return next(port for port in range(41_000, 42_000) if is_free(port))


def test_a_process_that_stays_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lifecycle, "until_gone", lambda *_: [SimpleNamespace(pid=77)])
    with pytest.raises(UpstreamUnavailable, match=r"process 77 does not end. End it: kill -9 77"):
        lifecycle.take_down(Settings(tmp_path, {}), lambda _: None)


def test_two_commands_on_one_stack_do_not_meet(tmp_path: Path) -> None:
    with (
        held(tmp_path / ".lock", lambda: ConfigError("never")),
        pytest.raises(RunHeld, match=r"another command is starting or ending this stack. Wait for it"),
    ):
        lifecycle.take_down(Settings(tmp_path, {}), lambda _: None)


def test_errors_are_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["stack", "--stack", str(tmp_path), "status"])
    with pytest.raises(SystemExit) as left:
        main()
    assert left.value.code == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"stack: {tmp_path}/.env: there is no stack here")
