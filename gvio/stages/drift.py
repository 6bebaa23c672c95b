"""What a release says of drift, for `map`: light, counts, processing, the pack's factories, errors on new figures."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from gvio.assimilate.posterior import assimilate
from gvio.drift.figures import FigureError, carried, figure_errors, new_figures
from gvio.drift.light import light_series
from gvio.drift.monitors import Drift, Seen, find_drift
from gvio.ledger.rows import KEY, Ledger
from gvio.ledger.sums import sums_matrix
from gvio.stages.estimated import published_estimates
from gvio.stages.revisions import Estimated
from gvio.store.drift import read_drift_of
from gvio.store.predecessor import Continued, Predecessor, read_predecessor

if TYPE_CHECKING:
    from gvio.run.context import Context


def drift_of(context: Context, estimated: Estimated, before: Continued) -> Drift:
    """Drift of a release against its training window and the release before.

    Raises:
        ModelError: The estimate without the new figures is not finite.
        StoreError: The store cannot be read.
        DamagedStore: What an equal release said of drift is damaged.
    """
    if before.again is not None and (kept := read_drift_of(context.store, before.again)) is not None:
        return kept  # made of the same; what it compared with may be gone by now
    found = None if before.release is None else read_predecessor(context.store, context.region, before.release)
    last = None if found is None else found.drift
    samples = estimated.samples
    series = light_series(
        samples.radiance, samples.observations, samples.owner, samples.row, samples.col, len(samples.area_ids)
    )
    fresh = () if found is None else _fresh_errors(context, estimated, found)
    listed = np.bincount(samples.district, minlength=len(samples.area_ids))
    return find_drift(
        Seen(
            months=samples.months,
            area_ids=samples.area_ids,
            city_id=context.config.city_id,
            series=series,
            regimes=samples.regimes,
            factories=dict(zip(samples.area_ids, map(int, listed), strict=True)),
            factories_before=None if last is None else last.factories,
            errors=carried(() if last is None else last.errors, fresh, samples.months[-1]),
            told=() if last is None else last.alarms,
        )
    )


def _fresh_errors(context: Context, estimated: Estimated, found: Predecessor) -> tuple[FigureError, ...]:
    """Errors on the figures that the release before did not know: of what it said, and where it said nothing, because
    the month is new, of what the present model says without them."""
    if found.evidence is None:
        return ()
    fresh = new_figures(found.evidence.figures, context.ledger)
    told = figure_errors(fresh, found.estimates, published=True)
    named = {(one.area_id, one.month) for one in told}
    withheld = _without(context, estimated, fresh)
    unsaid = () if withheld is None else figure_errors(fresh, withheld, published=False)
    return (*told, *(one for one in unsaid if (one.area_id, one.month) not in named))


def _without(context: Context, estimated: Estimated, fresh: Ledger) -> pd.DataFrame | None:
    """The estimates without some figures; None where those are all, or where there are none."""
    hidden = set(fresh.rows[KEY].itertuples(index=False, name=None))
    rows = context.ledger.rows
    known = Ledger(rows[[key not in hidden for key in rows[KEY].itertuples(index=False, name=None)]])
    samples, fitted = estimated.samples, estimated.fitted
    sums = sums_matrix(known, samples.area_ids, context.config.city_id, samples.months, context.places.groups)
    if not hidden or not len(sums.values):
        return None
    posterior = assimilate(dataclasses.replace(estimated.setting, sums=sums), fitted.ensemble.hyper)
    return published_estimates(context, known, samples, sums, fitted, posterior).table
