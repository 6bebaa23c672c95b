"""What a stage's command opens, the graph of dvc.yaml says it reads: no file behind DVC's back.

Python tells of every file it opens (audit hook). What libraries open by themselves (GDAL, GEOS) is opened by Python,
too: every product file and every file of the pack is hashed.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from gvio.simulate.pack import simulate_pack
from gvio.simulate.spec import WorldSpec

ROOT = Path(__file__).parents[2]
GRAPH = yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]
STAGES = [stage for stage in GRAPH if stage != "pack"]
PROGRAM = """
import json, os, sys
opened = set()
def see(event, arguments):
    if event == "open" and isinstance(arguments[0], (str, bytes, os.PathLike)):
        path, mode = os.path.abspath(os.fsdecode(arguments[0])), arguments[1]
        if mode is None or not set("wax+") & set(mode):
            opened.add(path)
sys.addaudithook(see)
from gvio.cli.main import main
try:
    main(sys.argv[2:])
finally:
    with open(sys.argv[1], "w") as file:
        json.dump(sorted(opened), file)
"""
PARAMS = """
model: {epochs: 2, finetune_epochs: 1, seeds: 1, hyper_months: 24, channels: 2}
evaluate: {origins: 1, members: 1, district_folds: 2, horizon_months: 12, min_train_months: 13}
"""
# Kept by their own digests, so that no key can take a wrong one: fits and answers of folds, coverage operators.
KEYED = tuple(f"experiments/shanghai-demo/{name}/" for name in ("folds", "answers", "operators"))
OWN = (".lock",)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small pack where the graph expects it, under the graph's region name."""
    root = tmp_path_factory.mktemp("read")
    spec = WorldSpec(
        name="shanghai-demo",
        bounds=(121.0, 31.0, 121.15, 31.12),
        first_month="2018-10",
        months=27,
        n_districts=3,
        n_factories=36,
        least_factories=4,
        city_output=300,
    )
    simulate_pack(root / "experiments" / "pack", spec, 7)
    (root / "params.yaml").write_text(PARAMS)
    return root


def filled(text: str) -> str:
    names = {"pack": "experiments/pack", "region": "shanghai-demo", "workspace": "experiments"}
    for name, value in names.items():
        text = text.replace(f"${{{name}}}", value)
    return text


@pytest.mark.slow
def test_no_stage_reads_behind_the_graph(folder: Path) -> None:
    for stage in STAGES:
        told = folder / "opened.json"
        words = filled(GRAPH[stage]["cmd"]).split()[1:]
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM, str(told), *words], cwd=folder, capture_output=True, text=True
        )
        assert done.returncode == 0, done.stderr
        below = [Path(name) for name in json.loads(told.read_text()) if Path(name).is_relative_to(folder)]
        read = {str(path.relative_to(folder)) for path in below if path.is_file()} - {"params.yaml", "opened.json"}
        known = [filled(dep) for dep in GRAPH[stage]["deps"]]
        made = [filled(next(iter(out))) for out in [*GRAPH[stage]["outs"], *GRAPH[stage].get("metrics", [])]]
        behind = {
            name
            for name in read
            if not name.startswith(KEYED)
            and not name.endswith(OWN)
            and not any(name == dep or name.startswith(f"{dep}/") for dep in [*known, *made])
        }
        assert behind == set(), f"`{stage}` reads what dvc.yaml does not name"
        missing = {out for out in made if not (folder / out).exists()}
        assert missing == set(), f"`{stage}` does not make what dvc.yaml names"
    assert not (folder / "experiments" / "store").exists(), "an experiment publishes nothing"
    assert not (folder / "experiments" / "mlflow.db").exists(), "an experiment registers nothing"
