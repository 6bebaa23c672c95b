"""Flows promise order, retries only where they can help, and refusals that pass through unchanged.

The flows are the true ones and so is the order of work; only the stages follow a script.
"""

from __future__ import annotations

import datetime as dt
import threading
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prefect.artifacts import Artifact
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterState, FlowRunFilterStateName
from prefect_dask import DaskTaskRunner
from requests import HTTPError, Response
from scripted_stages import ScriptedStages, write_pack

import flows.approval
import flows.monthly
from flows.monthly import backfill, monthly
from flows.tasks import Tasks
from gvio.errors import ConflictError, GateRefused, RunHeld, UpstreamUnavailable
from gvio.run.context import open_context
from gvio.run.order import STAGES, region_held
from gvio.run.request import RangeRequest, RunRequest
from gvio.sources.folder import list_files

pytestmark = [
    pytest.mark.enable_socket,
    pytest.mark.usefixtures("prefect_server"),
    pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning"),
]


@pytest.fixture
def request_(tmp_path: Path, region_yaml: str) -> RunRequest:
    pack = write_pack(tmp_path / "pack", region_yaml)
    places = {"pack": str(pack), "store": str(tmp_path / "store"), "workspace": str(tmp_path / "w")}
    return RunRequest(**places, as_of=dt.date(2021, 4, 20))


@pytest.fixture
def script(make_release: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., ScriptedStages]:
    """Stages with a script, in place of the true ones, and tasks that retry at once."""

    def make(**acts: list[Any]) -> ScriptedStages:
        stages = ScriptedStages(make_release, **acts)
        monkeypatch.setattr(flows.monthly, "STAGES", stages)
        monkeypatch.setattr(flows.monthly, "Tasks", lambda: Tasks(backoff_s=0.01))
        return stages

    return make


def outcome() -> str:
    artifact = Artifact.get("gvio-outcome")
    assert artifact is not None
    return str(artifact.data)


def test_the_monthly_flow_is_the_monthly_run(request_: RunRequest, script: Any) -> None:
    stages = script()
    report = monthly(request_)
    assert report.outcome == "published"
    assert tuple(stages.calls) == STAGES
    assert outcome().startswith(f"**Published**: 2021-03, release {report.release}")
    assert "- try the store\n- fetch\n- validate\n" in outcome()
    stages.calls.clear()
    assert monthly(request_).outcome == "unchanged", "the daily look does nothing when nothing is new"
    assert stages.calls == []
    assert outcome().startswith("**Unchanged**: 2021-03")


def test_a_flow_on_the_task_runner_of_dask_hands_its_cluster_to_the_run(request_: RunRequest, script: Any) -> None:
    small = {
        "n_workers": 0,
        "processes": False,
        "protocol": "tcp://",
        "host": "127.0.0.1",
        "dashboard_address": "127.0.0.1:0",
    }
    stages = script()
    with warnings.catch_warnings(action="ignore"):  # dashboards that are not installed
        runner = DaskTaskRunner(cluster_kwargs=small)
        assert monthly.with_options(task_runner=runner)(request_).outcome == "published"
        (address,) = {context.request.cluster for context in stages.contexts}
    assert str(address).startswith("tcp://127.0.0.1:")
    assert stages.calls[0] == "workers", "they are tried before anything is computed"


def test_the_backfill_flow_runs(request_: RunRequest, script: Any) -> None:
    """It once held the region twice, so it never ran."""
    stages = script(fetch=[None, UpstreamUnavailable("gone"), UpstreamUnavailable("gone")] + [None] * 9)
    asked = RangeRequest(**request_.model_dump(), first="2021-01", last="2021-03")
    report = backfill(asked)
    assert [release[:7] for release in report.releases] == ["2021-01", "2021-02", "2021-03"]
    assert stages.calls.count("publish") == 3
    assert stages.calls.count("fetch") == 5, "an absent month is tried again before it is called absent"
    assert outcome().startswith("**3 published, 0 skipped**")


def test_what_the_backfill_skips_is_in_its_outcome(request_: RunRequest, script: Any) -> None:
    script(validate=[GateRefused("light.coverage: 0.1 < 0.5", where="2021-02")])
    report = backfill(RangeRequest(**request_.model_dump(), first="2021-02", last="2021-03"))
    assert set(report.refused) == {"2021-02"}
    assert "2021-02: 2021-02: light.coverage" in outcome()


def test_retryable_errors_are_tried_again(request_: RunRequest, script: Any) -> None:
    error = UpstreamUnavailable("no 2021-12 yet")
    stages = script(fetch=[error, error, None])
    monthly(request_)
    assert stages.calls[:4] == ["fetch"] * 3 + ["validate"]


def test_retries_end_after_three(request_: RunRequest, script: Any) -> None:
    stages = script(fetch=[UpstreamUnavailable(f"try {i}", where="source") for i in range(5)])
    with pytest.raises(UpstreamUnavailable, match="source: try 3"):
        monthly(request_)
    assert stages.calls == ["fetch"] * 4


def test_a_lost_publication_needs_the_whole_run_again_not_the_task(request_: RunRequest, script: Any) -> None:
    stages = script(publish=[ConflictError("somebody else published"), None])
    assert monthly(request_).outcome == "published"
    assert stages.calls.count("publish") == stages.calls.count("fetch") == 2


def test_refusal_reaches_the_caller_unchanged_and_at_once(request_: RunRequest, script: Any) -> None:
    refusal = GateRefused("light.coverage: 0.1 < 0.5", where="2021-12", hint="Wait for the revised product.")
    stages = script(validate=[refusal])
    with pytest.raises(GateRefused) as caught:
        monthly(request_)
    assert (str(caught.value), caught.value.exit_code) == (str(refusal), 3)
    assert (caught.value.where, caught.value.hint) == ("2021-12", "Wait for the revised product.")
    assert stages.calls == ["fetch", "validate"], "nothing after the refusal, and no second try"
    assert outcome().startswith("**Refused or failed** (GateRefused): 2021-12: light.coverage")
    assert "- fetch\n" in outcome()


def test_a_month_that_a_folder_does_not_have_yet_is_not_tried_again(
    request_: RunRequest, script: Any, tmp_path: Path
) -> None:
    (tmp_path / "ntl").mkdir()
    stages = script(fetch=[lambda _: list_files(tmp_path / "ntl", "vnl-monthly"), None])
    with pytest.raises(UpstreamUnavailable, match="the folder is empty") as caught:
        monthly(request_)
    assert (stages.calls, caught.value.exit_code) == (["fetch"], 4)


def test_a_server_that_asks_for_a_long_wait_is_left_alone(request_: RunRequest, script: Any) -> None:
    response = Response()
    response.headers["Retry-After"] = "3600"
    error = UpstreamUnavailable("the quota is used up")
    error.__cause__ = HTTPError(response=response)
    stages = script(fetch=[error, None])
    with pytest.raises(UpstreamUnavailable, match="quota"):
        monthly(request_)
    assert stages.calls == ["fetch"]


def test_a_bug_is_not_tried_again(request_: RunRequest, script: Any) -> None:
    stages = script(fetch=[ZeroDivisionError("bug"), None])
    with pytest.raises(ZeroDivisionError, match="bug"):
        monthly(request_)
    assert stages.calls == ["fetch"]


@pytest.mark.parametrize("answer", ["approve", "reject", None])
def test_a_person_is_asked_about_a_candidate(
    request_: RunRequest, script: Any, monkeypatch: pytest.MonkeyPatch, answer: str | None
) -> None:
    """Whoever does not answer keeps the champion; the month is published before anybody is asked."""
    script().decision = "awaiting"
    said = list[tuple[Any, ...]]()
    monkeypatch.setattr(flows.approval, "POLL_S", 1)
    for word in ("approve", "reject"):
        monkeypatch.setattr(flows.approval, word, lambda *given, word=word: said.append((word, *given[1:])))
    asked = request_.model_copy(update={"approval": "hand", "approval_hours": 60 / 3600 if answer else 3 / 3600})
    person = threading.Thread(target=_answer, args=(answer == "approve",))
    if answer:
        person.start()
    report = monthly(asked)
    if answer:
        person.join()
    assert said == ([(answer, "testland", "looked at it (on Prefect's page)", 1)] if answer else [])
    assert report.outcome == ("unchanged" if answer == "approve" else "published"), "approved, the month is made again"


def _answer(promote: bool) -> None:
    """What a person does on the page, once it asks."""
    paused = FlowRunFilter(state=FlowRunFilterState(name=FlowRunFilterStateName(any_=["Paused"])))
    with get_client(sync_client=True) as client:
        while not (found := client.read_flow_runs(flow_run_filter=paused)):
            time.sleep(0.2)
        client.resume_flow_run(found[0].id, run_input={"promote": promote, "reason": "looked at it"})


def test_a_region_that_another_run_holds_is_left_alone(request_: RunRequest, script: Any) -> None:
    stages = script()
    with region_held(open_context(request_)), pytest.raises(RunHeld, match="another run holds this region"):
        monthly(request_)
    assert stages.calls == []
