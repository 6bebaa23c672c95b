"""The three version guards of pyproject.toml: each test fails when its guard is lifted and a newer version comes in.

`pip check` does not notice any of them, and two fail silently: a schedule that never runs looks like a quiet month.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def prefect_outcome(tmp_path_factory):
    """Outcome of prefect_program.py in a process with a fresh database; its last lines of stderr explain a failure."""
    home = tmp_path_factory.mktemp("prefect")
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PREFECT")}
    environment |= {
        "PREFECT_HOME": str(home),
        "PREFECT_SERVER_DATABASE_CONNECTION_URL": f"sqlite+aiosqlite:///{home / 'prefect.db'}",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "DO_NOT_TRACK": "true",
    }
    program = Path(__file__).with_name("prefect_program.py")
    done = subprocess.run(
        [sys.executable, str(program)], env=environment, cwd=home, capture_output=True, text=True, timeout=300
    )
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout)


@pytest.mark.slow
def test_fastapi_guard_the_prefect_server_lists_deployments(prefect_outcome):
    """fastapi ≥ 0.151: `read_deployments` and `read_flow_runs` answer 422, or the server does not start."""
    assert prefect_outcome["deployments"] == 1


@pytest.mark.slow
def test_sqlalchemy_guard_the_prefect_scheduler_creates_runs(prefect_outcome):
    """sqlalchemy ≥ 2.1: `Can't evaluate bulk DML statement`; no scheduled run is ever created."""
    assert prefect_outcome["flow_runs"] >= 1


def test_marshmallow_guard_a_quantile_expectation_serialises():
    """marshmallow ≥ 4: `Object of type bool is not JSON serializable`."""
    import pandas as pd

    from gvio.validate.tables import gx, gxe

    expectation = gxe.ExpectColumnQuantileValuesToBeBetween(
        column="seen_share", quantile_ranges={"quantiles": [0.5], "value_ranges": [[0.5, 1.0]]}
    )
    context = gx.get_context(mode="ephemeral")
    asset = context.data_sources.add_pandas("light").add_dataframe_asset("light")
    batch = asset.add_batch_definition_whole_dataframe("all").get_batch(
        {"dataframe": pd.DataFrame({"seen_share": [0.9]})}
    )
    suite = context.suites.add(gx.ExpectationSuite(name="light", expectations=[expectation]))
    outcome = batch.validate(suite)
    assert outcome.success
    written = json.loads(json.dumps(outcome.to_json_dict()))
    assert written["results"][0]["result"]["observed_value"] == {"quantiles": [0.5], "values": [0.9]}
