"""`dvc repro` and `gvio run` make the same model: same inputs, same seed, same weights, byte for byte."""

import hashlib
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from badland import Region

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.slow, pytest.mark.enable_socket]


@pytest.fixture
def project(region: Region, tmp_path: Path) -> Path:
    """The repository's graph in a folder without git, aimed at the small region."""
    folder = tmp_path / "project"
    folder.mkdir()
    graph = yaml.safe_load((ROOT / "dvc.yaml").read_text())
    graph["vars"] = [{"pack": str(region.pack), "region": "badland", "workspace": "work", "store": "store"}]
    (folder / "dvc.yaml").write_text(yaml.safe_dump(graph, sort_keys=False))
    whole = yaml.safe_load((ROOT / "params.yaml").read_text())
    small = yaml.safe_load((region.root / "params.yaml").read_text())
    both = {name: section | small.get(name, {}) for name, section in whole.items()}  # DVC wants every section present
    (folder / "params.yaml").write_text(yaml.safe_dump(both))
    # A copy: what happens in the checkout meanwhile (compiled modules, an edit) is not this project's change.
    shutil.copytree(ROOT / "gvio", folder / "gvio", ignore=shutil.ignore_patterns("__pycache__"))
    run(folder, "dvc", "init", "--no-scm")
    return folder


def run(folder: Path, *words: str) -> str:
    """A program of the environment the tests run in; its output, or a failure that shows it."""
    programs = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "DVC_NO_ANALYTICS": "1"}
    done = subprocess.run(
        [f"{programs}/{words[0]}", *words[1:]], cwd=folder, env=environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_repro_builds_the_model_that_run_builds(project: Path, region: Region, tmp_path: Path) -> None:
    run(project, "dvc", "repro")
    other = tmp_path / "other"
    words = ["--region", str(region.pack), "--store", str(other / "store"), "--workspace", str(other / "work")]
    run(project, "gvio", "run", *words, "--params", "params.yaml")
    here, there = project / "work/badland/challenger", other / "work/badland/challenger"
    assert digest(here / "model.safetensors") == digest(there / "model.safetensors")
    assert "up to date" in run(project, "dvc", "repro")
