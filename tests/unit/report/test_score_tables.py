from __future__ import annotations

import dataclasses
import math
from typing import Any

import pytest

from gvio.evaluate.scoreboard import AS_USED
from gvio.report.scores import (
    PROTOCOLS,
    coverage_sentence,
    held_out_map_table,
    models_of,
    number,
    score_table,
    show,
    skill_of,
    truth_map_table,
    verdict,
)
from gvio.types import Manifest, Month

MANIFEST = Manifest("r", "shanghai", Month(2021, 12), skill="none")


def scoreboard() -> dict[str, Any]:
    models = {
        "ridge": {"within_r2": 0.41, "mape": 0.134, "n": 1200},
        "novel": {"within_r2": None},
        "last-year-shares": {"within_r2": 0.32, "mape": 0.2},
        "sa-cnn": {"within_r2": 0.46, "mape": 0.117, "coverage80": 0.79, "coverage95": math.nan},
    }
    maps = {"held_out_districts": {"uniform-per-factory": {"r2": 0.2}, "sa-cnn": {"r2": 0.7}}}
    maps["truth"] = {"native": {"sa-cnn": {"r2": 0.3}, "proportional-to-light": 0.1}, "5km": {"r2": 0.9}}  # type: ignore[dict-item]
    return {"protocols": {"rolling_origin_as_used": {"models": models}, "maps": maps}, "skill": "weak"}


def test_ours_comes_first_and_the_unknown_last() -> None:
    table = score_table(models_of(scoreboard(), "rolling_origin_as_used"))
    assert [name.split(" ")[0] for name in table.index] == ["SA-CNN", "Last", "Ridge", "novel"]


def test_scores_are_formatted_and_the_best_is_bold() -> None:
    table = score_table(models_of(scoreboard(), "rolling_origin_as_used"))
    assert table["Within-district R²"].tolist() == ["**0.46**", "0.32", "0.41", "–"]
    assert table["MAPE"].tolist() == ["**11.7 %**", "20.0 %", "13.4 %", "–"]
    assert table["Scored"].tolist() == ["–", "–", "1,200", "–"]


def test_what_nobody_measured_has_no_column() -> None:
    columns = score_table(models_of(scoreboard(), "rolling_origin_as_used")).columns
    assert "80 % interval holds" in columns
    assert "95 % interval holds" not in columns
    assert "Pooled R²" not in columns


def test_a_verdict_is_made_of_the_scores_when_none_is_given() -> None:
    assert "explains 46 % of the change within districts, more than" in verdict(scoreboard())
    assert "last year's shares × city total: 32 %" in verdict(scoreboard())
    losing = scoreboard()
    losing["protocols"]["rolling_origin_as_used"]["models"]["sa-cnn"]["within_r2"] = 0.1
    assert "no more than the best naive" in verdict(losing)
    assert verdict({"verdict": "It works."}) == "It works."
    assert "skill is not known" in verdict({})


def test_skill_is_taken_from_manifest_then_scoreboard() -> None:
    assert skill_of(scoreboard(), MANIFEST) == "none"
    assert skill_of(scoreboard()) == "weak"
    assert skill_of({"skill": "excellent"}, dataclasses.replace(MANIFEST, skill="superb")) == "unknown"


def test_coverage_is_ours_alone() -> None:
    sentence = coverage_sentence(models_of(scoreboard(), "rolling_origin_as_used"))
    assert sentence == "Of the figures of this test, the 80 % interval held 79.0 %."
    assert coverage_sentence({"ridge": {"coverage80": 0.8}}) == ""


def test_map_scores() -> None:
    assert held_out_map_table(scoreboard()).iloc[:, 0].tolist() == ["**0.70**", "0.20"]
    truth = truth_map_table(scoreboard())
    assert truth["R², native grid"].tolist() == ["**0.30**", "0.10"]
    assert truth["R², 5 km"].tolist() == ["0.90", "–"]
    assert len(truth_map_table({})) == 0
    assert len(held_out_map_table({})) == 0


@pytest.mark.parametrize("value", [None, math.nan, math.inf, "0.5", True])
def test_what_is_no_finite_number_is_no_score(value: object) -> None:
    assert number({"r2": value}, "r2") is None
    assert show(None, "number") == "–"


def test_minus_is_a_minus() -> None:
    assert show(-0.3, "number") == "−0.30"


def test_the_test_that_decides_skill_is_shown_first() -> None:
    assert next(iter(PROTOCOLS)) == AS_USED
