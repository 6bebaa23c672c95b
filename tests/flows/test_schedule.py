"""`gvio serve`: the server it starts for itself, and what becomes of looks that were missed."""

import datetime as dt
import socket
import urllib.request
from contextlib import closing
from pathlib import Path

import pytest
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

from flows.embedded import temporary_server
from flows.serve import is_superseded
from flows.server import scheduling_server
from gvio.errors import UpstreamUnavailable

NOON = dt.datetime(2026, 3, 10, 12, tzinfo=dt.UTC)


def test_of_missed_looks_only_the_newest_does_the_work():
    missed = [NOON.replace(hour=6) - dt.timedelta(days=days) for days in range(30)]
    assert [look for look in missed if not is_superseded(look, NOON)] == [missed[0]]


def test_a_look_across_time_zones_is_judged_by_the_instant():
    shanghai = dt.timezone(dt.timedelta(hours=8))
    assert is_superseded(dt.datetime(2026, 3, 9, 20, tzinfo=shanghai), NOON)
    assert not is_superseded(dt.datetime(2026, 3, 9, 20, 1, tzinfo=shanghai), NOON)


@pytest.mark.slow
@pytest.mark.enable_socket
def test_own_server_answers_while_needed_and_is_gone_after(tmp_path, monkeypatch):
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):  # of a company, which does not lead back to this machine
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.setenv(name, "")  # so that what is set inside ends with the test
    monkeypatch.setattr(urllib.request, "_opener", None)  # it keeps the proxies it was made with
    with scheduling_server(str(tmp_path)) as url:
        assert PREFECT_API_URL.value() == url
        with urllib.request.urlopen(f"{url}/health", timeout=10) as answer:
            assert answer.read() == b"true"
    assert (tmp_path / "prefect" / "prefect.db").exists()
    with pytest.raises(OSError, match="refused"), urllib.request.urlopen(f"{url}/health", timeout=10):
        pass


@pytest.mark.enable_socket
def test_server_that_does_not_come_up_is_told(tmp_path):
    hint = r"server\.log: the Prefect server does not come up\. Read that file"
    with pytest.raises(UpstreamUnavailable, match=hint), scheduling_server(str(tmp_path), timeout_s=0):
        pass


def test_configured_server_is_used(tmp_path, monkeypatch):
    url = "http://prefect.example/api"
    monkeypatch.setattr("flows.server.require_server", lambda url: None)
    with (
        temporary_settings({PREFECT_API_URL: url}),
        scheduling_server(str(tmp_path)) as used,
        temporary_server("unused"),
    ):
        assert PREFECT_API_URL.value() == used == url
    assert list(tmp_path.iterdir()) == []
    assert not Path("unused").exists()


@pytest.mark.enable_socket
def test_a_configured_server_that_is_gone_is_one_line(tmp_path):
    with closing(socket.socket()) as closed:
        closed.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{closed.getsockname()[1]}/api"
    told = r"no Prefect server answers \(.*refused.*\)\. Start it, or unset PREFECT_API_URL"
    used = scheduling_server(str(tmp_path))
    with temporary_settings({PREFECT_API_URL: url}), pytest.raises(UpstreamUnavailable, match=told), used:
        pass


def test_temporary_server_keeps_its_state_in_the_workspace(tmp_path):
    before = PREFECT_HOME.value()
    with temporary_server(str(tmp_path)):
        assert PREFECT_HOME.value() == tmp_path / "prefect"
    assert PREFECT_HOME.value() == before
