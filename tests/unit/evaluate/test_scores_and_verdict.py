"""Scores of folds, calibration across folds, and the sentence about them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gvio.evaluate.light_worth import LightWorth, light_worth
from gvio.evaluate.scoreboard import build_scoreboard, interval_scale, judge
from gvio.evaluate.scores import FoldScores, calibrate, district_skill, score_folds, standardised
from gvio.map.intervals import gaussian_half_width
from gvio.scoreboard.board import Subject
from gvio.scoreboard.names import AS_USED, BLIND, LEVELS, NAIVE, NO_LIGHT, OURS
from gvio.scoreboard.scores import MapScores

D, T, START = 3, 48, 24


def _fold(name: str, seed: int, error: float = 0.05, rival: float = 0.2, sd: float = 0.05) -> FoldScores:
    """A year scored after two known ones; ours is off by `error`, the naive ones by `rival`."""
    rng = np.random.default_rng(seed)
    truth = np.exp(np.arange(D)[:, None] + 0.3 * rng.standard_normal((D, T)))
    scored = np.zeros((D, T), dtype=bool)
    scored[:, START : START + 12] = True
    noise = dict.fromkeys(NAIVE, rival) | {OURS: error}
    predicted = {model: truth * np.exp(size * rng.standard_normal((D, T))) for model, size in noise.items()}
    known = np.where(np.arange(T) < START, truth, np.nan)
    return FoldScores(name, truth, scored, predicted, np.full((D, T), sd), known)


def test_gaussian_half_width_is_the_textbooks() -> None:
    assert [round(gaussian_half_width(level), 3) for level in LEVELS] == [0.674, 1.282, 1.960]


def test_calibration_gives_the_posterior_its_word_with_few_residuals() -> None:
    assert calibrate(np.full(19, 50.0)) == dict.fromkeys(LEVELS, 1.0)


def test_calibration_scales_intervals_to_the_residuals() -> None:
    residuals = np.abs(np.random.default_rng(0).standard_normal(4000))
    twice = calibrate(2 * residuals)
    for level, factor in calibrate(residuals).items():
        assert factor == pytest.approx(1.0, abs=0.06)
        assert twice[level] == pytest.approx(2 * factor)


def test_calibrated_intervals_hold_what_they_say() -> None:
    residuals = np.abs(np.random.default_rng(1).standard_t(3, 400))
    for level, factor in calibrate(residuals).items():
        held = (residuals <= factor * gaussian_half_width(level)).mean()
        assert level / 100 <= held <= level / 100 + 0.01


def test_a_fold_is_never_calibrated_on_its_own_residuals() -> None:
    """One fold ten times as wrong as the other: its own residuals would have widened its intervals."""
    calm, wild = _fold("calm", 1, error=0.05), _fold("wild", 2, error=0.5)
    alone = score_folds([wild])[OURS].coverage80
    both = score_folds([calm, wild])[OURS].coverage80
    own = calibrate(standardised([wild]))[80]
    half = gaussian_half_width(80) * calibrate(standardised([calm]))[80] * wild.sd
    inside = np.abs(np.log(wild.truth / wild.predicted[OURS])) <= half
    assert own > 5
    assert alone is not None
    assert alone < 0.3  # nothing to calibrate on: the posterior's word
    assert both == pytest.approx((inside[wild.scored].mean() + 1.0) / 2, abs=1e-9)


def test_every_model_is_scored_on_the_same_figures() -> None:
    scores = score_folds([_fold("a", 1), _fold("b", 2)])
    assert {metrics.n for metrics in scores.values()} == {2.0 * D * 12}
    assert scores[OURS].coverage80 is not None
    assert not any("coverage80" in scores[name].document() for name in NAIVE)


def test_figures_outside_the_scored_ones_do_not_count() -> None:
    fold = _fold("a", 1)
    spoilt = {name: np.where(fold.scored, path, 1e9) for name, path in fold.predicted.items()}
    changed = FoldScores(fold.name, fold.truth, fold.scored, spoilt, fold.sd, fold.known)
    assert score_folds([changed]) == score_folds([fold])


def test_district_skill_is_one_minus_the_ratio_of_squared_errors() -> None:
    fold = _fold("a", 1)
    ours = np.log(fold.truth / fold.predicted[OURS])[1, START : START + 12]
    theirs = np.log(fold.truth / fold.predicted["persistence"])[1, START : START + 12]
    assert district_skill([fold], "persistence")[1] == pytest.approx(1 - (ours**2).sum() / (theirs**2).sum())


def test_verdict_without_folds_knows_nothing() -> None:
    found = judge([], ["A", "B", "C"])
    assert (found.skill, found.best_naive, found.p_value) == ("none", None, None)
    assert "too short for a rolling-origin test" in found.sentence


def test_verdict_names_the_districts_that_are_no_better() -> None:
    fold = _fold("a", 1)
    ours = fold.predicted[OURS].copy()
    ours[2] *= 1.9
    found = judge([FoldScores("a", fold.truth, fold.scored, fold.predicted | {OURS: ours}, fold.sd, fold.known)], "ABC")
    assert found.sentence.endswith("; no better in C.")
    assert "in 2 of 3 districts" in found.sentence


def test_verdict_of_a_worse_model_is_none() -> None:
    found = judge([_fold("a", 1, error=0.5, rival=0.05)], "ABC")
    assert found.skill == "none"
    assert found.sentence.startswith("Out of time, as used: no better than")


def test_verdict_of_a_clearly_better_model_has_skill() -> None:
    found = judge([_fold("a", 1), _fold("b", 2)], "ABC")
    assert found.skill in {"weak", "proven"}
    assert (found.skill == "proven") == (found.p_value is not None and found.p_value < 0.05)
    assert found.best_naive in NAIVE


def test_interval_scale_uses_both_rolling_protocols_only() -> None:
    folds = {AS_USED: [_fold("a", 1)], BLIND: [_fold("b", 2, error=0.3)]}
    other = {"leave_one_year_out": [_fold("c", 3, error=3.0)]}
    assert interval_scale(folds | other) == interval_scale(folds)
    assert interval_scale(folds) != interval_scale({AS_USED: folds[AS_USED]})
    assert interval_scale({}) == dict.fromkeys(LEVELS, 1.0)


def test_scoreboard_leaves_empty_protocols_out() -> None:
    folds = {AS_USED: [_fold("a", 1)], BLIND: []}
    board = build_scoreboard(folds, MapScores(), ["A", "B", "C"], Subject(region="testland")).document()
    assert set(board["protocols"]) == {AS_USED, "maps"}
    assert board["protocols"][AS_USED]["folds"] == ["a"]
    assert board["region"] == "testland"
    assert set(board["interval_scale"]) == {"50", "80", "95"}


def _with_dark(fold: FoldScores, error: float, seed: int) -> FoldScores:
    rng = np.random.default_rng(seed)
    dark = fold.truth * np.exp(error * rng.standard_normal(fold.truth.shape))
    return dataclasses.replace(fold, predicted=fold.predicted | {NO_LIGHT: dark})


def test_skill_that_is_not_lights_is_not_proven() -> None:
    """Ours beats the naive forecasts by far in every fold; the estimate without light is as good, or it is not."""
    folds = [dataclasses.replace(f, scored=np.ones((D, T), bool)) for f in (_fold("a", 1, rival=0.6),)]
    same = judge([_with_dark(f, 0.05, i) for i, f in enumerate(folds)], "ABC")
    worse = judge([_with_dark(f, 0.6, i) for i, f in enumerate(folds)], "ABC")
    assert judge(folds, "ABC").skill == worse.skill == "proven"
    assert same.skill == "weak"
    assert "Light itself adds nothing to this" in same.sentence
    assert "Light itself adds to this beyond chance" in worse.sentence


def test_what_light_is_worth_is_unknown_without_the_estimate_without_it() -> None:
    assert light_worth([]) is None
    assert light_worth([_fold("a", 1)]) is None
    worse = LightWorth(0.5, 0.6, 0.001)
    assert (worse.proven, worse.sentence) == (False, "Light itself adds nothing to this (0.50 with it, 0.60 without).")
    assert not LightWorth(0.7, 0.6, None).proven
    assert "What light itself adds to this could be chance (0.70" in LightWorth(0.7, 0.6, 0.2).sentence
    assert not LightWorth(0.7, float("nan"), 0.001).proven
