"""The protocols of the scoreboard: what each withholds, and who is asked to predict it.

Rolling origin: every model sees the figures public before a January and predicts up to two years on, *blind* (no
later figure at all) and *as used* (the city's figures go on, the districts' do not). Leave one year out and leave
districts out withhold figures in the middle of what is known.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Protocol, TypeVar

import numpy as np

from gvio.assimilate.hyper import Hyper
from gvio.compare.known import CompareInput
from gvio.compare.table import predict_all
from gvio.config import EvaluateParams, Params
from gvio.evaluate.scores import OURS, PLAIN, FoldScores
from gvio.evaluate.target import Targets, on_targets, sd_on_targets, starts_after, targets_of
from gvio.ledger.select import select_rows
from gvio.ledger.sums import Sums
from gvio.sample.samples import Samples
from gvio.train.fit import Fitted, estimate, fit_model
from gvio.types import BoolArray, FloatArray, Month

YEAR = 12
Fit = Callable[[str, Callable[[], Fitted]], Fitted]
"""Returns the fitted model of a name, from a cache when it has it. May be called from several threads."""

T = TypeVar("T")


class Workers(Protocol):
    """Runs independent tasks, in turn or side by side, and returns their results in order."""

    def __call__(self, label: str, tasks: Sequence[Callable[[], T]], /) -> list[T]: ...  # noqa: D102


def in_turn(_label: str, tasks: Sequence[Callable[[], T]], /) -> list[T]:
    """One task after the other."""
    return [task() for task in tasks]


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
        blind, used = (_origin_fold(material, t0, models, city_goes_on=goes_on) for goes_on in (False, True))
        return blind, used

    starts = origins(material.samples.months, material.sums, material.params.evaluate)
    pairs = workers("evaluate: rolling origin", [partial(both, t0) for t0 in starts])
    return {
        "rolling_origin_blind": [blind for blind, _ in pairs],
        "rolling_origin_as_used": [used for _, used in pairs],
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
        return _fold(material, str(year), ~touches, scored, {OURS: (fitted, True)}, city, len(inside) - 1)

    years = sorted({m.year for m in material.samples.months})
    folds = workers("evaluate: leave one year out", [partial(fold, year) for year in years])
    return [f for f in folds if f is not None]


def leave_districts_out(material: Material, fit: Fit, hyper: Hyper, workers: Workers = in_turn) -> list[FoldScores]:
    """Groups of districts withheld in turn; the city's figures stay, for every model alike.

    The fourteen hyperparameters are those of the whole region: they say how figures and light behave, not where
    output is.
    """
    sums, targets, end = material.sums, material.targets, len(material.samples.months) - 1

    def fold(held: BoolArray) -> FoldScores | None:
        member = np.append(held, False)[sums.area]  # area −1, the city, is never held out
        scored = (targets.row >= 0) & held[:, None]
        visible = select_rows(sums, ~member)
        if not scored.any() or not len(visible.values):
            return None
        name = "districts-" + "-".join(str(d) for d in np.flatnonzero(held))
        fitted = fit(name, _fitter(material, visible, end + 1, statistics=True, fixed=hyper))
        return _fold(material, name, ~member, scored, {OURS: (fitted, False)}, material.city_monthly, end, held)

    folds = workers("evaluate: leave districts out", [partial(fold, held) for held in _groups(material)])
    return [f for f in folds if f is not None]


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


_Models = Mapping[str, tuple[Fitted, bool]]  # model, whether to read it cross-fitted


def _models_at(material: Material, t0: int, fit: Fit) -> _Models:
    visible = select_rows(material.sums, material.sums.end < t0)
    month = material.samples.months[t0]
    named = ((OURS, True), (PLAIN, False))
    return {n: (fit(f"{n}-{month}", _fitter(material, visible, t0, statistics=s)), False) for n, s in named}


def _fitter(
    material: Material, visible: Sums, n_train: int, *, statistics: bool, fixed: Hyper | None = None
) -> Callable[[], Fitted]:
    p = material.params
    return lambda: fit_model(
        material.samples,
        visible,
        n_train,
        p.model,
        p.sample.patch_px,
        size=p.evaluate.members,
        statistics=statistics,
        fixed=fixed,
    )


def _origin_fold(material: Material, t0: int, models: _Models, *, city_goes_on: bool) -> FoldScores:
    sums, horizon = material.sums, material.params.evaluate.horizon_months
    visible = sums.end < t0
    month = np.arange(sums.n_months)
    city = np.where(month < t0, material.city_monthly, np.nan)
    if city_goes_on:
        visible, city = visible | (sums.area < 0), material.city_monthly
    scored = starts_after(sums, material.targets, t0 - 1) & (month < t0 + horizon)
    return _fold(material, str(material.samples.months[t0]), visible, scored, models, city, t0 - 1)


def _fold(
    material: Material,
    name: str,
    visible: BoolArray,
    scored: BoolArray,
    models: _Models,
    city: FloatArray,
    origin: int,
    held_out: BoolArray | None = None,
) -> FoldScores:
    """Predict with every model from the `visible` figures (n,) and lay the predictions on the targets."""
    sums, targets = material.sums, material.targets
    seen = select_rows(sums, visible)
    given = compare_input(material, seen, city, origin, held_out)
    posteriors = {
        n: estimate(fitted, material.samples, seen, cross_fitted=cross) for n, (fitted, cross) in models.items()
    }
    paths = {n: np.exp(p.mean) for n, p in posteriors.items()} | predict_all(given)
    return FoldScores(
        name=name,
        truth=targets.value,
        scored=scored,
        predicted={n: on_targets(sums, targets, path) for n, path in paths.items()},
        sd=sd_on_targets(sums, targets, paths[OURS], posteriors[OURS].sd),
        known=np.where(visible[targets.row] & (targets.row >= 0), targets.value, np.nan),
    )


def _groups(material: Material) -> Iterator[BoolArray]:
    """Districts dealt in turn to `district_folds` groups, in the order of their ids."""
    n = len(material.samples.area_ids)
    size = min(n, material.params.evaluate.district_folds)
    if n > 1:
        yield from (np.arange(n) % size == k for k in range(size))
