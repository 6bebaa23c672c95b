"""The one order of work. Every command, flow and schedule runs a month through `run_month`: nothing else locks the
region, tries the store, or decides that there is nothing to do.

The executor is an argument (`gvio.run.executor`), and so are the stages (`gvio.stages.table`).
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Protocol

from gvio.errors import ConflictError, GvioError, RunHeld
from gvio.files import held
from gvio.run.artifacts import (
    Artifact,
    Champion,
    Checked,
    Decided,
    Evaluated,
    Fetched,
    Mapped,
    Published,
    Sampled,
    Trained,
)
from gvio.run.context import Context
from gvio.run.executor import Executor, in_process
from gvio.run.looks import leave_look
from gvio.run.made import Kept
from gvio.run.report import Outcome, RunReport, StageLine, report_of, stage_line
from gvio.run.same_region import require_same_region
from gvio.run.unchanged import Look, at_a_glance, by_what_made_it, look_at, remember
from gvio.store.probe import probe_conditional_writes
from gvio.store.standing import Standing, standing
from gvio.types import Month

_CONFLICTS = 2  # lost publications after which the run begins again
STAGES = ("fetch", "validate", "sample", "train", "evaluate", "decide", "map", "publish")


class Stages(Protocol):
    """What there is an order of: each stage as one function from the context and typed inputs to a typed artifact."""

    def try_workers(self, context: Context) -> None:
        """Finds the workers that the run asks for, where it asks for any but this process."""

    def light_token(self, context: Context) -> str:
        """What a look at the names and sizes of product files shows."""

    def registry_token(self, context: Context) -> str | None:
        """What a cheap look at the registry shows; None where there is none."""

    def champion(self, context: Context, month: Month) -> Champion | None:
        """The model in production that a run of this month may use."""

    def fetch(self, context: Context) -> Fetched:
        """Light."""

    def validate(self, context: Context, fetched: Fetched) -> Checked:
        """Checks, or a refusal."""

    def sample(self, context: Context, fetched: Fetched, checked: Checked) -> Sampled:
        """Samples."""

    def train(self, context: Context, fetched: Fetched, sampled: Sampled, champion: Kept[Champion | None]) -> Trained:
        """The challenger."""

    def evaluate(self, context: Context, sampled: Sampled, trained: Trained) -> Evaluated:
        """What it is worth."""

    def decide(
        self, context: Context, sampled: Sampled, evaluated: Evaluated, champion: Kept[Champion | None]
    ) -> Decided:
        """The model that maps."""

    def map_(self, context: Context, fetched: Fetched, sampled: Sampled, decided: Decided) -> Mapped:
        """The product."""

    def publish(self, context: Context, checked: Checked, mapped: Mapped, before: Standing) -> Published:
        """The release."""


def run_month(context: Context, stages: Stages, do: Executor = in_process) -> RunReport:
    """Fetch → validate → sample → train or fine-tune → evaluate → decide → map → publish, or nothing to do.

    The store is tried before anything is computed, and so are workers that are asked for; what is published then, and
    which version of the pointer that was, is what the publication is compared with at the end.

    Raises:
        RunHeld: Another run holds the region.
        StoreError: The store cannot be written, or does not keep conditional writes.
        GvioError: Whatever a stage raises; nothing is published then.
    """
    with region_held(context):
        return run_month_held(context, stages, do)


def run_month_held(context: Context, stages: Stages, do: Executor = in_process) -> RunReport:
    """As `run_month`, for callers that hold the region already. However it ends, the store is told (`gvio.run.looks`).

    A publication that lost to another one of the same knowledge is tried again from the beginning: then the other one
    is what was there before, and whatever is still right is found in the workspace.
    """
    try:
        report = _tried(context, stages, do)
    except GvioError as error:
        leave_look(context, error)
        raise
    leave_look(context, report)
    return report


def _tried(context: Context, stages: Stages, do: Executor) -> RunReport:
    for _ in range(_CONFLICTS):
        with contextlib.suppress(ConflictError):
            return _attempt(context, stages, do)
    return _attempt(context, stages, do)


def _attempt(context: Context, stages: Stages, do: Executor) -> RunReport:
    before = standing(context.store, context.region)
    look = look_at(context, stages.light_token(context), stages.registry_token(context))
    seen = at_a_glance(context, look, before)
    if seen is not None:
        return RunReport(region=context.region, month=seen.month, outcome="unchanged", release=seen.release)
    require_same_region(context, before)
    do("try the store", probe_conditional_writes, context.store)
    if context.request.cluster is not None or context.request.workers is not None:
        do("try the workers", stages.try_workers, context)
    fetched = do("fetch", stages.fetch, context)
    champion = Kept(lambda: stages.champion(context, fetched.month))
    lines = [stage_line(fetched, context)]
    release = by_what_made_it(context, fetched, champion, before)
    if release is not None:
        return _found(context, stages, look, before, release, lines)
    rest = list(steps(context, stages, fetched, champion, before, do))
    lines += [stage_line(artifact, context) for artifact in rest]
    return _finished(context, stages, look, rest[-1], lines)


def run_stage(
    context: Context, name: str, stages: Stages, do: Executor = in_process, *, alone: bool = True
) -> list[Artifact]:
    """The stages up to `name`, each artifact in order.

    Alone, only that stage works (`map` decides too, where nobody has): the artifacts of the others are taken from the
    workspace, where they must lie as made from exactly what this run's context says.

    Raises:
        RunHeld: Another run holds the region.
        InputRefused: An earlier stage has not run on these inputs.
        GvioError: Whatever a stage raises.
    """
    with region_held(context):
        if alone:
            context.workspace.only({"decide", "map"} if name == "map" else {name})
        before = standing(context.store, context.region) if name == "publish" else Standing()
        require_same_region(context, before)
        fetched = do("fetch", stages.fetch, context)
        champion = Kept(lambda: stages.champion(context, fetched.month))
        done = list[Artifact]([fetched])
        work = steps(context, stages, fetched, champion, before, do)
        while done[-1].head.made.stage != name:
            done.append(next(work))
    return done


def steps(
    context: Context,
    stages: Stages,
    fetched: Fetched,
    champion: Kept[Champion | None],
    before: Standing,
    do: Executor,
) -> Iterator[Artifact]:
    """The stages after `fetch` in order, each artifact as soon as it is there."""
    yield (checked := do("validate", stages.validate, context, fetched))
    yield (sampled := do("sample", stages.sample, context, fetched, checked))
    yield (trained := do("train", stages.train, context, fetched, sampled, champion))
    yield (evaluated := do("evaluate", stages.evaluate, context, sampled, trained))
    yield (decided := do("decide", stages.decide, context, sampled, evaluated, champion))
    yield (mapped := do("map", stages.map_, context, fetched, sampled, decided))
    yield do("publish", stages.publish, context, checked, mapped, before)


@contextlib.contextmanager
def region_held(context: Context) -> Iterator[None]:
    """Hold the region's workspace: one run per region at a time.

    Raises:
        RunHeld: Another run holds it.
        ConfigError: The workspace cannot be made, or its lock not be written.
    """
    context.workspace.prepare()
    folder = context.workspace.folder

    def refuse() -> RunHeld:
        hint = "Wait for it to end, or use another --workspace."
        return RunHeld("another run holds this region", where=str(folder), hint=hint)

    with held(folder / ".lock", refuse):
        yield


def _found(
    context: Context, stages: Stages, look: Look, before: Standing, release: str, lines: list[StageLine]
) -> RunReport:
    """The report of a run that found its release in the store."""
    if before.names(release):
        _remember(context, stages, look, release, lines[0].month)
    elif before.latest is not None and before.latest.month == lines[0].month:  # the pointer knows more of this month
        return report_of(context, lines, "archived", release, before.latest.release)
    return report_of(context, lines, "unchanged", release)


def _finished(context: Context, stages: Stages, look: Look, last: Artifact, lines: list[StageLine]) -> RunReport:
    """The report of a run that went through, kept for the next glance where the pointer names its release."""
    if not isinstance(last, Published):
        raise TypeError(f"the order ends with publish, not with {last.head.made.stage}")
    head = last.head
    now = standing(context.store, context.region).latest
    if head.outcome == "published" and now is not None and now.release != head.release:  # and somebody after it
        return report_of(context, lines, "published", head.release, now.release)
    if now is None or now.release != head.release:  # written whole, now or before, but the pointer knows more
        return report_of(context, lines, "archived", head.release, None if now is None else now.release)
    _remember(context, stages, look, head.release, head.month)
    outcome: Outcome = "unchanged" if head.outcome == "unchanged" else "published"
    return report_of(context, lines, outcome, head.release)


def _remember(context: Context, stages: Stages, look: Look, release: str, month: str) -> None:
    """The registry is looked at again: the run itself may have moved the champion."""
    now = look.model_copy(update={"registry": stages.registry_token(context)})
    remember(context, now, release, Month.parse(month))
