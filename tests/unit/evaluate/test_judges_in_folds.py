"""Judges in the folds of an evaluation: what they are handed, under which key their answers are kept, who is absent."""

from __future__ import annotations

import dataclasses
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from evaluate_region import JANUARY, PARAMS, SAMPLES, TRUE, T

from benchmarks.measure_judges import AS_USED as AS_USED_BY_ALL
from benchmarks.measure_judges import BEFORE, _asked
from benchmarks.measure_judges import BLIND as BLIND_FOR_ALL
from gvio.compare.forecast import Forecast
from gvio.compare.judges import table
from gvio.compare.known import CompareInput
from gvio.evaluate import every_protocol, protocols
from gvio.evaluate.every_protocol import Folds, scoreboard_of
from gvio.evaluate.fold import Material
from gvio.evaluate.protocols import origin_pair
from gvio.evaluate.scores import score_folds
from gvio.report.scores import distribution_sentences
from gvio.scoreboard.board import Scoreboard, Subject
from gvio.scoreboard.names import AS_USED, AUTO_ETS, BOOSTED, RIDGE
from gvio.scoreboard.scores import MapScores
from gvio.stages import evaluate as evaluate_stage
from gvio.train.fit import fit_model
from gvio.train.workers import in_turn

pytestmark = pytest.mark.usefixtures("one_thread")


def with_judges(material: Material = TRUE) -> Material:
    evaluate = material.params.evaluate.model_copy(update={"judges": True})
    return dataclasses.replace(material, params=material.params.model_copy(update={"evaluate": evaluate}))


@pytest.fixture(scope="module")
def asked() -> tuple[list[CompareInput], tuple]:
    """What judges were handed in an origin's pair of folds, and the pair."""
    fitted = fit_model(SAMPLES, TRUE.sums, JANUARY, PARAMS.model, PARAMS.sample.patch_px)
    given: list[CompareInput] = []

    def judges(fold: CompareInput) -> dict[str, Forecast]:
        given.append(fold)
        path = np.full(fold.district_light.shape, 20.0)
        return {AUTO_ETS: Forecast(path, np.full(path.shape, 0.3)), BOOSTED: Forecast(path)}

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(protocols, "ask_judges", judges)
        return given, origin_pair(with_judges(), JANUARY, lambda _request: fitted)


def test_they_are_handed_nothing_that_was_not_public(asked):
    (blind, used), _ = asked
    for fold in (blind, used):
        assert fold.origin == JANUARY - 1
        assert len(fold.months) <= JANUARY + PARAMS.evaluate.horizon_months
        assert fold.sums.end[fold.sums.of_districts].max() < JANUARY
    assert blind.sums.end.max() < JANUARY
    assert np.isnan(blind.city_monthly[JANUARY:]).all()
    assert np.isfinite(used.city_monthly[JANUARY:]).any()


def test_they_are_scored_as_the_others_are_with_proper_scores_where_they_have_a_distribution(asked):
    _, pair = asked
    for fold in pair:
        scores = score_folds([fold])
        assert scores[AUTO_ETS].crps is not None
        assert scores[AUTO_ETS].interval_score80 > scores[AUTO_ETS].crps > 0
        assert scores[AUTO_ETS].within_r2 == scores[BOOSTED].within_r2
        for name in (BOOSTED, RIDGE):
            assert "crps" not in scores[name].document()


def test_a_model_without_a_distribution_in_one_fold_has_no_proper_score(asked):
    _, (blind, _) = asked
    without = dataclasses.replace(blind, spread={})
    assert score_folds([blind, without])[AUTO_ETS].crps is None


def test_a_judge_that_failed_on_one_fold_is_not_scored_and_named(asked, monkeypatch):
    _, (_, used) = asked
    failing = {name: path for name, path in used.predicted.items() if name != AUTO_ETS}
    folds = Folds({AS_USED: [used, dataclasses.replace(used, predicted=failing)]}, {}, None)
    monkeypatch.setattr(every_protocol, "installed", lambda: (AUTO_ETS, BOOSTED))
    monkeypatch.setattr(every_protocol, "missing", lambda: ())
    board = scoreboard_of(with_judges(), folds, MapScores(), ["A", "B"], Subject(region="x"), [], None)
    assert AUTO_ETS not in board.protocol(AS_USED).models
    assert board.failed == (AUTO_ETS,)
    assert "not_installed" not in board.document()
    assert any("Failed on a fold" in sentence for sentence in distribution_sentences(board))


def test_their_answers_are_kept_under_the_versions_of_their_packages(asked, monkeypatch):
    _, pair = asked
    monkeypatch.setattr(every_protocol, "libraries", lambda: ("gpboost==1", "tempdisagg==2"))
    for material, expected in ((TRUE, f"at {JANUARY} 0"), (with_judges(), f"at {JANUARY} 0 gpboost==1 tempdisagg==2")):
        found: list[str] = []

        def kept(_known, what, _form, _make, found=found):
            found.append(what)
            return pair

        every_protocol._origins(material, lambda _request: None, in_turn, kept)
        assert expected in found
        assert all("gpboost" not in what for what in found if what.startswith("after"))


def test_who_is_not_installed_is_named_only_where_judges_are_asked_for(monkeypatch):
    monkeypatch.setattr(every_protocol, "missing", lambda: (AUTO_ETS,))

    def board(material: Material) -> Scoreboard:
        return scoreboard_of(material, Folds({}, {}, None), MapScores(), ["A", "B"], Subject(region="x"), [], None)

    assert board(with_judges()).document()["not_installed"] == [AUTO_ETS]
    assert "not_installed" not in board(TRUE).document()
    again = Scoreboard.parse(board(with_judges()).to_json(), "scoreboard.json")
    assert again.not_installed == (AUTO_ETS,)


def test_whoever_installs_a_judge_gets_a_new_evaluation(monkeypatch):
    head = SimpleNamespace(key="k", weights_sha256="w")
    stage: Any = evaluate_stage

    def made(material: Material) -> dict[str, str]:
        context = SimpleNamespace(params=material.params, ledger_digest="l", truth_digest="t")
        return dict(stage._made(context, SimpleNamespace(head=head), SimpleNamespace(head=head)).inputs)

    for versions in (("tempdisagg==1",), ("gpboost==1", "tempdisagg==1")):
        monkeypatch.setattr(table, "libraries", lambda versions=versions: versions)
        assert made(with_judges())["judges"] == " ".join(versions)
        assert "judges" not in made(TRUE)


def test_a_month_before_its_total_knows_neither_it_nor_later_light_or_figures():
    start, asked = JANUARY, list(_asked(TRUE, JANUARY, BEFORE))
    assert [len(one.material.samples.months) - 1 for one in asked] == list(range(start, T))
    for one in asked:
        t, sums = len(one.material.samples.months) - 1, one.material.sums
        assert one.city_until == t
        assert np.flatnonzero(one.months).tolist() == [t]
        assert sums.end[one.figures & sums.of_city].max() == t - 1
        assert sums.end[one.figures & sums.of_districts].max() < start
    (used,), (blind,) = (list(_asked(TRUE, start, setting)) for setting in (AS_USED_BY_ALL, BLIND_FOR_ALL))
    ends = TRUE.sums.end
    assert ends[used.figures].max() == T - 1
    assert ends[blind.figures].max() < start
    assert ends[used.figures & TRUE.sums.of_districts].max() < start
