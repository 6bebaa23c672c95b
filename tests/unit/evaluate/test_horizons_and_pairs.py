"""Coverage by horizon, tests against rivals, levels of districts left out, and what the scoreboard says of them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from gvio.evaluate.horizons import coverage_by_horizon
from gvio.evaluate.paired import (
    district_rows,
    level_scores,
    losses_tested,
    mean_log_errors,
    monthly_losses,
    rivals_tested,
)
from gvio.evaluate.placebo import judged
from gvio.evaluate.scoreboard import build_scoreboard, judge
from gvio.evaluate.scores import CityScores, FoldScores
from gvio.scoreboard.board import Subject
from gvio.scoreboard.names import AS_USED, BLIND, CITY_PUBLIC, LEFT_OUT, NAIVE, OURS, TRUE
from gvio.scoreboard.scores import HeldShares, LevelScores, MapScores

D, T, START = 4, 48, 24
OWNER = np.repeat(np.arange(D)[:, None], 5, axis=1)


def fold(name: str = "a", seed: int = 1, error: float = 0.05, start: int = START, rival: float = 0.2) -> FoldScores:
    """A forecast of twelve months after two years; ours is off by `error`, the naive ones by `rival`."""
    rng = np.random.default_rng(seed)
    truth = np.exp(np.arange(D)[:, None] + 0.3 * rng.standard_normal((D, T)))
    scored = np.zeros((D, T), dtype=bool)
    scored[:, start : start + 12] = True
    noise = dict.fromkeys(NAIVE, rival) | {OURS: error}
    predicted = {model: truth * np.exp(size * rng.standard_normal((D, T))) for model, size in noise.items()}
    known = np.where(np.arange(T) < start, truth, np.nan)
    return FoldScores(name, truth, scored, predicted, np.full((D, T), 0.05), known, last_known=start - 1)


def exact(ahead: int, sd: float = 0.1) -> FoldScores:
    """Ours is right but `ahead` months after the origin, where it is off by a factor of two."""
    one = fold()
    ours = one.truth.copy()
    ours[:, START + ahead - 1] *= 2
    return dataclasses.replace(one, predicted=one.predicted | {OURS: ours}, sd=np.full((D, T), sd))


@pytest.mark.parametrize(("ahead", "band"), [(1, "1"), (2, "1"), (4, "3"), (11, "12")])
def test_an_error_counts_in_its_own_band(ahead, band):
    held = coverage_by_horizon([exact(ahead)])["districts"]
    for name, block in held.items():
        wrong = D if name in (band, "all") else 0
        assert block.coverage80 == pytest.approx(1 - wrong / block.n), name
    assert held["1"].n == 2 * D
    assert held["all"].n == 12 * D
    assert held["all"].half_width80 == pytest.approx(0.1282, abs=1e-4)


def test_a_band_without_figures_says_so():
    one = fold()
    late = dataclasses.replace(one, scored=one.scored & (np.arange(T) >= START + 6))
    block = coverage_by_horizon([late])["districts"]["1"]
    assert block == HeldShares(n=0.0, coverage50=None, coverage80=None, coverage95=None, half_width80=None)


def test_the_city_is_asked_where_it_was_withheld():
    assert "city" not in coverage_by_horizon([fold()])
    one, total = fold(), np.linspace(50, 60, T)
    wrong = np.where(np.arange(T) == START, 2.0, 1.0)
    city = CityScores(total, one.scored[0], total * wrong, np.full(T, 0.1))
    held = coverage_by_horizon([dataclasses.replace(one, city=city)])["city"]
    assert held["1"].coverage80 == 0.5
    assert held["12"].coverage80 == 1.0


def test_months_scored_by_two_origins_count_once():
    folds = [fold("a", 1), fold("b", 2, start=START + 6)]
    losses = monthly_losses(folds, OURS)
    assert np.flatnonzero(np.isfinite(losses)).tolist() == list(range(START, START + 18))
    each = [np.where(f.scored, np.log(f.truth / f.predicted[OURS]) ** 2, np.nan) for f in folds]
    assert losses[START] == pytest.approx(each[0][:, START].mean())
    assert losses[START + 8] == pytest.approx(np.concatenate([e[:, START + 8] for e in each]).mean())


def test_every_rival_is_tested():
    folds = [fold("a", 1), fold("b", 2, start=START + 12)]
    found = rivals_tested(folds)
    assert set(found) == set(NAIVE)
    assert all(test.difference < 0 and test.p_value < 0.05 and test.n == 24 for test in found.values())
    assert rivals_tested([fold()])["persistence"] is None  # a year against a year of autocorrelation


def test_a_year_of_quarterly_losses_is_four_of_them():
    """Twelve quarters are enough for a test; as twelve months they would not be."""
    quarters = np.arange(36) % 3 == 2
    ours, theirs = (
        np.where(quarters, size * np.random.default_rng(0).uniform(0.5, 1.5, 36), np.nan) for size in (1.0, 2.0)
    )
    found = losses_tested(ours, theirs)
    assert found.n == 12
    assert found.p_value < 0.05
    assert losses_tested(ours[:12], theirs[:12]) is None
    assert losses_tested(np.full(12, np.nan), np.full(12, np.nan)) is None


def test_mean_log_errors_leave_unscored_districts_out():
    one = fold()
    off = one.predicted[OURS].copy()
    off[1] = one.truth[1] * np.exp(0.25)
    scored = one.scored.copy()
    scored[3] = False
    errors = mean_log_errors([dataclasses.replace(one, predicted=one.predicted | {OURS: off}, scored=scored)])
    assert errors[1] == pytest.approx(0.25)
    assert np.isnan(errors[3])


def test_districts_are_listed_with_the_labels_they_had():
    one = fold()
    known = one.known.copy()
    known[2, 5:] = np.nan
    rows = district_rows([dataclasses.replace(one, known=known)], "persistence", "ABCD")
    assert [(row.name, row.labels, row.scored) for row in rows] == [
        ("A", 24, 12), ("B", 24, 12), ("C", 5, 12), ("D", 24, 12)
    ]  # fmt: skip
    assert all(row.skill > 0 and row.mape < row.rival_mape for row in rows)


def _left_out(factor: np.ndarray) -> list[FoldScores]:
    """One fold per district; ours is right but for a factor per district."""
    one = fold()
    masks = [one.scored & (np.arange(D) == d)[:, None] for d in range(D)]
    ours = one.predicted | {OURS: one.truth * factor[:, None]}
    return [dataclasses.replace(one, name=str(d), scored=m, predicted=ours) for d, m in enumerate(masks)]


def test_levels_of_districts_left_out():
    assert level_scores(_left_out(np.ones(D)))[OURS] == LevelScores(log_r2=1.0, total_error=0.0)
    found = level_scores(_left_out(np.array([1.5, 0.5, 1.0, 1.0])))[OURS]
    assert found.total_error == pytest.approx(0.25)
    assert 0.5 < found.log_r2 < 1


def test_scoreboard_holds_every_part():
    folds = {AS_USED: [fold("a", 1), fold("b", 2)], BLIND: [fold("c", 3)], LEFT_OUT: _left_out(np.ones(D))}
    placebos = judged("2020-01", {TRUE: 0.4, "months": 0.01, "factories": 0.2}, {"months": 0.5, "factories": 0.6})
    board = build_scoreboard(folds, MapScores(), "ABCD", Subject(), OWNER, placebos)
    used = board.protocol(AS_USED)
    parts = {"models", "folds", "origins", "diebold_mariano", "morans_i", "horizons", "districts"}
    assert set(used.document()) == parts
    assert used.morans_i.n == D
    assert board.protocol(LEFT_OUT).one_by_one is True
    assert board.protocol(LEFT_OUT).levels[OURS].total_error == 0.0
    assert board.placebos.passed is True
    grouped = [dataclasses.replace(fold(), scored=fold().scored & (np.arange(D) < 2)[:, None])]
    board = build_scoreboard({CITY_PUBLIC: grouped}, MapScores(), "ABCD", Subject())
    assert board.protocol(CITY_PUBLIC).one_by_one is False
    assert board.placebos is None


@pytest.mark.parametrize(
    ("gain", "p_value", "passed"),
    [
        (0.04, 0.001, True),
        (0.3, 0.2, True),
        (0.3, 0.01, False),
        (0.3, None, False),
        (float("nan"), 0.2, False),
        (0.3, float("nan"), False),
    ],
)
def test_a_placebo_that_gains_beyond_chance_fails(gain, p_value, passed):
    placebos = judged("2020-01", {TRUE: 0.9, "months": gain}, {TRUE: 0.0, "months": p_value})
    assert placebos.passed is passed


def test_nothing_is_proven_where_a_placebo_gains():
    folds = [fold("a", 1), fold("b", 2, start=START + 12)]
    trusted = judge(folds, "ABCD")
    doubted = judge(folds, "ABCD", judged("x", {"months": 0.5}, {"months": 0.001}))
    assert (trusted.skill, doubted.skill) == ("proven", "weak")
    assert doubted.sentence.startswith(trusted.sentence)
    assert "gains on shuffled light" in doubted.sentence
