"""Rows of statistics of an invented region, entered rightly and wrongly."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from gvio.config import Params
from gvio.ledger.checks import check_ledger
from gvio.ledger.cross_section import DistrictSizes
from gvio.ledger.rows import COLUMNS, Ledger
from gvio.types import Month

FIRST, YEARS = Month(2017, 1), 5
T = 12 * YEARS
AREAS = ("A", "B", "C", "D")


def output() -> dict[str, np.ndarray]:
    """True months of four districts and their city: growth, season, a new-year dip, a lockdown, small errors."""
    rng, t = np.random.default_rng(3), np.arange(T)
    common = 0.05 * t / 12 + 0.12 * np.cos(2 * np.pi * t / 12 + 3) - 0.3 * (t % 12 == 1) - 0.4 * (t == 37)
    found = {
        a: size * np.exp(common + rng.normal(0, 0.03, T)) for a, size in zip(AREAS, (100, 300, 60, 150), strict=True)
    }
    return {**found, "CITY": np.sum(list(found.values()), axis=0)}


TRUE = output()


def row(area, first, last, value, kind="current", days=17, series=""):
    """Months as indices, value as entered."""
    start, end = FIRST + first, FIRST + last
    return (area, start.ordinal, end.ordinal, float(value), kind, end.last_day + dt.timedelta(days), series, "")


def total(area, first, last):
    return TRUE[area][first : last + 1].sum()


def months_of(area):
    """January and February as one, the others by themselves, as China publishes them."""
    rows = [row(area, t, t, TRUE[area][t]) for t in range(T) if t % 12 > 1]
    return rows + [row(area, t, t + 1, total(area, t, t + 1)) for t in range(0, T, 12)]


def years_of(area):
    return [row(area, t, t + 11, total(area, t, t + 11)) for t in range(0, T, 12)]


def honest(**instead):
    """Every area by months, those of `instead` as given there."""
    return [r for area in (*AREAS, "CITY") for r in instead.get(area, months_of(area))]


def ledger_of(rows):
    return Ledger(pd.DataFrame(rows, columns=list(COLUMNS), index=pd.RangeIndex(2, 2 + len(rows))))


SMALL = tuple(f"S{i}" for i in range(10))
NUMBER = np.array([60, 45, 38, 33, 27, 22, 19, 14, 11, 9], dtype=float)
SIZES = DistrictSizes(NUMBER, NUMBER, 20.0 * NUMBER * np.exp(np.random.default_rng(4).normal(0, 0.1, len(SMALL))))
"""Ten districts under light, for figures that nothing but their factories can be compared with."""


def small_districts(**factors):
    """Years of ten districts, in proportion to their factories by and large, some of them times a factor; no city."""
    sizes = NUMBER * np.exp(np.random.default_rng(5).normal(0, 0.15, len(SMALL)))
    return [
        row(area, t, t + 11, 12 * size * 1.04 ** (t / 12) * factors.get(area, 1))
        for area, size in zip(SMALL, sizes, strict=True)
        for t in range(0, T, 12)
    ]


def failed(rows):
    few = not {r[0] for r in rows} & set(SMALL)
    areas, sizes = (AREAS, None) if few else (SMALL, SIZES)
    results = check_ledger(ledger_of(rows), areas, "CITY", Params(), sizes=sizes)
    return {r.name: r for r in results if not r.passed}


def scaled(area, factor, chosen=lambda t: True):
    """An area's months with some of them, by the index of their first month, times a factor."""
    first = FIRST.ordinal
    return [(*r[:3], r[3] * (factor if chosen(r[1] - first) else 1), *r[4:]) for r in months_of(area)]


def scaled_year(area, factor, at):
    return [(*r[:3], r[3] * (factor if r[1] == FIRST.ordinal + at else 1), *r[4:]) for r in years_of(area)]


def year_to_date(area, start, kind):
    """Months 1 to 12; start of the row is January or the month itself."""
    span = [(t // 12 * 12, t) for t in range(T)]
    return [row(area, january if start == "January" else t, t, total(area, january, t), kind) for january, t in span]


def ends(area, length, entered):
    """Sums of `length` months, with `entered` months from their start to their end."""
    return [row(area, t - entered + 1, t, total(area, t - length + 1, t)) for t in range(length - 1, T, length)]


def joint(area, entered):
    rows = [r for r in months_of(area) if r[1] == r[2]]
    return rows + [row(area, t + 2 - entered, t + 1, total(area, t, t + 1)) for t in range(0, T, 12)]


def december(area, entered):
    """Months, with the year in December's place."""
    rows = [r for r in months_of(area) if (r[2] - FIRST.ordinal) % 12 != 11]
    return rows + [row(area, t + 12 - entered, t + 11, total(area, t, t + 11)) for t in range(0, T, 12)]


def averages(area):
    return [(*r[:3], r[3] / (r[2] - r[1] + 1), *r[4:]) for r in months_of(area)]


def rates(area, plus):
    """Same period of last year = `plus`; of years, so that the length of periods says nothing."""
    grown = [100 * (total(area, t, t + 11) / total(area, t - 12, t - 1) - 1) + plus for t in range(12, T, 12)]
    return [row(area, 12 * (i + 1), 12 * i + 23, max(value, 0.1)) for i, value in enumerate(grown)]


def moved(share, other=None, until=36):
    """Until a month a share of B is not in B's figures, but in another's where one is given."""
    rows = []
    for area in (*AREAS, "CITY"):
        for a, start, end, value, *rest in months_of(area):
            part = share * total("B", start - FIRST.ordinal, end - FIRST.ordinal) * (start < FIRST.ordinal + until)
            rows.append((a, start, end, value - part * (a == "B") + part * (a == other), *rest))
    return rows


def without(rows, areas, before=36):
    return [r for r in rows if r[0] not in areas or r[1] >= FIRST.ordinal + before]


def with_days(days, chosen=lambda r: True):
    day = {True: lambda r: Month.from_ordinal(r[2]).last_day + dt.timedelta(days), False: lambda r: r[5]}
    return [(*r[:5], day[bool(chosen(r))](r), *r[6:]) for r in honest()]
