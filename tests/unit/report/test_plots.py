"""What DVC compares: finite numbers under stable names, and no row or cell that stands for something else."""

from __future__ import annotations

import csv
import io
import json
import math

from gvio.report.plots import comparison_files, coverage_csv, losses_csv, metrics_json, skill_csv
from gvio.scoreboard.board import Protocols, ProtocolScores, Scoreboard
from gvio.scoreboard.names import AS_USED, BLIND, CITY, DISTRICTS, LAST_YEAR_SHARES, OURS, RIDGE
from gvio.scoreboard.scores import HeldShares, ModelScores

MODELS = {
    RIDGE: ModelScores(within_r2=0.4, yoy_r2=None),
    LAST_YEAR_SHARES: ModelScores(within_r2=0.3, yoy_r2=-0.2),
    OURS: ModelScores(within_r2=0.6, yoy_r2=0.5, coverage80=0.79, mape=0.06, mase=math.nan),
}
HELD = HeldShares(n=24.0, coverage50=0.5, coverage80=0.75, coverage95=None)
BANDS = {"1": HELD, "3": HeldShares(n=0.0), "12": HELD, "all": HELD}
BOARD = Scoreboard(
    best_naive=LAST_YEAR_SHARES,
    p_value=0.03,
    protocols=Protocols.model_validate(
        {
            AS_USED: ProtocolScores(models=MODELS, horizons={DISTRICTS: BANDS}),
            BLIND: ProtocolScores(models={OURS: ModelScores(within_r2=0.2)}, horizons={CITY: BANDS}),
        }
    ),
)
LOSSES = {"loss": [1.0, 0.5, 0.25], "loss_held_out": [1.1, math.nan]}


def table(data: bytes) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode())))


def test_metrics_are_the_finite_numbers_of_the_headline() -> None:
    found = json.loads(metrics_json(BOARD))
    assert found == {name: value for name, value in BOARD.headline().items() if value is not None}
    assert (found["within_r2_as_used"], found["within_r2_as_used_naive"], found["p_value"]) == (0.6, 0.3, 0.03)
    assert found["within_r2_blind"] == 0.2
    assert not {"mase_as_used", "yoy_r2_blind", "map_r2_2km", "within_r2_as_used_no_light"} & set(found)
    assert all(math.isfinite(value) for value in found.values())


def test_skill_has_a_row_for_every_model_ours_first() -> None:
    assert table(skill_csv(BOARD)) == [
        ["model", "within_r2", "yoy_r2"],
        ["sa-cnn", "0.6", "0.5"],
        ["last-year-shares", "0.3", "-0.2"],
        ["ridge", "0.4", ""],
    ]


def test_coverage_is_of_districts_by_months_ahead_where_something_was_scored() -> None:
    levels = (["50", "0.5"], ["80", "0.75"], ["95", ""])
    assert table(coverage_csv(BOARD)) == [
        ["protocol", "months_ahead", "level", "held"],
        *(["rolling_origin_as_used", months, *held] for months in ("1", "10") for held in levels),
    ]


def test_losses_are_by_epoch_and_empty_where_they_are_not_known() -> None:
    assert table(losses_csv(LOSSES)) == [
        ["epoch", "loss", "loss_held_out"],
        ["0", "1.0", "1.1"],
        ["1", "0.5", ""],
        ["2", "0.25", ""],
    ]
    assert table(losses_csv({"loss": [1.0]})) == [["epoch", "loss", "loss_held_out"], ["0", "1.0", ""]]


def test_an_evaluation_that_measured_nothing_has_whole_files() -> None:
    files = comparison_files(Scoreboard(), {})
    assert json.loads(files["metrics.json"]) == {}
    heads = {name: table(data) for name, data in files.items() if name != "metrics.json"}
    assert heads == {
        "plots/skill.csv": [["model", "within_r2", "yoy_r2"]],
        "plots/coverage.csv": [["protocol", "months_ahead", "level", "held"]],
        "plots/losses.csv": [["epoch", "loss", "loss_held_out"]],
    }


def test_equal_evaluations_give_equal_bytes() -> None:
    assert comparison_files(BOARD, LOSSES) == comparison_files(BOARD.model_copy(), dict(LOSSES))
