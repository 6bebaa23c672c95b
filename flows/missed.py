"""Which looks of a schedule are missed, and which of them still has anything to see.

A look takes the newest month, whenever it was due. So a look that began after another one was due has seen all that
the other one could see. The rule knows no period, no time zone and no calendar.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import time
from collections.abc import Iterable
from uuid import UUID

from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterDeploymentId, FlowRunFilterExpectedStartTime
from prefect.client.schemas.objects import FlowRun, State, StateType
from prefect.client.schemas.sorting import FlowRunSort
from prefect.types import DateTime

SKIPPED = "Skipped"
_ENDED = frozenset({StateType.COMPLETED, StateType.FAILED})  # not crashed or cancelled: those saw nothing to its end
_LIMIT = 200  # what the server lists in one answer


@dataclasses.dataclass(frozen=True)
class Look:
    """One run of the schedule: when it was due, when it began, and what has become of it."""

    id: UUID
    name: str
    due: dt.datetime
    began: dt.datetime | None
    type: StateType
    state: str
    asked: str

    @property
    def waits(self) -> bool:
        """Nobody has begun it yet."""
        return self.type == StateType.SCHEDULED

    @property
    def ended(self) -> bool:
        """It looked and came to an end of its own, good or bad."""
        return self.type in _ENDED and self.state != SKIPPED


def seen_by(look: Look, looks: Iterable[Look]) -> Look | None:
    """The look that has seen what `look` was to see: it began when `look` was due or later, and ended."""
    for other in looks:
        same = other.id != look.id and other.asked == look.asked
        if same and other.ended and other.began is not None and other.began >= look.due:
            return other
    return None


def waiting_for_nothing(look: Look, looks: Iterable[Look]) -> list[Look]:
    """The looks that nobody has begun and that were due before `look` began."""
    if look.began is None:
        return []
    return [o for o in looks if o.waits and o.asked == look.asked and o.id != look.id and o.due <= look.began]


def owed(looks: Iterable[Look]) -> bool:
    """Whether a look was due, was cut off before its end, and neither a later one ended nor one waits to be begun."""
    due = sorted((look for look in looks if look.state != SKIPPED), key=lambda look: look.due)
    if not due or any(not look.ended and look.type in _OPEN for look in due):
        return False
    return not due[-1].ended and seen_by(due[-1], due) is None


_OPEN = frozenset({StateType.SCHEDULED, StateType.PENDING, StateType.RUNNING, StateType.CANCELLING, StateType.PAUSED})


def due_looks(deployment: UUID, now: dt.datetime) -> list[Look]:
    """The newest looks of a deployment that were due until `now`, from the server."""
    wanted = FlowRunFilter(
        deployment_id=FlowRunFilterDeploymentId(any_=[deployment]),
        expected_start_time=FlowRunFilterExpectedStartTime(before_=DateTime.fromtimestamp(now.timestamp(), dt.UTC)),
    )
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(flow_run_filter=wanted, sort=FlowRunSort.EXPECTED_START_TIME_DESC, limit=_LIMIT)
    return [_look(run) for run in runs if run.state is not None and run.expected_start_time is not None]


def next_due(deployment: UUID, now: dt.datetime, patience_s: float = 15.0) -> dt.datetime | None:
    """When the schedule looks next, by what the server has planned; None where it has planned nothing.

    A server plans anew some seconds after a schedule was registered again, so that an empty plan is asked for again.
    """
    deadline = time.monotonic() + patience_s
    while (found := _planned_after(deployment, now)) is None and _is_active(deployment):
        if time.monotonic() >= deadline:
            break
        time.sleep(1)
    return found


def _is_active(deployment: UUID) -> bool:
    with get_client(sync_client=True) as client:
        found = client.read_deployment(deployment)
    return not found.paused and any(schedule.active for schedule in found.schedules)


def _planned_after(deployment: UUID, now: dt.datetime) -> dt.datetime | None:
    wanted = FlowRunFilter(
        deployment_id=FlowRunFilterDeploymentId(any_=[deployment]),
        expected_start_time=FlowRunFilterExpectedStartTime(after_=DateTime.fromtimestamp(now.timestamp(), dt.UTC)),
    )
    with get_client(sync_client=True) as client:
        runs = client.read_flow_runs(flow_run_filter=wanted, sort=FlowRunSort.EXPECTED_START_TIME_ASC, limit=1)
    return next((run.expected_start_time for run in runs), None)


def skip(looks: Iterable[Look], by: Look) -> None:
    """Mark looks that need not be begun any more."""
    with get_client(sync_client=True) as client:
        for look in looks:
            client.set_flow_run_state(look.id, skipped(by), force=True)


def skipped(by: Look) -> State[None]:
    """The state of a look that has nothing left to see."""
    message = f"nothing left to see: the look {by.name} began after this one was due"
    return State(type=StateType.COMPLETED, name=SKIPPED, message=message)


def _look(run: FlowRun) -> Look:
    due, state = run.expected_start_time, run.state
    if due is None or state is None:
        raise TypeError(f"flow run {run.id} has no time or no state")
    asked = repr(sorted(run.parameters.items()))
    return Look(run.id, run.name, due, run.start_time, state.type, state.name or "", asked)
