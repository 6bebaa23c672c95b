"""One request is the only parameter of every flow, and reaches the run as it was given, through the schedule, too."""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

import flows.monthly
import flows.serve
from gvio.cli import model
from gvio.run.report import RunReport
from gvio.run.request import RangeRequest, RunRequest

MLFLOW, S3 = "http://mlflow.example:5000", "http://s3.example:8333"
REQUEST = RunRequest(pack="pack", store="store", workspace="work", endpoint_url=S3, tracking_uri=MLFLOW)


@pytest.mark.parametrize(
    ("flow", "kind"),
    [
        (flows.monthly.monthly, RunRequest),
        (flows.monthly.backfill, RangeRequest),
        (flows.serve.daily_look, RunRequest),
    ],
)
def test_a_request_is_the_only_parameter(flow: Any, kind: type) -> None:
    (parameter,) = inspect.signature(flow.fn, eval_str=True).parameters.values()
    assert (parameter.name, parameter.annotation) == ("request", kind)


@pytest.mark.parametrize("name", ["run_month", "run_range"])
def test_flows_hand_the_request_on(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    report = RunReport(region="r", month="2021-01", outcome="published", release="x")
    monkeypatch.setattr(flows.monthly, "open_with_access", lambda request: request)
    monkeypatch.setattr(flows.monthly, "leave_outcome", lambda *words: None)
    monkeypatch.setattr(flows.monthly, name, lambda first, *rest: asked.append(first) or report)
    if name == "run_month":
        flows.monthly.monthly.fn(REQUEST)
        assert asked == [REQUEST]
    else:
        ranged = RangeRequest(**REQUEST.model_dump(), first="2021-01", last="2021-02")
        with pytest.raises(AttributeError):  # the double's report is of a month
            flows.monthly.backfill.fn(ranged)
        assert asked == [ranged]


class Recorder:
    """Stands where the flow's own `serve` would wait for ever."""

    def __init__(self) -> None:
        self.words: dict[str, Any] = {}

    def serve(self, **words: Any) -> None:
        self.words = words


def test_the_schedule_hands_the_request_to_every_look(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder, asked = Recorder(), []
    monkeypatch.setenv("MLFLOW_TRACKING_URI", MLFLOW)
    monkeypatch.setenv("AWS_ENDPOINT_URL", S3)
    look = flows.serve.daily_look
    monkeypatch.setattr(flows.serve, "daily_look", recorder)
    monkeypatch.setattr("flows.server.require_server", lambda url: None)
    with temporary_settings({PREFECT_API_URL: "http://prefect.example/api"}):
        model.serve.callback("pack", "store", "work", None)  # type: ignore[misc]
    kept = recorder.words["parameters"]["request"]
    assert (kept["tracking_uri"], kept["endpoint_url"], kept["as_of"]) == (MLFLOW, S3, None)
    report = RunReport(region="r", month="2021-01", outcome="unchanged", release="2021-01-x")
    monkeypatch.setattr(flows.serve, "monthly", lambda request: asked.append(request) or report)
    monkeypatch.setattr(flows.serve, "is_superseded", lambda scheduled, now: False)
    assert look.fn(RunRequest.model_validate(kept)) == "unchanged: 2021-01, release 2021-01-x"
    assert asked == [REQUEST]
