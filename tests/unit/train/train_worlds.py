"""Panels and figures of small invented worlds whose light shows their output, for the tests of training."""

import datetime as dt
from collections.abc import Iterable

import numpy as np
import pandas as pd

from gvio.assimilate.calendar import calendar_features
from gvio.assimilate.observed import Setting
from gvio.ledger.rows import COLUMNS, Ledger
from gvio.ledger.sums import Sums, sums_matrix
from gvio.model.panel import Panel
from gvio.plant.lessons import Lesson
from gvio.types import FloatArray, Month

FIRST = Month(2016, 1)
D, SITES = 3, 9


def months_of(n: int) -> tuple[Month, ...]:
    return tuple(FIRST + t for t in range(n))


def panel_of(x: FloatArray, seed: int = 0, noise: float = 0.02) -> Panel:
    """Three sites a district whose anomaly is the change of its log output `x` (D, T), seen through noise."""
    rng = np.random.default_rng(seed)
    n_months = x.shape[1]
    district = np.repeat(np.arange(D), SITES // D)
    change = (x - x.mean(axis=1, keepdims=True))[district] + noise * rng.standard_normal((SITES, n_months))
    dynamic = np.zeros((SITES, n_months, 2, 3), np.float32)
    dynamic[:, :, 0] = 0.8 * change[..., None]  # as far as it is believed
    dynamic[:, :, 1] = 0.8
    return Panel(
        static=rng.normal(0, 0.3, (SITES, 2, 9, 9)).astype(np.float32),
        dynamic=dynamic,
        around=np.zeros((SITES, n_months, 3), np.float32),
        traits=rng.normal(0, 0.3, (SITES, 4)).astype(np.float32),
        log_excess=x.mean(axis=1)[district] - np.log(SITES // D),
        log_weight=np.zeros((SITES, n_months)),
        site_weights=np.ones(SITES),
        district=district,
        n_areas=D,
    )


def lesson_of(x: FloatArray, seed: int = 0, noise: float = 0.02) -> Lesson:
    """Plants whose own light is `x`, seen through clutter that their rings show, and half as strong at the plant."""
    rng = np.random.default_rng(seed + 1000)
    panel = panel_of(x, seed, noise)
    clutter = 0.2 * rng.standard_normal((SITES, x.shape[1])).astype(np.float32)
    panel.around[:, :, 2] = clutter
    panel.dynamic[:, :, 0] = 0.8 * (0.6 * panel.dynamic[:, :, 0] / 0.8 + 0.5 * clutter[..., None])
    nowhere = np.zeros(SITES, dtype=np.int64)
    return Lesson(panel, nowhere, nowhere, np.exp(x)[panel.district])


def output_of(n_months: int, seed: int) -> FloatArray:
    """(D, T) log output: levels, a common season, walks of the districts."""
    rng = np.random.default_rng(seed)
    level = 2 + 0.5 * rng.standard_normal((D, 1))
    season = np.resize(0.1 * rng.standard_normal(12), n_months)
    return np.asarray(level + season + np.cumsum(0.03 * rng.standard_normal((D, n_months)), axis=1))


def setting_of(x: FloatArray, lengths: Iterable[int] = (1,)) -> Setting:
    """Exact figures of the city each month, and of districts for consecutive periods of each of `lengths` months."""
    n_months = x.shape[1]
    y = np.exp(np.vstack([x, np.log(np.exp(x).sum(axis=0))]))
    names = [*(f"D{d}" for d in range(D)), "CITY"]
    day = dt.date(2030, 1, 1)
    rows = [("CITY", t, t) for t in range(n_months)]
    for length in lengths:
        rows += [(names[d], s, s + length - 1) for d in range(D) for s in range(0, n_months - length + 1, length)]
    table = [
        (a, FIRST.ordinal + s, FIRST.ordinal + e, y[names.index(a), s : e + 1].sum(), "current", day, "", "")
        for a, s, e in rows
    ]
    return Setting(_sums(table, names, n_months), None, np.full(D, 1 / D), calendar_features(months_of(n_months)))


def no_figures(n_months: int) -> Setting:
    names = [*(f"D{d}" for d in range(D)), "CITY"]
    return Setting(_sums([], names, n_months), None, np.full(D, 1 / D), calendar_features(months_of(n_months)))


def _sums(table: list[tuple[object, ...]], names: list[str], n_months: int) -> Sums:
    frame = pd.DataFrame(table, columns=list(COLUMNS))
    return sums_matrix(Ledger(frame), names[:-1], names[-1], months_of(n_months))
