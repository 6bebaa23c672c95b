"""What `bench_model.py` measures in one world, against the truth itself: nothing here looks at it to predict."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.worlds import BenchWorld
from gvio.compare.gong2025 import gong2025_paths
from gvio.compare.table import predict_all
from gvio.evaluate.districts import leave_districts_out
from gvio.evaluate.fit_request import fit_anew
from gvio.evaluate.fold import Material, compare_input
from gvio.evaluate.interval_calibration import Residuals, learn_table, residuals_of
from gvio.evaluate.later_origins import YEAR, later_origins
from gvio.evaluate.metrics import coverage, mape, within_r2, yoy_r2
from gvio.evaluate.paired import level_scores
from gvio.ledger.select import select_rows
from gvio.ledger.sums import log_misfit
from gvio.map.changes import change_half_widths
from gvio.map.industry import industry_of
from gvio.map.intervals import flat_table, product_half_widths, reach_official, split_sd
from gvio.map.official import honour
from gvio.map.score import rival_maps, score_truth
from gvio.scoreboard.names import GONG2025, LEFT_OUT, LEVELS, NO_LIGHT, OURS, PLAIN
from gvio.scoreboard.scores import IntervalTable
from gvio.train.fit import Fitted, estimate, fit_model
from gvio.types import BoolArray, FloatArray

AHEAD = 24
HORIZONS = (1, 3, 12)
# Months after the fit at which intervals are measured, with the figures public by then: so chosen that the seasons come
# up alike. Januaries are known only together with their Februaries.
ORIGINS = (0, 2, 5, 7, 9, 11)
LEVEL = 80
SETTINGS = {"as_used": True, "blind": False}  # whether the city's figures go on
PARTS = ("time", "coverage", "pixels", "districts", "plain")
Scores = dict[str, Any]


def measure_world(world: BenchWorld, parts: tuple[str, ...] = PARTS, district_folds: int = 4) -> Scores:
    """Fit once at T−24 and score everything asked for in `parts`."""
    start = len(world.material.samples.months) - AHEAD
    began = time.perf_counter()
    fitted = fit_world(world, start)
    out: Scores = {"name": world.name, "fit_seconds": time.perf_counter() - began}
    out["estimate_seconds"] = _seconds(lambda: _estimate(world, fitted, start, city_goes_on=True))
    plain = fit_world(world, start, statistics=False) if "plain" in parts and "time" in parts else None
    if "time" in parts:
        out["time"] = {name: _time(world, fitted, plain, start, goes_on) for name, goes_on in SETTINGS.items()}
    if "coverage" in parts:
        out["coverage"] = _coverage(world, fitted, start)
    if "pixels" in parts:
        out["pixels"] = _pixels(world, fitted, start)
    if "districts" in parts:
        out["districts"] = _districts(world, fitted, start, district_folds)
    out["seconds"] = time.perf_counter() - began
    return out


def fit_world(world: BenchWorld, n_train: int, **options: Any) -> Fitted:
    """The model on the figures that end before month `n_train`."""
    material = world.material
    seen = select_rows(material.sums, material.sums.end < n_train)
    params = material.params
    return fit_model(material.samples, seen, n_train, params.model, params.sample.patch_px, **options)


def visible(material: Material, district_end: int, *, city_goes_on: bool) -> BoolArray:
    """(n,) figures of districts that end before `district_end`, and of the city, those after it only if they go on."""
    sums = material.sums
    return (sums.end < district_end) | ((sums.area < 0) if city_goes_on else False)


def _estimate(world: BenchWorld, fitted: Fitted, end: int, *, city_goes_on: bool) -> Any:
    material = world.material
    seen = select_rows(material.sums, visible(material, end, city_goes_on=city_goes_on))
    return estimate(fitted, material.samples, seen)


def _time(world: BenchWorld, fitted: Fitted, plain: Fitted | None, start: int, goes_on: bool) -> Scores:
    """Districts over the 24 months after `start`, every model."""
    material = world.material
    month = np.arange(len(material.samples.months))
    seen = select_rows(material.sums, visible(material, start, city_goes_on=goes_on))
    city = material.city_monthly if goes_on else np.where(month < start, material.city_monthly, np.nan)
    given = compare_input(material, seen, city, start - 1)
    paths = predict_all(given)
    if plain is not None:
        paths[GONG2025] = gong2025_paths(material.samples, given, material.params.model)
    models = {OURS: fitted} | ({PLAIN: plain} if plain else {})
    paths |= {n: np.exp(estimate(m, material.samples, seen).mean) for n, m in models.items()}
    paths[NO_LIGHT] = np.exp(estimate(fitted, material.samples, seen, dark=True).mean)
    scored = np.broadcast_to(month >= start, world.labels.shape)
    january = np.array([m.month == 1 for m in material.samples.months])
    return {name: _scores(world.labels, path, scored, january) for name, path in paths.items()}


def _scores(truth: FloatArray, path: FloatArray, scored: BoolArray, january: BoolArray) -> Scores:
    """Of all months, and with January counted together with February, which is how it is published."""
    joined, predicted = (_join(values, january) for values in (truth, path))
    return {
        "within_r2": within_r2(truth, path, scored),
        "within_r2_joined": within_r2(joined, predicted, scored & ~january),
        "yoy_r2": yoy_r2(truth, path, scored),
        "mape": mape(truth, path, scored),
    }


def _join(values: FloatArray, january: BoolArray) -> FloatArray:
    """February as the mean of both."""
    out = values.copy()
    first = np.flatnonzero(january[:-1])
    out[:, first + 1] = (values[:, first] + values[:, first + 1]) / 2
    return out


def _coverage(world: BenchWorld, fitted: Fitted, start: int) -> Scores:
    """Share of true district and city months held by the published 80 % interval, h months after the last figure."""
    residuals = residuals_then(world, start)
    city = world.labels.sum(axis=0, keepdims=True)
    truth = np.log(np.concatenate([world.labels, city]))
    found: dict[str, list[tuple[FloatArray, ...]]] = {}
    for name, goes_on in SETTINGS.items():
        for later in ORIGINS:
            origin = start + later
            table = learn_table(residuals.take(residuals.end < origin))
            mean, half, _ = published_then(world, fitted, origin, table, goes_on=goes_on)
            for area, rows in (("districts", slice(0, -1)), ("city", slice(-1, None))):
                for horizon in HORIZONS:
                    t = origin + horizon - 1
                    if t < truth.shape[1]:
                        columns = (truth[rows, t], mean[rows, t], half[rows, t])
                        found.setdefault(f"{name}/{area}/{horizon}", []).append(columns)
    return {name: _held(parts) for name, parts in found.items()}


def _held(parts: list[tuple[FloatArray, ...]]) -> Scores:
    truth, mean, half = (np.stack(columns) for columns in zip(*parts, strict=True))
    return {
        "held": coverage(truth, mean - half, mean + half, np.ones(truth.shape, dtype=bool)),
        "n": truth.size,
        "half_width": float(np.mean(half)),
    }


def published_then(
    world: BenchWorld, fitted: Fitted, origin: int, table: IntervalTable | None, *, goes_on: bool
) -> tuple[FloatArray, FloatArray, dict[int, FloatArray]]:
    """Log estimate, half-width of its 80 % interval as a release has them, (D + 1, T), the city last; and half-widths
    of its changes by months back.
    """
    material = world.material
    sums = select_rows(material.sums, visible(material, origin, city_goes_on=goes_on))
    posterior = estimate(fitted, material.samples, sums)
    official = np.full((sums.n_areas + 1, sums.n_months), np.nan)
    alone = sums.start == sums.end
    official[sums.area[alone], sums.end[alone]] = sums.values[alone]
    table = table or flat_table(dict.fromkeys(LEVELS, 1.0))
    split = split_sd(sums, material.samples.months, posterior.city_mean)
    noise = float(np.hypot(fitted.ensemble.hyper.noise, fitted.ensemble.hyper.shock))
    own = np.isfinite(official)
    of = (posterior.sd, posterior.city_sd)
    half = product_half_widths(table, sums, *of, split, own, noise)
    narrow = product_half_widths(table, sums, *of, np.zeros_like(split), own, noise)
    output = honour(posterior.mean, official)
    half = reach_official(half, sums, log_misfit(sums, output))
    joint = {
        back: change_half_widths(half, narrow, rho, own, back)[LEVEL] for back, rho in posterior.correlation.items()
    }
    return np.log(np.concatenate([output, output.sum(axis=0, keepdims=True)])), half[LEVEL], joint


def residuals_then(world: BenchWorld, start: int) -> Residuals:
    """Of two Januaries before training ended and of later origins; what a release of a month may use of them ends
    before that month."""
    januaries = [start - 2 * YEAR, start - YEAR]
    return residuals_of(later_origins(world.material, fit_anew, starts=januaries, first=0))


def _pixels(world: BenchWorld, fitted: Fitted, start: int) -> Scores:
    """R² of the map and its rivals, as used, over the 24 months."""
    material = world.material
    output = np.exp(_estimate(world, fitted, start, city_goes_on=True).mean)
    maps = rival_maps(
        industry_of(material.samples), material.samples.radiance, output, material.params.map.pooled_months
    )
    late = {name: values[start:] for name, values in maps.items()}
    return score_truth(late, world.truth[start:], material.samples.geobox)


def _districts(world: BenchWorld, fitted: Fitted, start: int, folds: int) -> Scores:
    """Districts nobody publishes, group after group, on the figures before `start`, the city's withheld, too."""
    material = world.material
    params = material.params
    evaluate = params.evaluate.model_copy(update={"district_folds": folds})
    known = dataclasses.replace(
        material,
        sums=select_rows(material.sums, material.sums.end < start),
        params=params.model_copy(update={"evaluate": evaluate}),
    )
    found = leave_districts_out(known, fitted)[LEFT_OUT]
    return {name: scores.document() for name, scores in level_scores(found).items()} if found else {}


def _seconds(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began
