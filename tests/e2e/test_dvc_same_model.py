"""DVC for its user: `dvc repro` makes the model that `gvio run` makes, an experiment compares and publishes nothing."""

import hashlib
import json
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
WORK = Path("experiments/badland")


@pytest.fixture(scope="module")
def project(published_region: Region, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A git repository with the graph, its code and the small region's pack under DVC; reproduced and committed."""
    folder = tmp_path_factory.mktemp("dvc") / "project"
    (folder / "experiments").mkdir(parents=True)
    text = (ROOT / "dvc.yaml").read_text().replace("shanghai-demo", "badland")
    graph = yaml.safe_load(text)
    del graph["stages"]["pack"]  # as the page says for a region of one's own
    (folder / "dvc.yaml").write_text(yaml.safe_dump(graph, sort_keys=False))
    whole = yaml.safe_load((ROOT / "params.yaml").read_text())
    small = yaml.safe_load((published_region.root / "params.yaml").read_text())
    both = {name: section | small.get(name, {}) for name, section in whole.items()}  # DVC wants every section present
    (folder / "params.yaml").write_text(yaml.safe_dump(both))
    # A copy: what happens in the checkout meanwhile (compiled modules, an edit) is not this project's change.
    shutil.copytree(ROOT / "gvio", folder / "gvio", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copyfile(ROOT / ".dvcignore", folder / ".dvcignore")
    shutil.copytree(published_region.pack, folder / "experiments" / "pack")
    run(folder, "git", "init", "-q")
    run(folder, "git", "config", "user.email", "somebody@example.org")
    run(folder, "git", "config", "user.name", "Somebody")
    (folder / ".gitignore").write_text("__pycache__/\n")
    run(folder, "dvc", "init", "-q")
    run(folder, "dvc", "add", "-q", "experiments/pack")
    run(folder, "dvc", "repro", "-q")
    commit(folder, "baseline")
    return folder


def run(folder: Path, *words: str) -> str:
    """A program of the environment the tests run in; its output, or a failure that shows it."""
    programs = str(Path(sys.executable).parent)
    environment = {**os.environ, "PATH": f"{programs}{os.pathsep}{os.environ['PATH']}", "DVC_NO_ANALYTICS": "1"}
    environment["PYTHONPATH"] = str(ROOT)
    done = subprocess.run(list(words), cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def commit(folder: Path, message: str) -> None:
    run(folder, "git", "add", "-A")
    run(folder, "git", "commit", "-q", "-m", message)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_repro_builds_the_model_that_run_builds(project: Path, tmp_path: Path) -> None:
    words = ["--region", "experiments/pack", "--store", str(tmp_path / "store"), "--workspace", str(tmp_path / "work")]
    run(project, "gvio", "run", *words, "--params", "params.yaml")
    here, there = project / WORK / "challenger", tmp_path / "work/badland/challenger"
    assert digest(here / "model.safetensors") == digest(there / "model.safetensors")
    assert "up to date" in run(project, "dvc", "repro")


def test_an_experiment_runs_in_a_folder_of_its_own_shows_its_metrics_and_publishes_nothing(project: Path) -> None:
    before = digest(project / WORK / "challenger" / "model.safetensors")
    run(project, "dvc", "exp", "run", "-q", "--temp", "--name", "longer", "-S", "model.epochs=3")
    assert digest(project / WORK / "challenger" / "model.safetensors") == before
    assert "model.epochs" in run(project, "dvc", "exp", "show", "--csv", "--only-changed")
    run(project, "dvc", "exp", "apply", "longer")
    assert digest(project / WORK / "challenger" / "model.safetensors") != before
    told = json.loads(run(project, "dvc", "metrics", "diff", "--json"))
    ((_, metrics),) = told.get("diff", told).items()
    assert 5 <= len(json.loads((project / WORK / "metrics.json").read_text())) <= 25, "numbers that one can look at"
    assert metrics, "the experiment is another model"
    assert all({"old", "new"} <= set(change) for change in metrics.values())
    assert not list(project.rglob("latest.json")) + list(project.rglob("mlflow.db"))
    assert "skill" in run(project, "dvc", "plots", "show", "--json")
    run(project, "git", "checkout", "-q", ".")
    run(project, "dvc", "checkout", "-q")


def test_a_clone_gets_pack_and_model_and_has_nothing_to_do(project: Path, tmp_path: Path) -> None:
    run(project, "dvc", "remote", "add", "-q", "-f", "-d", "store", str(tmp_path / "remote"))
    run(project, "dvc", "push", "-q")
    commit(project, "a remote")
    run(tmp_path, "git", "clone", "-q", str(project), "clone")
    run(tmp_path / "clone", "dvc", "pull", "-q")
    assert (tmp_path / "clone/experiments/pack/statistics.csv").exists()
    assert digest(tmp_path / "clone" / WORK / "scoreboard.json") == digest(project / WORK / "scoreboard.json")
    assert "up to date" in run(tmp_path / "clone", "dvc", "status")
