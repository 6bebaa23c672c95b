"""One fold: every model predicts from the figures it may see, and is laid on the figures it may not."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping

import numpy as np

from gvio.assimilate.hyper import Hyper
from gvio.assimilate.posterior import Posterior
from gvio.compare.known import CompareInput
from gvio.compare.table import predict_all
from gvio.config import Params
from gvio.evaluate.scores import CityScores, FoldScores
from gvio.evaluate.target import Targets, city_targets, on_targets, path_on_city, sd_on_targets, targets_of
from gvio.ledger.select import select_rows
from gvio.ledger.sums import Sums
from gvio.sample.samples import Samples
from gvio.scoreboard.names import OURS
from gvio.train.fit import Fitted, estimate, fit_model
from gvio.types import BoolArray, FloatArray

Fit = Callable[[str, Callable[[], Fitted]], Fitted]
"""Returns the fitted model of a name, from a cache when it has it. May be called from several threads."""

Models = Mapping[str, tuple[Fitted, bool]]
"""A model by name, and whether to read it cross-fitted."""


@dataclasses.dataclass(frozen=True, eq=False)
class Material:
    """What the evaluation works on: `sums` all figures public on the day, `city_monthly` (T,) NaN where not public."""

    samples: Samples
    sums: Sums
    city_monthly: FloatArray
    params: Params

    @property
    def targets(self) -> Targets:
        """What can be scored."""
        return targets_of(self.sums)


@dataclasses.dataclass(frozen=True, eq=False)
class Question:
    """What a fold withholds and asks.

    Attributes:
        name: Of the fold.
        visible: (n,) figures every model may see.
        scored: (D, T) targets that count.
        city: (T,) the city's monthly figures visible to comparators, NaN elsewhere.
        origin: Index of the last month whose district figures comparators may look at.
        held_out: (D,) districts without figures, or None.
        city_scored: (T,) targets of the city that count; None: none does.
    """

    name: str
    visible: BoolArray
    scored: BoolArray
    city: FloatArray
    origin: int
    held_out: BoolArray | None = None
    city_scored: BoolArray | None = None


def fitter(
    material: Material,
    visible: Sums,
    n_train: int,
    *,
    statistics: bool = True,
    fixed: Hyper | None = None,
    samples: Samples | None = None,
) -> Callable[[], Fitted]:
    """The fit of a fold, to be done when no cache has it; `samples` instead of the material's own."""
    p = material.params
    return lambda: fit_model(
        samples or material.samples,
        visible,
        n_train,
        p.model,
        p.sample.patch_px,
        size=p.evaluate.members,
        statistics=statistics,
        fixed=fixed,
    )


def ask(
    material: Material, question: Question, models: Models, paths: Mapping[str, FloatArray] | None = None
) -> FoldScores:
    """Predict with every model and comparator, and lay the predictions on the targets.

    Args:
        material: The region.
        question: The fold.
        models: Ours, and others that are assimilated alike.
        paths: Ready predictions (D, T) of further comparators, by name.
    """
    sums, targets = material.sums, material.targets
    seen = select_rows(sums, question.visible)
    given = compare_input(material, seen, question.city, question.origin, question.held_out)
    posteriors = {n: estimate(fitted, material.samples, seen, cross_fitted=c) for n, (fitted, c) in models.items()}
    every = {n: np.exp(p.mean) for n, p in posteriors.items()} | predict_all(given) | dict(paths or {})
    return FoldScores(
        name=question.name,
        truth=targets.value,
        scored=question.scored,
        predicted={n: on_targets(sums, targets, path) for n, path in every.items()},
        sd=sd_on_targets(sums, targets, every[OURS], posteriors[OURS].sd),
        known=np.where(question.visible[targets.row] & (targets.row >= 0), targets.value, np.nan),
        origin=question.origin,
        city=None if question.city_scored is None else city_scores(sums, question.city_scored, posteriors[OURS]),
    )


def compare_input(
    material: Material, seen: Sums, city: FloatArray, origin: int, held_out: BoolArray | None = None
) -> CompareInput:
    """A fold as comparators see it.

    Args:
        material: The region.
        seen: Figures visible in the fold.
        city: (T,) the city's monthly figures visible in the fold, NaN elsewhere.
        origin: Index of the last month whose district figures may be looked at.
        held_out: (D,) districts without figures, or None.
    """
    samples = material.samples
    light = np.nan_to_num(samples.light[0]) * samples.active
    member = samples.district == np.arange(len(samples.area_ids))[:, None]
    total = member.astype(np.float64) @ light
    return CompareInput(
        months=samples.months,
        area_ids=samples.area_ids,
        sums=seen,
        city_monthly=city,
        district_light=np.where(total > 0, total, np.nan),
        features=samples.statistics,
        origin=origin,
        held_out=held_out,
    )


def city_scores(sums: Sums, scored: BoolArray, posterior: Posterior) -> CityScores:
    """The city's estimate laid on its figures; `scored` (T,) those that count."""
    targets, output = city_targets(sums), np.exp(posterior.city_mean)
    mean = path_on_city(sums, targets, output)
    spread = path_on_city(sums, targets, output * posterior.city_sd)
    return CityScores(targets.value[0], scored, mean, spread / mean)
