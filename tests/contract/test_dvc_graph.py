"""The graph of dvc.yaml: order, nothing to do the second time, and every change redoes what depends on it.

A stand-in for the `gvio` command writes into each output the digest of all that the graph says it reads; the graph and
DVC are the real ones. That the graph says the truth is the matter of test_what_stages_read.py.
"""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).parents[2]
GRAPH = yaml.safe_load((ROOT / "dvc.yaml").read_text())
STAGES = [stage for stage in GRAPH["stages"] if stage != "pack"]
STAND_IN = """#!{python}
import hashlib, pathlib, sys, yaml
command = sys.argv[1]
spec = yaml.safe_load(open("dvc.yaml"))
names = {{k: v for block in spec["vars"] for k, v in block.items()}}
def filled(text):
    for key, value in names.items():
        text = text.replace("${{" + key + "}}", value)
    return pathlib.Path(text)
section = spec["stages"][command]
params = yaml.safe_load(open("params.yaml"))
with open("calls", "a") as calls:
    calls.write(command + "\\n")
read = hashlib.sha256(str([params[key] for key in section.get("params", [])]).encode())
for dep in map(filled, section["deps"]):
    for file in sorted(dep.rglob("*")) if dep.is_dir() else [dep]:
        if file.is_file():
            read.update(file.name.encode() + file.read_bytes())
for out in section.get("outs", []) + section.get("metrics", []):
    path = filled(out if isinstance(out, str) else next(iter(out)))
    folder = path.suffix == ""
    (path if folder else path.parent).mkdir(parents=True, exist_ok=True)
    text = "{{}}" if path.name == "metrics.json" else read.hexdigest()
    (path / "file" if folder else path).write_text(text)
"""
PACK = (
    "region.yaml",
    "districts.geojson",
    "factories.csv",
    "urban.tif",
    "statistics.csv",
    "ntl/a.tif",
    "truth/truth.npz",
)


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The repository's graph after one repro with the stand-in on the PATH."""
    folder = tmp_path_factory.mktemp("project")
    for name in ("params.yaml", ".dvcignore"):
        shutil.copyfile(ROOT / name, folder / name)
    own = {**GRAPH, "stages": {stage: GRAPH["stages"][stage] for stage in STAGES}}  # a region of one's own
    (folder / "dvc.yaml").write_text(yaml.safe_dump(own, sort_keys=False))
    for name in PACK:
        (folder / "experiments/pack" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "experiments/pack" / name).write_text("1")
    code = {dep for stage in GRAPH["stages"].values() for dep in stage["deps"] if dep.startswith("gvio/")}
    for path in [folder / dep for dep in code]:
        (path.parent if path.suffix else path).mkdir(parents=True, exist_ok=True)
        (path if path.suffix else path / "file").write_text("1")
    command = folder / "bin" / "gvio"
    command.parent.mkdir()
    command.write_text(STAND_IN.format(python=sys.executable))
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    dvc(folder, "init", "--no-scm")
    shutil.copyfile(ROOT / ".dvc/config", folder / ".dvc/config")
    with (folder / ".dvc/config").open("a") as config:
        config.write("    no_scm = true\n")
    assert calls_of_repro(folder) == STAGES
    return folder


def dvc(folder: Path, *arguments: str) -> None:
    environment = dict(os.environ, DVC_NO_ANALYTICS="1")
    environment["PATH"] = f"{folder / 'bin'}{os.pathsep}{environment['PATH']}"
    command = [sys.executable, "-m", "dvc", *arguments, "-q"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def calls_of_repro(folder: Path) -> list[str]:
    (folder / "calls").unlink(missing_ok=True)
    dvc(folder, "repro")
    return (folder / "calls").read_text().split() if (folder / "calls").exists() else []


def test_a_second_repro_does_nothing(project: Path) -> None:
    assert calls_of_repro(project) == []


@pytest.mark.parametrize(
    ("changed", "redone"),
    [
        ("experiments/pack/ntl/a.tif", ["fetch", "validate", "sample", "train", "evaluate"]),
        ("experiments/pack/statistics.csv", ["validate", "sample", "train", "evaluate"]),
        ("experiments/pack/truth/truth.npz", ["evaluate"]),
        ("gvio/train/file", ["train", "evaluate"]),
        ("gvio/evaluate/file", ["evaluate"]),
        ("gvio/types.py", ["fetch", "validate", "sample", "train", "evaluate"]),
    ],
)
def test_a_change_redoes_what_depends_on_it(project: Path, changed: str, redone: list[str]) -> None:
    path = project / changed
    path.write_text(path.read_text() + "changed")
    assert calls_of_repro(project) == redone


@pytest.mark.parametrize(
    ("old", "new", "first"),
    [
        ("epochs: 120", "epochs: 10", "train"),
        ("origins: 3", "origins: 2", "evaluate"),
        ("min_coverage: 0.5", "min_coverage: 0.4", "validate"),
    ],
)
def test_a_parameter_redoes_its_stages(project: Path, old: str, new: str, first: str) -> None:
    params = project / "params.yaml"
    assert old in params.read_text()
    params.write_text(params.read_text().replace(old, new, 1))
    assert calls_of_repro(project)[0] == first


def test_code_named_in_the_graph_exists_and_every_parameter_has_a_stage() -> None:
    code = {dep for stage in GRAPH["stages"].values() for dep in stage["deps"] if dep.startswith("gvio/")}
    assert {dep for dep in code if not (ROOT / dep).exists()} == set()
    read = {key for stage in GRAPH["stages"].values() for key in stage.get("params", [])}
    assert read == set(yaml.safe_load((ROOT / "params.yaml").read_text())), "every parameter section has a stage"
