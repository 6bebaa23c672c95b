"""More origins for the calibration of intervals: the model of a January again, with the figures of later months.

One fit serves many origins: a later origin sees more figures, the model has learned from fewer. So nothing is looked
at that was not public, and only the assimilation is paid for.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np

from gvio.evaluate.fold import Fit, Material, city_scores, fitter
from gvio.evaluate.protocols import origins
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
    found = origins(material.samples.months, material.sums, material.params.evaluate) if starts is None else starts
    asked = []
    ends = [*found[1:], material.sums.n_months]
    for t0, following in zip(found, ends, strict=False):  # a short series has no January, and one end
        steps = range(first, min(following - t0, material.params.evaluate.horizon_months), STEP)
        asked += [partial(_both, material, t0, list(steps), fit)]
    pairs = [pair for group in workers("evaluate: later origins", asked) for pair in group]
    return {AS_USED: [used for used, _ in pairs], BLIND: [blind for _, blind in pairs]}


def _both(material: Material, t0: int, steps: Sequence[int], fit: Fit) -> list[tuple[FoldScores, FoldScores]]:
    visible = select_rows(material.sums, material.sums.end < t0)
    month = material.samples.months[t0]
    model = fit(f"{OURS}-{month}", fitter(material, visible, t0))
    pairs = []
    for k in steps:
        used, blind = (origin_fold(material, model, t0 + k, f"{month}+{k}", city_goes_on=on) for on in (True, False))
        if used.scored.any():
            pairs.append((used, blind))
    return pairs


def origin_fold(material: Material, model: Fitted, origin: int, name: str, *, city_goes_on: bool) -> FoldScores:
    """What a model says at an origin, on the figures after it: districts, and (blind) the city.

    Args:
        material: The region.
        model: Fitted before the origin.
        origin: Index of the first month whose figures are hidden.
        name: Of the fold.
        city_goes_on: Whether the city's figures stay visible.
    """
    sums, targets = material.sums, material.targets
    visible = (sums.end < origin) | ((sums.area < 0) if city_goes_on else False)
    posterior = estimate(model, material.samples, select_rows(sums, visible))
    output = np.exp(posterior.mean)
    near = np.arange(sums.n_months) < origin + material.params.evaluate.horizon_months
    city = starts_after(sums, city_targets(sums), origin - 1)[0] & near
    return FoldScores(
        name=name,
        truth=targets.value,
        scored=starts_after(sums, targets, origin - 1) & near,
        predicted={OURS: on_targets(sums, targets, output)},
        sd=sd_on_targets(sums, targets, output, posterior.sd),
        known=np.where(visible[targets.row] & (targets.row >= 0), targets.value, np.nan),
        origin=origin - 1,
        city=None if city_goes_on else city_scores(sums, city, posterior),
    )
