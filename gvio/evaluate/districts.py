"""Leave districts out: what of a district nobody publishes? Its figures are withheld, as they are from its owner.

Its light is not: it is there, whoever publishes, and the network learns from plants in it and from no figure (decisions
43 and 48). So no fold needs a network of its own.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from functools import partial

import numpy as np

from gvio.evaluate.fold import Material, Question, ask
from gvio.evaluate.scores import FoldScores
from gvio.scoreboard.names import CITY_PUBLIC, LEFT_OUT, OURS
from gvio.train.fit import Fitted
from gvio.train.workers import Workers, in_turn
from gvio.types import BoolArray


def leave_districts_out(material: Material, fitted: Fitted, workers: Workers = in_turn) -> dict[str, list[FoldScores]]:
    """Districts withheld in turn: one by one up to twice `district_folds` of them, else in `district_folds` groups.

    Under `LEFT_OUT` the city's figures are withheld from every model, too: with them, a district left out alone is the
    city less the others, and nothing is asked of the light. Under `CITY_PUBLIC` they are there. The hyperparameters are
    those of the whole region: they say how figures and light behave, not where output is. Districts' sensitivities to
    light do know where, and are left out.

    Args:
        material: The region, all months of which are estimated.
        fitted: Whose network reads the light and whose hyperparameters estimate.
        workers: Runs the folds.

    Returns:
        Folds by protocol, as many of one as of the other.
    """
    blank = dataclasses.replace(fitted.ensemble.hyper, sensitivity=())
    ours = {OURS: dataclasses.replace(fitted, ensemble=dataclasses.replace(fitted.ensemble, hyper=blank))}

    def fold(left_out: BoolArray) -> tuple[FoldScores, FoldScores] | None:
        sums, targets, end = material.sums, material.targets, len(material.samples.months) - 1
        scored = (targets.row >= 0) & left_out[:, None]
        others = sums.of_districts & ~left_out[sums.area]
        if not scored.any() or not others.any():
            return None
        name = "districts-" + "-".join(str(d) for d in np.flatnonzero(left_out))
        nobody = np.full(len(material.city_monthly), np.nan)
        alone = Question(name, others, scored, nobody, end, left_out)
        public = Question(name, others | sums.of_city, scored, material.city_monthly, end, left_out)
        return ask(material, alone, ours), ask(material, public, ours)

    folds = workers("evaluate: leave districts out", [partial(fold, left_out) for left_out in groups_of(material)])
    found = [pair for pair in folds if pair is not None]
    return {LEFT_OUT: [alone for alone, _ in found], CITY_PUBLIC: [public for _, public in found]}


def groups_of(material: Material) -> Iterator[BoolArray]:
    """(D,) districts of every fold; together they leave out each once. A single district has none: nobody would be left
    to learn from."""
    n_areas, folds = len(material.samples.area_ids), material.params.evaluate.district_folds
    size = n_areas if n_areas <= 2 * folds else min(n_areas, folds)
    for k in range(size if n_areas > 1 else 0):
        yield np.arange(n_areas) % size == k
