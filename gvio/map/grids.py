"""The published grids: five bands a month, from district estimates to pixels."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from gvio.config import MapParams
from gvio.errors import ModelError
from gvio.map.digits import round_pixels, round_shares
from gvio.map.industry import Industry
from gvio.map.linear import pooled_months, raw_map, require_estimates
from gvio.map.raking import rake_pixels, spread_districts
from gvio.map.uncertainty import allocation_sigma, pixel_interval
from gvio.types import FloatArray, Progress


def map_months(
    industry: Industry,
    estimates: FloatArray,
    lower80: FloatArray,
    upper80: FloatArray,
    months: Sequence[int],
    params: MapParams,
    progress: Progress | None = None,
) -> Iterator[npt.NDArray[np.float32]]:
    """Grids of the chosen months, one after the other: all of a long series would not fit into memory.

    Summed over a district's pixels, `estimate` equals the district's row to 1e-6 relative. Pixels of no district are
    NaN; pixels of a district without industry are 0 in the first four bands. `adjustment` is the raking factor, NaN in
    a district whose linear map is 0. Pixels of the other bands are rounded to 0.1 % (`gvio.map.digits`).

    Args:
        industry: Pixels and their terms, T months.
        estimates, lower80, upper80: (D, T) the districts' estimates and 80 % intervals, T the same months.
        months: Month indices to map.
        params: `pooled_months` of the relation.
        progress: Called once a month.

    Returns:
        Per month (5, y, x) float32, bands as in `gvio.map.bands.BANDS`, made when it is asked for.

    Raises:
        ModelError: Arrays do not fit each other, or an estimate or bound is negative or not finite.
    """
    _require_shapes(industry, estimates, lower80, upper80)
    for values in (estimates, lower80, upper80):
        require_estimates(values)

    def one(done: int, t: int) -> npt.NDArray[np.float32]:
        grid = _bands(industry, estimates, lower80[:, t], upper80[:, t], t, params.pooled_months)
        if progress is not None:
            progress("map", done + 1, len(months))
        return grid

    return (one(done, t) for done, t in enumerate(months))


def estimate_series(industry: Industry, estimates: FloatArray, params: MapParams) -> FloatArray:
    """(P, T) float64 the band `estimate` of every month at the industry pixels, before it is rounded for publication;
    arguments and errors as for `map_months`. What trends are made of: the other bands would take half the time of a
    map, and all months' grids a gigabyte.
    """
    _require_shapes(industry, estimates)
    require_estimates(estimates)
    series = np.empty((len(industry.pixels), estimates.shape[1]))
    for t in range(estimates.shape[1]):
        raw, _ = raw_map(industry, estimates, t, params.pooled_months)
        series[:, t] = rake_pixels(raw, industry, estimates[:, t])[0].astype(np.float32)
    return series


def _bands(
    industry: Industry, estimates: FloatArray, lower80: FloatArray, upper80: FloatArray, t: int, pool: int
) -> npt.NDArray[np.float32]:
    raw, _ = raw_map(industry, estimates, t, pool)
    raked, factor = rake_pixels(raw, industry, estimates[:, t])
    window = pooled_months(t, estimates.shape[1], pool)
    sigma = allocation_sigma(_months_of(industry, window), estimates[:, window], raked)
    lower, upper = pixel_interval(industry, raked, estimates[:, t], lower80, upper80, sigma)
    estimate = round_shares(raked, industry.district)
    limits = np.minimum(round_pixels(lower), estimate), np.maximum(round_pixels(upper), estimate)
    planes = [industry.on_grid(band) for band in (estimate, *limits, round_pixels(raw))]
    return np.stack([*planes, spread_districts(factor, industry)]).astype(np.float32)


def _months_of(industry: Industry, window: slice) -> Industry:
    return dataclasses.replace(industry, count=industry.count[:, window], light=industry.light[:, window])


def _require_shapes(industry: Industry, *arrays: FloatArray) -> None:
    expected = (industry.n_districts, industry.count.shape[1])
    for values in arrays:
        if values.shape != expected:
            hint = "Map with the estimates of the same districts and months."
            raise ModelError(f"estimates of shape {values.shape}, expected {expected}", where="map", hint=hint)
