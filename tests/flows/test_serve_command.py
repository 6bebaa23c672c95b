"""`gvio serve` through its life: hints that work, a kill, a pause, another time of day, Ctrl-C and SIGTERM."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.settings import PREFECT_API_URL, temporary_settings
from schedule_case import PROGRAM, deployments, end, looks, serving, until, write_dark_pack

from flows.patience import answers
from gvio.cli.main import main

pytestmark = [
    pytest.mark.slow,
    pytest.mark.enable_socket,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]


@pytest.mark.parametrize("wrong", [("--cron", "every day"), ("--timezone", "Mars/Olympus")])
def test_a_wrong_time_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], wrong: tuple[str, str]
) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(SystemExit, match="2"):
        main(["serve", "--region", "pack", "--store", "store", *wrong])
    (line,) = capsys.readouterr().err.splitlines()
    assert wrong[0] in line
    assert wrong[1] in line
    assert list(tmp_path.iterdir()) == []


def test_the_life_of_a_schedule(tmp_path: Path, region_yaml: str) -> None:
    write_dark_pack(tmp_path, region_yaml)
    first = serving(tmp_path, None)
    url = _url(tmp_path)
    _a_person_does_the_hints(tmp_path, url)
    _is_refused_beside_it(tmp_path)
    until(lambda: _planned(url) > 0, "looks are planned: with sqlalchemy 2.1 they never are, without a word")
    with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
        client.pause_deployment(deployments(url)[0].id)
    end(first, signal.SIGKILL)
    until(lambda: not answers(url), "the server of a killed schedule ends", 60)

    second = serving(tmp_path, None, "--cron", "30 7 * * *", "--timezone", "Asia/Shanghai")
    url = _url(tmp_path)
    until(lambda: _times(url) == [("30 7 * * *", "Asia/Shanghai")], "the schedule is the new one")
    assert deployments(url)[0].paused
    assert "--resume" in (tmp_path / "serve.log").read_text()
    assert end(second, signal.SIGINT) == 0
    assert not answers(url)

    third = serving(tmp_path, None, "--resume")
    url = _url(tmp_path)
    until(lambda: not deployments(url)[0].paused, "the schedule is resumed")
    assert deployments(url)[0].schedules[0].active
    assert end(third, signal.SIGTERM) == 0
    assert not answers(url)
    assert "Traceback" not in (tmp_path / "serve.log").read_text()


def _times(url: str) -> list[tuple[str, str | None]]:
    (one,) = deployments(url)
    return [(schedule.schedule.cron, schedule.schedule.timezone) for schedule in one.schedules]


def _planned(url: str) -> int:
    """Looks that the server has planned; with fastapi 0.151 it answers no such question."""
    with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
        runs = client.read_flow_runs(flow_run_filter=FlowRunFilter(), limit=200)
    return sum(bool(run.auto_scheduled) for run in runs)


def _a_person_does_the_hints(folder: Path, url: str) -> None:
    lines = (folder / "serve.log").read_text().splitlines()
    (pages,) = [line.partition("pages: ")[2] for line in lines if "pages: " in line]
    with urllib.request.urlopen(pages, timeout=10) as page:
        assert b"<html" in page.read().lower()
    with urllib.request.urlopen(f"{pages}/ui-settings", timeout=10) as settings:
        assert json.load(settings)["api_url"] == url
    (command,) = [line.partition("look now: ")[2] for line in lines if line.startswith("look now: ")]
    done = subprocess.run(command, shell=True, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    until(lambda: any(run.state and run.state.is_final() for run in looks(url)), "the look that was ordered ends")


def _is_refused_beside_it(folder: Path) -> None:
    words = ["serve", "--region", "pack", "--store", "other", "--workspace", "w"]
    done = subprocess.run([sys.executable, "-c", PROGRAM, *words], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 5
    assert len(done.stderr.splitlines()) == 1
    assert "PREFECT_API_URL=http://127.0.0.1:" in done.stderr


def _url(folder: Path) -> str:
    """The address of the server, once the schedule is registered there."""

    def shown() -> bool:
        text = (folder / "serve.log").read_text()
        assert "gvio: " not in text, text
        return "look now: " in text

    until(shown, "the schedule says how to use it")
    text = (folder / "serve.log").read_text()
    url = text.partition("PREFECT_API_URL=")[2].split()[0]
    until(lambda: any(one.schedules for one in deployments(url)), "the schedule is registered")
    return url
