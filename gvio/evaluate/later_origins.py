"""More origins for the calibration of intervals: the model of a January again, with the figures of later months.

One fit serves many origins: a later origin sees more figures, the model has learned from fewer. So nothing is looked
at that was not public, and only the assimilation is paid for. Each origin reads the light up to the end of its own
horizon, as in `gvio.evaluate.protocols`.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from gvio.evaluate.fit_request import Fit
from gvio.evaluate.fold import Material, city_scores, lengthened
from gvio.evaluate.protocols import known_at, origins
from gvio.evaluate.scores import FoldScores
from gvio.evaluate.target import city_targets, on_targets, sd_on_targets, starts_after
from gvio.ledger.select import select_rows
from gvio.scoreboard.names import AS_USED, BLIND, OURS
from gvio.train.fit import Fitted, estimate
from gvio.train.workers import Workers, in_turn

STEP, YEAR = 4, 12


def later_origins(
    material: Material, fit: Fit, workers: Workers = in_turn, *, starts: Sequence[int] | None = None, first: int = STEP
) -> dict[str, list[FoldScores]]:
    """Folds between one January and the next, of our own model only, as used and blind.

    Every fourth month; after the last January up to the end of what can be scored.

    Args:
        material: The region.
        fit: Gives the model of a January; the same as for `rolling_origin`, so that a cache has it.
        workers: Runs the folds.
        starts: The Januaries; those of the rolling origin when None.
        first: Months after a January at which the first fold begins.
    """
    found = origins(material) if starts is None else starts
    asked = [
        partial(later_pairs, material, t0, steps, fit) for t0, steps in steps_after(material, found, first).items()
    ]
    pairs = [pair for group in workers("evaluate: later origins", asked) for pair in group]
    return {AS_USED: [used for used, _ in pairs], BLIND: [blind for _, blind in pairs]}


def steps_after(material: Material, starts: Sequence[int], first: int = STEP) -> dict[int, list[int]]:
    """By January the months after it at which a fold begins."""
    ends = [*starts[1:], material.sums.n_months]  # a short series has no January, and one end
    most = material.params.evaluate.horizon_months
    return {t0: list(range(first, min(end - t0, most), STEP)) for t0, end in zip(starts, ends, strict=False)}


def later_pairs(material: Material, t0: int, steps: Sequence[int], fit: Fit) -> list[tuple[FoldScores, FoldScores]]:
    """The as-used and the blind fold at each of `steps` months after a January, the index `t0`."""
    model = fit(material.request(material.sums.end < t0, t0))
    pairs = []
    for k in reversed(steps):  # the longest light first: what is made of it begins with that of the others
        known = known_at(material, t0 + k)
        used, blind = (origin_fold(known, model, t0 + k, t0, city_goes_on=on) for on in (True, False))
        if used.scored.any():
            n_months = len(material.samples.months)
            pairs.append((lengthened(used, n_months), lengthened(blind, n_months)))
    return pairs[::-1]


def origin_fold(known: Material, model: Fitted, origin: int, january: int, *, city_goes_on: bool) -> FoldScores:
    """What a model says at an origin, on the figures after it: districts, and (blind) the city.

    Args:
        known: The region, as `known_at` the origin.
        model: Fitted at the January.
        origin: Index of the first month whose figures are hidden.
        january: Index of the January, not after the origin.
        city_goes_on: Whether the city's figures stay visible.
    """
    sums, targets, months = known.sums, known.targets, known.samples.months
    visible = (sums.end < origin) | (sums.of_city if city_goes_on else False)
    posterior = estimate(model, known.samples, select_rows(sums, visible))
    output = np.exp(posterior.mean)
    city = starts_after(sums, city_targets(sums), origin - 1)[0]
    return FoldScores(
        name=f"{months[january]}+{origin - january}",
        truth=targets.value,
        scored=starts_after(sums, targets, origin - 1),
        predicted={OURS: on_targets(sums, targets, output)},
        sd=sd_on_targets(sums, targets, output, posterior.sd),
        known=np.where(visible[targets.row] & (targets.row >= 0), targets.value, np.nan),
        last_known=origin - 1,
        city=None if city_goes_on else city_scores(sums, city, posterior),
        origin=months[origin],
        january=months[january],
    )
