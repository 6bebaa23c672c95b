"""From a posterior to the published estimates: figures honoured, intervals, the table."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from gvio.assimilate.posterior import Posterior
from gvio.ledger.rows import GROUP, Ledger
from gvio.ledger.sums import Sums, log_misfit, official_monthly
from gvio.map.changes import change_half_widths, changes_table
from gvio.map.intervals import flat_table, product_half_widths, reach_official, split_sd
from gvio.map.official import Estimates, honour, with_intervals
from gvio.sample.samples import Samples
from gvio.train.fit import Fitted
from gvio.types import BoolArray

if TYPE_CHECKING:
    from gvio.run.context import Context


class Published(NamedTuple):
    """Estimates and intervals of every area and month; as the table of contract §3; and the table of their changes."""

    estimates: Estimates
    table: pd.DataFrame
    changes: pd.DataFrame


def published_estimates(
    context: Context, figures: Ledger, samples: Samples, sums: Sums, fitted: Fitted, posterior: Posterior
) -> Published:
    """Estimates of every area and month with their intervals, and those of their changes.

    Args:
        context: The run.
        figures: The official figures that count.
        samples: Districts and months.
        sums: The same figures as sums.
        fitted: The model.
        posterior: Given these figures.
    """
    city_id = context.config.city_id
    official, published = official_monthly(figures, samples.area_ids, city_id, samples.months, context.places.groups)
    own = np.isfinite(official)
    table = fitted.interval_table or flat_table(fitted.interval_scale)
    split = split_sd(sums, samples.months, posterior.city_mean)
    of = (posterior.sd, posterior.city_sd)
    estimate, noise = honour(posterior.mean, official), published_noise(fitted)
    half = product_half_widths(table, sums, *of, split, own, noise)
    half = reach_official(half, sums, log_misfit(sums, estimate))
    narrow = product_half_widths(table, sums, *of, np.zeros_like(split), own, noise)
    estimates = with_intervals(estimate, half)
    areas, months = [*samples.area_ids, city_id], [str(m) for m in samples.months]
    frame = pd.DataFrame(
        {
            "area_id": np.repeat(areas, len(months)),
            "month": np.tile(months, len(areas)),
            "estimate": estimates.estimate.ravel(),
            "lower80": estimates.lower[80].ravel(),
            "upper80": estimates.upper[80].ravel(),
            "lower95": estimates.lower[95].ravel(),
            "upper95": estimates.upper[95].ravel(),
            "official": official.ravel(),
            "official_published": published.ravel(),
            "kind": np.where(_covered(sums), "fitted", "nowcast").ravel(),
        }
    )
    widths = {back: change_half_widths(half, narrow, rho, own, back) for back, rho in posterior.correlation.items()}
    changes = changes_table(estimates, widths, np.vstack(of), posterior.correlation, areas, samples.months)
    return Published(estimates, frame, changes)


def published_noise(fitted: Fitted) -> float:
    """Relative standard error of a published figure against the truth.

    A month's own shock and the noise of its figure cannot be told apart from monthly figures alone: together they bound
    how far a published figure may lie from the truth.
    """
    return float(np.hypot(fitted.ensemble.hyper.noise, fitted.ensemble.hyper.shock))


def _covered(sums: Sums) -> BoolArray:
    """(D + 1, T) whether a public figure of the area's own covers the month, the city last."""
    covered = np.zeros((sums.n_areas + 1, sums.n_months), dtype=bool)
    for area, start, end in zip(sums.area, sums.start, sums.end, strict=True):
        if area == GROUP:
            continue  # of a group's sum, no district's part is public
        covered[area, start : end + 1] = True  # area −1, the city, is the last row
    return covered
