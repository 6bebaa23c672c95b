from __future__ import annotations

import dataclasses
import math

import pandas as pd
import pytest

from gvio.report.map_scores import held_out_map_table, truth_map_table
from gvio.report.numbers import level
from gvio.report.scores import (
    PROTOCOLS,
    coverage_sentence,
    score_table,
    show,
)
from gvio.report.verdict import skill_of, verdict
from gvio.scoreboard.board import Protocols, ProtocolScores, Scoreboard
from gvio.scoreboard.names import AS_USED, OURS
from gvio.scoreboard.scores import HeldOutScores, MapScores, ModelScores
from gvio.types import Manifest, Month
from gvio.words import speaking

MANIFEST = Manifest("r", "shanghai", Month(2021, 12), skill="none")


def scoreboard(ours: float = 0.46) -> Scoreboard:
    models = {
        "ridge": ModelScores(within_r2=0.41, mape=0.134, n=1200),
        "novel": ModelScores(within_r2=None),
        "last-year-shares": ModelScores(within_r2=0.32, mape=0.2),
        OURS: ModelScores(within_r2=ours, mape=0.117, coverage80=0.79, coverage95=math.nan),
    }
    maps = MapScores(
        held_out_districts={"uniform-per-factory": HeldOutScores(r2=0.2), OURS: HeldOutScores(r2=0.7)},
        truth={"5km": {OURS: 0.9}, "native": {OURS: 0.3, "proportional-to-light": 0.1}},
    )
    protocols = Protocols.model_validate({AS_USED: ProtocolScores(models=models), "maps": maps})
    return Scoreboard(protocols=protocols, skill="weak")


def table() -> pd.DataFrame:
    return score_table(scoreboard().protocol(AS_USED).models)


def test_ours_comes_first_and_the_unknown_last() -> None:
    assert [name.split(" ")[0] for name in table().index] == ["SA-CNN", "Last", "Ridge", "novel"]


def test_scores_are_formatted_and_the_best_is_bold() -> None:
    shown = table()
    assert shown["Within-district R²"].tolist() == ["**0.46**", "0.32", "0.41", "–"]
    assert shown["MAPE"].tolist() == ["**11.7 %**", "20.0 %", "13.4 %", "–"]
    assert shown["Scored"].tolist() == ["–", "–", "1,200", "–"]


def test_what_nobody_measured_has_no_column() -> None:
    columns = table().columns
    assert "80 % interval holds" in columns
    assert "95 % interval holds" not in columns
    assert "Pooled R²" not in columns


def test_a_verdict_is_made_of_the_scores_when_none_is_given() -> None:
    assert "explains 46 % of the change within districts, more than" in verdict(scoreboard())
    assert "last year's shares × city total: 32 %" in verdict(scoreboard())
    assert "no more than the best naive" in verdict(scoreboard(ours=0.1))
    assert verdict(Scoreboard(verdict="It works.")) == "It works."
    assert "skill is not known" in verdict(Scoreboard())


def test_skill_is_taken_from_manifest_then_scoreboard() -> None:
    assert skill_of(scoreboard(), MANIFEST) == "none"
    assert skill_of(scoreboard()) == "weak"
    assert skill_of(Scoreboard(), dataclasses.replace(MANIFEST, skill="superb")) == "unknown"
    assert skill_of(Scoreboard()) == "unknown"


def test_what_was_not_compared_is_not_said_to_be_worse() -> None:
    assert skill_of(Scoreboard(skill="none"), MANIFEST) == "untested"
    assert skill_of(Scoreboard(skill="none", best_naive="persistence")) == "none"


def test_light_that_is_set_aside_is_told_in_chinese_too() -> None:
    board = scoreboard().model_copy(update={"light_evidence": 1.26})
    with speaking("zh"):
        assert "本月夜光不予采用" in verdict(board)
        assert "证据 1.2 奈特" in verdict(board)
        assert "本月夜光" not in verdict(scoreboard())


def test_coverage_is_ours_alone() -> None:
    sentence = coverage_sentence(scoreboard().scores(AS_USED))
    assert (
        sentence
        == "Of the figures of this test, the 80 % interval held 79.0 %. The 80 % interval holds what it promises."
    )
    assert coverage_sentence(scoreboard().scores(AS_USED, "ridge")) == ""


def test_map_scores() -> None:
    assert held_out_map_table(scoreboard()).iloc[:, 0].tolist() == ["**0.70**", "0.20"]
    truth = truth_map_table(scoreboard())
    assert list(truth.columns) == ["R², native grid", "R², 5 km"]
    assert truth["R², native grid"].tolist() == ["**0.30**", "0.10"]
    assert truth["R², 5 km"].tolist() == ["0.90", "–"]
    assert len(truth_map_table(Scoreboard())) == 0
    assert len(held_out_map_table(Scoreboard())) == 0


def test_what_was_not_measured_is_a_dash() -> None:
    assert show(None, "number") == "–"


def test_minus_is_a_minus() -> None:
    assert show(-0.3, "number") == "−0.30"


def test_what_rounds_to_zero_has_no_minus() -> None:
    assert [show(-0.004, "number"), show(-0.0004, "percent"), level(-0.004, 2)] == ["0.00", "0.0 %", "0.00"]


def test_the_test_that_decides_skill_is_shown_first() -> None:
    assert next(iter(PROTOCOLS)) == AS_USED


@pytest.mark.parametrize(
    ("held", "word"), [(0.697, "too narrow"), (0.80, "holds what it promises"), (0.95, "wider than")]
)
def test_what_an_interval_held_is_judged(held: float, word: str) -> None:
    assert word in coverage_sentence(ModelScores(coverage80=held))


def test_proper_scores_are_shown_and_the_lowest_is_bold() -> None:
    models = {
        OURS: ModelScores(within_r2=0.5, crps=0.033, interval_score80=0.31),
        "auto-ets": ModelScores(within_r2=0.2, crps=0.061, interval_score80=0.3),
        "ridge": ModelScores(within_r2=0.1),
    }
    shown = score_table(models)
    assert shown["CRPS, log output"].tolist() == ["**3.3 %**", "–", "6.1 %"]
    assert shown["80 % interval score"].tolist() == ["31.0 %", "–", "**30.0 %**"]
    assert list(shown.index)[2] == "Exponential smoothing, reconciled (MinTrace)"
