"""The cheap text that tells whether the champion may have changed."""

import base64
import contextlib
import http.server
import json
import sqlite3
import subprocess
import sys
import threading
import urllib.parse
from collections.abc import Iterator

import pytest
from training_records import log

from gvio.registry.champion_token import champion_token
from gvio.registry.connection import connect, default_uri
from gvio.registry.lifecycle import promote

NOBODY: dict[str, str] = {}


def test_it_changes_with_the_champion_and_stays_without(tmp_path, new_database):
    uri = default_uri(tmp_path / "space")
    assert champion_token(uri, "token", NOBODY) == "none"
    assert not (tmp_path / "space").exists()
    (tmp_path / "space").mkdir()
    (tmp_path / "space" / "mlflow.db").write_bytes(new_database)
    log(uri, tmp_path, "token", b"1", "promoted"), log(uri, tmp_path, "token", b"2")
    first = champion_token(uri, "token", NOBODY)
    assert first is not None
    assert len(first) == 64
    assert champion_token(uri, "token", NOBODY) == first
    promote(uri, "token", 2, "trial")
    second = champion_token(uri, "token", NOBODY)
    assert second not in (None, first)
    with connect(uri) as client:
        client.set_registered_model_alias("gvio-token", "champion", "1")
    assert champion_token(uri, "token", NOBODY) not in (None, first, second)


@pytest.mark.enable_socket
def test_what_cannot_be_told_cheaply_is_unknown(tmp_path):
    assert champion_token("postgresql://host/db", "x", NOBODY) is None
    (tmp_path / "mlflow.db").write_text("not a database, but long enough to look like one" * 50)
    assert champion_token(default_uri(tmp_path), "x", NOBODY) is None
    assert champion_token("http://127.0.0.1:9", "x", NOBODY) is None


def test_it_costs_no_import_of_mlflow(tmp_path):
    with contextlib.closing(sqlite3.connect(tmp_path / "mlflow.db")) as database:
        database.execute("CREATE TABLE registered_models (name)")
    code = (
        "import sys\nfrom gvio.registry.champion_token import champion_token\n"
        f"token = champion_token('sqlite:///{tmp_path}/mlflow.db', 'x', {{}})\n"
        "print(token is not None, [name for name in ('mlflow', 'sqlalchemy', 'pandas') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "True []\n"


class Answers(http.server.BaseHTTPRequestHandler):
    """MLflow's answers to the question after an alias; `given` is (status, body)."""

    given: tuple[int, object] = (200, {})
    asked: list[tuple[str, str | None]] = []  # noqa: RUF012 - shared on purpose

    def do_GET(self) -> None:
        self.asked.append((self.path, self.headers["Authorization"]))
        body = json.dumps(self.given[1]).encode()
        self.send_response(self.given[0])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def server() -> Iterator[str]:
    Answers.asked.clear()
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answers) as running:
        threading.Thread(target=running.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{running.server_port}"
        running.shutdown()


def basic(text: str) -> str:
    return f"Basic {base64.b64encode(text.encode()).decode()}"


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("login", "credentials", "sent"),
    [
        ("", {}, None),
        ("", {"MLFLOW_TRACKING_USERNAME": "u", "MLFLOW_TRACKING_PASSWORD": "p"}, basic("u:p")),
        ("", {"MLFLOW_TRACKING_TOKEN": "t"}, "Bearer t"),
        ("u:p%40@", {}, basic("u:p@")),
    ],
)
def test_a_server_is_asked_once_with_the_credentials(server, login, credentials, sent):
    Answers.given = (200, {"model_version": {"version": "3"}})
    token = champion_token(f"http://{login}{server}/", "x", credentials)
    ((path, authorization),) = Answers.asked
    parts = urllib.parse.urlsplit(path)
    assert parts.path == "/api/2.0/mlflow/registered-models/alias"
    assert urllib.parse.parse_qs(parts.query) == {"name": ["gvio-x"], "alias": ["champion"]}
    assert authorization == sent
    Answers.given = (200, {"model_version": {"version": "4"}})
    assert champion_token(f"http://{server}", "x", {}) not in (None, token)


@pytest.mark.enable_socket
@pytest.mark.parametrize(
    ("status", "body", "token"),
    [
        (404, {"error_code": "RESOURCE_DOES_NOT_EXIST"}, "none"),
        (400, {"error_code": "INVALID_PARAMETER_VALUE"}, "none"),
        (404, {}, None),
        (404, "no such page", None),
        (403, {"error_code": "PERMISSION_DENIED"}, None),
        (500, {"error_code": "INTERNAL_ERROR"}, None),
        (200, {"something": "else"}, None),
        (200, [], None),
    ],
)
def test_no_champion_is_told_from_no_answer(server, status, body, token):
    Answers.given = (status, body)
    assert champion_token(f"http://{server}", "x", {}) == token
