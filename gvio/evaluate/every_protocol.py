"""Every protocol in turn, and the calibrated model that follows from them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

from gvio.assimilate.hyper import Hyper
from gvio.evaluate.districts import leave_districts_out
from gvio.evaluate.fit_request import Fit
from gvio.evaluate.fold import Material
from gvio.evaluate.interval_calibration import interval_table
from gvio.evaluate.later_origins import later_origins
from gvio.evaluate.placebo import placebo_gains
from gvio.evaluate.protocols import known_at, leave_one_year_out, origins, rolling_origin
from gvio.evaluate.scoreboard import build_scoreboard, interval_scale
from gvio.evaluate.scores import FoldScores
from gvio.scoreboard.board import Scoreboard, Subject
from gvio.scoreboard.names import YEAR_OUT
from gvio.scoreboard.scores import LightInDistrict, MapScores, PlaceboResult
from gvio.train.fit import Fitted
from gvio.train.workers import Workers


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
    folds: dict[str, Sequence[FoldScores]] = dict(rolling_origin(material, fit, workers))
    later = later_origins(material, fit, workers)
    folds[YEAR_OUT] = leave_one_year_out(material, fitted, workers)
    folds |= leave_districts_out(material, fit, fitted, _settled(material, fit, fitted), workers)
    return Folds(folds, later, placebo_gains(material, fit, workers))


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
