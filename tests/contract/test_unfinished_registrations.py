"""What a killed registration leaves open is closed by the next one; what is being written stays."""

import os
import signal
import subprocess
import sys
import tempfile
import textwrap
import time
from pathlib import Path

import pytest
from training_records import known, log, make_record

from gvio.registry import unfinished
from gvio.registry.champion import champion_as_of
from gvio.registry.connection import connect, default_uri
from gvio.registry.record import Decision
from gvio.registry.registration import decided_before, register
from gvio.registry.unfinished import sweep_downloads, writing
from gvio.registry.versions import list_versions

KILL_AFTER = """
    import os, signal, sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[1])
    import mlflow.tracking
    from gvio.registry import training
    from training_records import log
    name = sys.argv[4]
    owner = training if name == "_lay_out" else mlflow.tracking.MlflowClient
    method = getattr(owner, name)
    def last(*args, **kwargs):
        method(*args, **kwargs)
        os.kill(os.getpid(), signal.SIGKILL)
    setattr(owner, name, last)
    log(sys.argv[2], Path(sys.argv[3]), "killed", b"w", "promoted", "better")
"""


def _in_use(uri: str) -> bytes | None:
    day = known()
    found = champion_as_of(uri, "killed", day.trained, day.public_until, day.as_of)
    return None if found is None else found.weights


def _statuses(uri: str, region: str) -> list[str]:
    with connect(uri) as client:
        experiment = client.get_experiment_by_name(f"gvio-{region}")
        return sorted(run.info.status for run in client.search_runs([experiment.experiment_id]))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("call", "killed_runs", "decided", "champions"),
    [
        ("create_run", 1, False, 1),
        ("_lay_out", 1, False, 0),
        ("create_model_version", 0, True, 1),
        ("set_registered_model_alias", 0, True, 0),
        ("set_registered_model_alias", 0, True, 1),
    ],
)
def test_a_killed_registration_is_completed_by_the_next(tmp_path, new_database, call, killed_runs, decided, champions):
    (tmp_path / "mlflow.db").write_bytes(new_database)
    uri = default_uri(tmp_path)
    if champions:
        log(uri, tmp_path, "killed", b"v", "promoted", "first")
    command = [sys.executable, "-c", textwrap.dedent(KILL_AFTER), str(Path(__file__).parent), uri, str(tmp_path), call]
    killed = subprocess.run(command, capture_output=True, text=True, check=False)
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert _in_use(uri) == (b"v" if champions else None), "a version that never became champion is none"
    again = make_record(tmp_path, "killed", b"w")
    before = decided_before(uri, "killed", again.package)
    assert (before is not None) is decided
    version = before or register(uri, again, Decision("promoted", "better"))
    assert (version.version, version.decision, version.evidence) == (champions + 1, "promoted", "better")
    assert (version.aliases, version.replaced) == (("challenger", "champion"), champions or None)
    assert _in_use(uri) == b"w"
    assert len(list_versions(uri, "killed")) == champions + 1
    assert _statuses(uri, "killed") == ["FINISHED"] * (champions + 1) + ["KILLED"] * killed_runs


@pytest.fixture(scope="module")
def sqlite(tmp_path_factory: pytest.TempPathFactory, new_database: bytes) -> str:
    folder = tmp_path_factory.mktemp("workspace")
    (folder / "mlflow.db").write_bytes(new_database)
    return default_uri(folder)


def _gone() -> str:
    """Number and start time of a process that has ended."""
    done = subprocess.Popen(["true"])
    done.wait()
    return f"{done.pid} 1"


@pytest.mark.parametrize(
    ("whose", "hours", "status"),
    [
        ("this process", 48, "RUNNING"),
        ("this process, an attempt that failed", 0, "KILLED"),
        ("a process that is gone", 0, "KILLED"),
        ("another process of the same number", 0, "KILLED"),
        ("another machine", 1, "RUNNING"),
        ("another machine", 25, "KILLED"),
        ("an older gvio", 1, "RUNNING"),
        ("an older gvio", 25, "KILLED"),
        ("somebody else", 48, "RUNNING"),
    ],
)
def test_only_runs_of_ours_that_nobody_writes_are_closed(sqlite, tmp_path, whose, hours, status):
    with writing() as own:
        _assert_closed(sqlite, tmp_path, whose, hours, status, own)


def _assert_closed(sqlite, tmp_path, whose, hours, status, own):
    region = f"{whose} {hours}".replace(" ", "-").replace(",", "")
    tags = {
        "this process": own,
        "this process, an attempt that failed": own | {"gvio.attempt": "0"},
        "a process that is gone": own | {"gvio.process": _gone()},
        "another process of the same number": own | {"gvio.process": f"{os.getpid()} 1"},
        "another machine": own | {"gvio.machine": "elsewhere"},
    }.get(whose, {})
    if whose != "somebody else":
        tags = tags | {"weights_sha256": "0"}
    with connect(sqlite) as client:
        experiment = client.create_experiment(f"gvio-{region}")
        start = int((time.time() - hours * 3600) * 1000)
        run = client.create_run(experiment, start_time=start, tags=tags)
        log(sqlite, tmp_path, region, b"w")
        assert client.get_run(run.info.run_id).info.status == status


def test_a_system_without_proc_goes_by_age(monkeypatch, tmp_path):
    monkeypatch.setattr(unfinished, "_PROC", tmp_path)
    unfinished._machine.cache_clear()
    with writing() as tags:
        assert (tags["gvio.machine"], tags["gvio.process"]) == ("", "")
    unfinished._machine.cache_clear()


def test_downloads_of_killed_processes_are_swept(tmp_path, monkeypatch):
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    old, new, other = (tmp_path / name for name in (".champion-old", ".champion-new", "champion-else"))
    for folder in (old, new, other):
        (folder / "model").mkdir(parents=True)
    for folder in (old, other):
        os.utime(folder, (time.time() - 7200,) * 2)
    sweep_downloads()
    assert sorted(path.name for path in tmp_path.iterdir()) == [".champion-new", "champion-else"]
