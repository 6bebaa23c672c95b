"""Addresses of servers reach the job through every flow and through the schedule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import flows.backfill
import flows.retrain
import pytest
from prefect.settings import PREFECT_API_URL, temporary_settings

import flows.monthly
import flows.serve
from gvio.cli import model

MLFLOW, S3 = "http://mlflow.example:5000", "http://s3.example:8333"


@pytest.mark.parametrize(
    ("module", "flow", "more"),
    [
        (flows.monthly, flows.monthly.monthly, ()),
        (flows.retrain, flows.retrain.retrain, ()),
        (flows.backfill, flows.backfill.backfill_months, ("2021-01", "2021-02")),
    ],
)
def test_flows_hand_addresses_to_the_job(
    module: Any, flow: Any, more: tuple[str, ...], tmp_path: Path, region_yaml: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "region.yaml").write_text(region_yaml)
    jobs: list[Any] = []
    monkeypatch.setattr(module, "run_stages", lambda job, stages: jobs.append(job))
    flow.fn(str(tmp_path), "store", "work", *more, endpoint_url=S3, tracking_uri=MLFLOW)
    assert [(job.endpoint_url, job.tracking_uri) for job in jobs] == [(S3, MLFLOW)]


class Recorder:
    """Stands where the flow's own `serve` would wait for ever."""

    def __init__(self) -> None:
        self.words: dict[str, Any] = {}

    def serve(self, **words: Any) -> None:
        self.words = words


def test_the_schedule_hands_addresses_to_every_look(monkeypatch: pytest.MonkeyPatch) -> None:
    recorder, calls = Recorder(), []
    monkeypatch.setenv("MLFLOW_TRACKING_URI", MLFLOW)
    monkeypatch.setenv("AWS_ENDPOINT_URL", S3)
    look = flows.serve.daily_look
    monkeypatch.setattr(flows.serve, "daily_look", recorder)
    with temporary_settings({PREFECT_API_URL: "http://prefect.example/api"}):
        model.serve.callback("pack", "store", "work", None)  # type: ignore[misc]
    assert recorder.words["parameters"]["tracking_uri"] == MLFLOW
    monkeypatch.setattr(flows.serve, "monthly", lambda *names, **words: calls.append(words) or [])
    monkeypatch.setattr(flows.serve, "is_superseded", lambda scheduled, now: False)
    look.fn(**recorder.words["parameters"])
    assert calls == [{"params_file": None, "endpoint_url": S3, "tracking_uri": MLFLOW}]
