"""The model registry's promises through a real MLflow server, and what is said when none is there."""

import base64
import http.server
import json
import os
import shutil
import threading
import time
import urllib.request

import pytest
from mlflow_server import free_port_number, mlflow_server
from training_records import aliases, log

from gvio.errors import DamagedModel, ModelError, UpstreamUnavailable
from gvio.registry.champion import read_champion
from gvio.registry.champion_token import champion_token
from gvio.registry.connection import connect
from gvio.registry.lifecycle import promote, rollback
from gvio.registry.versions import list_versions, read_version


@pytest.mark.enable_socket
def test_absent_server_is_told_at_once(free_port):
    start = time.monotonic()
    with pytest.raises(UpstreamUnavailable, match=r"user:\*\*\*@127\.0\.0\.1.*no MLflow server answers"):
        list_versions(f"http://user:secret@127.0.0.1:{free_port}", "any")
    assert time.monotonic() - start < 15, "MLflow itself would try for minutes"


@pytest.fixture
def free_port() -> int:
    return free_port_number()


@pytest.mark.slow
@pytest.mark.enable_socket
def test_the_same_promises_through_a_server(new_database, tmp_path, capfd):
    (tmp_path / "s.db").write_bytes(new_database)
    with mlflow_server(tmp_path) as server:
        assert champion_token(server, "far", {}) == "none"
        log(server, tmp_path, "far", b"one", "promoted"), log(server, tmp_path, "far", b"two", "promoted", "better")
        assert log(server, tmp_path, "far", b"two", "promoted", "better").version == 2
        assert aliases(server, "far") == {"champion": 2, "previous": 1, "challenger": 2}
        second = champion_token(server, "far", {})
        assert second == champion_token(server, "far", {}) is not None
        assert rollback(server, "far").version == 1
        assert champion_token(server, "far", {}) not in (None, "none", second)
        champion = read_champion(server, "far")
        assert champion is not None
        assert (champion.weights, champion.decided) == (b"one", "rolled back from version 2; no better")
        assert promote(server, "far", 2, "trial").restored == ""
        assert read_champion(server, "nowhere") is None
        shutil.rmtree(next((tmp_path / "art").rglob(f"{list_versions(server, 'far')[0].run_id}/artifacts/model")))
        with pytest.raises(DamagedModel, match="version 2: the stored package cannot be read"):
            read_champion(server, "far")
        log(server, tmp_path, "far", b"two", "promoted", "again")
        assert (champion := read_champion(server, "far")) is not None
        assert (champion.weights, champion.decided) == (b"two", "by hand: trial")
        with pytest.raises(ModelError, match="there is no version 9"), connect(server) as client:
            read_version(client, "far", 9)
    assert capfd.readouterr().out == "", "stdout carries results only"


class Users:
    """A server with users, and what each of them may do with the region `far`."""

    def __init__(self, uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
        self.uri, self._patch = uri, monkeypatch

    def become(self, name: str) -> None:
        self._patch.setenv("MLFLOW_TRACKING_USERNAME", name)
        self._patch.setenv("MLFLOW_TRACKING_PASSWORD", f"{name}-long-password")

    def add(self, name: str, permission: str) -> None:
        """A user with this permission on the region's experiment and registered model, and none elsewhere."""
        self.become("admin")
        with connect(self.uri) as client:
            experiment = client.get_experiment_by_name("gvio-far").experiment_id
        self._post("2.0/mlflow/users/create", {"username": name, "password": f"{name}-long-password"})
        for kind, resource in (("experiment", experiment), ("registered_model", "gvio-far")):
            grant = {"username": name, "resource_type": kind, "resource_id": resource, "permission": permission}
            self._post("3.0/mlflow/users/permissions/grant", grant)

    def _post(self, path: str, body: dict[str, str]) -> None:
        login = base64.b64encode(b"admin:admin-long-password").decode()
        headers = {"Content-Type": "application/json", "Authorization": f"Basic {login}"}
        request = urllib.request.Request(f"{self.uri}/api/{path}", json.dumps(body).encode(), headers)
        urllib.request.urlopen(request, timeout=30).close()


@pytest.fixture
def users(new_database, tmp_path, monkeypatch):
    pytest.importorskip("flask_wtf", reason="MLflow's basic authentication needs Flask-WTF, of the dev extra")
    (tmp_path / "s.db").write_bytes(new_database)
    (tmp_path / "auth.ini").write_text(
        f"[mlflow]\ndefault_permission = NO_PERMISSIONS\ndatabase_uri = sqlite:///{tmp_path / 'users.db'}\n"
        "admin_username = admin\nadmin_password = admin-long-password\n"
        "auth_cache_ttl_seconds = 600\n"  # hashing the password at every request takes most of the time
        "authorization_function = mlflow.server.auth:authenticate_request_basic_auth\n"
    )
    environment = {"MLFLOW_AUTH_CONFIG_PATH": str(tmp_path / "auth.ini"), "MLFLOW_FLASK_SERVER_SECRET_KEY": "secret"}
    with mlflow_server(tmp_path, ("--app-name", "basic-auth"), environment) as uri:
        everybody = Users(uri, monkeypatch)
        everybody.become("admin")
        with connect(uri) as client:
            client.create_experiment("gvio-far")
            client.create_registered_model("gvio-far")
        yield everybody


@pytest.mark.slow
@pytest.mark.enable_socket
def test_edit_rights_are_enough_for_everything_and_read_rights_for_the_map(users, tmp_path):
    uri = users.uri
    users.add("robot", "EDIT"), users.add("mapper", "READ")
    users.become("robot")
    assert champion_token(uri, "far", dict(os.environ)) == "none"
    with pytest.raises(ModelError, match="the model registry failed"), connect(uri) as client:
        client.delete_registered_model_alias("gvio-far", "champion")
    first = log(uri, tmp_path, "far", b"one", "promoted", "first")
    assert (first.decision, first.aliases) == ("promoted", ("challenger", "champion"))
    second = log(uri, tmp_path, "far", b"two", "promoted", "better")
    assert (second.replaced, second.aliases) == (1, ("challenger", "champion"))
    assert log(uri, tmp_path, "far", b"three").aliases == ("challenger",)
    assert rollback(uri, "far").decided == "rolled back from version 2; first"
    assert aliases(uri, "far") == {"champion": 1, "previous": 2, "challenger": 3}
    assert promote(uri, "far", 3, "trial").decided == "by hand: trial"
    with connect(uri) as client:
        experiment = client.get_experiment_by_name("gvio-far").experiment_id
        client.create_run(experiment, start_time=1, tags={"weights_sha256": "0"})
    log(uri, tmp_path, "far", b"three", "promoted", "again")
    with connect(uri) as client:
        assert "RUNNING" not in {run.info.status for run in client.search_runs([experiment])}

    users.become("mapper")
    champion = read_champion(uri, "far")
    assert champion is not None
    assert champion.weights == b"three"
    assert len(champion_token(uri, "far", dict(os.environ)) or "") == 64
    assert champion_token(uri, "far", {}) is None, "without credentials it is unknown"
    refused = r"the model registry failed: .*Ask the server's administrator for EDIT on the experiment"
    with pytest.raises(ModelError, match=refused):
        promote(uri, "far", 1, "trial")
    with pytest.raises(ModelError, match=refused):
        log(uri, tmp_path, "far", b"four", "promoted", "mine")
    assert str(read_champion(uri, "far")) == str(champion)  # NaN is not equal to itself


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
