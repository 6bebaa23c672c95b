"""Small worlds for the tests of the assimilation: known output, figures published from it, light that shows it."""

import dataclasses
import datetime as dt
from collections.abc import Iterable

import numpy as np
import pandas as pd

from gvio.assimilate.calendar import calendar_features
from gvio.assimilate.observed import Measurement, Setting
from gvio.ledger.rows import COLUMNS, Ledger
from gvio.ledger.sums import Sums, sums_matrix
from gvio.types import FloatArray, Month

FIRST = Month(2016, 1)
Row = tuple[int, int, int, float]  # area (−1 the city), first month, last month, value


def figures(rows: Iterable[Row], n_areas: int, n_months: int) -> Sums:
    """Published sums from plain rows."""
    names, months = [f"D{d}" for d in range(n_areas)], [FIRST + t for t in range(n_months)]
    return sums_matrix(table_of(rows, n_areas), names, "CITY", months)


def table_of(rows: Iterable[Row], n_areas: int) -> Ledger:
    """A ledger of plain rows."""
    names = [*(f"D{d}" for d in range(n_areas)), "CITY"]
    day = dt.date(2030, 1, 1)
    table = [(names[a], FIRST.ordinal + s, FIRST.ordinal + e, v, "current", day, "", "") for a, s, e, v in rows]
    return Ledger(pd.DataFrame(table, columns=list(COLUMNS)))


def setting_of(rows: Iterable[Row], n_areas: int, n_months: int, light: Measurement | None = None) -> Setting:
    """A setting over months from `FIRST` with even prior shares."""
    calendar = calendar_features([FIRST + t for t in range(n_months)])
    return Setting(figures(rows, n_areas, n_months), light, np.full(n_areas, 1 / n_areas), calendar)


def with_light(setting: Setting, z: FloatArray, precision: float = 1.0) -> Setting:
    """The same setting with light of one precision everywhere."""
    return dataclasses.replace(setting, light=Measurement(z, np.full(z.shape, precision)))


def world(n_areas: int, n_months: int, seed: int, *, walk: float = 0.02, common_walk: float = 0.01) -> FloatArray:
    """(D, T) log output: levels, a common season, a common and own walks."""
    rng = np.random.default_rng(seed)
    level = 3 + 0.6 * rng.standard_normal((n_areas, 1))
    season = np.resize(0.1 * rng.standard_normal(12), n_months)
    common = np.cumsum(common_walk * rng.standard_normal(n_months))
    own = np.cumsum(walk * rng.standard_normal((n_areas, n_months)), axis=1)
    return np.asarray(level + season + common + own)


def monthly(x: FloatArray, months: Iterable[int], areas: Iterable[int] | None = None) -> list[Row]:
    """Figures of single months of districts."""
    areas = range(len(x)) if areas is None else areas
    return [(d, t, t, float(np.exp(x[d, t]))) for d in areas for t in months]


def spans(x: FloatArray, length: int, areas: Iterable[int], until: int | None = None) -> list[Row]:
    """Figures of consecutive periods of `length` months, of districts or (−1) of the city."""
    y = np.exp(np.vstack([x, np.log(np.exp(x).sum(axis=0))]))
    starts = range(0, (until or x.shape[1]) - length + 1, length)
    return [(a, s, s + length - 1, float(y[a, s : s + length].sum())) for a in areas for s in starts]
