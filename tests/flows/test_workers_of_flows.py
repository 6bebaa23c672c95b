"""Who does the work of a flow: the request says it, then the flow's own task runner, then the environment."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from prefect.context import FlowRunContext

from flows.access import open_with_access
from gvio.errors import ConfigError
from gvio.run.request import RangeRequest, RunRequest

HERE = "tcp://127.0.0.1:8786"


class DaskTaskRunner:
    """As prefect-dask's, which is tested where a server runs: `test_stage_tasks.py`."""

    __module__ = "prefect_dask.task_runners"
    client = SimpleNamespace(scheduler_info=lambda: {"address": "tcp://10.0.0.1:8786"})


@pytest.fixture
def asked(tmp_path: Path, region_yaml: str, monkeypatch: pytest.MonkeyPatch) -> Any:
    (tmp_path / "region.yaml").write_text(region_yaml)
    for name in ("GVIO_WORKERS", "GVIO_CLUSTER", "GVIO_WORKER_MEMORY"):
        monkeypatch.delenv(name, raising=False)

    def of(environment: dict[str, str], **request: Any) -> tuple[int | None, str | None, str | None]:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        found = open_with_access(RunRequest(pack=str(tmp_path), store="s", workspace="w", **request)).request
        return found.workers, found.cluster, found.worker_memory

    return of


def test_the_environment_of_who_runs_it_says_who_works_unless_the_request_does(asked: Any) -> None:
    assert asked({}) == (None, None, None)
    assert asked({"GVIO_WORKERS": "2", "GVIO_WORKER_MEMORY": "2GB"}) == (2, None, "2GB")
    assert asked({}, cluster=HERE) == (None, HERE, None)
    assert asked({}, workers=1) == (1, None, None)


def test_a_variable_that_is_wrong_is_named(asked: Any) -> None:
    with pytest.raises(
        ConfigError, match="GVIO_CLUSTER: cluster 'scheduler' is not valid; write it as tcp://host:port"
    ):
        asked({"GVIO_CLUSTER": "scheduler"})


def test_a_flow_with_the_task_runner_of_a_cluster_uses_that(asked: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(FlowRunContext, "get", lambda: SimpleNamespace(task_runner=DaskTaskRunner()))
    assert asked({"GVIO_WORKERS": "2"}) == (None, "tcp://10.0.0.1:8786", None)
    assert asked({}, workers=1) == (1, None, None)


def test_a_range_stays_one(asked: Any, tmp_path: Path) -> None:
    request = RangeRequest(pack=str(tmp_path), store="s", first="2021-01", last="2021-02", workers=3)
    found = open_with_access(request).request
    assert isinstance(found, RangeRequest)
    assert found.workers == 3
