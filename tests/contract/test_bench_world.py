"""The benchmark on one small world: every part is measured, and nothing of the truth reaches a fit."""

from __future__ import annotations

import dataclasses
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

sys.path.insert(0, str(Path(__file__).parents[2]))

from benchmarks.measure_world import HORIZONS, ORIGINS, measure_world
from benchmarks.table_of_targets import markdown
from benchmarks.worlds import BenchWorld, open_world, seed_of
from gvio.config import EvaluateParams, ModelParams, Params
from gvio.simulate.pack import simulate_pack
from gvio.simulate.presets import preset_spec

pytestmark = pytest.mark.usefixtures("one_thread")  # sums taken in another order differ in the eighth digit
PARAMS = Params(
    model=ModelParams(epochs=1, seeds=2, hyper_months=24, channels=1),
    evaluate=EvaluateParams(origins=1, members=1, district_folds=2, min_train_months=13),
)
AREAS = 5


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> BenchWorld:
    folder = tmp_path_factory.mktemp("world")
    bounds = (121.0, 31.0, 121.15, 31.15)
    spec = preset_spec("clean", months=72, n_factories=40, n_districts=AREAS, bounds=bounds, first_month="2014-01")
    simulate_pack(folder, spec, 3)
    return open_world(folder, "clean-rich/3", PARAMS)


@pytest.fixture(scope="module")
def measured(world: BenchWorld) -> dict:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        return measure_world(world, district_folds=2)
    finally:
        torch.set_num_threads(threads)


def test_every_part_is_measured(measured: dict) -> None:
    assert {"sa-cnn", "no-light", "last-year-shares", "plain-cnn", "sa-cnn-paper"} < set(measured["time"]["as_used"])
    assert set(measured["pixels"]) == {"native", "1km", "2km", "5km"}
    assert measured["districts"]["sa-cnn"]["total_error"] > 0
    for setting in ("as_used", "blind"):
        for horizon in HORIZONS:
            assert measured["coverage"][f"{setting}/districts/{horizon}"]["n"] == AREAS * len(ORIGINS)
            assert measured["coverage"][f"{setting}/city/{horizon}"]["n"] == len(ORIGINS)
    assert "| as used, within-district R² | synthetic rich | 1 | ≥ 0.93 |" in markdown([measured])


def test_truth_is_for_scoring_only(world: BenchWorld, measured: dict) -> None:
    """With another truth the scores change, and the models' estimates do not."""
    doubled = dataclasses.replace(world, labels=2 * world.labels, truth=2 * world.truth)
    again = measure_world(doubled, parts=("time",))
    for name, scores in again["time"]["blind"].items():
        before = measured["time"]["blind"][name]
        # a truth twice as large is missed by half, and its changes are missed by as much as before
        assert scores["yoy_r2"] == pytest.approx(before["yoy_r2"], abs=1e-9), name
        assert scores["mape"] != pytest.approx(before["mape"], abs=1e-3), name


def test_every_world_has_a_seed_of_its_own() -> None:
    seeds = {seed_of(f"{kind}/{n}") for kind in ("clean-rich", "clean-few", "hard-rich") for n in range(5)}
    assert len(seeds) == 15
    assert np.iinfo(np.uint32).max >= max(seeds)
