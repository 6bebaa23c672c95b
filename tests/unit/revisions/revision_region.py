"""A small region with light, figures and two models, whose inputs can be exchanged one by one."""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools

import numpy as np
import pandas as pd
from small_region import AREAS, FIRST, T, small_samples

from gvio.assimilate.explain import explain
from gvio.assimilate.hyper import Hyper
from gvio.config import ModelParams
from gvio.ledger.rows import COLUMNS, Ledger
from gvio.ledger.sums import Sums, official_monthly, sums_matrix
from gvio.map.official import honour
from gvio.revisions.evidence import Evidence
from gvio.revisions.reading import evidence_of
from gvio.sample.samples import Samples, first_months
from gvio.train.fit import Fitted, fit_model, lit_setting
from gvio.types import FloatArray

CITY = "CITY"
PARAMS = ModelParams(epochs=1, seeds=1, hyper_months=24, channels=1)
PATCH = 5


samples_of = functools.cache(small_samples)  # the same object: its panel is cut once


def reprocessed(samples: Samples, months: slice) -> Samples:
    """The provider wrote some months again, brighter."""
    radiance, statistics = samples.radiance.copy(), samples.statistics.copy()
    radiance[months] *= np.float32(1.3)
    statistics[:, months] += 0.1
    return dataclasses.replace(samples, radiance=radiance, statistics=statistics)


def figures_of(until: int, revised: dict[tuple[str, int], float] | None = None) -> Ledger:
    """Monthly figures of city and districts that end before month `until`; the districts' five months later."""
    rng = np.random.default_rng(5)
    y = {area: size * np.exp(0.1 * rng.standard_normal(T)) for area, size in (("A", 30.0), ("B", 10.0))}
    y[CITY] = y["A"] + y["B"]
    rows = [
        (area, (FIRST + t).ordinal, (FIRST + t).ordinal, y[area][t] * (revised or {}).get((area, t), 1.0), "current")
        for area, lag in ((CITY, 0), ("A", 5), ("B", 5))
        for t in range(T)
        if t + lag < until
    ]
    frame = pd.DataFrame(rows, columns=["area_id", "start", "end", "value", "kind"])
    return Ledger(frame.assign(published=dt.date(2021, 1, 1), series="", source="")[list(COLUMNS)])


def sums_of(figures: Ledger, samples: Samples) -> Sums:
    return sums_matrix(figures, AREAS, CITY, samples.months)


@functools.cache
def model_of(seed: int, n_train: int = 24) -> Fitted:
    samples = samples_of()
    params = PARAMS.model_copy(update={"seed": seed})
    hyper = Hyper(gain=0.2 + 0.1 * seed, light_shock=0.05 * seed)  # taken as they are: learning takes seconds
    return fit_model(samples, sums_of(figures_of(n_train), samples), n_train, params, PATCH, fixed=hyper)


@dataclasses.dataclass(frozen=True, eq=False)
class Made:
    """One run: its evidence, and the log of what it publishes (D, T)."""

    evidence: Evidence
    published: FloatArray


cut = functools.cache(first_months)


def run(fitted: Fitted, samples: Samples, n_months: int, figures: Ledger) -> Made:
    """A run on the first `n_months`, from light and figures: what is published, by the way that `map` goes."""
    known = cut(samples, n_months)
    setting = lit_setting(fitted, known, sums_of(figures, known))
    mean = explain(setting, fitted.ensemble.hyper)[0].mean
    official, _ = official_monthly(figures, AREAS, CITY, known.months)
    return Made(evidence_of(setting, fitted, known, figures, CITY, {}, mean), np.log(honour(mean, official)))
