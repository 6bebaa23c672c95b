"""Runs pipeline stages as Prefect tasks, in order. Only errors that a later try can cure are tried again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from prefect import Task, task
from prefect.artifacts import create_markdown_artifact
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import exponential_backoff

from gvio.errors import GvioError

if TYPE_CHECKING:
    from gvio.pipeline.job import Job, StageReport
    from gvio.types import Progress

    Stage = Callable[[Job, Progress | None], StageReport]


def run_stages(job: Job, stages: Sequence[tuple[str, Stage]], backoff_s: float = 30.0) -> list[StageReport]:
    """Run `stages` one after the other inside a flow; the first error ends them and reaches the caller unchanged.

    The outcome is left behind as a markdown artifact either way.

    Args:
        job: What to run.
        stages: Names and functions.
        backoff_s: Seconds before the first retry; doubled, with jitter, for the second and third.
    """
    from gvio.pipeline.job import held
    from gvio.progress import terminal_progress

    reports: list[StageReport] = []
    show = terminal_progress()
    try:
        with held(job):
            for name, stage in stages:
                reports.append(as_task(name, stage, backoff_s)(job, show))
    except GvioError as error:
        _record(reports, f"**Refused or failed** ({type(error).__name__}): {error}")
        raise
    _record(reports, "**Complete**")
    return reports


def as_task(name: str, stage: Stage, backoff_s: float) -> Task[[Job, Progress | None], StageReport]:
    """`stage` as a task. Stages know themselves what is already done: Prefect caches and stores nothing of them."""
    decorate = task(
        name=name,
        retries=3,
        retry_delay_seconds=exponential_backoff(backoff_factor=backoff_s),
        retry_jitter_factor=0.5,
        retry_condition_fn=is_retryable,
        cache_policy=NO_CACHE,
        persist_result=False,
    )
    return decorate(stage)


def is_retryable(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether the task failed by an error marked retryable."""
    error = state.result(raise_on_failure=False)
    return isinstance(error, GvioError) and error.retryable


def _record(reports: Sequence[StageReport], verdict: str) -> None:
    rows = [f"| {r.stage} | {r.month} | {r.outcome} |" for r in reports]
    table = "\n".join(["| stage | month | outcome |", "| --- | --- | --- |", *rows])
    create_markdown_artifact(f"{verdict}\n\n{table}\n", key="gvio-outcome", description="Outcome of a gvio flow")
