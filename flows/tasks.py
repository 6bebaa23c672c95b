"""Carries out the steps of a run as Prefect tasks. Only errors that a later try can cure are tried again."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, ParamSpec, TypeVar, cast

from prefect import Task, task
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State, TaskRun
from prefect.tasks import exponential_backoff

from flows.patience import logger_of_run
from gvio.archives.http_errors import asked_wait
from gvio.archives.retry import RETRY_POLICY
from gvio.errors import ConflictError, GvioError
from gvio.run.made import Head
from gvio.run.report import facts

P = ParamSpec("P")
T = TypeVar("T")
BACKOFF_S = 30.0


class Tasks:
    """An executor for `gvio.run.order`, inside a flow; keeps the names of the steps that are done.

    Args:
        backoff_s: Seconds before the first retry; doubled, with jitter, for the second and third.
    """

    def __init__(self, backoff_s: float = BACKOFF_S) -> None:
        self.done: list[str] = []
        self._backoff_s = backoff_s

    def __call__(self, name: str, step: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Do the step as a task."""
        began = time.monotonic()
        made = as_task(name, step, self._backoff_s)(*args, **kwargs)
        self.done.append(name)
        logger_of_run().info("%s: done in %.1f s%s", name, time.monotonic() - began, _worth_reading(made))
        return made


def as_task(name: str, step: Callable[P, T], backoff_s: float) -> Task[P, T]:
    """`step` as a task. Steps find by themselves what is done already: Prefect caches and stores nothing of them."""
    decorate = task(
        name=name,
        retries=3,
        retry_delay_seconds=exponential_backoff(backoff_factor=backoff_s),
        retry_jitter_factor=0.5,
        retry_condition_fn=is_retryable,
        cache_policy=NO_CACHE,
        persist_result=False,
    )
    return cast("Task[P, T]", decorate(step))


def is_retryable(_task: Task[..., Any], _run: TaskRun, state: State[Any]) -> bool:
    """Whether trying the step again in a minute can help.

    Not where a server asks for a longer wait; and a publication that lost to another one needs the whole run again.
    """
    error = state.result(raise_on_failure=False)
    if not isinstance(error, GvioError) or isinstance(error, ConflictError):
        return False
    return error.retryable and (asked_wait(error) or 0.0) <= RETRY_POLICY.longest_asked


def _worth_reading(made: object) -> str:
    """What an artifact says of its stage, for the log."""
    head = getattr(made, "head", None)
    if not isinstance(head, Head):
        return ""
    said = [f"{name} {value}" for name, value in facts(head).items() if value not in (None, (), "")]
    return f"; {'; '.join(said)}"
