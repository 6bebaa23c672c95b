"""The document of a real small evaluation: the keys that other programs read (contract §3), each with its type.

The expected keys are written out here, so that a renamed field of a value cannot rename a key unseen.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from evaluate_region import SAMPLES, TRUE, T

from gvio.evaluate.districts import leave_districts_out
from gvio.evaluate.fit_request import fit_anew
from gvio.evaluate.later_origins import later_origins
from gvio.evaluate.placebo import placebo_gains
from gvio.evaluate.protocols import leave_one_year_out, rolling_origin
from gvio.evaluate.scoreboard import build_scoreboard
from gvio.scoreboard.board import Scoreboard, Subject
from gvio.scoreboard.scores import HeldOutScores, LightInDistrict, MapScores
from gvio.train.fit import fit_model

pytestmark = pytest.mark.usefixtures("one_thread")

TOP = {
    "schema_version", "region", "months", "figures_public_until", "invented", "verdict", "skill", "best_naive",
    "p_value", "interval_scale", "interval_table", "placebos", "light_in_districts", "protocols",
}  # fmt: skip
ROLLING = {"models", "folds", "origins", "diebold_mariano", "morans_i", "horizons"}
LEFT_OUT = {
    "models", "folds", "origins", "diebold_mariano", "morans_i", "levels", "one_by_one",
}  # fmt: skip
BLOCKS = {
    "rolling_origin_as_used": ROLLING | {"districts"},
    "rolling_origin_blind": ROLLING,
    "leave_one_year_out": {"models", "folds", "origins", "diebold_mariano", "morans_i"},
    "leave_one_district_out": LEFT_OUT | {"districts"},
    "leave_one_district_out_city_public": LEFT_OUT,
    "maps": {"held_out_districts", "truth"},
}
COMPARATORS = {"last-year-shares", "seasonal-naive", "persistence", "light-shares", "ridge", "random-forest"}
MODELS = {
    "rolling_origin_as_used": COMPARATORS | {"sa-cnn", "plain-cnn", "sa-cnn-paper", "no-light"},
    "rolling_origin_blind": COMPARATORS | {"sa-cnn", "plain-cnn", "sa-cnn-paper", "no-light"},
    "leave_one_year_out": COMPARATORS | {"sa-cnn"},
    "leave_one_district_out": COMPARATORS | {"sa-cnn"},
    "leave_one_district_out_city_public": COMPARATORS | {"sa-cnn"},
}
METRICS = {"pooled_r2", "within_r2", "yoy_r2", "mape", "mase", "n"}
COVERAGE = {"coverage50", "coverage80", "coverage95"}
PROPER = {"crps", "interval_score80"}
DISTRIBUTIONS = {"sa-cnn", "plain-cnn", "no-light"}


@pytest.fixture(scope="module")
def board() -> Scoreboard:
    p = TRUE.params
    fitted = fit_model(TRUE.samples, TRUE.sums, T, p.model, p.sample.patch_px)
    folds = dict(rolling_origin(TRUE, fit_anew))
    folds["leave_one_year_out"] = leave_one_year_out(TRUE, fitted)
    folds |= leave_districts_out(TRUE, fitted)
    maps = MapScores(
        held_out_districts={"sa-cnn": HeldOutScores(r2=0.5, log_r2=None, log_rmse=0.1)},
        truth={"native": {"sa-cnn": 0.4}, "1km": {"sa-cnn": None}},
    )
    subject = Subject(region="testland", months=("2018-10", "2020-12"), figures_public_until="2021-01-01")
    light = [LightInDistrict(name="East", moved=0.1, believed=0.2)]
    placebos, later = placebo_gains(TRUE, fit_anew), later_origins(TRUE, fit_anew)
    return build_scoreboard(folds, maps, ["East", "West"], subject, SAMPLES.owner, placebos, later, light)


def test_the_keys_are_those_of_the_contract(board: Scoreboard) -> None:
    document = json.loads(board.to_json())
    assert set(document) == TOP
    assert document["schema_version"] == 1
    assert document["months"] == ["2018-10", "2020-12"]
    assert set(document["interval_scale"]) == {"50", "80", "95"}
    assert set(document["interval_table"]) == {"factors", "n"}
    assert set(document["placebos"]) == {"origin", "gain", "p_value", "passed"}
    assert document["light_in_districts"] == [{"name": "East", "moved": 0.1, "believed": 0.2}]
    assert {name: set(block) for name, block in document["protocols"].items()} == BLOCKS


def test_every_model_has_its_metrics(board: Scoreboard) -> None:
    protocols = json.loads(board.to_json())["protocols"]
    assert {name: set(protocols[name]["models"]) for name in MODELS} == MODELS
    for name in MODELS:
        for model, scores in protocols[name]["models"].items():
            own = (COVERAGE if model == "sa-cnn" else set()) | (PROPER if model in DISTRIBUTIONS else set())
            assert set(scores) == METRICS | own
            assert isinstance(scores["n"], float)


def test_rows_have_their_keys(board: Scoreboard) -> None:
    protocols = json.loads(board.to_json())["protocols"]
    used, blind = protocols["rolling_origin_as_used"], protocols["rolling_origin_blind"]
    row = {"name", "labels", "scored", "skill", "within_r2", "mape", "rival_mape"}
    assert [set(found) for found in used["districts"]] == [row, row]
    assert (set(used["horizons"]), set(blind["horizons"])) == ({"districts"}, {"districts", "city"})
    for bands in (*used["horizons"].values(), *blind["horizons"].values()):
        assert set(bands) == {"1", "3", "12", "all"}
        assert all(set(held) == {"n", "half_width80", *COVERAGE} for held in bands.values())
    tests = [test for test in used["diebold_mariano"].values() if test is not None]
    assert all(set(test) == {"difference", "statistic", "p_value", "n"} for test in tests)
    levels = protocols["leave_one_district_out"]["levels"]["sa-cnn"]
    assert set(levels) == {"log_r2", "total_error"}
    assert protocols["maps"]["held_out_districts"] == {"sa-cnn": {"r2": 0.5, "log_r2": None, "log_rmse": 0.1}}
    assert protocols["maps"]["truth"] == {"native": {"sa-cnn": 0.4}, "1km": {"sa-cnn": None}}


def test_it_is_read_back_equal(board: Scoreboard) -> None:
    again = Scoreboard.parse(board.to_json(), "scoreboard.json")
    assert again == board
    assert again.to_json() == board.to_json()


def test_metrics_are_the_models_scores(board: Scoreboard) -> None:
    """The names under which the experiment tracker has always had them."""
    expected = {
        f"{protocol}.{model}.{metric}"
        for protocol, block in json.loads(board.to_json())["protocols"].items()
        for model, scores in block.get("models", {}).items()
        for metric in scores
    }
    assert set(board.metrics()) == expected


def test_no_number_in_it_is_not_finite(board: Scoreboard) -> None:
    numbers = list(_numbers(board.document()))
    assert len(numbers) > 100
    assert "NaN" not in board.to_json()


def _numbers(value: object) -> Iterator[float]:
    if isinstance(value, dict):
        for item in value.values():
            yield from _numbers(item)
    elif isinstance(value, list):
        for item in value:
            yield from _numbers(item)
    elif isinstance(value, float):
        yield value
