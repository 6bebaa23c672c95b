"""The protocols in time: what each withholds, and who is asked to predict it. Districts: `gvio.evaluate.districts`.

Rolling origin: every model sees the figures public before a January and predicts up to two years on, *blind* (no
later figure at all) and *as used* (the city's figures go on, the districts' do not). Leave one year out withholds
figures in the middle of what is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from gvio.compare.gong2025 import gong2025_paths
from gvio.compare.known import CompareInput
from gvio.config import EvaluateParams
from gvio.evaluate.fold import Fit, Material, Models, Question, ask, compare_input, fitter
from gvio.evaluate.scores import FoldScores
from gvio.evaluate.shuffles import without_light
from gvio.evaluate.target import city_targets, starts_after
from gvio.ledger.select import select_rows
from gvio.ledger.sums import Sums
from gvio.scoreboard.names import AS_USED, BLIND, GONG2025, NO_LIGHT, OURS, PLAIN
from gvio.train.fit import Fitted, estimate
from gvio.train.workers import Workers, in_turn
from gvio.types import BoolArray, FloatArray, Month

YEAR = 12


def origins(months: Sequence[Month], sums: Sums, params: EvaluateParams) -> list[int]:
    """Indices of the Januaries that begin a test: enough months before, a year of district figures after.

    Fixed by the calendar, so that a new month changes no fold.
    """
    known = sums.end[sums.area >= 0]
    last = int(known.max()) if len(known) else -1
    found = [
        t
        for t, month in enumerate(months)
        if month.month == 1 and t >= params.min_train_months and t + YEAR - 1 <= last
    ]
    return found[-params.origins :]


def rolling_origin(material: Material, fit: Fit, workers: Workers = in_turn) -> dict[str, list[FoldScores]]:
    """Folds of `rolling_origin_blind` and `rolling_origin_as_used`; empty lists when the series is too short."""

    def both(t0: int) -> tuple[FoldScores, FoldScores]:
        models = _models_at(material, t0, fit)
        given = _given(material, _question(material, t0, city_goes_on=False))
        paper = gong2025_paths(material.samples, given, material.params.model)
        blind, used = (_question(material, t0, city_goes_on=goes_on) for goes_on in (False, True))
        dark = [{NO_LIGHT: _without_light(material, question, models), GONG2025: paper} for question in (blind, used)]
        return ask(material, blind, models, dark[0]), ask(material, used, models, dark[1])

    starts = origins(material.samples.months, material.sums, material.params.evaluate)
    pairs = workers("evaluate: rolling origin", [partial(both, t0) for t0 in starts])
    return {
        BLIND: [blind for blind, _ in pairs],
        AS_USED: [used for _, used in pairs],
    }


def leave_one_year_out(material: Material, fitted: Fitted, workers: Workers = in_turn) -> list[FoldScores]:
    """Every calendar year withheld in turn; our light is read by the member that never saw that year."""
    sums, targets = material.sums, material.targets

    def fold(year: int) -> FoldScores | None:
        inside = np.array([m.year == year for m in material.samples.months])
        touches = np.array([inside[s : e + 1].any() for s, e in zip(sums.start, sums.end, strict=True)])
        scored = (targets.row >= 0) & touches[targets.row]
        if not scored.any() or touches.all():
            return None
        city = np.where(inside, np.nan, material.city_monthly)
        question = Question(str(year), ~touches, scored, city, len(inside) - 1)
        return ask(material, question, {OURS: (fitted, True)})

    years = sorted({m.year for m in material.samples.months})
    folds = workers("evaluate: leave one year out", [partial(fold, year) for year in years])
    return [f for f in folds if f is not None]


def as_used_question(material: Material, t0: int) -> Question:
    """The as-used fold of an origin: the month index of a January."""
    return _question(material, t0, city_goes_on=True)


def _models_at(material: Material, t0: int, fit: Fit) -> Models:
    visible = select_rows(material.sums, material.sums.end < t0)
    month = material.samples.months[t0]
    named = ((OURS, True), (PLAIN, False))
    return {n: (fit(f"{n}-{month}", fitter(material, visible, t0, statistics=s)), False) for n, s in named}


def _question(material: Material, t0: int, *, city_goes_on: bool) -> Question:
    sums, horizon = material.sums, material.params.evaluate.horizon_months
    visible = sums.end < t0
    month = np.arange(sums.n_months)
    city: FloatArray = np.where(month < t0, material.city_monthly, np.nan)
    city_scored: BoolArray | None = starts_after(sums, city_targets(sums), t0 - 1)[0] & (month < t0 + horizon)
    if city_goes_on:
        visible, city, city_scored = visible | (sums.area < 0), material.city_monthly, None
    scored = starts_after(sums, material.targets, t0 - 1) & (month < t0 + horizon)
    name = str(material.samples.months[t0])
    return Question(name, visible, scored, city, t0 - 1, city_scored=city_scored)


def _without_light(material: Material, question: Question, models: Models) -> FloatArray:
    """What our own assimilation would say, had nobody seen the light."""
    seen = select_rows(material.sums, question.visible)
    return np.exp(estimate(models[OURS][0], without_light(material.samples), seen).mean)


def _given(material: Material, question: Question) -> CompareInput:
    seen = select_rows(material.sums, question.visible)
    return compare_input(material, seen, question.city, question.origin)
