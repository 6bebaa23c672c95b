"""`prefect.yaml`, a work pool and a worker, as the documentation has them; and a server that dies in mid-run."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun
from prefect.settings import PREFECT_API_URL, temporary_settings

from flows.patience import answers
from gvio.simulate.pack import simulate_pack
from gvio.simulate.spec import WorldSpec

pytestmark = [
    pytest.mark.slow,
    pytest.mark.enable_socket,
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]
ROOT = Path(__file__).parents[2]
LOOK = "gvio-daily-look/daily-look"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("deployed")
    spec = WorldSpec(
        name="deployedland",
        bounds=(121.0, 31.0, 121.15, 31.12),
        first_month="2018-10",
        months=27,
        n_districts=3,
        n_factories=36,
        least_factories=4,
        city_output=300,
        position_error_m=0.0,
    )
    simulate_pack(folder / "pack", spec, 7)
    return folder


@pytest.fixture(scope="module")
def environment(place: Path, free_port: int) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PREFECT", "AWS_", "MLFLOW"))}
    programs = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    places = {f"GVIO_{name.upper()}": str(place / name) for name in ("pack", "store", "workspace")}
    kept |= {"PATH": programs, "PYTHONPATH": str(ROOT), "PREFECT_HOME": str(place / "home")}
    return kept | places | {"PREFECT_API_URL": f"http://127.0.0.1:{free_port}/api"}


@contextlib.contextmanager
def running(log: Path, environment: dict[str, str], *words: str) -> Iterator[subprocess.Popen[bytes]]:
    with log.open("ab") as file:
        process = subprocess.Popen([*words], env=environment, stdout=file, stderr=file, cwd=log.parent)
    try:
        yield process
    finally:
        process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(40)
        process.kill()
        process.wait()


def until(found: Callable[[], bool], what: str, patience_s: float = 300) -> None:
    deadline = time.monotonic() + patience_s
    while not found():
        assert time.monotonic() < deadline, what
        time.sleep(0.5)


def called(environment: dict[str, str], *words: str) -> None:
    done = subprocess.run([*words], env=environment, capture_output=True, text=True, timeout=180)
    assert done.returncode == 0, f"{done.stdout}{done.stderr}"


def newest(url: str) -> FlowRun:
    with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
        runs = client.read_flow_runs(flow_run_filter=FlowRunFilter())
    return max((run for run in runs if not run.auto_scheduled), key=lambda run: str(run.created))


def open_steps(url: str) -> list[str]:
    with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
        return [step.name for step in client.read_task_runs() if step.state and not step.state.is_final()]


def test_a_month_is_published_though_the_server_dies_in_mid_run(place: Path, environment: dict[str, str]) -> None:
    url = environment["PREFECT_API_URL"]
    serve = ["sh", str(ROOT / "infra/prefect.sh"), str(place / "server"), url.split(":")[2].removesuffix("/api")]
    log, work = place / "server.log", place / "workspace" / "deployedland"
    elsewhere = environment | {"PREFECT_API_URL": "http://127.0.0.1:4200/api"}  # what the pages must not ask
    with contextlib.ExitStack() as stack:
        with running(log, elsewhere, *serve) as server:
            until(lambda: answers(url), "the server comes up")
            with urllib.request.urlopen(url.replace("/api", "/ui-settings"), timeout=10) as settings:
                assert json.load(settings)["api_url"] == url
            called(environment, "sh", str(ROOT / "infra/deploy.sh"))
            words = ["prefect", "worker", "start", "--pool", "gvio", "--limit", "1"]
            stack.enter_context(running(place / "worker.log", environment, *words))
            called(environment, "prefect", "deployment", "run", LOOK)
            until(lambda: any(work.glob("sample*")), "the run is at work")
            server.send_signal(signal.SIGKILL)
        until(lambda: (place / "store" / "deployedland" / "latest.json").exists(), "published without a server")
        stack.enter_context(running(log, elsewhere, *serve))
        until(lambda: answers(url), "the server is back")
        until(lambda: bool((state := newest(url).state) and state.is_final()), "the run's end is told")
        run = newest(url)
        assert run.state is not None
        assert run.state.is_completed(), run.state
        assert "Published: 2020-12" in str(run.state.message)
        assert run.name == "deployedland 2020-12"
        assert {"gvio", "deployedland", "2020-12", "published"} <= set(run.tags)
        called(environment, "prefect", "deployment", "run", LOOK)
        until(lambda: bool((state := newest(url).state) and state.is_final()), "the next look ends")
        assert "Unchanged: 2020-12" in str(getattr(newest(url).state, "message", ""))
        until(lambda: not open_steps(url), "no step runs for ever", 30)
        with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
            assert client.read_global_concurrency_limit_by_name("gvio-deployedland").active_slots == 0
    releases = list((place / "store" / "deployedland" / "releases").iterdir())
    assert len(releases) == 1
