"""What a person sees of a run in Prefect: its name, its tags, one line, the places to look at, and no traceback."""

from __future__ import annotations

import dataclasses
import logging
import time
from collections.abc import Mapping
from pathlib import Path

from prefect import runtime
from prefect.artifacts import create_markdown_artifact
from prefect.client.orchestration import get_client
from prefect.events import emit_event
from prefect.logging import get_logger

from flows.patience import best_effort, logger_of_run
from gvio.errors import GvioError, RunHeld
from gvio.progress import terminal_progress
from gvio.run.report import RangeReport, RunReport, ended_by
from gvio.run.request import RunRequest
from gvio.store.documents import manifest_key
from gvio.types import Progress

TAG = "gvio"
_EVERY_S = 30.0


@dataclasses.dataclass(frozen=True)
class Told:
    """What is said of a run: one line, its tags, the run's name (None: as it was), places by what they are."""

    line: str
    tags: tuple[str, ...]
    name: str | None = None
    places: Mapping[str, str] = dataclasses.field(default_factory=dict)
    steps: tuple[str, ...] = ()

    @property
    def event(self) -> str:
        """What an automation can wait for: a run's own events know none of the tags that it got in its course."""
        return f"gvio.look.{self.tags[-1]}"


def first_name() -> str:
    """The name of a run that has just begun, from what it is asked; `of_report` knows better."""
    asked = runtime.flow_run.parameters.get("request")
    request = asked.model_dump() if isinstance(asked, RunRequest) else dict(asked or {})
    months = "..".join(str(request[name]) for name in ("first", "last") if request.get(name))
    return f"{Path(str(request.get('pack', ''))).name} {months or request.get('month') or 'newest month'}"


def of_report(report: RunReport, request: RunRequest) -> Told:
    """What is said of a month that went through."""
    line = f"**{report.outcome.capitalize()}**: {report.month}, release {report.release}"
    places = _places(request, report.region, report.release)
    tags = (report.region, report.month, report.outcome)
    return Told(line, tags, f"{report.region} {report.month}", places)


def of_range(report: RangeReport, request: RunRequest) -> Told:
    """What is said of a range of months."""
    skipped = [f"{month}: {why}" for month, why in {**report.refused, **report.absent}.items()]
    line = f"**{len(report.releases)} published, {len(skipped)} skipped**"
    last = _places(request, report.region, report.releases[-1]) if report.releases else {}
    return Told(line, (report.region, "published"), None, last, (*report.releases, *skipped))


def of_error(error: GvioError, request: RunRequest, region: str | None) -> Told:
    """What is said of a run that ended in an error of ours: the error's own line first."""
    tags = (*([region] if region else []), *([request.month] if request.month else []), outcome_of(error))
    name = None if region is None else f"{region} {request.month or 'newest month'}"
    places = {"store": request.store}
    if region is not None:
        places["checks of the inputs"] = str(Path(request.workspace, region, "checks.html"))
    return Told(f"**Refused or failed** ({type(error).__name__}): {error}", tags, name, places)


def outcome_of(error: GvioError) -> str:
    """One word for the way a run ended without a release: as the look's own, where it was one."""
    if isinstance(error, RunHeld):
        return "held"
    ended = ended_by(error)
    return "failed" if ended is None else ended.outcome


def leave(told: Told, steps: list[str]) -> None:
    """Leave behind what is said of this run: artifact, name and tags, and an event for automations."""
    done = list(told.steps) or steps
    rows = [f"| {what} | {_link(place)} |" for what, place in told.places.items()]
    table = ["| | |", "| --- | --- |", *rows, ""] if rows else []
    text = "\n".join([told.line, "", *table, *(f"- {step}" for step in done), ""])
    with best_effort("the outcome"):
        create_markdown_artifact(text, key="gvio-outcome", description="Outcome of a gvio flow")
    number = runtime.flow_run.id
    if number is None:
        return
    with best_effort("the run's name and tags"), get_client(sync_client=True) as client:
        tags = [*dict.fromkeys([*runtime.flow_run.tags, TAG, *told.tags])]
        client.update_flow_run(number, name=told.name, tags=tags)
    with best_effort("the run's event"):
        resource = {"prefect.resource.id": f"prefect.flow-run.{number}", "prefect.resource.name": told.name or ""}
        emit_event(event=told.event, resource=resource, payload={"line": told.line.replace("**", "")})


def progress_of_run() -> Progress:
    """Lines in the run's log: the beginning, the end, and now and then between; bars where nobody keeps such lines."""
    logger, last = logger_of_run(), dict[str, float]()
    if not logger.isEnabledFor(logging.INFO):
        return terminal_progress()

    def show(label: str, done: int, total: int) -> None:
        now = time.monotonic()
        if done >= total or now - last.get(label, -_EVERY_S) >= _EVERY_S:
            logger.info("%s: %d of %d", label, done, total)
            last[label] = now

    return show


class OneLine(logging.Filter):
    """Errors of ours say everything in one line; their traceback is of no use to anybody."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Shorten the record; nothing is kept back."""
        error = record.exc_info[1] if record.exc_info else None
        if isinstance(error, GvioError):
            record.msg, record.args, record.exc_info, record.exc_text = str(error), (), None, None
        return True


_ONE_LINE = OneLine()


def say_errors_in_one_line() -> None:
    """Once or often: what Prefect logs of a run or a task that ended in an error of ours is that error's line."""
    for name in ("flow_runs", "task_runs"):
        get_logger(name).addFilter(_ONE_LINE)


def _link(place: str) -> str:
    """A file of this machine as a link; anything else as it is written in a command."""
    path = Path(place.removeprefix("file://"))
    return f"[{place}]({path.absolute().as_uri()})" if path.exists() else f"`{place}`"


def _places(request: RunRequest, region: str, release: str) -> dict[str, str]:
    store = request.store.rstrip("/")
    manifest = f"{store}/{manifest_key(region, release)}"
    return {
        "store": request.store,
        "release": release,
        "manifest": manifest,
        "checks": f"{manifest.removesuffix('manifest.json')}checks.json",
        "checks of the inputs": str(Path(request.workspace, region, "checks.html")),
    }
