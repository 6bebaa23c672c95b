"""Flows promise order, retries only where they can help, and refusals that pass through unchanged."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from flows.stages import run_stages
from gvio.pipeline.job import held
from prefect import flow
from prefect.artifacts import Artifact

from gvio.errors import ConflictError, GateRefused, GvioError, RunHeld, UpstreamUnavailable

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.usefixtures("prefect_server"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]


@dataclasses.dataclass(frozen=True)
class TinyReport:
    stage: str
    month: str = "2021-12"
    outcome: str = "done"


class Script:
    """Stages that do what a list says at each call: raise an error, or succeed."""

    def __init__(self, **acts: list[GvioError | Exception | None]) -> None:
        self.acts = acts
        self.calls: list[str] = []
        self.jobs: list[Any] = []

    def stages(self) -> list[tuple[str, Any]]:
        return [(name, self._stage(name)) for name in self.acts]

    def _stage(self, name: str):
        def stage(job: Any, progress: Any) -> TinyReport:
            self.calls.append(name)
            self.jobs.append(job)
            error = self.acts[name].pop(0)
            if error is not None:
                raise error
            return TinyReport(name)

        return stage


@dataclasses.dataclass(frozen=True)
class TinyJob:
    folder: Path

    def path(self, name: str) -> Path:
        return self.folder / name


@flow(validate_parameters=False)
def _flow(script: Any, job: Any) -> list[Any]:
    return run_stages(job, script.stages(), backoff_s=0.01)


@pytest.fixture
def job(tmp_path: Path) -> TinyJob:
    return TinyJob(tmp_path)


@pytest.fixture
def small_flow(job: TinyJob) -> Callable[[Any], list[Any]]:
    return lambda script: _flow(script, job)


def outcome() -> str:
    artifact = Artifact.get("gvio-outcome")
    assert artifact is not None
    return str(artifact.data)


def test_stages_run_in_order_with_the_same_job(small_flow, job):
    script = Script(fetch=[None], validate=[None], train=[None])
    reports = small_flow(script)
    assert [r.stage for r in reports] == script.calls == ["fetch", "validate", "train"]
    assert script.jobs == [job] * 3
    assert outcome().startswith("**Complete**")
    assert "| train | 2021-12 | done |" in outcome()


@pytest.mark.parametrize("error", [UpstreamUnavailable("no 2021-12 yet"), ConflictError("lost")])
def test_retryable_errors_are_tried_again(small_flow, error):
    script = Script(fetch=[error, error, None], validate=[None])
    small_flow(script)
    assert script.calls == ["fetch"] * 3 + ["validate"]


def test_retries_end_after_three(small_flow):
    script = Script(fetch=[UpstreamUnavailable(f"try {i}", where="source") for i in range(5)])
    with pytest.raises(UpstreamUnavailable, match="source: try 3"):
        small_flow(script)
    assert script.calls == ["fetch"] * 4


def test_refusal_reaches_the_caller_unchanged_and_at_once(small_flow):
    refusal = GateRefused("light.coverage: 0.1 < 0.5", where="2021-12", hint="Wait for the revised product.")
    script = Script(fetch=[None], validate=[refusal], train=[None])
    with pytest.raises(GateRefused) as caught:
        small_flow(script)
    assert (str(caught.value), caught.value.exit_code) == (str(refusal), 3)
    assert (caught.value.where, caught.value.hint) == ("2021-12", "Wait for the revised product.")
    assert script.calls == ["fetch", "validate"], "nothing after the refusal, and no second try"
    assert outcome().startswith("**Refused or failed** (GateRefused): 2021-12: light.coverage")
    assert "| fetch | 2021-12 | done |" in outcome()


def test_a_bug_is_not_tried_again(small_flow):
    script = Script(fetch=[ZeroDivisionError("bug"), None])
    with pytest.raises(ZeroDivisionError, match="bug"):
        small_flow(script)
    assert script.calls == ["fetch"]


def test_a_region_that_another_run_holds_is_left_alone(small_flow, job):
    script = Script(fetch=[None])
    with held(job), pytest.raises(RunHeld, match="another run holds this region"):  # type: ignore[arg-type]
        small_flow(script)
    assert script.calls == []
