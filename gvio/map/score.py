"""How good the map is: against districts it has not seen, and against known truth where there is one.

The rivals are what anybody would draw without a model. Truth exists only in simulated packs and only for development.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Mapping

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
    count, light = (terms[:, known] for terms in industry.of_districts)
    predicted = {
        OURS: _rolling_left_out(count, light, y, pool),
        PROPORTIONAL: _proportional_left_out(radiant, y),
        UNIFORM: _proportional_left_out(count, y),
    }
    return {name: _fit_scores(y, values) for name, values in predicted.items()}


def score_truth(maps: Mapping[str, FloatArray], truth: FloatArray, geobox: GeoBox) -> TruthScores:
    """As `score_months`, of maps that are there whole: name → (T, y, x) output.

    Raises:
        ModelError: A map and the truth have different shapes, or the truth is not finite.
    """
    for name, values in maps.items():
        if values.shape != truth.shape:
            hint = "Compare months and grids of the same pack."
            raise ModelError(f"map {name!r} has shape {values.shape}, the truth {truth.shape}", hint=hint)
    months = ({name: values[t] for name, values in maps.items()} for t in range(len(truth)))
    return score_months(months, truth, geobox)


def score_months(months: Iterable[Mapping[str, FloatArray]], truth: FloatArray, geobox: GeoBox) -> TruthScores:
    """R² of maps against the true output of pixels, native and summed to blocks.

    Every pixel of the region's grid and every month counts, pixels without industry too (truth and maps are zero
    there; NaN of a map, outside the districts, is read as zero). Blocks at the edge may be cut.

    Args:
        months: T times name → (y, x) output; one month at a time, because all months of all maps take a gigabyte.
        truth: (T, y, x) true output.
        geobox: The grid, for the size of blocks.

    Returns:
        "native", "1km", "2km", "5km" → map → R²; None where truth does not vary.

    Raises:
        ModelError: The truth is not finite.
    """
    if not np.isfinite(truth).all():
        raise ModelError("the truth is not finite", where="truth", hint="Rewrite the simulated pack.")
    sides = {NATIVE: (1, 1)} | {size_name(km): block_pixels(geobox, km) for km in SCALES_KM}
    mean = {scale: _in_blocks(truth.mean(axis=0, dtype=np.float64), side).mean() for scale, side in sides.items()}
    spread, error = dict.fromkeys(sides, 0.0), dict[str, dict[str, float]]({scale: {} for scale in sides})
    for true, maps in zip(truth, months, strict=True):
        filled = {name: np.nan_to_num(values) for name, values in maps.items()}
        for scale, side in sides.items():
            y = _in_blocks(true.astype(np.float64), side)
            spread[scale] += float(np.square(y - mean[scale]).sum())
            for name, values in filled.items():
                missed = float(np.square(y - _in_blocks(values, side)).sum())
                error[scale][name] = error[scale].get(name, 0.0) + missed
    return {
        scale: {name: 1.0 - missed / spread[scale] if spread[scale] > 0 else None for name, missed in by_map.items()}
        for scale, by_map in error.items()
    }


def _in_blocks(values: FloatArray, side: tuple[int, int]) -> FloatArray:
    return values if side == (1, 1) else block_sums(values[None], side)[0]


def rival_maps(industry: Industry, radiance: FloatArray, estimates: FloatArray, pool: int) -> dict[str, FloatArray]:
    """`rival_months` of all months at once: name → (T, y, x) float64."""
    months = list(rival_months(industry, radiance, estimates, pool))
    return {name: np.stack([month[name] for month in months]) for name in months[0]}


def rival_months(
    industry: Industry, radiance: FloatArray, estimates: FloatArray, pool: int
) -> Iterator[dict[str, FloatArray]]:
    """The linear map and its rivals, all raked to the same estimates, month by month: name → (y, x) float64, NaN
    outside districts.

    `PROPORTIONAL` spreads over every pixel of the district by radiance, `UNIFORM` evenly over factories.

    Raises:
        ModelError: As for `rake_pixels`.
    """
    everywhere = _Everywhere.of(industry, radiance)
    for t in range(estimates.shape[1]):
        raws = (
            (OURS, industry, raw_map(industry, estimates, t, pool)[0]),
            (PROPORTIONAL, everywhere.pixels, everywhere.light(t)),
            (UNIFORM, industry, industry.count[:, t]),
        )
        yield {name: at.on_grid(rake_pixels(raw, at, estimates[:, t])[0]) for name, at, raw in raws}


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
    every = _Everywhere.of(industry, radiance)
    return np.stack([every.pixels.by_district(every.light(t)) for t in range(len(radiance))], axis=1)


@dataclasses.dataclass(frozen=True, eq=False)
class _Everywhere:
    """All pixels of all districts as if they were industry; `mean` (P,) of their light over the months seen."""

    pixels: Industry
    radiance: FloatArray
    mean: FloatArray

    @classmethod
    def of(cls, industry: Industry, radiance: FloatArray) -> _Everywhere:
        pixels = np.flatnonzero(industry.owner.ravel() >= 0)
        none = np.zeros((len(pixels), 0))
        district = industry.owner.ravel()[pixels].astype(np.int64)
        total, number = np.zeros(len(pixels)), np.zeros(len(pixels))
        for month in radiance:
            light = month.ravel()[pixels]
            seen = np.isfinite(light)
            total += np.where(seen, light, 0.0)
            number += seen
        mean = np.divide(total, number, out=np.zeros_like(total), where=number > 0)
        every = Industry(pixels, district, none, none, industry.owner, industry.n_districts)
        return cls(every, radiance, mean)

    def light(self, t: int) -> FloatArray:
        """(P,) float64 light ≥ 0 of a month; unseen: the pixel's mean."""
        light = self.radiance[t].ravel()[self.pixels.pixels].astype(np.float64)
        return np.maximum(np.where(np.isfinite(light), light, self.mean), 0.0)
