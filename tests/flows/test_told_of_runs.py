"""What a person sees of a run in Prefect."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from prefect import flow, task
from prefect.client.orchestration import get_client
from prefect.client.schemas.filters import FlowRunFilter, FlowRunFilterName
from prefect.states import Failed

from flows.told import TAG, OneLine, of_error, of_report, outcome_of, say_errors_in_one_line
from gvio.errors import ConflictError, GateRefused, GvioError, PackError, ProductAbsent, RunHeld, UpstreamUnavailable
from gvio.run.report import RunReport
from gvio.run.request import RunRequest

REFUSAL = GateRefused("light.coverage: 0.1 < 0.5", where="2021-12", hint="Wait for the revised product.")


def request(folder: Path) -> RunRequest:
    return RunRequest(pack="pack", store=str(folder / "store"), workspace=str(folder / "w"))


def test_a_release_is_named_with_the_places_to_look_at(tmp_path: Path) -> None:
    report = RunReport(region="testland", month="2021-03", outcome="published", release="2021-03-abc")
    told = of_report(report, request(tmp_path))
    assert told.name == "testland 2021-03"
    assert told.tags == ("testland", "2021-03", "published")
    folder = f"{tmp_path}/store/testland/releases/2021-03-abc"
    assert told.places["manifest"] == f"{folder}/manifest.json"
    assert told.places["checks"] == f"{folder}/checks.json"
    assert told.places["release"] == "2021-03-abc"


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (REFUSAL, "refused"),
        (PackError("x"), "refused"),
        (UpstreamUnavailable("x"), "late"),
        (ProductAbsent("x"), "late"),
        (RunHeld("x"), "held"),
        (ConflictError("x"), "failed"),
    ],
)
def test_every_end_has_its_tag(error: GvioError, word: str, tmp_path: Path) -> None:
    assert outcome_of(error) == word
    told = of_error(error, request(tmp_path), "testland")
    assert told.tags[-1] == word
    assert str(error) in told.line


def test_an_error_of_ours_is_logged_in_one_line_and_a_bug_with_its_traceback() -> None:
    for error, kept in ((REFUSAL, False), (ZeroDivisionError("bug"), True)):
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "Encountered %r", (error,), (type(error), error, None))
        assert OneLine().filter(record)
        assert (record.exc_info is not None) is kept
        assert (record.getMessage() == str(error)) is not kept


@pytest.mark.enable_socket
@pytest.mark.usefixtures("prefect_server")
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_prefect_keeps_the_line_and_no_traceback(caplog: pytest.LogCaptureFixture) -> None:
    """As `flows.monthly.recorded` ends a run."""

    @task
    def step() -> None:
        raise REFUSAL

    @flow(flow_run_name="refused run")
    def refused() -> None:
        say_errors_in_one_line()
        try:
            step()
        except GvioError as error:
            return Failed(message=str(error), data=error)  # type: ignore[return-value]

    with pytest.raises(GateRefused) as caught:
        refused()
    assert caught.value is REFUSAL
    with get_client(sync_client=True) as client:
        (run,) = client.read_flow_runs(flow_run_filter=FlowRunFilter(name=FlowRunFilterName(any_=["refused run"])))
    assert run.state is not None
    assert run.state.message == str(REFUSAL)
    assert str(REFUSAL) in caplog.text
    assert "Traceback" not in caplog.text
    assert TAG == "gvio", "prefect.yaml and the automation on heartbeats name it, too"
