"""`gvio serve` as a process, over a pack without light: every look ends at once, because there is no such month yet."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter
from prefect.client.schemas.objects import FlowRun
from prefect.client.schemas.responses import DeploymentResponse
from prefect.settings import PREFECT_API_URL, temporary_settings
from prefect.states import Scheduled
from scripted_stages import write_pack

PROGRAM = "from gvio.cli.main import main; main()"


def write_dark_pack(folder: Path, region_yaml: str) -> None:
    write_pack(folder / "pack", region_yaml)
    (folder / "pack" / "ntl").mkdir()


def serving(folder: Path, url: str | None, *flags: str) -> subprocess.Popen[bytes]:
    """`gvio serve` in `folder`, at the Prefect server under `url`, else at one of its own; its lines: `serve.log`."""
    words = ["serve", "--region", "pack", "--store", "store", "--workspace", "w", *flags]
    environment = {k: v for k, v in os.environ.items() if k != "PREFECT_API_URL"}
    environment |= {"PREFECT_RUNNER_POLL_FREQUENCY": "2"} | ({"PREFECT_API_URL": url} if url else {})
    command = [sys.executable, "-c", PROGRAM, *words]
    with (folder / "serve.log").open("wb") as log, _ignored(signal.SIGINT):  # as a script does that starts it with `&`
        return subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)


@contextlib.contextmanager
def _ignored(number: signal.Signals) -> Iterator[None]:
    """Ignored by what is started inside."""
    before = signal.signal(number, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(number, before)


def until(found: Callable[[], bool], what: str, patience_s: float = 180) -> None:
    deadline = time.monotonic() + patience_s
    while not found():
        assert time.monotonic() < deadline, what
        time.sleep(0.5)


def end(process: subprocess.Popen[bytes], number: signal.Signals) -> int:
    process.send_signal(number)
    try:
        return process.wait(60)
    finally:
        process.kill()


def deployments(url: str) -> list[DeploymentResponse]:
    with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
        return client.read_deployments()


def looks(url: str) -> list[FlowRun]:
    """Every look that was due, the oldest first."""
    with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
        runs = client.read_flow_runs(flow_run_filter=FlowRunFilter(), limit=200)
    now = dt.datetime.now(dt.UTC)
    due = [run for run in runs if run.deployment_id and run.expected_start_time and run.expected_start_time <= now]
    return sorted(due, key=lambda run: str(run.expected_start_time))


def miss(url: str, days: int) -> None:
    """As if nobody had been there for that many days: looks that are scheduled in the past."""
    (deployment,) = deployments(url)
    with temporary_settings({PREFECT_API_URL: url}), get_client(sync_client=True) as client:
        for day in range(days):
            at = dt.datetime.now(dt.UTC) - dt.timedelta(days=day, hours=1)
            client.create_flow_run_from_deployment(deployment.id, state=Scheduled(scheduled_time=at))
