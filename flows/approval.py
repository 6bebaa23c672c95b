"""A person's answer to a candidate, asked on Prefect's pages: the run pauses, and goes on with what was answered."""

from __future__ import annotations

import contextlib
import shlex
import threading
from collections.abc import Iterator
from uuid import UUID

from prefect import runtime
from prefect.client.orchestration import get_client
from prefect.flow_runs import pause_flow_run
from prefect.input import RunInput
from pydantic import Field

from flows.patience import logger_of_run
from gvio.errors import ModelError
from gvio.registry.approval import approve, reject
from gvio.run.context import Context
from gvio.run.report import RunReport

POLL_S = 10
_MARGIN_S = 3600
_NOBODY = "nobody answered in time"
_SHOWN = ("decision", "verdict", "skill", "city", "warnings")


class Answer(RunInput):
    """What the page asks for."""

    promote: bool = Field(False, description="map with this candidate from now on")
    reason: str = Field("", description="why, and by whom; kept in the registry")


def answered(context: Context, report: RunReport) -> bool:
    """Ask about the candidate that the report says is waiting; whether there is another champion to map with.

    Who does not answer in `approval_hours` keeps the champion, and can still answer with `gvio registry`. Outside a run
    of Prefect, and where nothing waits, nobody is asked.

    Raises:
        ModelError: The registry refused.
    """
    version = report.awaiting
    if version is None or runtime.flow_run.id is None:
        return False
    asked = Answer.with_initial_data(description=evidence(context, report))
    with _answered_by_nobody(UUID(runtime.flow_run.id), 3600 * context.request.approval_hours) as patience_s:
        answer = pause_flow_run(wait_for_input=asked, timeout=patience_s, poll_interval=POLL_S)
    if answer.reason == _NOBODY:
        logger_of_run().warning("nobody answered: version %d still awaits approval, the champion stays", version)
        return False
    who = answer.reason.strip() or "no reason given"
    decide = approve if answer.promote else reject
    try:
        decide(context.registry_uri, context.region, f"{who} (on Prefect's page)", version)
    except ModelError as error:
        logger_of_run().warning("somebody was quicker in a terminal: %s", error)
        return True
    return answer.promote


@contextlib.contextmanager
def _answered_by_nobody(run: UUID, after_s: float) -> Iterator[int]:
    """While a person is waited for: after that time the run answers itself. How long the pause may take (seconds).

    A pause that the server sees run out ends the whole run as failed, and its month is published all the same.
    """

    def resume() -> None:
        with get_client(sync_client=True) as client:
            client.resume_flow_run(run, run_input={"promote": False, "reason": _NOBODY})

    clock = threading.Timer(after_s, resume)
    clock.daemon = True
    clock.start()
    try:
        yield round(after_s) + _MARGIN_S
    finally:
        clock.cancel()


def evidence(context: Context, report: RunReport) -> str:
    """What there is to know before one answers (Markdown)."""
    facts = {name: value for line in report.stages for name, value in line.facts.items()}
    region, workspace = shlex.quote(context.region), shlex.quote(context.request.workspace)
    command = f"`gvio registry approve --region {region} --workspace {workspace} --reason WHY`"
    lines = [
        f"**{context.config.title}, {report.month}: version {report.awaiting} passed the gate and waits for you.**",
        f"Release {report.release} was made with the champion of before.",
        *(f"- {name}: {facts[name]}" for name in _SHOWN if name in facts),
        f"- evaluation: `{context.path('evaluation.html')}`",
        f"- in a terminal: {command}, or `reject` in the place of `approve`",
    ]
    return "\n".join(lines)
