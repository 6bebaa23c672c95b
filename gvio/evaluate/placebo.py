"""Placebos: the same method on light from which all information was taken must gain nothing over no light at all.

*months*: the months of light are shuffled, so that light still varies as it did, but not when output did. *factories*:
light is dealt anew to factories and districts, so that it varies when it did, but not where output did. Everything is
trained again; a gain that stays would be leakage, or a precision of light that was not learned honestly.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import partial

import numpy as np

from gvio.evaluate.fit_request import Fit, FitRequest
from gvio.evaluate.fold import Material, Question
from gvio.evaluate.paired import losses_tested
from gvio.evaluate.protocols import as_used_question, known_at, origins
from gvio.evaluate.shuffles import shuffle_factories, shuffle_months
from gvio.evaluate.target import on_targets
from gvio.ledger.select import select_rows
from gvio.sample.samples import Samples
from gvio.scoreboard.names import FACTORIES, MONTHS, SIGNIFICANT, TRUE
from gvio.scoreboard.scores import PlaceboResult
from gvio.train.fit import Fitted, estimate
from gvio.train.workers import Workers, in_turn
from gvio.types import FloatArray

TOLERATED = 0.05
"""A larger gain of a placebo is looked at: of the squared error over two years."""


def judged(origin: str, gain: Mapping[str, float], p_value: Mapping[str, float | None]) -> PlaceboResult:
    """Gains over no light with their p-values, and whether the placebos among them may pass."""
    passed = all(_passes(gain[name], p_value[name]) for name in gain if name != TRUE)
    return PlaceboResult(origin=origin, gain=gain, p_value=p_value, passed=passed)


def _passes(gain: float, p_value: float | None) -> bool:
    """No gain that counts, or one that chance explains; a gain that is not finite does not pass."""
    return gain <= TOLERATED or (p_value is not None and p_value >= SIGNIFICANT and math.isfinite(gain))


def placebo_gains(material: Material, fit: Fit, workers: Workers = in_turn, seed: int = 0) -> PlaceboResult | None:
    """Gains of the model and of both placebos at one origin, the last of those with most months after it.

    Args:
        material: The region.
        fit: The model of the true light is that of the rolling origin, when a cache has it.
        workers: The placebos are trained side by side.
        seed: Of the shuffles.

    Returns:
        None when the series is too short for an origin.
    """
    lit = placebo_lights(material, seed)
    if lit is None:
        return None
    t0, known, by_name = lit
    question = as_used_question(known, t0)

    def gain(samples: Samples) -> tuple[float, float | None]:
        return _gain(known, question, fit(placebo_request(known, t0, samples)), samples)

    found = workers("evaluate: placebos", [partial(gain, samples) for samples in by_name.values()])
    gains, month = dict(zip(by_name, found, strict=True)), str(known.samples.months[t0])
    return judged(month, {n: g for n, (g, _) in gains.items()}, {n: p for n, (_, p) in gains.items()})


def placebo_lights(material: Material, seed: int = 0) -> tuple[int, Material, dict[str, Samples]] | None:
    """The origin, what is known at it, and the light of every placebo by name; None: the series is too short."""
    starts = origins(material)
    if not starts:
        return None
    # at the origin only its horizon is known: later light must not be shuffled into it, nor months to come change it
    t0 = max(starts, key=lambda t: (as_used_question(known_at(material, t), t).scored.any(axis=0).sum(), t))
    known, rng = known_at(material, t0), np.random.default_rng(seed)
    return (
        t0,
        known,
        {
            TRUE: known.samples,
            MONTHS: shuffle_months(known.samples, rng),
            FACTORIES: shuffle_factories(known.samples, rng),
        },
    )


def placebo_request(known: Material, t0: int, samples: Samples) -> FitRequest:
    """The fit of a placebo: on `samples` up to the origin, the month index `t0`."""
    return known.request(known.sums.end < t0, t0, samples=samples)


def _gain(material: Material, question: Question, fitted: Fitted, samples: Samples) -> tuple[float, float | None]:
    seen = select_rows(material.sums, question.visible)
    lit, dark = (
        _squared_errors(material, question, np.exp(estimate(fitted, samples, seen, dark=dark).mean))
        for dark in (False, True)
    )
    test = losses_tested(_monthly(lit), _monthly(dark))
    return 1.0 - float(np.nansum(lit) / np.nansum(dark)), None if test is None else test.p_value


def _squared_errors(material: Material, question: Question, path: FloatArray) -> FloatArray:
    """(D, T) of log output, NaN where not scored."""
    predicted = on_targets(material.sums, material.targets, path)
    out = np.full(predicted.shape, np.nan)
    error = np.log(material.targets.value[question.scored]) - np.log(predicted[question.scored])
    out[question.scored] = error**2
    return out


def _monthly(errors: FloatArray) -> FloatArray:
    """(T,) mean over districts, NaN where none was scored."""
    seen = np.isfinite(errors)
    total, number = np.where(seen, errors, 0.0).sum(axis=0), seen.sum(axis=0)
    return np.asarray(np.divide(total, number, out=np.full(len(number), np.nan), where=number > 0))
