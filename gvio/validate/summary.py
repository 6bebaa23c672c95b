"""The raster summary: one row per month and district, so that tables can be validated and read by people. Pure."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from gvio.types import BoolArray, FloatArray, IntArray, LightStack

STATISTICS = ("mean_radiance", "median_radiance", "p99_radiance", "min_radiance", "max_radiance")


def summarise_light(
    stack: LightStack, owner: IntArray, footprint_pixels: BoolArray, area_ids: Sequence[str]
) -> pd.DataFrame:
    """Summarise every month over every district.

    Args:
        stack: Months of radiance (month, y, x) float32, nW cm⁻² sr⁻¹, NaN where nothing was observed.
        owner: (y, x) int, index into `area_ids`, −1 where no district owns the pixel.
        footprint_pixels: (y, x) bool, pixels that carry factories.
        area_ids: District ids in the order of `owner`'s indices.

    Returns:
        months × districts rows, month-major: month (YYYY-MM), area_id, pixels, seen_share, factory_pixels,
        factory_seen_share (NaN without factory pixels), mean/median/p99/min/max_radiance (nW cm⁻² sr⁻¹, NaN
        when nothing was seen), mean_observations (over all pixels of the district), regime ("" when missing).
    """
    columns = [_summarise_district(stack, owner == d, footprint_pixels) for d in range(len(area_ids))]
    n_months = len(stack.months)
    table: dict[str, object] = {
        "month": np.repeat([str(m) for m in stack.months], len(area_ids)),
        "area_id": np.tile(np.asarray(area_ids, dtype=object), n_months),
    }
    names = columns[0].keys() if columns else ()
    for name in names:
        table[name] = np.stack([c[name] for c in columns], axis=1).ravel()
    table["regime"] = np.repeat(np.asarray(stack.regimes, dtype=object), len(area_ids))
    return pd.DataFrame(table)


def _summarise_district(stack: LightStack, inside: BoolArray, footprint: BoolArray) -> dict[str, FloatArray | IntArray]:
    """Statistics of one district, each (month,)."""
    light = stack.radiance[:, inside].astype(np.float64)
    seen = np.isfinite(light)
    factory = footprint[inside]
    n_months = len(stack.months)
    out: dict[str, FloatArray | IntArray] = {
        "pixels": np.full(n_months, light.shape[1], dtype=np.int64),
        "seen_share": _share(seen),
        "factory_pixels": np.full(n_months, int(factory.sum()), dtype=np.int64),
        "factory_seen_share": _share(seen[:, factory], empty=np.nan),
    }
    out |= dict(zip(STATISTICS, _statistics(light, seen), strict=True))
    observations = stack.observations[:, inside].astype(np.float64)
    out["mean_observations"] = observations.mean(axis=1) if light.shape[1] else np.zeros(n_months)
    return out


def _share(seen: BoolArray, empty: float = 0.0) -> FloatArray:
    return seen.mean(axis=1) if seen.shape[1] else np.full(seen.shape[0], empty)


def _statistics(light: FloatArray, seen: BoolArray) -> FloatArray:
    """(5, month): mean, median, 99th percentile, minimum, maximum of the seen pixels; NaN for a month unseen."""
    out = np.full((len(STATISTICS), light.shape[0]), np.nan)
    for t in np.flatnonzero(seen.any(axis=1)):
        values = light[t, seen[t]]
        median, p99 = np.quantile(values, [0.5, 0.99])
        out[:, t] = values.mean(), median, p99, values.min(), values.max()
    return out
