"""Every protocol in turn, and the calibrated model that follows from them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from gvio.assimilate.hyper import Hyper
from gvio.evaluate.districts import leave_districts_out
from gvio.evaluate.fit_request import Fit
from gvio.evaluate.fold import Material
from gvio.evaluate.interval_calibration import interval_table
from gvio.evaluate.later_origins import later_pairs, steps_after
from gvio.evaluate.placebo import placebo_gains, placebo_lights, placebo_request
from gvio.evaluate.protocols import known_at, leave_one_year_out, models_at, origin_pair, origins
from gvio.evaluate.scoreboard import build_scoreboard, interval_scale
from gvio.evaluate.scores import FoldScores
from gvio.scoreboard.board import Scoreboard, Subject
from gvio.scoreboard.names import AS_USED, BLIND, TRUE, YEAR_OUT
from gvio.scoreboard.scores import LightInDistrict, MapScores, PlaceboResult
from gvio.train.fit import Fitted
from gvio.train.workers import Workers

_Pair = tuple[FoldScores, FoldScores]


@dataclasses.dataclass(frozen=True, eq=False)
class Folds:
    """The folds of every protocol by its name, those of origins between the Januaries, and the placebos."""

    by_protocol: Mapping[str, Sequence[FoldScores]]
    later: Mapping[str, Sequence[FoldScores]]
    placebos: PlaceboResult | None


def score_every_protocol(material: Material, fitted: Fitted, fit: Fit, workers: Workers) -> Folds:
    """Predict and score the folds of every protocol.

    Args:
        material: The region.
        fitted: The model that is evaluated; its method is fitted again for each fold.
        fit: Fits a fold, or finds it.
        workers: Runs folds in turn or side by side: the result is the same.

    Raises:
        ModelError: A model does not predict what it is asked for.
    """
    _fits_first(material, fit, workers)
    folds, later = _origins(material, fit, workers)
    folds[YEAR_OUT] = leave_one_year_out(material, fitted, workers)
    folds |= leave_districts_out(material, fit, fitted, _settled(material, fit, fitted), workers)
    return Folds(folds, later, placebo_gains(material, fit, workers))


def _fits_first(material: Material, fit: Fit, workers: Workers) -> None:
    """The fits that several questions ask for, side by side, the dearest first; with a cache the questions find them.

    Both models of an origin are fitted in turn: they look at one light.
    """
    lit = placebo_lights(material)
    if lit is None:
        return
    t0, known, by_name = lit
    tasks: list[Callable[[], object]] = [
        partial(models_at, known_at(material, start), start, fit) for start in reversed(origins(material))
    ]
    tasks += [partial(fit, placebo_request(known, t0, light)) for name, light in by_name.items() if name != TRUE]
    workers("evaluate: fits", tasks)


def _origins(
    material: Material, fit: Fit, workers: Workers
) -> tuple[dict[str, Sequence[FoldScores]], dict[str, Sequence[FoldScores]]]:
    """The folds of `rolling_origin` and of `later_origins`; those of one January together, because they look at the
    same light, the longest part of it first.
    """

    def of(t0: int, steps: Sequence[int]) -> tuple[list[_Pair], _Pair]:
        return later_pairs(material, t0, steps, fit), origin_pair(material, t0, fit)

    asked = [partial(of, t0, steps) for t0, steps in steps_after(material, origins(material)).items()]
    found = workers("evaluate: origins", asked)
    later = [pair for pairs, _ in found for pair in pairs]
    return (
        {BLIND: [blind for _, (blind, _) in found], AS_USED: [used for _, (_, used) in found]},
        {AS_USED: [used for used, _ in later], BLIND: [blind for _, blind in later]},
    )


def _settled(material: Material, fit: Fit, fitted: Fitted) -> Hyper:
    """Hyperparameters that stay the same from month to month: those of the last origin's model, which is kept."""
    starts = origins(material)
    if not starts:
        return fitted.ensemble.hyper
    known = known_at(material, starts[-1])
    return fit(known.request(known.sums.end < starts[-1], starts[-1])).ensemble.hyper


def calibrated(fitted: Fitted, folds: Folds) -> Fitted:
    """The model with intervals calibrated on the folds' residuals."""
    table = interval_table(folds.by_protocol, folds.later)
    return dataclasses.replace(fitted, interval_scale=interval_scale(folds.by_protocol), interval_table=table)


def scoreboard_of(
    material: Material,
    folds: Folds,
    maps: MapScores,
    names: Sequence[str],
    subject: Subject,
    light: Sequence[LightInDistrict],
) -> Scoreboard:
    """The whole document; `names` of the districts."""
    owner = material.samples.owner
    return build_scoreboard(folds.by_protocol, maps, names, subject, owner, folds.placebos, folds.later, light)
