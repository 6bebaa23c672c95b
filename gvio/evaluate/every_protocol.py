"""Every protocol in turn, and the calibrated model that follows from them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from gvio.compare.judges.table import installed, libraries, missing
from gvio.evaluate.fit_request import Fit
from gvio.evaluate.fold import Material, lengthened
from gvio.evaluate.interval_calibration import interval_table
from gvio.evaluate.kept_answers import FOLDS, LEARNED, PLACEBOS
from gvio.evaluate.later_origins import later_pairs, steps_after
from gvio.evaluate.placebo import placebo_gains, placebo_lights, placebo_request
from gvio.evaluate.protocols import known_at, models_at, origin_pair, origins
from gvio.evaluate.scoreboard import build_scoreboard, interval_scale
from gvio.evaluate.scores import FoldScores
from gvio.evaluate.yearly import yearly_folds, yearly_request
from gvio.kept import KeptAnswers
from gvio.sample.samples import first_months
from gvio.scoreboard.board import Scoreboard, Subject
from gvio.scoreboard.names import AS_USED, BLIND, FACTORIES, GONG2025, MONTHS
from gvio.scoreboard.scores import LightInDistrict, MapScores, PlaceboResult
from gvio.train.fit import Fitted
from gvio.train.gong2025 import Learned
from gvio.train.workers import Workers
from gvio.types import FloatArray


@dataclasses.dataclass(frozen=True, eq=False)
class Folds:
    """The folds of every protocol by its name, those of origins between the Januaries, and the placebos."""

    by_protocol: Mapping[str, Sequence[FoldScores]]
    later: Mapping[str, Sequence[FoldScores]]
    placebos: PlaceboResult | None


def score_every_protocol(material: Material, fitted: Fitted, fit: Fit, workers: Workers, kept: KeptAnswers) -> Folds:
    """Predict and score the folds of every protocol.

    Args:
        material: The region.
        fitted: The model that is evaluated; its method is fitted again for each fold. Itself it is asked only where
            the series is too short for that.
        fit: Fits a fold, or finds it.
        workers: Runs folds in turn or side by side: the result is the same.
        kept: Finds folds again whose horizon is over.

    Raises:
        ModelError: A model does not predict what it is asked for.
    """
    _fits_first(material, fit, workers)
    folds, later = _origins(material, fit, workers, kept)
    folds |= yearly_folds(material, fitted, fit, workers, kept)
    return Folds(folds, later, _placebos(material, fit, workers, kept))


def _fits_first(material: Material, fit: Fit, workers: Workers) -> None:
    """The fits that several questions ask for, side by side, the dearest first; with a cache the questions find them.

    Both models of an origin are fitted in turn: they look at one light.
    """
    tasks: list[Callable[[], object]] = [
        partial(models_at, known_at(material, start), start, fit) for start in reversed(origins(material))
    ]
    asked = yearly_request(material)
    if asked is not None:
        tasks.insert(0, partial(fit, asked))
        tasks += [partial(_fit_placebo, material, name, fit) for name in (MONTHS, FACTORIES)]
    workers("evaluate: fits", tasks)


def _fit_placebo(material: Material, name: str, fit: Fit) -> None:
    """Shuffled when it is fitted: another copy of all light must not wait for its turn."""
    lit = placebo_lights(material)
    if lit is not None:
        t0, known, by_name = lit
        fit(placebo_request(known, t0, by_name[name]))


def _origins(
    material: Material, fit: Fit, workers: Workers, kept: KeptAnswers
) -> tuple[dict[str, Sequence[FoldScores]], dict[str, Sequence[FoldScores]]]:
    """The folds of `rolling_origin` and of `later_origins`; those of one January together, because they look at the
    same light, the longest part of it first.
    """
    n_months, starts = len(material.samples.months), origins(material)
    judges = f" {' '.join(libraries())}" if material.params.evaluate.judges else ""

    def at(t0: int, step: int) -> tuple[FoldScores, ...]:
        known = known_at(material, t0 + step)
        make = partial(_later if step else _at_january, known, t0, step, fit, kept)
        folds = kept(known, f"after {t0} {step}" if step else f"at {t0} {step}{judges}", FOLDS, make)
        return tuple(lengthened(fold, n_months) for fold in folds)

    steps = {t0: [0, *after] for t0, after in steps_after(material, starts).items()}

    def in_turn(t0: int) -> list[tuple[FoldScores, ...]]:
        return [at(t0, step) for step in reversed(steps[t0])][::-1]  # one light, the longest part of it first

    found = workers("evaluate: origins", [partial(in_turn, t0) for t0 in starts[:-1]])
    if starts:
        last, longest = starts[-1], steps[starts[-1]][-1]
        first = at(last, longest)  # its light begins with that of the others, which then go side by side
        rest = workers("evaluate: last origin", [partial(at, last, step) for step in steps[last][:-1]])
        found = [*found, [*rest, first]]
    januaries, later = [at for at, *_ in found], [pair for _, *pairs in found for pair in pairs if pair]
    return (
        {BLIND: [blind for blind, _ in januaries], AS_USED: [used for _, used in januaries]},
        {AS_USED: [used for used, _ in later], BLIND: [blind for _, blind in later]},
    )


def _at_january(known: Material, t0: int, _step: int, fit: Fit, kept: KeptAnswers) -> Sequence[FoldScores]:
    past, seed = first_months(known.samples, t0), known.params.model.seed

    def keep(figures: FloatArray, learn: Callable[[], Learned]) -> Learned:
        # it learns from nothing after the origin, so a longer series is the same question
        return kept((past, figures[:, :t0], seed), GONG2025, LEARNED, learn)

    return origin_pair(known, t0, fit, keep)


def _later(known: Material, t0: int, step: int, fit: Fit, _kept: KeptAnswers) -> Sequence[FoldScores]:
    return [fold for pair in later_pairs(known, t0, [step], fit) for fold in pair]


def _placebos(material: Material, fit: Fit, workers: Workers, kept: KeptAnswers) -> PlaceboResult | None:
    lit = placebo_lights(material)
    if lit is None:
        return None
    t0, known, _ = lit
    return kept(known, f"placebos {t0}", PLACEBOS, lambda: placebo_gains(material, fit, workers))


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
    board = build_scoreboard(folds.by_protocol, maps, names, subject, owner, folds.placebos, folds.later, light)
    if not material.params.evaluate.judges:
        return board
    shown = [models for protocol in (AS_USED, BLIND) if (models := board.protocol(protocol).models)]
    failed = tuple(name for name in installed() if any(name not in models for models in shown))
    told = {"not_installed": missing(), "failed": failed}
    return board.model_copy(update={key: names for key, names in told.items() if names})
