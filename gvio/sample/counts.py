"""How often each district was seen, month by month: what a reader needs to tell a cloudy month from a dark one."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gvio.sample.samples import Samples
from gvio.types import FloatArray, IntArray


def observation_counts(samples: Samples, city_id: str) -> pd.DataFrame:
    """A row for every district and the city, and every month.

    Args:
        samples: Of the region.
        city_id: Area that means all districts.

    Returns:
        area_id, month (YYYY-MM), `observations`: mean cloud-free observations of the area's pixels (0 of none),
        `seen`: share of them with enough observations to be used, `factories_seen`: of those that hold factories (NaN
        without one), `regime`: product, satellite, collection and processing of the month's light, "" where there was
        none.
    """
    areas, months = len(samples.area_ids), len(samples.months)
    inside = samples.owner.ravel() >= 0
    owner = samples.owner.ravel()[inside]
    works = np.zeros(samples.owner.shape, dtype=bool)
    works[samples.row, samples.col] = True
    works_inside = works.ravel()[inside]
    found = np.empty((3, areas + 1, months))
    for t in range(months):
        looks = samples.observations[t].ravel()[inside].astype(np.float64)
        seen = np.isfinite(samples.radiance[t].ravel()[inside]).astype(np.float64)
        found[0, :, t] = np.nan_to_num(_means(looks, owner, areas))
        found[1, :, t] = np.nan_to_num(_means(seen, owner, areas))
        found[2, :, t] = _means(seen[works_inside], owner[works_inside], areas)
    names = (*samples.area_ids, city_id)
    keys = {"area_id": np.repeat(names, months), "month": np.tile([str(month) for month in samples.months], areas + 1)}
    values = dict(zip(("observations", "seen", "factories_seen"), found.reshape(3, -1), strict=True))
    return pd.DataFrame({**keys, **values, "regime": np.tile(samples.regimes, areas + 1)})


def _means(values: FloatArray, owner: IntArray, areas: int) -> FloatArray:
    """(D + 1,) mean by district, then of all; NaN of none."""
    sums = np.append(np.bincount(owner, weights=values, minlength=areas), values.sum())
    pixels = np.append(np.bincount(owner, minlength=areas), len(values))
    means: FloatArray = np.divide(sums, pixels, out=np.full(areas + 1, np.nan), where=pixels > 0)
    return means
