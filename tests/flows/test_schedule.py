"""The server that `gvio serve` starts for itself, and when a schedule fires."""

import asyncio
import datetime as dt
import socket
import urllib.request
from contextlib import closing
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from prefect.server.schemas.schedules import CronSchedule
from prefect.settings import PREFECT_API_URL, PREFECT_HOME, temporary_settings

from flows.embedded import temporary_server
from flows.own_server import ADDRESS, LOCK, taken
from flows.serve import Timing
from flows.server import scheduling_server
from gvio.errors import UpstreamUnavailable
from gvio.files import held


def fired(start: str, days: int, timing: Timing) -> list[dt.datetime]:
    """When Prefect's scheduler looks, in the time zone of the schedule."""
    zone = ZoneInfo(timing.timezone)
    began = dt.datetime.fromisoformat(start).replace(tzinfo=zone)
    dates = CronSchedule(cron=timing.cron, timezone=timing.timezone).get_dates(n=days, start=began)
    return [one.astimezone(zone) for one in asyncio.run(dates)]


@pytest.mark.parametrize("zone", ["UTC", "Asia/Shanghai", "Europe/Berlin", "America/New_York"])
@pytest.mark.parametrize("start", ["2028-02-27", "2027-02-27", "2026-03-07", "2026-03-28", "2026-10-24", "2026-10-31"])
def test_there_is_one_look_a_day_at_the_same_hour(zone, start):
    """Over a leap day, its absence, and the changes of clocks on both continents."""
    looks = fired(start, 4, Timing("0 6 * * *", zone))
    first = dt.date.fromisoformat(start)
    assert [look.date() for look in looks] == [first + dt.timedelta(days=day) for day in range(4)]
    assert {(look.hour, look.minute) for look in looks} == {(6, 0)}


def test_an_hour_that_a_clock_change_skips_or_repeats_is_looked_at_once_a_day():
    timing = Timing("30 2 * * *", "Europe/Berlin")
    for start in ("2026-03-28", "2026-10-24"):
        days = [look.date() for look in fired(start, 4, timing)]
        assert days == [dt.date.fromisoformat(start) + dt.timedelta(days=day) for day in range(4)]


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


def test_a_flow_beside_a_schedule_uses_its_server(tmp_path):
    """Two servers on one database disturb each other."""
    home = tmp_path / "prefect"
    with held(home / LOCK, lambda: taken(home)):
        (home / ADDRESS).write_text("http://127.0.0.1:4242/api\n")
        with temporary_server(str(tmp_path)):
            assert PREFECT_API_URL.value() == "http://127.0.0.1:4242/api"
    with temporary_server(str(tmp_path)):
        assert PREFECT_API_URL.value() is None
        assert PREFECT_HOME.value() == home
