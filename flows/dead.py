"""Runs whose process is gone, and that the server still shows as running.

Two looks find them. On one machine a run holds a lock file while it lives, and the system frees the lock with the
process. On many machines the server misses the run's heartbeats, and an automation of Prefect marks it.
"""

from __future__ import annotations

import contextlib
import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import UUID

from prefect import runtime
from prefect.automations import Automation
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.filters import (
    FlowRunFilter,
    FlowRunFilterDeploymentId,
    FlowRunFilterId,
    FlowRunFilterState,
    FlowRunFilterStateType,
    TaskRunFilter,
    TaskRunFilterState,
    TaskRunFilterStateType,
)
from prefect.client.schemas.objects import FlowRun, StateType
from prefect.events.actions import ChangeFlowRunState
from prefect.events.schemas.automations import EventTrigger, Posture
from prefect.events.schemas.events import ResourceSpecification
from prefect.states import Completed, Crashed

from flows.told import TAG
from gvio.errors import GvioError, RunHeld
from gvio.files import held

AUTOMATION = "gvio: a run without heartbeats has crashed"
SILENCE = dt.timedelta(minutes=10)  # three heartbeats of Prefect's default, 180 s, and one for a slow machine
_BUSY = [StateType.RUNNING, StateType.CANCELLING, StateType.PENDING]
_MESSAGE = "the process of this run ended without a word: it was killed, or its machine went down"


@contextlib.contextmanager
def alive(workspace: str) -> Iterator[None]:
    """Show on this machine, for as long as the process lives, that the current flow run does."""
    number = runtime.flow_run.id
    if number is None:
        yield
        return
    path = _lock(workspace, number)
    with held(path, lambda: RunHeld("this run is at work already", where=str(path))):
        yield
        path.unlink(missing_ok=True)


def is_dead(workspace: str, number: object, *, only_here: bool) -> bool:
    """Whether the process of a flow run is gone for certain.

    Args:
        workspace: Of the run.
        number: Id of the flow run.
        only_here: No other machine can have begun it: one that left no trace here is dead, too.
    """
    path = _lock(workspace, number)
    if not path.exists():
        return only_here
    try:
        with held(path, lambda: RunHeld("alive", where=str(path))):
            path.unlink(missing_ok=True)
    except GvioError:
        return False
    return True


def bury(deployment: UUID, workspace: str, *, only_here: bool) -> list[str]:
    """Mark the dead runs of a deployment as crashed, and the steps that they left running; the runs' names."""
    with get_client(sync_client=True) as client:
        busy = [run for run in _runs(client, deployment, _BUSY) if str(run.id) != str(runtime.flow_run.id)]
        dead = [run for run in busy if is_dead(workspace, run.id, only_here=only_here)]
        for run in dead:
            client.set_flow_run_state(run.id, Crashed(message=_MESSAGE), force=True)
        _end_steps(client, deployment)
    return [run.name for run in dead]


def watch_heartbeats(silence: dt.timedelta = SILENCE) -> None:
    """Let the server mark runs of ours as crashed whose heartbeats stop. Once or often: there is one automation."""
    read: Any = Automation.read  # its type does not know that it can be told to wait
    try:
        read(name=AUTOMATION, _sync=True)
    except ValueError:  # Prefect's word for one that does not exist
        make: Any = automation(silence).create
        make(_sync=True)


def automation(silence: dt.timedelta) -> Automation:
    """As Prefect's documentation has it for runs that died, for runs with our tag only."""
    ends = {f"prefect.flow-run.{name}" for name in ("Completed", "Failed", "Cancelled", "Crashed", "Skipped")}
    tag: dict[str, str | list[str]] = {"prefect.resource.id": f"prefect.tag.{TAG}", "prefect.resource.role": "tag"}
    trigger = EventTrigger(
        after={"prefect.flow-run.heartbeat"},
        expect={"prefect.flow-run.heartbeat", *ends},
        match=ResourceSpecification({"prefect.resource.id": ["prefect.flow-run.*"]}),
        match_related=ResourceSpecification(tag),
        for_each={"prefect.resource.id"},
        posture=Posture.Proactive,
        threshold=1,
        within=silence,
    )
    return Automation(
        name=AUTOMATION, trigger=trigger, actions=[ChangeFlowRunState(state=StateType.CRASHED, message=_MESSAGE)]
    )


def _end_steps(client: SyncPrefectClient, deployment: UUID) -> None:
    """Steps that never end, because the word of their start or end was lost with the server: they end as their run."""
    ended = _runs(client, deployment, [StateType.COMPLETED, StateType.FAILED, StateType.CRASHED, StateType.CANCELLED])
    by_number = {run.id: run for run in ended}
    if not by_number:
        return
    open_ = TaskRunFilterStateType(any_=[StateType.RUNNING, StateType.PENDING])
    unended = TaskRunFilter(state=TaskRunFilterState(type=open_))
    of_them = FlowRunFilter(id=FlowRunFilterId(any_=list(by_number)))
    for step in client.read_task_runs(flow_run_filter=of_them, task_run_filter=unended):
        run = by_number.get(step.flow_run_id) if step.flow_run_id else None
        good = run is not None and run.state is not None and run.state.is_completed()
        message = "how this step ended was not told; its run ended after it"
        client.set_task_run_state(step.id, (Completed if good else Crashed)(message=message), force=True)


def _runs(client: SyncPrefectClient, deployment: UUID, types: list[StateType]) -> list[FlowRun]:
    wanted = FlowRunFilter(
        deployment_id=FlowRunFilterDeploymentId(any_=[deployment]),
        state=FlowRunFilterState(type=FlowRunFilterStateType(any_=types)),
    )
    return list(client.read_flow_runs(flow_run_filter=wanted, limit=200))


def _lock(workspace: str, number: object) -> Path:
    return Path(workspace, "prefect", "runs", f"{number}.lock")
