"""One request is the only parameter of every flow, and reaches the run as it was given, through the schedule, too."""

from __future__ import annotations

import inspect
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from scripted_stages import write_pack

import flows.look
import flows.monthly
import flows.serve
from flows.access import open_with_access
from flows.serve import Timing
from gvio.cli import model
from gvio.run.report import RangeReport, RunReport
from gvio.run.request import RangeRequest, RunRequest

MLFLOW, S3 = "http://mlflow.example:5000", "http://s3.example:8333"
REQUEST = RunRequest(pack="pack", store="store", workspace="work", endpoint_url=S3, tracking_uri=MLFLOW)


@pytest.mark.parametrize(
    ("flow", "kind"),
    [
        (flows.monthly.monthly, RunRequest),
        (flows.monthly.backfill, RangeRequest),
        (flows.look.daily_look, RunRequest),
    ],
)
def test_a_request_is_the_only_parameter(flow: Any, kind: type) -> None:
    (parameter,) = inspect.signature(flow.fn, eval_str=True).parameters.values()
    assert (parameter.name, parameter.annotation) == ("request", kind)


@pytest.mark.parametrize("name", ["run_month", "run_range"])
def test_flows_hand_the_request_on(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []
    month = RunReport(region="r", month="2021-01", outcome="published", release="x")
    months = RangeReport(region="r", releases=("x",), refused={}, absent={})
    opened = SimpleNamespace(region="r")
    monkeypatch.setattr(
        flows.monthly, "open_with_access", lambda request, progress=None: asked.append(request) or opened
    )
    monkeypatch.setattr(flows.monthly, "leave", lambda *words: None)
    monkeypatch.setattr(flows.monthly, "run_month", lambda *words: month)
    monkeypatch.setattr(flows.monthly, "run_range", lambda first, *rest: asked.append(first) or months)
    if name == "run_month":
        flows.monthly.monthly.fn(REQUEST)
        assert set(asked) == {REQUEST}
    else:
        ranged = RangeRequest(**REQUEST.model_dump(), first="2021-01", last="2021-02")
        flows.monthly.backfill.fn(ranged)
        assert asked[-1] == ranged


def test_the_schedule_hands_the_request_to_every_look(monkeypatch: pytest.MonkeyPatch) -> None:
    served: list[tuple[RunRequest, Timing]] = []
    monkeypatch.setenv("MLFLOW_TRACKING_URI", MLFLOW)
    monkeypatch.setenv("AWS_ENDPOINT_URL", S3)
    monkeypatch.setattr(flows.serve, "serve_daily", lambda request, timing, say: served.append((request, timing)))
    words = ["--region", "pack", "--store", "store", "--workspace", "work"]
    model.serve.main(words, standalone_mode=False)
    assert served == [(REQUEST, Timing())]
    kept = REQUEST.model_dump(mode="json")
    asked: list[RunRequest] = []
    monkeypatch.setattr(flows.look, "month_recorded", lambda request, unless: asked.append(request))
    flows.look.daily_look.fn(RunRequest.model_validate(kept))
    assert asked == [REQUEST]


def test_servers_that_a_request_does_not_name_are_those_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, region_yaml: str
) -> None:
    """A deployment names a pack and a store; who carries it out knows its servers, as the command line does."""
    write_pack(tmp_path / "pack", region_yaml)
    request = RunRequest(pack=str(tmp_path / "pack"), store="store")
    monkeypatch.setenv("MLFLOW_TRACKING_URI", MLFLOW)
    monkeypatch.setenv("AWS_ENDPOINT_URL", S3)
    opened = open_with_access(request).request
    assert (opened.tracking_uri, opened.endpoint_url) == (MLFLOW, S3)
    named = request.model_copy(update={"tracking_uri": "http://other", "endpoint_url": "http://another"})
    opened = open_with_access(named).request
    assert (opened.tracking_uri, opened.endpoint_url) == ("http://other", "http://another")
