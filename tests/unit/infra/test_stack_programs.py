"""What the programs of a stack are told: rights apart, secrets off command lines, everything on this machine only."""

from __future__ import annotations

import configparser
import json
import os
import stat
import sys
from pathlib import Path

import pytest

from gvio.errors import ConfigError
from infra.stack import binaries, lifecycle, postgres, supervise
from infra.stack.launch import STACK, left_behind, until_gone
from infra.stack.programs import (
    dashboard_environment,
    keeper_environment,
    pipeline_environment,
    programs,
    shared_environment,
)
from infra.stack.provision import deploy, write_files
from infra.stack.settings import PORTS, SECRETS, Settings

NUMBERS = {name: str(20_000 + 10 * n) for n, name in enumerate(PORTS)}


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setattr("infra.stack.programs.find_program", lambda name: f"/bin/{name}")
    monkeypatch.setattr("infra.stack.programs.find_beside", lambda name: Path("/bin") / name)
    return Settings(tmp_path, {**NUMBERS, **{name: f"secret-{name}" for name in SECRETS}})


def test_no_secret_is_on_a_command_line_or_in_the_supervisors_file(settings: Settings) -> None:
    ordered = programs(settings)
    assert [one.name for one in ordered] == ["postgres", "s3", "mlflow", "prefect", "worker", "dashboard"]
    path = supervise.configure(settings, ordered)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    told = " ".join([*(word for one in ordered for word in one.command), path.read_text()])
    assert "secret-" not in told
    parsed = configparser.RawConfigParser()
    parsed.read(path)
    for one in ordered:
        section = parsed[f"program:{one.name}"]
        assert section["autorestart"] == "true"
        assert section["command"].endswith(f"exec {one.name}")
        assert section["stdout_logfile"] == str(settings.folder / "logs" / f"{one.name}.log"), "logs in one place"


def test_every_server_listens_on_this_machine_only(settings: Settings) -> None:
    told = {one.name: " ".join(one.command) for one in programs(settings)}
    assert "listen_addresses=127.0.0.1" in told["postgres"]
    assert "-ip=127.0.0.1 -ip.bind=127.0.0.1" in told["s3"]
    assert all("--host 127.0.0.1" in told[name] for name in ("mlflow", "prefect"))
    ports = [port for one in programs(settings) for port in one.ports.values()]
    assert len(ports) == len(set(ports)) == 13


def test_who_reads_has_a_key_that_cannot_write(settings: Settings) -> None:
    write_files(settings)
    files = [settings.folder / name for name in ("s3/s3.json", "s3/security.toml", "mlflow/auth.ini")]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    identities = json.loads(files[0].read_text())["identities"]
    allowed = {one["name"]: set(one["actions"]) for one in identities}
    assert allowed["dashboard"] == {"Read:gvio", "List:gvio"}
    assert allowed["pipeline"] == {"Read:gvio", "Write:gvio", "List:gvio"}
    assert not any("gvio" in action for action in allowed["mlflow"])
    keys = {one["name"]: one["credentials"][0]["accessKey"] for one in identities}
    environments = {
        "pipeline": pipeline_environment(settings),
        "dashboard": dashboard_environment(settings),
        "keeper": keeper_environment(settings),
    }
    assert {who: told["AWS_ACCESS_KEY_ID"] for who, told in environments.items()} == {
        who: keys[who] for who in environments
    }
    assert not any(name.startswith(("MLFLOW", "PREFECT")) for name in environments["dashboard"])
    assert "ADMIN" not in json.dumps(environments["pipeline"]), "the pipeline administers nothing"


def test_the_shells_other_servers_reach_no_program() -> None:
    shell = {"PATH": "/usr/bin", "AWS_PROFILE": "x", "MLFLOW_TRACKING_URI": "x", "PREFECT_API_URL": "x", "PGHOST": "x"}
    shell |= {"EARTHDATA_TOKEN": "kept", "GVIO_CMR_URL": "kept", "GVIO_STORE": "x", "HTTPS_PROXY": "http://proxy"}
    told = shared_environment(shell)
    assert {name for name, value in told.items() if value == "x"} == set()
    assert told["EARTHDATA_TOKEN"] == told["GVIO_CMR_URL"] == "kept"
    assert "127.0.0.1" in told["NO_PROXY"]
    assert told["MLFLOW_SERVER_ENABLE_JOB_EXECUTION"] == "false", "as infra/env.sh says"


def test_a_folder_with_a_long_name_is_refused_before_anything_starts(settings: Settings) -> None:
    long = Settings(settings.folder / ("x" * 90), settings.values)
    with pytest.raises(ConfigError, match="the name of the folder is too long for a socket"):
        supervise.configure(long, ())


def test_a_port_in_use_is_named_with_its_program(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    taken = settings.port("MLFLOW_PORT")
    monkeypatch.setattr(lifecycle, "is_free", lambda port: port != taken)
    with pytest.raises(ConfigError, match=rf"port {taken}, MLFLOW_PORT of MLflow, is in use by another program. End"):
        lifecycle._require_free(settings, programs(settings))


def test_without_a_supervisor_every_program_is_down(settings: Settings) -> None:
    lines = lifecycle.status(settings)
    assert {line.word for line in lines} == {"DOWN"}
    assert all(line.trouble == "is not started" for line in lines)
    assert not supervise.is_up(settings)
    supervise.shut_down(settings)
    assert deploy(settings) is False, "no pack, no deployment"


def test_what_a_stack_left_behind_is_found_by_its_mark(tmp_path: Path) -> None:
    import subprocess

    mark = os.environ | {STACK: str(tmp_path)}
    with subprocess.Popen([sys.executable, "-c", "input()"], env=mark, stdin=subprocess.PIPE) as other:
        assert [process.pid for process in until_gone(tmp_path, 0.0)] == [other.pid]
        assert left_behind(tmp_path / "elsewhere") == []
        other.communicate(b"\n")
    assert until_gone(tmp_path, 5.0) == []


def test_programs_that_are_absent_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError, match=r"the program 'no-such' is absent. Install what the stack needs"):
        binaries.find_beside("no-such")
    monkeypatch.setattr(postgres.os, "geteuid", lambda: 0)
    monkeypatch.setattr(postgres, "_UNPRIVILEGED", ("no-such-user",))
    with pytest.raises(ConfigError, match="PostgreSQL refuses to run as root, and there is no user postgres"):
        postgres.server_user()
