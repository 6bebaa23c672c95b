"""The graph of dvc.yaml: order, nothing to do the second time, and only what a change touches is done again.

A stand-in for the `gvio` command writes each stage's outputs from what it reads; the graph and DVC are the real ones.
"""

import os
import shutil
import stat
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from gvio.pipeline.stages import STAGES as PIPELINE

ROOT = Path(__file__).parents[2]
STAGES = [name for name, _ in PIPELINE]
STAND_IN = """#!{python}
import pathlib, sys, yaml
stage, options = sys.argv[1], dict(zip(sys.argv[2::2], sys.argv[3::2]))
spec = yaml.safe_load(open("dvc.yaml"))
names = {{k: v for block in spec["vars"] for k, v in block.items()}}
section = spec["stages"][stage]
params = yaml.safe_load(open(options["--params"]))
with open("calls", "a") as calls:
    calls.write(stage + "\\n")
for out in section.get("outs", []) + section.get("metrics", []):
    text = out if isinstance(out, str) else next(iter(out))
    for key, value in names.items():
        text = text.replace("${{" + key + "}}", value)
    path = pathlib.Path(text)
    folder = path.suffix == ""
    (path if folder else path.parent).mkdir(parents=True, exist_ok=True)
    content = str([params[key] for key in section.get("params", [])])
    (path / "file" if folder else path).write_text("{{}}" if path.name == "scoreboard.json" else content)
"""


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A folder with the repository's graph, an empty pack and code to hash, and the stand-in on the PATH."""
    for name in ("dvc.yaml", "params.yaml", ".dvcignore"):
        shutil.copyfile(ROOT / name, tmp_path / name)
    graph = yaml.safe_load((tmp_path / "dvc.yaml").read_text())
    code = {dep for stage in graph["stages"].values() for dep in stage["deps"] if dep.startswith("gvio/")}
    for path in [tmp_path / dep for dep in code] + [tmp_path / "demo/pack"]:
        (path.parent if path.suffix else path).mkdir(parents=True, exist_ok=True)
        (path if path.suffix else path / "file").write_text("1")
    (tmp_path / "demo/pack/statistics.csv").write_text("1")
    command = tmp_path / "bin" / "gvio"
    command.parent.mkdir()
    command.write_text(STAND_IN.format(python=sys.executable))
    command.chmod(command.stat().st_mode | stat.S_IXUSR)
    dvc(tmp_path, "init", "--no-scm")
    shutil.copyfile(ROOT / ".dvc/config", tmp_path / ".dvc/config")
    with (tmp_path / ".dvc/config").open("a") as config:
        config.write("    no_scm = true\n")
    return tmp_path


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


def test_graph_runs_in_order_and_redoes_only_what_a_change_touches(project):
    assert calls_of_repro(project) == STAGES
    assert calls_of_repro(project) == []

    params = project / "params.yaml"
    params.write_text(params.read_text().replace("seed: 20140101", "seed: 7"))
    assert calls_of_repro(project)[0] == "train"

    (project / "gvio/map/file").write_text("2")
    assert calls_of_repro(project)[0] == "map"


def test_code_named_in_the_graph_exists_and_stages_are_those_of_the_pipeline():
    graph = yaml.safe_load((ROOT / "dvc.yaml").read_text())
    assert list(graph["stages"]) == STAGES
    code = {dep for stage in graph["stages"].values() for dep in stage["deps"] if dep.startswith("gvio/")}
    assert {dep for dep in code if not (ROOT / dep).exists()} == set()
    read = {key for stage in graph["stages"].values() for key in stage.get("params", [])}
    assert read == set(yaml.safe_load((ROOT / "params.yaml").read_text())), "every parameter section has a stage"
