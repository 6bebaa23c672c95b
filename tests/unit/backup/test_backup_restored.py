"""A backup of a folder store and an embedded registry: whole or not at all, and back as it was, verified."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
import sqlite3
import stat
from pathlib import Path

import pytest

from gvio.backup import sqlite
from gvio.backup.manifest import read_backup
from gvio.backup.objects import copy_out, may_change, media_type
from gvio.cli.main import main
from gvio.errors import ConfigError, StoreError
from gvio.files import held
from gvio.store.local import LocalStore
from gvio.store.writing import write_release


def call(*words: object) -> tuple[int, str, str]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err), pytest.raises(SystemExit) as left:
        main([str(word) for word in words])
    return int(left.value.code or 0), out.getvalue(), err.getvalue()


def bytes_of(folder: Path) -> dict[str, bytes]:
    files = (path for path in folder.rglob("*") if path.is_file() and not path.name.startswith("."))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def rows(path: Path) -> list[tuple[str]]:
    with contextlib.closing(sqlite3.connect(path)) as opened:
        return opened.execute("SELECT name FROM models ORDER BY name").fetchall()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, make_release) -> Path:
    """A workspace with a store of two releases, a registry and its files."""
    folder = tmp_path_factory.mktemp("prepared") / "work"
    for seed, month in enumerate(("2021-02", "2021-03")):
        write_release(LocalStore(folder / "store"), "testland", make_release(month, seed))
    (folder / "mlartifacts/7/model").mkdir(parents=True)
    (folder / "mlartifacts/7/model/weights.safetensors").write_bytes(b"weights")
    with contextlib.closing(sqlite3.connect(folder / "mlflow.db")) as opened, opened:
        opened.execute("PRAGMA journal_mode = WAL")
        opened.execute("CREATE TABLE models (name TEXT)")
        opened.execute("INSERT INTO models VALUES ('one')")
    return folder


@pytest.fixture
def work(prepared: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in ("AWS_ENDPOINT_URL", "MLFLOW_TRACKING_URI", "GVIO_STORE", "GVIO_DATABASE_URLS", "GVIO_ARTIFACTS"):
        monkeypatch.delenv(name, raising=False)
    shutil.copytree(prepared, tmp_path / "work")
    return tmp_path / "work"


@pytest.fixture
def backup(work: Path, tmp_path: Path) -> Path:
    code, out, err = call("backup", "--to", tmp_path / "backup", "--workspace", work)
    assert (code, err) == (0, "")
    assert "mlflow, 1 files of the registry" in out
    return tmp_path / "backup"


def test_what_was_destroyed_comes_back_as_it_was(work: Path, backup: Path) -> None:
    before = bytes_of(work / "store")
    assert stat.S_IMODE(backup.stat().st_mode) == 0o700
    assert call("verify", "--store", backup / "store")[:2] == (0, "testland: sound\n"), "itself a store"
    shutil.rmtree(work)
    code, out, _ = call("restore", "--from", backup, "--workspace", work)
    assert code == 0
    assert "all read again and found the same" in out
    assert bytes_of(work / "store") == before
    assert rows(work / "mlflow.db") == [("one",)]
    assert (work / "mlartifacts/7/model/weights.safetensors").read_bytes() == b"weights"
    assert call("verify", "--store", work / "store")[0] == 0


def test_nothing_is_overwritten_without_being_told(work: Path, backup: Path, tmp_path: Path, make_release) -> None:
    assert (
        f"{backup}: holds a backup already. Choose another --to"
        in call("backup", "--to", backup, "--workspace", work)[2]
    )
    code, _, err = call("restore", "--from", backup, "--workspace", work)
    assert code == 2
    assert "is not empty; nothing was written. Restore to an empty place, or say --replace" in err
    write_release(LocalStore(work / "store"), "testland", make_release("2021-04", 5))
    with contextlib.closing(sqlite3.connect(work / "mlflow.db")) as opened, opened:
        opened.execute("INSERT INTO models VALUES ('two')")
    code, out, _ = call("restore", "--from", backup, "--workspace", work, "--replace", "--json")
    told = json.loads(out)
    assert code == 0
    assert any(key.startswith("testland/releases/2021-04") for key in told["removed"])
    assert call("verify", "--store", work / "store")[:2] == (0, "testland: sound\n"), "the pointer went back with it"
    assert rows(work / "mlflow.db") == [("one",)]
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine/letter.txt").write_text("dear")
    assert "holds something that is no backup" in call("backup", "--to", tmp_path / "mine", "--workspace", work)[2]
    assert call("backup", "--to", backup, "--workspace", work, "--replace")[0] == 0
    assert not [path for path in tmp_path.iterdir() if path.name.endswith((".new", ".old"))]


def test_what_was_damaged_before_the_backup_is_told_again(work: Path, tmp_path: Path) -> None:
    grid = next((work / "store/testland/grids").rglob("*.tif"))
    grid.write_bytes(grid.read_bytes() + b"\0")
    assert call("backup", "--to", tmp_path / "backup", "--workspace", work)[0] == 3
    shutil.rmtree(work)
    code, out, _ = call("restore", "--from", tmp_path / "backup", "--workspace", work)
    assert code == 3
    assert f"was damaged when it was backed up: {work}" in out


def test_a_damaged_backup_is_not_restored(work: Path, backup: Path, tmp_path: Path) -> None:
    file = next((backup / "store/testland/grids").rglob("*.tif"))
    file.write_bytes(file.read_bytes() + b"\0")
    shutil.rmtree(work)
    code, _, err = call("restore", "--from", backup, "--workspace", work)
    assert code == 1
    assert f"{file}: a file of the backup is not the file that was backed up. Nothing was written" in err
    file.unlink()
    assert "a file of the backup is absent" in call("restore", "--from", backup, "--workspace", work)[2]
    assert not work.exists()
    for text, said in (
        ("{", "is no JSON"),
        ('{"schema_version": 2}', "has the schema version 2, which this gvio does not know"),
        ('{"schema_version": 1}', "its created cannot be read"),
    ):
        (backup / "backup.json").write_text(text)
        assert said in call("restore", "--from", backup, "--workspace", work)[2]
    code, _, err = call("restore", "--from", tmp_path, "--workspace", work)
    assert (code, "there is no backup.json in it" in err) == (2, True)


def test_a_damaged_store_is_backed_up_and_told(work: Path, tmp_path: Path) -> None:
    file = next((work / "store/testland/grids").rglob("*.tif"))
    file.write_bytes(b"torn")
    code, out, _ = call("backup", "--to", tmp_path / "backup", "--workspace", work)
    assert code == 3
    assert f"{file}: its bytes are not the ones published" in out, "named where it is damaged, and not in the copy"
    assert read_backup(tmp_path / "backup").findings


def test_only_the_store_is_asked_for(work: Path, backup: Path, tmp_path: Path) -> None:
    shutil.rmtree(work)
    code, out, _ = call("restore", "--from", backup, "--workspace", work, "--store-only")
    assert code == 0
    assert "left in the backup: database mlflow" in out
    assert not (work / "mlflow.db").exists()
    assert call("backup", "--to", tmp_path / "second", "--workspace", work, "--store-only")[0] == 0
    assert read_backup(tmp_path / "second").databases == ()
    code, _, err = call("backup", "--to", tmp_path / "third", "--workspace", tmp_path / "no-such")
    assert (code, "there is nothing to back up. Check --store and --workspace" in err) == (2, True)
    assert not (tmp_path / "third").exists()


def test_a_server_s_registry_is_not_forgotten(work: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://127.0.0.1:9")
    code, _, err = call("backup", "--to", tmp_path / "backup", "--workspace", work)
    assert code == 2
    assert "the registry is a server, and its database is not named. Set GVIO_DATABASE_URLS" in err
    monkeypatch.setenv("GVIO_DATABASE_URLS", "mysql://me:secret@host/name")
    code, _, err = call("backup", "--to", tmp_path / "backup", "--workspace", work)
    assert code == 2
    assert "'mysql://me@host/name' is no address of a PostgreSQL database" in err


def test_a_database_that_nobody_named_is_not_lost(work: Path, backup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shutil.rmtree(work)
    monkeypatch.setenv("GVIO_DATABASE_URLS", "postgresql://me:secret@127.0.0.1:9/other")
    code, _, err = call("restore", "--from", backup, "--workspace", work)
    assert code == 2
    assert "the backup holds the sqlite database 'mlflow', and no such one is named as target" in err
    assert not work.exists()


def test_nobody_is_overtaken(work: Path, backup: Path, tmp_path: Path) -> None:
    (work / "testland").mkdir()
    for lock in (work / "testland/.lock", work / "prefect/server.lock"):
        with held(lock, lambda: ConfigError("never")):
            code, _, err = call("restore", "--from", backup, "--workspace", work, "--replace")
        assert (code, "a run or a server is at work here. End it, then restore again" in err) == (5, True)
    with held(tmp_path / ".backup.lock", lambda: ConfigError("never")):
        code, _, err = call("backup", "--to", backup, "--workspace", work, "--replace")
    assert (code, "another backup is being written here" in err) == (5, True)


class Moving(LocalStore):
    """A store in which somebody replaces an object whenever it was read, `left` times."""

    left = 0

    def get(self, key: str) -> bytes:
        data = super().get(key)
        if self.left and key == "r/latest.json":
            self.left -= 1
            self.replace(key, data + b" ", self.read_versioned(key)[1])
            self.put_new(f"r/releases/{self.left}", b"{}", "application/json")
        return data


def test_a_store_that_is_written_meanwhile_is_copied_as_at_one_moment(tmp_path: Path) -> None:
    source, target = Moving(tmp_path / "a"), LocalStore(tmp_path / "b")
    source.put_new("r/latest.json", b"{}", "application/json")
    source.left = 2
    done = copy_out(source, target)
    assert bytes_of(tmp_path / "a") == bytes_of(tmp_path / "b")
    assert set(done) == {"r/latest.json", "r/releases/0", "r/releases/1"}
    source.left = 99
    with pytest.raises(StoreError, match="changed while it was copied, 5 times in a row"):
        copy_out(source, target)


def test_objects_are_known_by_their_names() -> None:
    assert [may_change(key) for key in ("x", "r/latest.json", "r/grids/a.tif", "r/history/1.json")] == [
        True,
        True,
        False,
        False,
    ]
    kinds = {
        key: media_type(key) for key in ("r/items/a.json", "r/latest.json", "r/x.tif", "r/estimates.parquet", "r/x")
    }
    assert kinds["r/items/a.json"] == "application/geo+json"
    assert kinds["r/estimates.parquet"] == "application/vnd.apache.parquet"
    assert kinds["r/x"] == "application/octet-stream"


def test_what_came_back_otherwise_is_told(work: Path, backup: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from gvio.backup import restore

    shutil.rmtree(work)
    monkeypatch.setattr(restore, "digests_of", lambda *_: _Torn())
    code, _, err = call("restore", "--from", backup, "--workspace", work)
    assert (code, "the restored object is not what the backup holds" in err) == (1, True)
    monkeypatch.setattr(sqlite, "put_back", lambda source, target: target.write_bytes(b"torn"))
    code, _, err = call("restore", "--from", backup, "--workspace", work, "--replace")
    assert (code, "the restored database is not what the backup holds" in err) == (1, True)


class _Torn(dict):
    def __missing__(self, key: str) -> tuple[int, str]:
        return 0, ""


def test_a_database_that_is_none_is_refused(tmp_path: Path) -> None:
    (tmp_path / "mlflow.db").write_bytes(b"no database at all, but long enough to look like one" * 40)
    with pytest.raises(StoreError, match="the database cannot be copied"):
        sqlite.copy_out(tmp_path / "mlflow.db", tmp_path / "copy")
    whole = tmp_path / "whole.db"
    with contextlib.closing(sqlite3.connect(whole)) as opened, opened:
        opened.execute("CREATE TABLE models (name TEXT)")
        opened.executemany("INSERT INTO models VALUES (?)", [("x" * 500,)] * 60)
    data = bytearray(whole.read_bytes())
    data[4096:4116] = b"\xff" * 20
    whole.write_bytes(data)
    with pytest.raises(StoreError, match=r"the database is damaged|the database cannot be copied"):
        sqlite.copy_out(whole, tmp_path / "copy")
