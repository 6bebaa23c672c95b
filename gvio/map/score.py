"""How good the map is: against districts it has not seen, and against known truth where there is one.

The rivals are what anybody would draw without a model. Truth exists only in simulated packs and only for development.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from odc.geo.geobox import GeoBox

from gvio.errors import ModelError
from gvio.grid.blocks import block_pixels, block_sums
from gvio.map.industry import Industry
from gvio.map.linear import pooled_months, predict_left_out, raw_map
from gvio.map.raking import rake_pixels
from gvio.scoreboard.names import NATIVE, OURS, PROPORTIONAL, SCALES_KM, UNIFORM, size_name
from gvio.scoreboard.scores import HeldOutScores, TruthScores
from gvio.types import FloatArray


def score_left_out(
    industry: Industry, radiance: FloatArray, official: FloatArray, pool: int
) -> dict[str, HeldOutScores]:
    """Scores of the grid summed to districts that were left out of its fit.

    Args:
        industry: Pixels and terms, T months.
        radiance: (T, y, x) nW cm⁻² sr⁻¹, NaN = not observed; for the proportional-to-light rival.
        official: (D, T) what districts should sum to, NaN where unknown; only months known for every district count.
        pool: Months pooled in every fit.

    Returns:
        Per map: `OURS` (the published one, the linear relation of the SA-CNN's estimates), `PROPORTIONAL`, `UNIFORM`;
        None where fewer than two districts or district-months are known.
    """
    known = np.isfinite(official).all(axis=0) & (np.where(np.isfinite(official), official, 0.0) > 0).all(axis=0)
    y = official[:, known]
    radiant = _district_light(industry, radiance)[:, known]
    count, light = industry.by_district(industry.count)[:, known], industry.by_district(industry.light)[:, known]
    predicted = {
        OURS: _rolling_left_out(count, light, y, pool),
        PROPORTIONAL: _proportional_left_out(radiant, y),
        UNIFORM: _proportional_left_out(count, y),
    }
    return {name: _fit_scores(y, values) for name, values in predicted.items()}


def score_truth(maps: Mapping[str, FloatArray], truth: FloatArray, geobox: GeoBox) -> TruthScores:
    """R² of maps against the true output of pixels, native and summed to blocks.

    Every pixel of the region's grid and every month counts, pixels without industry too (truth and maps are zero
    there; NaN of a map, outside the districts, is read as zero). Blocks at the edge may be cut.

    Args:
        maps: Name → (T, y, x) output.
        truth: (T, y, x) true output.
        geobox: The grid, for the size of blocks.

    Returns:
        "native", "1km", "2km", "5km" → map → R²; None where truth does not vary.

    Raises:
        ModelError: A map and the truth have different shapes, or the truth is not finite.
    """
    if not np.isfinite(truth).all():
        raise ModelError("the truth is not finite", where="truth", hint="Rewrite the simulated pack.")
    for name, values in maps.items():
        if values.shape != truth.shape:
            hint = "Compare months and grids of the same pack."
            raise ModelError(f"map {name!r} has shape {values.shape}, the truth {truth.shape}", hint=hint)
    sides = {NATIVE: (1, 1)} | {size_name(km): block_pixels(geobox, km) for km in SCALES_KM}
    filled = {name: np.nan_to_num(values) for name, values in maps.items()}
    return {
        scale: {name: r_squared(block_sums(truth, side), block_sums(values, side)) for name, values in filled.items()}
        for scale, side in sides.items()
    }


def rival_maps(industry: Industry, radiance: FloatArray, estimates: FloatArray, pool: int) -> dict[str, FloatArray]:
    """The linear map and its rivals, all raked to the same estimates: name → (T, y, x) float64, NaN outside districts.

    `PROPORTIONAL` spreads over every pixel of the district by radiance, `UNIFORM` evenly over factories.

    Raises:
        ModelError: As for `rake_pixels`.
    """
    n_months = estimates.shape[1]
    linear = np.stack([raw_map(industry, estimates, t, pool)[0] for t in range(n_months)], axis=1)
    everywhere = _every_pixel(industry, radiance)
    return {
        OURS: _raked_stack(industry, linear, estimates),
        PROPORTIONAL: _raked_stack(everywhere, everywhere.light, estimates),
        UNIFORM: _raked_stack(industry, industry.count, estimates),
    }


def r_squared(truth: FloatArray, predicted: FloatArray) -> float | None:
    """1 − Σ(y−ŷ)² / Σ(y−ȳ)² over all entries; None with fewer than two or when `truth` does not vary."""
    spread = float(((truth - truth.mean()) ** 2).sum()) if truth.size > 1 else 0.0
    return 1.0 - float(((truth - predicted) ** 2).sum()) / spread if spread > 0 else None


def _fit_scores(y: FloatArray, predicted: FloatArray) -> HeldOutScores:
    good = np.isfinite(predicted) & (predicted > 0)
    if good.sum() < 2:
        return HeldOutScores(r2=None, log_r2=None, log_rmse=None)
    log_y, log_p = np.log(y[good]), np.log(predicted[good])
    rmse = float(np.sqrt(np.mean((log_y - log_p) ** 2)))
    return HeldOutScores(r2=r_squared(y[good], predicted[good]), log_r2=r_squared(log_y, log_p), log_rmse=rmse)


def _rolling_left_out(count: FloatArray, light: FloatArray, y: FloatArray, pool: int) -> FloatArray:
    out = np.full(y.shape, np.nan)
    for t in range(y.shape[1]):
        window = pooled_months(t, y.shape[1], pool)
        left_out = predict_left_out(count[:, window], light[:, window], y[:, window])
        out[:, t] = left_out[:, t - window.start]
    return out


def _proportional_left_out(size: FloatArray, y: FloatArray) -> FloatArray:
    """Every district at the ratio of the others, month by month; NaN where the others have nothing."""
    others_y, others_size = y.sum(axis=0) - y, size.sum(axis=0) - size
    ratio: FloatArray = np.divide(others_y, others_size, out=np.full(y.shape, np.nan), where=others_size > 0)
    return size * ratio


def _district_light(industry: Industry, radiance: FloatArray) -> FloatArray:
    every = _every_pixel(industry, radiance)
    return every.by_district(every.light)


def _every_pixel(industry: Industry, radiance: FloatArray) -> Industry:
    """All pixels of all districts as if they were industry, with the light of the month; unseen: the pixel's mean."""
    pixels = np.flatnonzero(industry.owner.ravel() >= 0)
    light = np.asarray(radiance.reshape(len(radiance), -1)[:, pixels].T, dtype=np.float64)
    seen = np.isfinite(light)
    total, number = np.where(seen, light, 0.0).sum(axis=1, keepdims=True), seen.sum(axis=1, keepdims=True)
    mean = np.divide(total, number, out=np.zeros_like(total), where=number > 0)
    return Industry(
        pixels=pixels,
        district=industry.owner.ravel()[pixels].astype(np.int64),
        count=np.ones_like(light),
        light=np.maximum(np.where(seen, light, mean), 0.0),
        owner=industry.owner,
        n_districts=industry.n_districts,
    )


def _raked_stack(industry: Industry, raw: FloatArray, estimates: FloatArray) -> FloatArray:
    months = range(estimates.shape[1])
    return np.stack([industry.on_grid(rake_pixels(raw[:, t], industry, estimates[:, t])[0]) for t in months])
