"""A workspace that was moved, copied or mounted elsewhere goes on there, and never touches where it was."""

import contextlib
import hashlib
import shutil
import sqlite3
from pathlib import Path

import pytest
from training_records import aliases, log

from gvio.registry.champion import read_champion
from gvio.registry.champion_token import champion_token
from gvio.registry.connection import connect, default_uri
from gvio.registry.versions import list_versions


@pytest.fixture
def old(tmp_path: Path, new_database: bytes) -> Path:
    """A workspace with one champion."""
    folder = tmp_path / "old place"
    folder.mkdir()
    (folder / "mlflow.db").write_bytes(new_database)
    log(default_uri(folder), tmp_path, "far", b"one", "promoted", "first")
    return folder


def _content(folder: Path) -> dict[str, str]:
    files = [path for path in folder.rglob("*") if path.is_file()]
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


def _weights(folder: Path) -> bytes:
    champion = read_champion(default_uri(folder), "far")
    assert champion is not None
    return champion.weights


def test_two_copies_never_touch_each_others_files(old, tmp_path):
    new = tmp_path / "Größe 100 %"
    shutil.copytree(old, new)
    before = _content(old)
    log(default_uri(new), tmp_path, "far", b"two", "promoted", "better")
    assert _content(old) == before
    assert len([name for name in _content(new) if name.endswith("model.safetensors")]) == 2
    in_new = _content(new)
    log(default_uri(old), tmp_path, "far", b"three", "promoted", "better")
    assert _content(new) == in_new
    shutil.rmtree(old)
    assert (_weights(new), aliases(default_uri(new), "far")["champion"]) == (b"two", 2)


def test_mlflows_own_pages_show_the_files_of_the_new_place(old, tmp_path):
    from mlflow.tracking import MlflowClient

    new = tmp_path / "new"
    old.rename(new)
    (version,) = list_versions(default_uri(new), "far")
    client = MlflowClient(default_uri(new), default_uri(new))
    assert [file.path for file in client.list_artifacts(version.run_id, "model")] == [
        "model/model.json",
        "model/model.safetensors",
    ]
    assert client.get_experiment_by_name("gvio-far").artifact_location == (new / "mlartifacts").as_uri()
    assert client.get_experiment("0").artifact_location == (new / "mlartifacts" / "0").as_uri()


def test_a_database_that_cannot_be_written_is_read_in_its_own_place(old, tmp_path):
    new = tmp_path / "new"
    shutil.copytree(old, new)
    for path in old.rglob("model.safetensors"):
        path.write_bytes(b"of the old place")
    with contextlib.closing(sqlite3.connect(new / "mlflow.db", isolation_level=None)) as writer:
        writer.execute("BEGIN IMMEDIATE")
        assert _weights(new) == b"one"


def test_a_workspace_that_stayed_is_not_written_by_a_look(old, tmp_path):
    token = champion_token(default_uri(old), "far", {})
    link = tmp_path / "link"
    link.symlink_to(old)
    for uri in (default_uri(old), default_uri(link), f"sqlite:///{link}/mlflow.db"):
        assert len(list_versions(uri, "far")) == 1
    assert champion_token(default_uri(old), "far", {}) == token


def test_artifacts_that_a_person_put_elsewhere_stay_there(old, tmp_path):
    shelf = tmp_path / "shelf"
    with connect(default_uri(old)) as client:
        client.create_experiment("gvio-shelf", artifact_location=shelf.as_uri())
    log(default_uri(old), tmp_path, "shelf", b"there", "promoted", "first")
    new = tmp_path / "new"
    old.rename(new)
    champion = read_champion(default_uri(new), "shelf")
    assert champion is not None
    assert champion.weights == b"there"
    assert [path.name for path in shelf.glob("*/artifacts/model/*.safetensors")] == ["model.safetensors"]
