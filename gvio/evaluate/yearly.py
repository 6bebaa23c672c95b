"""Questions about what is known already, asked as of the last January: a new month changes neither what is known in
them nor who answers, so they are worked out once a year, and again when a figure of those months changes (ADR 28).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from gvio.evaluate.districts import leave_districts_out
from gvio.evaluate.fit_request import Fit, FitRequest
from gvio.evaluate.fold import Material, lengthened
from gvio.evaluate.kept_answers import FOLDS
from gvio.evaluate.protocols import leave_one_year_out, origins
from gvio.evaluate.scores import FoldScores
from gvio.kept import KeptAnswers
from gvio.scoreboard.names import CITY_PUBLIC, LEFT_OUT, YEAR_OUT
from gvio.train.fit import Fitted
from gvio.train.workers import Workers

Protocols = Mapping[str, Sequence[FoldScores]]


def yearly_folds(material: Material, fitted: Fitted, fit: Fit, workers: Workers, kept: KeptAnswers) -> Protocols:
    """Folds of years and of districts left out.

    Args:
        material: The region.
        fitted: Answers where the series is too short for an origin; it is asked about every month then.
        fit: Gives the model of the last January, which answers otherwise.
        workers: Runs the folds.
        kept: Finds the answers again.

    Returns:
        By protocol; on the axis of all months, and saying up to when the questions knew anything.
    """
    if not origins(material):
        return _years(material, fitted, workers) | leave_districts_out(material, fitted, workers)
    known = material.until(last_january(material))

    def ours() -> Fitted:
        return fit(_as_of(known))

    years = kept(known, "years", FOLDS, lambda: _years(known, ours(), workers)[YEAR_OUT])
    pairs = kept(known, "districts", FOLDS, lambda: _joined(leave_districts_out(known, ours(), workers)))
    found = {YEAR_OUT: years, LEFT_OUT: pairs[: len(pairs) // 2], CITY_PUBLIC: pairs[len(pairs) // 2 :]}
    dated = {name: [_dated(fold, known, material) for fold in folds] for name, folds in found.items()}
    if not pairs:  # a border that moved since: every earlier figure is a sum with a district left out
        dated |= leave_districts_out(material, fitted, workers)
    return dated


def yearly_request(material: Material) -> FitRequest | None:
    """The fit of the model that answers; None where that is the month's own."""
    return _as_of(material.until(last_january(material))) if origins(material) else None


def _as_of(known: Material) -> FitRequest:
    """On all that is known."""
    return known.request(np.ones(len(known.sums.values), dtype=bool), len(known.samples.months))


def last_january(material: Material) -> int:
    """Months before the last January of the light."""
    return max((t for t, month in enumerate(material.samples.months) if month.month == 1), default=0)


def _years(material: Material, fitted: Fitted, workers: Workers) -> dict[str, list[FoldScores]]:
    return {YEAR_OUT: leave_one_year_out(material, fitted, workers)}


def _joined(found: Protocols) -> list[FoldScores]:
    """Both questions about districts, of as many folds each, as one answer."""
    return [*found[LEFT_OUT], *found[CITY_PUBLIC]]


def _dated(fold: FoldScores, known: Material, material: Material) -> FoldScores:
    until = known.samples.months[-1]
    return lengthened(dataclasses.replace(fold, known_until=until), len(material.samples.months))
