"""The monthly run of one region, and of a range of months, as Prefect flows: `gvio.run.order` with tasks for steps."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from prefect import flow

from flows.access import open_with_access
from flows.tasks import Tasks, leave_outcome
from gvio.errors import GvioError
from gvio.progress import terminal_progress
from gvio.run.order import run_month
from gvio.run.range import run_range
from gvio.run.report import RangeReport, RunReport
from gvio.run.request import RangeRequest, RunRequest
from gvio.stages.table import STAGES

T = TypeVar("T")


@flow(name="gvio-monthly", persist_result=False)
def monthly(request: RunRequest) -> RunReport:
    """Publish the month that is asked for, or find that there is nothing to do."""
    tasks = Tasks()
    report = recorded(tasks, lambda: run_month(open_with_access(request), STAGES, tasks))
    leave_outcome(f"**{report.outcome.capitalize()}**: {report.month}, release {report.release}", tasks.done)
    return report


@flow(name="gvio-backfill", persist_result=False)
def backfill(request: RangeRequest) -> RangeReport:
    """Publish every month of a range; months that are refused or absent are skipped and named."""
    tasks = Tasks()
    work = recorded(tasks, lambda: run_range(request, open_with_access, STAGES, tasks, terminal_progress()))
    skipped = [f"{month}: {why}" for month, why in {**work.refused, **work.absent}.items()]
    leave_outcome(f"**{len(work.releases)} published, {len(skipped)} skipped**", [*work.releases, *skipped])
    return work


def recorded(tasks: Tasks, work: Callable[[], T]) -> T:
    """Do the work; when it ends in an error of ours, leave that behind and raise it unchanged."""
    try:
        return work()
    except GvioError as error:
        leave_outcome(f"**Refused or failed** ({type(error).__name__}): {error}", tasks.done)
        raise
