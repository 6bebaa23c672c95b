"""One fold: every model predicts from the figures it may see, and is laid on the figures it may not."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np

from gvio.assimilate.hyper import Hyper
from gvio.assimilate.posterior import Posterior
from gvio.compare.forecast import Forecast
from gvio.compare.known import CompareInput
from gvio.compare.table import predict_all
from gvio.config import Params
from gvio.evaluate.fit_request import FitRequest, fit_request
from gvio.evaluate.scores import CityScores, FoldScores
from gvio.evaluate.target import Targets, city_targets, on_targets, path_on_city, sd_on_targets, targets_of
from gvio.ledger.select import select_rows
from gvio.ledger.sums import Sums
from gvio.sample.samples import Samples, first_months
from gvio.sample.statistics import fill_gaps, gap_offsets
from gvio.scoreboard.names import OURS
from gvio.train.fit import Fitted, estimate
from gvio.types import BoolArray, FloatArray

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

    def until(self, end: int) -> Material:
        """As it was when only the first `end` months were known: no later light, opening or figure is in it."""
        if end >= len(self.samples.months):
            return self
        sums = select_rows(self.sums, self.sums.end < end, slice(0, end))
        return dataclasses.replace(
            self, samples=first_months(self.samples, end), sums=sums, city_monthly=self.city_monthly[:end]
        )

    def request(
        self,
        visible: BoolArray,
        n_train: int,
        *,
        statistics: bool = True,
        fixed: Hyper | None = None,
        samples: Samples | None = None,
    ) -> FitRequest:
        """The fit of a fold on the first `n_train` months, the figures where `visible` (n,) holds, and other `samples`
        where the fold shuffles or hides them.
        """
        params, given = self.params, self.samples if samples is None else samples
        return fit_request(
            given,
            select_rows(self.sums, visible),
            n_train,
            params.model,
            params.sample.patch_px,
            params.evaluate.members,
            statistics=statistics,
            fixed=fixed,
        )


@dataclasses.dataclass(frozen=True, eq=False)
class Question:
    """What a fold withholds and asks.

    Attributes:
        name: Of the fold, for people.
        visible: (n,) figures every model may see.
        scored: (D, T) targets that count.
        city: (T,) the city's monthly figures visible to comparators, NaN elsewhere.
        last_known: Index of the last month whose district figures comparators may look at.
        held_out: (D,) districts without figures, or None.
        city_scored: (T,) targets of the city that count; None: none does.
    """

    name: str
    visible: BoolArray
    scored: BoolArray
    city: FloatArray
    last_known: int
    held_out: BoolArray | None = None
    city_scored: BoolArray | None = None


def ask(
    material: Material, question: Question, models: Models, further: Mapping[str, Forecast] | None = None
) -> FoldScores:
    """Predict with every model and comparator, and lay the predictions on the targets.

    Args:
        material: The region.
        question: The fold.
        models: Ours, and others that are assimilated alike.
        further: Ready predictions of further comparators, by name.
    """
    sums, targets = material.sums, material.targets
    seen = select_rows(sums, question.visible)
    given = compare_input(material, seen, question.city, question.last_known, question.held_out)
    posteriors = {n: estimate(fitted, material.samples, seen, cross_fitted=c) for n, (fitted, c) in models.items()}
    ours = {n: forecast_of(p) for n, p in posteriors.items()}
    forecasts = ours | {n: Forecast(path) for n, path in predict_all(given).items()} | dict(further or {})
    every = {n: f.path for n, f in forecasts.items()}
    return FoldScores(
        name=question.name,
        truth=targets.value,
        scored=question.scored,
        predicted={n: on_targets(sums, targets, path) for n, path in every.items()},
        sd=sd_on_targets(sums, targets, every[OURS], posteriors[OURS].sd),
        spread={
            n: sd_on_targets(sums, targets, f.path, f.sd)
            for n, f in forecasts.items()
            if n != OURS and f.sd is not None
        },
        known=np.where(question.visible[targets.row] & (targets.row >= 0), targets.value, np.nan),
        last_known=question.last_known,
        city=None if question.city_scored is None else city_scores(sums, question.city_scored, posteriors[OURS]),
    )


def forecast_of(posterior: Posterior) -> Forecast:
    """The districts' part of a posterior."""
    return Forecast(np.exp(posterior.mean), posterior.sd)


def compare_input(
    material: Material, seen: Sums, city: FloatArray, last_known: int, held_out: BoolArray | None = None
) -> CompareInput:
    """A fold as comparators see it.

    Args:
        material: The region.
        seen: Figures visible in the fold.
        city: (T,) the city's monthly figures visible in the fold, NaN elsewhere.
        last_known: Index of the last month whose district figures may be looked at, and whose light may set what
            gaps of other months are filled with.
        held_out: (D,) districts without figures, or None.
    """
    samples = material.samples
    light = np.nan_to_num(samples.light[0]) * samples.active
    member = samples.district == np.arange(len(samples.area_ids))[:, None]
    total = member.astype(np.float64) @ light
    raw = (samples.statistics, samples.city_statistics, samples.region_light)
    offsets = gap_offsets(*raw, np.arange(len(samples.months)) <= last_known)
    return CompareInput(
        months=samples.months,
        area_ids=samples.area_ids,
        sums=seen,
        city_monthly=city,
        district_light=np.where(total > 0, total, np.nan),
        features=fill_gaps(*raw, offsets)[0],
        origin=last_known,
        held_out=held_out,
    )


def lengthened(fold: FoldScores, n_months: int) -> FoldScores:
    """A fold of a cut series on the axis of all `n_months`, so that folds can be stacked: NaN, and nothing scored,
    after its end.
    """
    more = n_months - fold.truth.shape[-1]
    if not more:
        return fold
    city = fold.city
    if city is not None:
        city = CityScores(
            _longer(city.truth, more),
            np.pad(city.scored, (0, more)),
            _longer(city.predicted, more),
            _longer(city.sd, more),
        )
    return dataclasses.replace(
        fold,
        truth=_longer(fold.truth, more),
        scored=np.pad(fold.scored, ((0, 0), (0, more))),
        predicted={name: _longer(path, more) for name, path in fold.predicted.items()},
        sd=_longer(fold.sd, more),
        spread={name: _longer(sd, more) for name, sd in fold.spread.items()},
        known=_longer(fold.known, more),
        city=city,
    )


def _longer(values: FloatArray, more: int) -> FloatArray:
    return np.pad(values, [(0, 0)] * (values.ndim - 1) + [(0, more)], constant_values=np.nan)


def city_scores(sums: Sums, scored: BoolArray, posterior: Posterior) -> CityScores:
    """The city's estimate laid on its figures; `scored` (T,) those that count."""
    targets, output = city_targets(sums), np.exp(posterior.city_mean)
    mean = path_on_city(sums, targets, output)
    spread = path_on_city(sums, targets, output * posterior.city_sd)
    return CityScores(targets.value[0], scored, mean, spread / mean)
