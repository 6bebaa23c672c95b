"""The schedule of `gvio serve`: registers it with a Prefect server and carries out its looks, one at a time."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import datetime as dt
import shlex
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.schedules import CronSchedule
from prefect.exceptions import ObjectNotFound
from prefect.runner import Runner
from prefect.schedules import Cron
from prefect.settings import PREFECT_API_URL
from prefect.types.entrypoint import EntrypointType

from flows.dead import bury, watch_heartbeats
from flows.look import daily_look
from flows.missed import due_looks, owed
from flows.server import scheduling_server
from flows.told import TAG
from gvio.errors import ConfigError
from gvio.run.request import RunRequest

DAILY_AT_SIX = "0 6 * * *"


@dataclasses.dataclass(frozen=True)
class Timing:
    """When to look: a cron line in a time zone, and whether a schedule that was paused is resumed.

    Raises:
        ConfigError: Not a cron line, or no such time zone.
    """

    cron: str = DAILY_AT_SIX
    timezone: str = "UTC"
    resume: bool = False

    def __post_init__(self) -> None:
        try:
            CronSchedule(cron=self.cron, timezone=self.timezone)
        except ValueError as error:
            bad_zone = "timezone" in str(error)
            what = f"{self.timezone if bad_zone else self.cron!r} is not a {'time zone' if bad_zone else 'cron line'}"
            hint = "Write it as Asia/Shanghai." if bad_zone else 'Write five fields, as "0 6 * * *".'
            raise ConfigError(what, where="--timezone" if bad_zone else "--cron", hint=hint) from None


def serve_daily(request: RunRequest, timing: Timing, say: Callable[[str], None]) -> None:
    """Look as often as `timing` says until interrupted, at the server `PREFECT_API_URL` names, else at one of its own.

    A schedule that was paused stays so. Runs that died with the last `serve` are marked as crashed, and a look that
    was cut off is made up for.

    Raises:
        UpstreamUnavailable: The server does not come up.
        RunHeld: Another process has a server on the same workspace.
    """
    name, own = deployment_name(request), not PREFECT_API_URL.value()
    with _until_interrupted(), scheduling_server(request.workspace) as url:
        before = _registered(name)
        paused = before is not None and _is_paused(before) and not timing.resume
        watch_heartbeats()
        if before is not None:
            bury(before.id, request.workspace, only_here=own)
            if not paused:
                _make_up_for(before.id)
        for line in how_to(name, url, timing, paused):
            say(line)
        _carry_out(name, request, timing, paused)


@contextlib.contextmanager
def _until_interrupted() -> Iterator[None]:
    """Ctrl-C and SIGTERM end what is inside in order, at any moment of it: that is how a schedule is meant to end."""
    signal.signal(signal.SIGINT, signal.default_int_handler)  # who starts it with `&` in a script has it ignored
    signal.signal(signal.SIGTERM, lambda *_: signal.raise_signal(signal.SIGINT))
    with contextlib.suppress(KeyboardInterrupt):
        yield


class _Looks(Runner):
    """Prefect's own handler of SIGTERM does not await what it calls, and leaves runs behind."""

    def handle_sigterm(self, *_: Any, **__: Any) -> None:
        """End as Ctrl-C does."""
        signal.raise_signal(signal.SIGINT)


def _carry_out(name: str, request: RunRequest, timing: Timing, paused: bool) -> None:
    """Register the schedule and carry out its looks until interrupted, each in a process of its own."""
    make: Any = daily_look.to_deployment  # its type does not know that it can be told to wait
    deployment = make(
        name=name,
        schedule=Cron(timing.cron, timezone=timing.timezone, active=not paused),
        paused=paused,
        parameters={"request": request.model_dump(mode="json")},
        tags=[TAG],
        concurrency_limit=None,  # takes away the one that versions before 0.3 set
        entrypoint_type=EntrypointType.MODULE_PATH,
        _sync=True,
    )
    # By its module, and not as an object (`flow.serve`): that is sent by value, and loses the types of its parameters.
    runner = _Looks(name=name, limit=1, pause_on_shutdown=False)
    runner.add_deployment(deployment)
    asyncio.run(runner.start())


def deployment_name(request: RunRequest) -> str:
    """No slash is allowed in the name of a deployment."""
    return f"{request.pack} to {request.store}".replace("/", "∕")


def how_to(name: str, url: str, timing: Timing, paused: bool) -> list[str]:
    """What a person can do with the schedule, as commands that work in another terminal."""
    prefect = shlex.quote(shutil.which("prefect") or str(Path(sys.executable).with_name("prefect")))
    look = shlex.quote(f"{daily_look.name}/{name}")
    lines = [
        f"looks at {timing.cron!r} ({timing.timezone}); pages: {url.removesuffix('/api')}",
        f"look now: PREFECT_API_URL={url} {prefect} deployment run {look}",
    ]
    if paused:
        lines.append("the schedule is paused, as it was; end this and start it again with --resume to go on")
    return lines


def _registered(name: str) -> DeploymentResponse | None:
    with get_client(sync_client=True) as client:
        try:
            return client.read_deployment_by_name(f"{daily_look.name}/{name}")
        except ObjectNotFound:
            return None


def _is_paused(deployment: DeploymentResponse) -> bool:
    """Paused as a whole, or each of its schedules by itself, as on Prefect's pages."""
    schedules = deployment.schedules
    return deployment.paused or (bool(schedules) and not any(schedule.active for schedule in schedules))


def _make_up_for(deployment: UUID) -> None:
    """Order the look that was cut off, where no later one has done its work or waits to do it."""
    if owed(due_looks(deployment, dt.datetime.now(dt.UTC))):
        with get_client(sync_client=True) as client:
            client.create_flow_run_from_deployment(deployment)
