"""What a run tells afterwards: outcome, release, and a line per stage; JSON-serialisable."""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Literal

from gvio.errors import ConfigError, GvioError, InputRefused, ModelError, ProductAbsent, UpstreamUnavailable
from gvio.publish.look import LookOutcome
from gvio.run.artifacts import (
    Artifact,
    CheckedHead,
    DecidedHead,
    EvaluatedHead,
    FetchedHead,
    MappedHead,
    PublishedHead,
    SampledHead,
    TrainedHead,
)
from gvio.run.made import Head
from gvio.sections import Frozen

if TYPE_CHECKING:
    from gvio.run.context import Context
    from gvio.types import CheckResult

Outcome = Literal["published", "archived", "unchanged"]
_DRIFT = "drift."  # begins the names of its checks
Fact = str | int | float | bool | tuple[str, ...] | None


class Ended(Frozen):
    """How a look at a region ended: in exactly one of four outcomes, and why.

    `absent` says of a late one that the source was read and has no such month; `where` names who did not answer.
    """

    outcome: LookOutcome
    reason: str = ""
    absent: bool = False
    where: str = ""


class StageLine(Frozen):
    """One stage: whether it worked or found its artifact, and facts worth reading, by name."""

    stage: str
    month: str
    outcome: Literal["done", "unchanged"]
    facts: Mapping[str, Fact] = {}


class RunReport(Frozen):
    """One month. `outcome`: published (the pointer moved), archived (the store knows more already; `latest` is the
    release that its pointer names), or unchanged (the store holds this month from these inputs already). `awaiting` is
    the version that waits for a person's approval; the month was made with the champion of before. `skill` of the
    model and `drift`, what the monitors alarm of, are those of a release that was made now."""

    region: str
    month: str
    outcome: Outcome
    release: str
    stages: tuple[StageLine, ...] = ()
    verdict: str | None = None
    decision: str | None = None
    latest: str | None = None
    awaiting: int | None = None
    skill: str | None = None
    drift: str | None = None

    @property
    def ended(self) -> Ended:
        """What the run means for the region: what was archived leaves the published release unchanged."""
        if self.outcome == "archived":
            why = f"{self.month} was archived as release {self.release}; the latest, {self.latest}, knows more"
            return Ended(outcome="unchanged", reason=why)
        return Ended(outcome=self.outcome, reason="" if self.awaiting is None else self._awaits())

    def _awaits(self) -> str:
        return f"version {self.awaiting} awaits approval: gvio registry approve or reject"


def ended_by(error: GvioError) -> Ended | None:
    """How a look ended that an error ended; None where it was no look: the store failed, or somebody else looks."""
    if isinstance(error, UpstreamUnavailable):
        absent = isinstance(error, ProductAbsent)
        return Ended(outcome="late", reason=str(error), absent=absent, where=error.where)
    if isinstance(error, InputRefused | ModelError | ConfigError):
        return Ended(outcome="refused", reason=str(error))
    return None


class RangeReport(Frozen):
    """A range of months: releases in order, and why the other months have none."""

    region: str
    releases: tuple[str, ...]
    refused: Mapping[str, str]
    absent: Mapping[str, str]


def stage_line(artifact: Artifact, context: Context) -> StageLine:
    """What an artifact says of its stage."""
    head = artifact.head
    stage = head.made.stage
    done = stage in context.workspace.written
    return StageLine(stage=stage, month=head.month, outcome="done" if done else "unchanged", facts=facts(head))


def report_of(
    context: Context, lines: Sequence[StageLine], outcome: Outcome, release: str, latest: str | None = None
) -> RunReport:
    """The report of a month from the lines of its stages."""
    every = {name: value for line in lines for name, value in line.facts.items()}
    verdict, decision, awaiting = every.get("verdict"), every.get("decision"), every.get("awaiting")
    return RunReport(
        region=context.region,
        month=lines[0].month,
        outcome=outcome,
        release=release,
        stages=tuple(lines),
        verdict=None if verdict is None else str(verdict),
        decision=None if decision is None else str(decision),
        latest=latest,
        awaiting=awaiting if isinstance(awaiting, int) else None,
        skill=None if (skill := every.get("published_skill")) is None else str(skill),
        drift=None if (drift := every.get("drift")) is None else str(drift),
    )


@functools.singledispatch
def facts(head: Head) -> dict[str, Fact]:
    """Facts of a head worth reading."""
    return {"key": head.key}


@facts.register
def _(head: FetchedHead) -> dict[str, Fact]:
    return {"files": len(head.provenance), "missing": head.missing, "light": head.light}


@facts.register
def _(head: CheckedHead) -> dict[str, Fact]:
    return {"checks": len(head.results), "warnings": _warnings(head.results)}


@facts.register
def _(head: SampledHead) -> dict[str, Fact]:
    urban = "derived from the light" if head.urban_derived else "from the pack"
    return {"factories": head.n_factories, "districts": head.n_districts, "urban_mask": urban}


@facts.register
def _(head: TrainedHead) -> dict[str, Fact]:
    return {"reason": head.reason, "weights_sha256": head.weights_sha256, "mean_best_epoch": head.mean_best_epoch}


@facts.register
def _(head: EvaluatedHead) -> dict[str, Fact]:
    return {"verdict": head.verdict, "skill": head.skill, "weights_sha256": head.weights_sha256}


@facts.register
def _(head: DecidedHead) -> dict[str, Fact]:
    told: dict[str, Fact] = {"decision": head.reason, "version": head.version}
    return told | ({"awaiting": head.version} if head.decision == "awaiting" else {})


@facts.register
def _(head: MappedHead) -> dict[str, Fact]:
    told: dict[str, Fact] = {"city": head.city, "unit": head.unit, "grids": head.grids, "published_skill": head.skill}
    told["drift"] = ", ".join(c.name.removeprefix(_DRIFT) for c in head.checks if _is_drift(c)) or "none"
    warnings = _warnings(head.checks)
    return {**told, "warnings": warnings} if warnings else told


def _is_drift(result: CheckResult) -> bool:
    return result.name.startswith(_DRIFT) and not result.passed


def _warnings(results: Sequence[CheckResult]) -> tuple[str, ...]:
    return tuple(f"[{result.name}] {result.message}" for result in results if not result.passed)


@facts.register
def _(head: PublishedHead) -> dict[str, Fact]:
    sent = {"uploaded": head.uploaded, "uploaded_bytes": head.uploaded_bytes}
    return {"release": head.release, "result": head.outcome, **sent}
