"""The protocols in time: what each withholds, and who is asked to predict it. Districts: `gvio.evaluate.districts`.

Rolling origin: every model sees the figures public before a January and predicts up to two years on, *blind* (no
later figure at all) and *as used* (the city's figures go on, the districts' do not). It is trained on the light before
the January; the light up to the end of those two years is read, as by a release of their last month, and what comes
after is not there. Leave one year out withholds figures in the middle of what is known.
"""

from __future__ import annotations

import dataclasses
from functools import partial

import numpy as np

from gvio.compare.forecast import Forecast
from gvio.compare.gong2025 import Keep, gong2025_paths, learned_now
from gvio.compare.judges.table import ask_judges
from gvio.compare.known import CompareInput
from gvio.evaluate.fit_request import Fit
from gvio.evaluate.fold import Material, Models, Question, ask, compare_input, forecast_of, lengthened
from gvio.evaluate.scores import FoldScores
from gvio.evaluate.target import city_targets, starts_after
from gvio.ledger.select import select_rows
from gvio.sample.urban import URBAN_MONTHS
from gvio.scoreboard.names import AS_USED, BLIND, GONG2025, NO_LIGHT, OURS, PLAIN
from gvio.train.fit import Fitted, estimate
from gvio.train.workers import Workers, in_turn
from gvio.types import BoolArray, FloatArray, Month

YEAR = 12


def origins(material: Material) -> list[int]:
    """Indices of the Januaries that begin a test: enough months before, a year of district figures after.

    Fixed by the calendar, so that a new month changes no fold. An urban mask that was derived from light has seen its
    first two years: no origin lies within them.
    """
    sums, params = material.sums, material.params.evaluate
    least = max(params.min_train_months, URBAN_MONTHS if material.samples.urban_derived else 0)
    known = sums.end[sums.of_districts]
    last = int(known.max()) if len(known) else -1
    found = [
        t for t, month in enumerate(material.samples.months) if month.month == 1 and t >= least and t + YEAR - 1 <= last
    ]
    return found[-params.origins :]


def known_at(material: Material, origin: int) -> Material:
    """What a forecast from an origin works on: everything up to the end of its horizon."""
    return material.until(origin + material.params.evaluate.horizon_months)


def rolling_origin(material: Material, fit: Fit, workers: Workers = in_turn) -> dict[str, list[FoldScores]]:
    """Folds of `rolling_origin_blind` and `rolling_origin_as_used`; empty lists when the series is too short."""

    pairs = workers("evaluate: rolling origin", [partial(origin_pair, material, t0, fit) for t0 in origins(material)])
    return {
        BLIND: [blind for blind, _ in pairs],
        AS_USED: [used for _, used in pairs],
    }


def origin_pair(material: Material, t0: int, fit: Fit, keep: Keep = learned_now) -> tuple[FoldScores, FoldScores]:
    """The blind and the as-used fold of an origin, the month index of a January; `keep` is of `sa-cnn-paper`."""
    known = known_at(material, t0)
    models = models_at(known, t0, fit)
    blind, used = (_question(known, t0, city_goes_on=goes_on) for goes_on in (False, True))
    paper = gong2025_paths(known.samples, _given(known, blind), known.params.model, keep)
    month, n_months = known.samples.months[t0], len(material.samples.months)

    def asked(question: Question) -> FoldScores:
        further = {NO_LIGHT: _without_light(known, question, models), GONG2025: Forecast(paper)}
        if known.params.evaluate.judges:
            further |= ask_judges(_given(known, question))
        return _dated(ask(known, question, models, further), month, n_months)

    return asked(blind), asked(used)


def leave_one_year_out(material: Material, fitted: Fitted, workers: Workers = in_turn) -> list[FoldScores]:
    """The figures of every calendar year withheld in turn."""
    sums, targets = material.sums, material.targets

    def fold(year: int) -> FoldScores | None:
        inside = np.array([m.year == year for m in material.samples.months])
        touches = np.array([inside[s : e + 1].any() for s, e in zip(sums.start, sums.end, strict=True)])
        scored = (targets.row >= 0) & touches[targets.row]
        if not scored.any() or touches.all():
            return None
        city = np.where(inside, np.nan, material.city_monthly)
        question = Question(str(year), ~touches, scored, city, len(inside) - 1)
        return ask(material, question, {OURS: fitted})

    years = sorted({m.year for m in material.samples.months})
    folds = workers("evaluate: leave one year out", [partial(fold, year) for year in years])
    return [f for f in folds if f is not None]


def _dated(fold: FoldScores, january: Month, n_months: int) -> FoldScores:
    return lengthened(dataclasses.replace(fold, origin=january, january=january), n_months)


def as_used_question(material: Material, t0: int) -> Question:
    """The as-used fold of an origin, the month index of a January; `material` as `known_at` that origin."""
    return _question(material, t0, city_goes_on=True)


def models_at(known: Material, t0: int, fit: Fit) -> Models:
    """Our model of an origin and the plain CNN, fitted on what was known before it."""
    request = known.request(known.sums.end < t0, t0)  # of the same samples, so that both look at one panel
    plain = dataclasses.replace(request, statistics=False)
    return {OURS: fit(request), PLAIN: fit(plain)}


def _question(known: Material, t0: int, *, city_goes_on: bool) -> Question:
    sums = known.sums
    visible, before = sums.end < t0, np.arange(sums.n_months) < t0
    city: FloatArray = np.where(before, known.city_monthly, np.nan)
    city_scored: BoolArray | None = starts_after(sums, city_targets(sums), t0 - 1)[0]
    if city_goes_on:
        visible, city, city_scored = visible | sums.of_city, known.city_monthly, None
    scored = starts_after(sums, known.targets, t0 - 1)
    return Question(str(known.samples.months[t0]), visible, scored, city, t0 - 1, city_scored=city_scored)


def _without_light(material: Material, question: Question, models: Models) -> Forecast:
    """What our own assimilation would say, had nobody seen the light."""
    seen = select_rows(material.sums, question.visible)
    return forecast_of(estimate(models[OURS], material.samples, seen, dark=True))


def _given(material: Material, question: Question) -> CompareInput:
    seen = select_rows(material.sums, question.visible)
    return compare_input(material, seen, question.city, question.last_known)
