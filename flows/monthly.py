"""The monthly run of one region, and of a range of months, as Prefect flows: `gvio.run.order` with tasks for steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from prefect import flow
from prefect.client.schemas.objects import State
from prefect.states import Completed, Failed

from flows.access import open_with_access
from flows.approval import answered
from flows.patience import await_server
from flows.slot import region_slot
from flows.tasks import Tasks
from flows.told import Told, first_name, leave, of_error, of_range, of_report, progress_of_run, say_errors_in_one_line
from gvio.errors import GvioError
from gvio.run.context import Context
from gvio.run.order import run_month
from gvio.run.range import run_range
from gvio.run.report import RangeReport, RunReport
from gvio.run.request import RangeRequest, RunRequest
from gvio.stages.table import STAGES
from gvio.types import Month

T = TypeVar("T", RunReport, RangeReport)


@flow(name="gvio-monthly", flow_run_name=first_name, persist_result=False)
def monthly(request: RunRequest) -> RunReport:
    """Publish the month that is asked for, or find that there is nothing to do."""
    return month_recorded(request)  # type: ignore[return-value]  # Prefect hands on what the state holds


@flow(name="gvio-backfill", flow_run_name=first_name, persist_result=False)
def backfill(request: RangeRequest) -> RangeReport:
    """Publish every month of a range; months that are refused or absent are skipped and named."""

    def work(region: str, tasks: Tasks) -> RangeReport:
        with region_slot(region):
            return run_range(request, open_with_access, STAGES, tasks, progress_of_run())

    newest = request.of_month(Month.parse(request.last))
    return recorded(newest, work, lambda report: of_range(report, request))  # type: ignore[return-value]


def month_recorded(request: RunRequest, unless: Callable[[], State[Any] | None] = lambda: None) -> State[Any]:
    """The monthly run and the state of its end; `unless` may end it, once no other run of the region is at work."""

    def once(tasks: Tasks) -> tuple[Context, RunReport]:
        context = open_with_access(request, progress_of_run())
        return context, run_month(context, STAGES, tasks)

    def work(region: str, tasks: Tasks) -> RunReport | State[Any]:
        with region_slot(region):
            if (end := unless()) is not None:
                return end
            context, report = once(tasks)
        if answered(context, report):  # nobody waits for the slot while a person thinks
            with region_slot(region):
                _, report = once(tasks)
        return report

    return recorded(request, work, lambda report: of_report(report, request))


def recorded(
    request: RunRequest, work: Callable[[str, Tasks], T | State[Any]], tell: Callable[[T], Told]
) -> State[Any]:
    """Do the work and leave behind what a person reads of it; the state says it in one line.

    An error of ours becomes the state's message, without a traceback, and reaches a caller unchanged.
    """
    say_errors_in_one_line()
    tasks, region = Tasks(), None
    try:
        region = open_with_access(request).region
        made = work(region, tasks)
    except GvioError as error:
        await_server()
        leave(of_error(error, request, region), tasks.done)
        return Failed(message=str(error), data=error)
    await_server()
    if isinstance(made, State):
        return made
    told = tell(made)
    leave(told, tasks.done)
    return Completed(message=told.line.replace("**", ""), data=made)
