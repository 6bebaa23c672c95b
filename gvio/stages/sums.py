"""The statistics as the stages of the model see them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gvio.ledger.sums import Sums, sums_matrix
from gvio.run.artifacts import Sampled

if TYPE_CHECKING:
    from gvio.run.context import Context


def sums_of(context: Context, sampled: Sampled) -> Sums:
    """The statistics known on the day as sums over the samples' districts and months."""
    samples = sampled.samples.get()
    groups = context.places.groups
    return sums_matrix(context.ledger, samples.area_ids, context.config.city_id, samples.months, groups)
