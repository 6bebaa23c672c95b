"""The embedded registry's database is whole or absent, whatever killed the run that created it."""

import logging
import os
import signal
import sqlite3
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import pytest
from filelock import FileLock

from gvio.errors import ModelError, RunHeld
from gvio.registry import database
from gvio.registry.connection import connect, default_uri
from gvio.registry.versions import list_versions

USE = """
    from pathlib import Path
    from gvio.registry.connection import connect, default_uri
    with connect(default_uri(Path(sys.argv[1]))) as client:
        client.create_registered_model("kept")
        count = len(client.search_experiments())
    print(count)
"""
OF_AN_OLDER_GVIO = """
    from mlflow.tracking import MlflowClient
    MlflowClient(tracking_uri=f"sqlite:///{sys.argv[1]}/mlflow.db").search_experiments()
"""
KILL_AT = """
    import os, signal, sqlite3, sys
    steps = 0
    import sqlalchemy.engine.default as default
    execute = default.DefaultDialect.do_execute
    def counted(self, cursor, statement, parameters, context=None):
        global steps
        if statement.lstrip().upper().startswith(("CREATE", "ALTER", "INSERT", "UPDATE", "DROP")):
            steps += 1
            if steps == int(sys.argv[2]):
                os.kill(os.getpid(), signal.SIGKILL)
        return execute(self, cursor, statement, parameters, context)
    default.DefaultDialect.do_execute = counted
"""


def _child(code: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    program = "import sys\n" + textwrap.dedent(code)
    environment = {**os.environ, "MLFLOW_DISABLE_TELEMETRY": "true"}
    return subprocess.run(
        [sys.executable, "-c", program, *arguments], capture_output=True, text=True, env=environment, check=False
    )


def _names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


@pytest.mark.slow
@pytest.mark.parametrize("step", [1, 300])
def test_a_run_killed_while_it_creates_the_database_is_followed_by_one_that_works(tmp_path, step):
    killed = _child(KILL_AT + USE, str(tmp_path), str(step))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    assert _names(tmp_path) == [], "no half-made database in its place"
    done = _child(USE, str(tmp_path))
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
    assert _names(tmp_path) == ["mlflow.db"]


@pytest.mark.slow
@pytest.mark.parametrize("step", [40])
def test_what_an_older_version_left_half_made_is_moved_aside(tmp_path, step):
    killed = _child(KILL_AT + OF_AN_OLDER_GVIO, str(tmp_path), str(step))
    assert killed.returncode == -signal.SIGKILL, killed.stderr
    half = (tmp_path / "mlflow.db").read_bytes()
    done = _child(USE, str(tmp_path))
    assert (done.returncode, done.stdout) == (0, "1\n"), done.stderr
    assert "mlflow.db was only half made and holds no models: moved to mlflow.db.broken-" in done.stderr
    (aside,) = [path for path in tmp_path.glob("mlflow.db.broken-*") if "journal" not in path.name]
    assert abs(len(aside.read_bytes()) - len(half)) < 200_000, "nothing is thrown away"


@pytest.mark.slow
def test_two_first_runs_at_once_share_one_database(tmp_path):
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", "import sys\n" + textwrap.dedent(USE).replace('"kept"', f'"kept{i}"'), str(tmp_path)]
        )
        for i in range(2)
    ]
    assert [program.wait(120) for program in programs] == [0, 0]
    with connect(default_uri(tmp_path)) as client:
        assert {model.name for model in client.search_registered_models()} == {"kept0", "kept1"}
    assert _names(tmp_path) == ["mlflow.db"]


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "_STILL_SECONDS", 0.1)


def _alter(path: Path, *statements: str) -> None:
    with sqlite3.connect(path) as opened:
        for statement in statements:
            opened.execute(statement)
    opened.close()


def test_a_whole_database_without_the_mark_gets_it_and_stays(tmp_path, new_database, impatient):
    path = tmp_path / "mlflow.db"
    path.write_bytes(new_database)
    _alter(path, "PRAGMA application_id = 0")
    inode = path.stat().st_ino
    assert list_versions(default_uri(tmp_path), "x") == []
    assert path.stat().st_ino == inode
    assert database._is_marked(path)


@pytest.mark.parametrize("spoil", ["DELETE FROM alembic_version", "UPDATE alembic_version SET version_num = 'old'"])
def test_a_database_of_another_schema_without_models_is_replaced(tmp_path, new_database, impatient, spoil, caplog):
    path = tmp_path / "mlflow.db"
    path.write_bytes(new_database)
    _alter(path, "PRAGMA application_id = 0", spoil)
    Path(f"{path}-journal").write_bytes(b"old journal")
    with caplog.at_level(logging.WARNING, logger="gvio.registry"):
        assert list_versions(default_uri(tmp_path), "x") == []
    assert "holds no models: moved to mlflow.db.broken-" in caplog.text
    assert "mlflow.db-journal" not in _names(tmp_path)


def test_a_new_database_names_the_folder_beside_it_for_artifacts(tmp_path):
    with connect(default_uri(tmp_path)) as client:
        assert client.get_experiment("0").artifact_location == (tmp_path / "mlartifacts" / "0").as_uri()
    assert _names(tmp_path) == ["mlflow.db"]


def test_an_empty_file_is_a_half_made_database(tmp_path, impatient):
    (tmp_path / "mlflow.db").touch()
    assert list_versions(default_uri(tmp_path), "x") == []


def test_a_file_that_is_no_database_is_refused_where_models_lie_beside(tmp_path, impatient):
    path, garbage = tmp_path / "mlflow.db", b"not a database, but long enough to look like one" * 50
    path.write_bytes(garbage)
    (tmp_path / "mlartifacts" / "1").mkdir(parents=True)
    with pytest.raises(ModelError, match=r"mlflow\.db: the model registry failed: .*not a database\. Restore a copy"):
        list_versions(default_uri(tmp_path), "any")
    assert path.read_bytes() == garbage
    (tmp_path / "mlartifacts" / "1").rmdir()
    assert list_versions(default_uri(tmp_path), "any") == [], "nothing was ever registered here"


def test_a_database_that_cannot_be_read_now_is_left_alone(tmp_path, new_database, impatient, monkeypatch):
    path = tmp_path / "mlflow.db"
    path.write_bytes(new_database)
    _alter(path, "PRAGMA application_id = 0")

    def locked(opened: sqlite3.Connection) -> str:
        raise sqlite3.OperationalError("database is locked")

    monkeypatch.setattr(database, "_revision", locked)
    with pytest.raises(ModelError, match=r"the model registry failed: database is locked\. Check the disk"):
        list_versions(default_uri(tmp_path), "any")
    assert _names(tmp_path) == ["mlflow.db"]


@pytest.mark.slow
def test_an_older_database_that_holds_models_is_refused_and_the_advice_works(tmp_path, impatient):
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    uri = default_uri(tmp_path)
    migrations = Path(sys.modules["mlflow"].__file__).parent / "store" / "db_migrations"  # type: ignore[arg-type]
    config = Config(str(migrations / "alembic.ini"))
    config.set_main_option("script_location", str(migrations))
    config.set_main_option("sqlalchemy.url", uri)
    script = ScriptDirectory.from_config(config)
    newest = script.get_revision(script.get_current_head())
    _child(
        "from sqlalchemy import create_engine\nfrom mlflow.store.tracking.dbmodels.initial_models import Base\n"
        "Base.metadata.create_all(create_engine(sys.argv[1]))",
        uri,
    )
    command.upgrade(config, newest.down_revision)
    _alter(tmp_path / "mlflow.db", "INSERT INTO registered_models (name) VALUES ('gvio-kept')")
    with pytest.raises(
        ModelError, match=r"is of another MLflow \(schema \w+\) and holds 1 models and runs.*db upgrade"
    ):
        list_versions(uri, "kept")
    tool = Path(sys.executable).parent / "mlflow"
    subprocess.run([tool, "db", "upgrade", uri], check=True, capture_output=True)
    with connect(uri) as client:
        assert client.get_registered_model("gvio-kept").name == "gvio-kept"


def test_a_creation_that_hangs_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(database, "_LOCK_SECONDS", 0.1)
    with (
        FileLock(tmp_path / ".mlflow.db.lock"),
        pytest.raises(RunHeld, match="another process has been creating the registry's database for minutes"),
        connect(default_uri(tmp_path)),
    ):
        pass


def test_a_database_that_still_grows_is_waited_for(tmp_path, new_database, monkeypatch):
    monkeypatch.setattr(database, "_STILL_SECONDS", 0.3)
    path = tmp_path / "mlflow.db"
    path.write_bytes(new_database[:4096])

    def go_on() -> None:
        path.write_bytes(new_database[:8192])
        path.write_bytes(new_database)

    timer = threading.Timer(0.15, go_on)
    timer.start()
    database._wait_until_still(path)
    timer.join()
    assert path.read_bytes() == new_database
