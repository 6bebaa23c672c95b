"""The record's own rules, without MLflow."""

import datetime as dt
import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from gvio.errors import ModelError
from gvio.registry.connection import artifact_location, default_uri
from gvio.registry.record import Knowledge, TrainingRecord, model_name, package_digests
from gvio.types import Month

KNOWN = Knowledge(Month(2021, 12), dt.date(2022, 1, 17), dt.date(2022, 1, 20))


@pytest.mark.parametrize("name", ["a/b.png", "../b.png", "", "/etc/passwd"])
@pytest.mark.parametrize("part", ["pictures", "documents"])
def test_only_plain_file_names(name, part):
    content = {name: b"" if part == "pictures" else ""}
    with pytest.raises(ModelError, match=rf"training record of x: {name!r} is not a plain file name"):
        TrainingRecord("x", "retrain", KNOWN, {}, {}, {}, Path(), **{part: content})


def test_digests_are_those_of_the_files(tmp_path):
    (tmp_path / "model.safetensors").write_bytes(b"w")
    (tmp_path / "model.json").write_bytes(b"{}")
    assert package_digests(tmp_path) == {
        "weights_sha256": hashlib.sha256(b"w").hexdigest(),
        "config_sha256": hashlib.sha256(b"{}").hexdigest(),
    }


def test_embedded_registry_lies_in_its_workspace(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    uri = default_uri(Path("demo"))
    assert uri == f"sqlite:///{tmp_path}/demo/mlflow.db", "absolute: the reader may stand elsewhere"
    assert artifact_location(uri) == f"file://{tmp_path}/demo/mlartifacts"
    assert artifact_location("http://host:5000") is None
    assert model_name("mumbai") == "gvio-mumbai"


def test_importing_the_registry_does_not_import_mlflow():
    modules = "record, connection, registration, versions, lifecycle, champion, champion_token"
    look = "print([name for name in ('mlflow', 'sqlalchemy', 'torch') if name in sys.modules])"
    code = f"from gvio.registry import {modules}\nimport sys\n{look}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize(
    ("month", "public_until", "as_of", "within"),
    [
        ("2021-12", "2022-01-17", "2022-01-20", True),
        ("2022-01", "2022-02-17", "2022-02-20", True),
        ("2021-11", "2022-01-17", "2022-01-20", False),
        ("2021-12", "2022-01-16", "2022-01-20", False),
        ("2021-12", "2022-01-17", "2022-01-19", False),
        ("2021-12", None, "2022-01-20", False),
    ],
)
def test_a_model_may_be_used_where_nothing_it_knows_is_later(month, public_until, as_of, within):
    until = None if public_until is None else dt.date.fromisoformat(public_until)
    asked = Knowledge(Month.parse(month), until, dt.date.fromisoformat(as_of))
    assert KNOWN.within(asked) is within


def test_a_model_without_statistics_may_be_used_where_none_are_public():
    ignorant = Knowledge(KNOWN.trained, None, KNOWN.as_of)
    assert ignorant.within(ignorant)
    assert ignorant.within(KNOWN)
    assert not KNOWN.within(ignorant)
