"""One look of the schedule: the newest month, once for all the looks that were missed before it."""

from __future__ import annotations

import datetime as dt
from typing import Any
from uuid import UUID

from prefect import flow, runtime
from prefect.client.schemas.objects import State

from flows.dead import alive, bury, watch_heartbeats
from flows.missed import Look, due_looks, next_due, seen_by, skip, skipped, waiting_for_nothing
from flows.monthly import month_recorded
from flows.patience import best_effort
from flows.told import first_name
from gvio.run.report import RunReport
from gvio.run.request import RunRequest


@flow(name="gvio-daily-look", flow_run_name=first_name, persist_result=False)
def daily_look(request: RunRequest) -> RunReport:
    """Run the newest month; the run finds by itself whether a product or a figure is new."""
    with alive(request.workspace):
        with best_effort("runs that died"):
            watch_heartbeats()
            if (deployment := _deployment()) is not None:
                bury(deployment, request.workspace, only_here=False)
        end = month_recorded(_with_next_look(request), unless=_seen_already)
        with best_effort("looks that were missed"):
            _skip_the_others()
    return end  # type: ignore[return-value]  # Prefect hands on what the state holds


def _with_next_look(request: RunRequest) -> RunRequest:
    """The request that also knows when the schedule looks next: whoever reads the store then sees that a look is
    missing.
    """
    with best_effort("the next look"):
        if (deployment := _deployment()) is not None:
            return request.model_copy(update={"next_look": next_due(deployment, dt.datetime.now(dt.UTC))})
    return request


def _seen_already() -> State[Any] | None:
    """The end of a look that another one made needless while this one waited, or None: there is something to see."""
    with best_effort("looks of before"):
        me, looks = _standing()
        by = None if me is None else seen_by(me, looks)
        return None if by is None else skipped(by)
    return None


def _skip_the_others() -> None:
    me, looks = _standing()
    if me is not None:
        skip(waiting_for_nothing(me, looks), me)


def _standing() -> tuple[Look | None, list[Look]]:
    """This look, and all looks of its deployment that were due; a look without a deployment stands alone."""
    deployment = _deployment()
    if deployment is None:
        return None, []
    looks = due_looks(deployment, dt.datetime.now(dt.UTC))
    return next((look for look in looks if str(look.id) == runtime.flow_run.id), None), looks


def _deployment() -> UUID | None:
    number = runtime.deployment.id
    return None if number is None else UUID(str(number))
