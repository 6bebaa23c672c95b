"""Folds whose horizon is over are scored once, and come back to the last bit; anything else makes them anew."""

from __future__ import annotations

import dataclasses
import os

import numpy as np
import pytest
from evaluate_region import JANUARY, PARAMS, SAMPLES, TRUE, T, altered, other_light

from gvio.evaluate import every_protocol as module
from gvio.evaluate.kept_answers import FOLDS, LEARNED, PLACEBOS, bytes_of, folds_of
from gvio.evaluate.protocols import origin_pair
from gvio.evaluate.scores import FoldScores
from gvio.kept import KeptAnswers
from gvio.scoreboard.names import AS_USED, BLIND
from gvio.scoreboard.scores import PlaceboResult
from gvio.train.fit import Fitted, fit_model
from gvio.train.gong2025 import Learned
from gvio.train.workers import in_turn

pytestmark = pytest.mark.usefixtures("one_thread")
DAY = 86_400.0


@pytest.fixture(scope="module")
def fitted() -> Fitted:
    return fit_model(SAMPLES, TRUE.sums, JANUARY, PARAMS.model, PARAMS.sample.patch_px)


@pytest.fixture(scope="module")
def pair(fitted) -> tuple[FoldScores, FoldScores]:
    return origin_pair(TRUE, JANUARY, lambda _request: fitted)


def same(one: FoldScores, other: FoldScores) -> None:
    for field in dataclasses.fields(FoldScores):
        left, right = getattr(one, field.name), getattr(other, field.name)
        if field.name == "city" and left is not None:
            left, right = vars(left), vars(right)
        if isinstance(left, dict):
            assert list(left) == list(right)
            for name in left:
                np.testing.assert_array_equal(left[name], right[name])
        elif isinstance(left, np.ndarray):
            np.testing.assert_array_equal(left, right)
            assert left.dtype == right.dtype
        else:
            assert left == right


def test_folds_come_back_to_the_last_bit(pair):
    blind, used = pair
    assert blind.city is not None
    assert used.city is None
    for fold, kept in zip(pair, folds_of(bytes_of(pair)), strict=True):
        same(fold, kept)
    assert folds_of(bytes_of([])) == []
    assert bytes_of(pair) == bytes_of(pair)


def test_an_answer_is_worked_out_once_and_anew_when_it_is_damaged_or_of_something_else(tmp_path, pair):
    keep, made = KeptAnswers(tmp_path / "answers"), []

    def ask(known=SAMPLES, what="at 1") -> None:
        for fold, found in zip(pair, keep(known, what, FOLDS, lambda: made.append(1) or pair), strict=True):
            same(fold, found)

    ask()
    ask()
    assert len(made) == 1
    (entry,) = (tmp_path / "answers").iterdir()
    for damage in (b"", entry.read_bytes()[:500], b"PK damaged"):
        entry.write_bytes(damage)
        ask()
    assert len(made) == 4
    ask(what="at 2")
    ask(known=other_light(T - 1))
    assert len(made) == 6
    assert KeptAnswers()(SAMPLES, "at 1", FOLDS, lambda: made) is made, "without a folder nothing is kept"


def test_what_was_learned_and_placebos_come_back():
    learned = LEARNED.decode(LEARNED.encode(Learned(2.5, {"first.weight": np.ones((2, 3), np.float32)})))
    assert learned.start == 2.5
    np.testing.assert_array_equal(learned.weights["first.weight"], np.ones((2, 3), np.float32))
    result = PlaceboResult(origin="2020-01", gain={"months": 0.1}, p_value={"months": None}, passed=False)
    assert PLACEBOS.decode(PLACEBOS.encode(result)) == result
    assert PLACEBOS.decode(PLACEBOS.encode(None)) is None


def test_a_sweep_takes_what_nobody_asked_for_and_what_is_too_much(tmp_path):
    keep = KeptAnswers(tmp_path, most=2)
    for i in range(4):
        (tmp_path / f"{i}").write_bytes(b"")
        os.utime(tmp_path / f"{i}", (i * DAY, i * DAY))
    assert keep.sweep(now_s=4 * DAY) == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["2", "3"]
    assert keep.sweep(now_s=368.5 * DAY) == 1, "unused for a year: the third"
    assert KeptAnswers(tmp_path / "nothing").sweep() == 0
    assert KeptAnswers().sweep() == 0


def test_a_month_after_its_horizon_leaves_an_origin_as_it_was_scored(tmp_path, fitted, pair, monkeypatch):
    """Other light and figures after the horizon, then one other figure inside it."""
    short = PARAMS.model_copy(update={"evaluate": PARAMS.evaluate.model_copy(update={"horizon_months": 6})})
    asked = []
    monkeypatch.setattr(module, "origin_pair", lambda known, *_: asked.append(known) or pair)

    def scored(material):
        folds, _ = module._origins(material, lambda _request: fitted, in_turn, KeptAnswers(tmp_path / "answers"))
        return [*folds[BLIND], *folds[AS_USED]]

    first = scored(dataclasses.replace(TRUE, params=short))
    assert len(asked) == 1
    assert len(asked[0].samples.months) == JANUARY + 6, "nothing of later months is in its reach"
    later = scored(altered(lambda _area, t: t >= JANUARY + 6, JANUARY + 6, short))
    assert len(asked) == 1, "found again"
    for one, other in zip(first, later, strict=True):
        same(one, other)
    scored(altered(lambda _area, t: t == JANUARY + 5, T, short))
    assert len(asked) == 2, "a figure inside the horizon is another question"


def test_what_the_paper_learned_is_found_again_in_a_longer_series(tmp_path, pair, monkeypatch):
    kept, learned = KeptAnswers(tmp_path), []

    def asks_for_it(known, t0, _fit, keep):
        figures = np.full((2, len(known.samples.months)), np.nan)
        figures[:, :t0] = 1.0
        keep(figures, lambda: learned.append(1) or Learned(1.0, {}))
        return pair

    monkeypatch.setattr(module, "origin_pair", asks_for_it)
    for n_months in (T - 1, T):
        module._at_january(TRUE.until(n_months), JANUARY, 0, None, kept)
    assert len(learned) == 1
