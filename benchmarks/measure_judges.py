"""What `bench_judges.py` measures in one world: every model against the truth, with and without the city's figures."""

from __future__ import annotations

import dataclasses
import time
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from benchmarks.measure_world import AHEAD, fit_world
from benchmarks.worlds import BenchWorld
from gvio.compare.forecast import Forecast
from gvio.compare.judges.table import ask_judges
from gvio.compare.table import predict_all
from gvio.evaluate.fold import Material, compare_input, forecast_of
from gvio.evaluate.metrics import crps_gaussian, interval_score, within_r2
from gvio.ledger.select import select_rows
from gvio.scoreboard.names import NO_LIGHT, OURS, PLAIN
from gvio.train.fit import Fitted, estimate
from gvio.types import BoolArray, FloatArray

AS_USED, BEFORE, BLIND = "as used", "before the total", "blind"
SETTINGS = (AS_USED, BEFORE, BLIND)
Scores = dict[str, dict[str, float | None]]


@dataclasses.dataclass(frozen=True)
class Asked:
    """What is known when months are estimated: `material` with light up to the last of them, `figures` (n,) that are
    public, `city_until` the first month whose city figure is not, `months` (T,) that are scored."""

    material: Material
    figures: BoolArray
    city_until: int
    months: BoolArray


def measure_judges(world: BenchWorld, *, plain: bool = True) -> dict[str, Any]:
    """Fit once at T−24, ask every model in every setting; scores by setting and model, and seconds."""
    start = len(world.material.samples.months) - AHEAD
    began = time.perf_counter()
    models = {OURS: fit_world(world, start)}
    fit_s = time.perf_counter() - began
    models |= {PLAIN: fit_world(world, start, statistics=False)} if plain else {}
    out: dict[str, Any] = {"name": world.name, "fit_seconds": fit_s, "judge_seconds": 0.0}
    for setting in SETTINGS:
        parts = [(asked, _ask(asked, start, models, out)) for asked in _asked(world.material, start, setting)]
        out[setting] = _scores(world, parts)
    out["seconds"] = time.perf_counter() - began
    return out


def _asked(material: Material, start: int, setting: str) -> Iterator[Asked]:
    sums, month = material.sums, np.arange(len(material.samples.months))
    if setting != BEFORE:
        city_until = len(month) if setting == AS_USED else start
        seen = np.where(sums.of_city, sums.end < city_until, sums.end < start)
        yield Asked(material, seen, city_until, month >= start)
        return
    for t in range(start, len(month)):
        known = material.until(t + 1)
        end = known.sums.end
        yield Asked(known, np.where(known.sums.of_city, end < t, end < start), t, month[: t + 1] == t)


def _ask(asked: Asked, start: int, models: Mapping[str, Fitted], out: dict[str, Any]) -> dict[str, Forecast]:
    material = asked.material
    seen = select_rows(material.sums, asked.figures)
    month = np.arange(len(material.samples.months))
    city = np.where(month < asked.city_until, material.city_monthly, np.nan)
    given = compare_input(material, seen, city, start - 1)
    found = {name: forecast_of(estimate(model, material.samples, seen)) for name, model in models.items()}
    found[NO_LIGHT] = forecast_of(estimate(models[OURS], material.samples, seen, dark=True))
    found |= {name: Forecast(path) for name, path in predict_all(given).items()}
    began = time.perf_counter()
    found |= ask_judges(given)
    out["judge_seconds"] += time.perf_counter() - began
    return found


def _scores(world: BenchWorld, parts: list[tuple[Asked, dict[str, Forecast]]]) -> Scores:
    """Of the asked months of all parts, side by side."""
    truth = np.concatenate([world.labels[:, np.flatnonzero(asked.months)] for asked, _ in parts], axis=1)
    scored = np.ones(truth.shape, dtype=bool)
    out: Scores = {}
    shared = set.intersection(*(set(found) for _, found in parts))  # a judge that failed once has no score
    for name in sorted(shared):
        path = _side_by_side([(asked, found[name].path) for asked, found in parts])
        out[name] = {"within_r2": within_r2(truth, path, scored)}
        spreads = [(asked, sd) for asked, found in parts if (sd := found[name].sd) is not None]
        if len(spreads) == len(parts):
            sd = _side_by_side(spreads)
            out[name]["crps"] = crps_gaussian(truth, np.log(path), sd, scored)
            out[name]["interval_score80"] = interval_score(truth, np.log(path), sd, scored)
    return out


def _side_by_side(parts: list[tuple[Asked, FloatArray]]) -> FloatArray:
    return np.concatenate([values[:, asked.months] for asked, values in parts], axis=1)
