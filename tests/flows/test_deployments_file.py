"""`prefect.yaml` names flows that exist, and asks them what they can be asked."""

from __future__ import annotations

import inspect
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml
from prefect.flows import load_flow_from_entrypoint

from flows.told import TAG

ROOT = Path(__file__).parents[2]
FILE = yaml.safe_load((ROOT / "prefect.yaml").read_text())
VARIABLES = {"GVIO_PACK", "GVIO_STORE", "GVIO_WORKSPACE"}


@pytest.mark.parametrize("deployment", FILE["deployments"], ids=lambda one: one["name"])
def test_a_deployment_asks_its_flow_what_it_can_be_asked(deployment: Any) -> None:
    flow = load_flow_from_entrypoint(deployment["entrypoint"])
    (parameter,) = inspect.signature(flow.fn, eval_str=True).parameters.values()
    assert set(deployment["parameters"]) == {parameter.name}
    asked = deployment["parameters"][parameter.name]
    assert set(asked) <= set(parameter.annotation.model_fields)
    assert {value.strip("{} $") for value in asked.values()} == VARIABLES
    assert TAG in deployment["tags"]
    assert f"{flow.name}/{deployment['name']}" in (ROOT / "docs/operating.md").read_text()


@pytest.mark.parametrize("name", sorted(VARIABLES | {"PREFECT_API_URL"}))
def test_a_variable_that_is_not_set_is_named(name: str) -> None:
    environment = {k: v for k, v in os.environ.items() if k not in VARIABLES | {"PREFECT_API_URL"}}
    environment |= dict.fromkeys((VARIABLES | {"PREFECT_API_URL"}) - {name}, "/x")
    done = subprocess.run(
        ["sh", "infra/deploy.sh"], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.returncode != 0
    assert f"{name}: is not set" in done.stderr
