"""A small region with light and figures, for the tests of the evaluation."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Callable

import numpy as np
import pandas as pd
from small_region import AREAS, FIRST, T, small_samples

from gvio.config import EvaluateParams, ModelParams, Params
from gvio.evaluate.fold import Material
from gvio.ledger.rows import COLUMNS, Ledger
from gvio.ledger.sums import official_monthly, sums_matrix
from gvio.sample.samples import Samples
from gvio.types import Month

JANUARY = Month(2020, 1) - FIRST
PARAMS = Params(
    model=ModelParams(epochs=1, seeds=1, hyper_months=24, channels=1),
    evaluate=EvaluateParams(origins=1, members=1, district_folds=2, horizon_months=12, min_train_months=13),
)


SAMPLES = small_samples()


def ledger(factor: Callable[[str, int], float] = lambda _area, _t: 1.0) -> Ledger:
    """Every area's every month; `factor` alters figures."""
    rng = np.random.default_rng(5)
    y = {area: size * np.exp(0.1 * rng.standard_normal(T)) for area, size in (("A", 30.0), ("B", 10.0))}
    y["CITY"] = y["A"] + y["B"]
    rows = [
        (area, (FIRST + t).ordinal, (FIRST + t).ordinal, y[area][t] * factor(area, t), "current")
        for area in ("CITY", *AREAS)
        for t in range(T)
    ]
    frame = pd.DataFrame(rows, columns=["area_id", "start", "end", "value", "kind"])
    return Ledger(frame.assign(published=dt.date(2021, 1, 1), series="", source="")[list(COLUMNS)])


def material(figures: Ledger, samples: Samples = SAMPLES, params: Params = PARAMS) -> Material:
    sums = sums_matrix(figures, AREAS, "CITY", samples.months)
    official, _ = official_monthly(figures, AREAS, "CITY", samples.months)
    return Material(samples, sums, official[-1], params)


def altered(
    hidden: Callable[[str, int], bool], light_from: int = T, params: Params = PARAMS, seed: int = 11
) -> Material:
    """The same region with other figures wherever `hidden(area, month)` says so, and other light from a month on."""
    figures = ledger(lambda area, t: 3.0 if hidden(area, t) else 1.0)
    return material(figures, other_light(light_from, seed), params)


def other_light(start: int, seed: int = 11) -> Samples:
    """Samples in which everything that light, clouds and the factory table say from month `start` on is another."""
    rng = np.random.default_rng(seed)
    later, one = np.arange(T) >= start, SAMPLES
    cloud = later & (rng.random(T) < 0.3)
    radiance = np.where(later[:, None, None], one.radiance * rng.lognormal(0.5, 1, one.radiance.shape), one.radiance)
    radiance[cloud] = np.nan
    statistics = np.where(later[:, None], one.statistics + rng.normal(0.5, 0.3, one.statistics.shape), one.statistics)
    statistics[:, later & (rng.random(T) < 0.5), 1] = np.nan
    return dataclasses.replace(
        one,
        radiance=radiance.astype(np.float32),
        observations=np.where(cloud[:, None, None], 0, one.observations).astype(np.uint16),
        statistics=statistics,
        city_statistics=np.where(later[:, None], one.city_statistics + 0.7, one.city_statistics),
        region_light=np.where(later, one.region_light - 0.4, one.region_light),
        light=np.where(later, one.light * rng.lognormal(0, 1, one.light.shape), one.light),
        seen=np.where(later, 0.5, one.seen),
        background=np.where(later, 3.0, one.background),
        active=one.active & ~(later & (np.arange(4) == 1)[:, None]),
        regimes=tuple("other" if late else "r" for late in later),
    )


TRUE = material(ledger())
