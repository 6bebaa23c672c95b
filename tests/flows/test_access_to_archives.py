"""Credentials of a flow: the environment first, Prefect's Secret blocks for the rest, and never a parameter."""

from __future__ import annotations

import inspect
from pathlib import Path

import flows.backfill
import flows.retrain
import pytest
from gvio.pipeline.job import Job, make_job
from prefect import flow
from prefect.blocks.system import Secret

import flows.monthly
import flows.serve
from flows.access import block_name, with_access
from gvio.archives.access import Credentials, Endpoints
from gvio.archives.environment import SECRETS

YAML = """
name: testland
title: Testland
bounds: [120.0, 30.9, 120.1, 31.0]
area_crs: EPSG:32651
first_month: "2021-01"
unit: million CNY
ntl: {product: vnp46a3, source: SOURCE}
districts: {path: districts.geojson}
city_id: CITY
factories: {path: factories.csv}
statistics: {path: statistics.csv}
"""


def job_of(folder: Path, source: str) -> Job:
    (folder / "region.yaml").write_text(YAML.replace("SOURCE", source))
    return make_job(str(folder), "s", "w")


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> pytest.MonkeyPatch:
    for name in SECRETS.values():
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("NETRC", str(tmp_path / "absent"))
    return monkeypatch


@pytest.mark.enable_socket
@pytest.mark.usefixtures("prefect_server")
@pytest.mark.filterwarnings("ignore:unclosed <socket:ResourceWarning")
def test_blocks_complete_what_the_environment_names(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for field in ("earthdata_username", "earthdata_password", "earthdata_token"):
        Secret(value=f"{field} of a block").save(block_name(field), overwrite=True)
    environment.setenv("EARTHDATA_TOKEN", "of the environment")
    environment.setenv("GVIO_LAADS_URL", "https://mirror.example/")
    jobs: list[Job] = []

    @flow
    def small() -> None:
        jobs.append(with_access(job_of(tmp_path, "official")))

    small()
    (job,) = jobs
    found = {field: secret.get_secret_value() for field in SECRETS if (secret := getattr(job.credentials, field))}
    assert found == {
        "earthdata_token": "of the environment",
        "earthdata_username": "earthdata_username of a block",
        "earthdata_password": "earthdata_password of a block",
    }
    assert job.endpoints.laads == "https://mirror.example"
    assert "of a block" not in repr(job)


def test_a_folder_needs_none_and_prefect_is_not_asked(environment: pytest.MonkeyPatch, tmp_path: Path) -> None:
    environment.setenv("EARTHDATA_TOKEN", "of the environment")
    job = with_access(job_of(tmp_path, "ntl"))
    assert (job.credentials, job.endpoints) == (Credentials(), Endpoints())


def test_no_flow_takes_a_credential_as_a_parameter() -> None:
    taken = {
        name
        for one in (
            flows.monthly.monthly,
            flows.retrain.retrain,
            flows.backfill.backfill_months,
            flows.serve.daily_look,
        )
        for name in inspect.signature(one.fn).parameters
    }
    assert {"pack", "store"} <= taken
    assert not {name for name in taken if any(word in name for word in ("token", "password", "secret", "credential"))}
