"""The record's own rules, without MLflow."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest

from gvio.errors import ModelError
from gvio.registry.connection import artifact_location, default_uri
from gvio.registry.record import TrainingRecord, model_name, package_digests


@pytest.mark.parametrize("name", ["a/b.png", "../b.png", "", "/etc/passwd"])
@pytest.mark.parametrize("part", ["figures", "documents"])
def test_only_plain_file_names(name, part):
    content = {name: b"" if part == "figures" else ""}
    with pytest.raises(ModelError, match=rf"training record of x: {name!r} is not a plain file name"):
        TrainingRecord("x", "retrain", {}, {}, {}, Path(), **{part: content})


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
    modules = "record, connection, training, versions, lifecycle, package"
    code = f"from gvio.registry import {modules}\nimport sys\nprint('mlflow' in sys.modules, 'torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "False"]
