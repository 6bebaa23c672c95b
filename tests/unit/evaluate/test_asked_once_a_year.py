"""Years and districts left out are asked as of the last January: a new month changes nothing, a revised figure does."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from evaluate_region import FIRST, JANUARY, PARAMS, SAMPLES, TRUE, T, altered

from gvio.evaluate.fit_request import FitRequest
from gvio.evaluate.scoreboard import build_scoreboard
from gvio.evaluate.yearly import last_january, yearly_folds
from gvio.kept import KeptAnswers
from gvio.ledger.select import select_rows
from gvio.report.evaluation import evaluation_markdown
from gvio.scoreboard.board import Subject
from gvio.scoreboard.names import CITY_PUBLIC, LEFT_OUT, OURS, YEAR_OUT
from gvio.scoreboard.scores import MapScores
from gvio.train.fit import Fitted, fit_model
from gvio.train.workers import in_turn

pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.slow]
NAMES = (YEAR_OUT, LEFT_OUT, CITY_PUBLIC)


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit_model(SAMPLES, TRUE.sums, T, PARAMS.model, PARAMS.sample.patch_px)


class Fits:
    """Fits anew, and notes what was asked for."""

    def __init__(self) -> None:
        self.asked: list[FitRequest] = []

    def __call__(self, request: FitRequest) -> Fitted:
        self.asked.append(request)
        return request.fit()


def test_a_new_month_changes_no_answer_and_is_not_asked_about(fitted, tmp_path):
    """Other light, figures and openings since the last January: found again, and what would be worked out is equal."""
    assert SAMPLES.months[last_january(TRUE)].month == 1
    kept, fits = KeptAnswers(tmp_path), Fits()
    first = yearly_folds(TRUE, fitted, fits, in_turn, kept)
    assert all(len(request.samples.months) <= JANUARY for request in fits.asked)
    asked = len(fits.asked)
    other = altered(lambda _area, t: t >= JANUARY, JANUARY)
    found = yearly_folds(other, fitted, fits, in_turn, kept)
    assert len(fits.asked) == asked, "found again"
    anew = yearly_folds(other, fitted, Fits(), in_turn, KeptAnswers())
    for name in NAMES:
        for one, *others in zip(first[name], found[name], anew[name], strict=True):
            assert one.known_until == FIRST + (JANUARY - 1)
            assert one.truth.shape == (2, T)
            for two in others:
                np.testing.assert_array_equal(one.scored, two.scored)
                np.testing.assert_array_equal(one.predicted[OURS], two.predicted[OURS])
            assert not one.scored[:, JANUARY:].any()


def test_a_figure_that_was_revised_since_is_asked_about_again(fitted, tmp_path):
    kept, fits = KeptAnswers(tmp_path), Fits()
    first = yearly_folds(TRUE, fitted, fits, in_turn, kept)
    asked = len(fits.asked)
    revised = yearly_folds(altered(lambda area, t: area == "A" and t == 5), fitted, fits, in_turn, kept)
    assert len(fits.asked) > asked
    for name in (YEAR_OUT, LEFT_OUT):
        pairs = zip(first[name], revised[name], strict=True)
        assert any(not np.array_equal(a.truth, b.truth, equal_nan=True) for a, b in pairs)


def test_a_series_without_an_origin_is_asked_about_whole(fitted, tmp_path):
    few = PARAMS.evaluate.model_copy(update={"min_train_months": T})
    short = dataclasses.replace(TRUE, params=PARAMS.model_copy(update={"evaluate": few}))
    found = yearly_folds(short, fitted, Fits(), in_turn, KeptAnswers(tmp_path))
    assert not list(tmp_path.iterdir()), "answers of the month's own model are not kept"
    assert {fold.known_until for name in NAMES for fold in found[name]} == {None}
    assert found[LEFT_OUT][0].scored[0].all()


def test_districts_that_have_figures_since_the_last_january_only_are_asked_about_now(fitted):
    """A border that moved: its districts' earlier figures are sums of both, and touch no single one."""
    sums = TRUE.sums
    late = dataclasses.replace(TRUE, sums=select_rows(sums, sums.of_city | (sums.end >= JANUARY)))
    found = yearly_folds(late, fitted, lambda _request: fitted, in_turn, KeptAnswers())
    assert [fold.scored.any() for fold in found[LEFT_OUT]] == [True, True]
    assert {fold.known_until for fold in found[LEFT_OUT]} == {None}


def test_the_scoreboard_says_as_of_when(fitted):
    folds = yearly_folds(TRUE, fitted, lambda _request: fitted, in_turn, KeptAnswers())
    board = build_scoreboard(folds, MapScores(), ["East", "West"], Subject(region="testland"))
    until = str(FIRST + (JANUARY - 1))
    assert [board.protocol(name).known_until for name in NAMES] == [until] * 3
    assert board.document()["protocols"][YEAR_OUT]["known_until"] == until == "2019-12"
    assert evaluation_markdown(board, {}, "Testland", "evaluation").count("up to December 2019") == 3
