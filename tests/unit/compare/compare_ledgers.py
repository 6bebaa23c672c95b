"""Small ledgers and folds for the tests of the comparators."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from gvio.compare.known import CompareInput
from gvio.ledger.rows import COLUMNS, Ledger
from gvio.ledger.sums import Sums, sums_matrix
from gvio.types import Month

AREAS = ("D0", "D1", "D2")
FIRST = Month(2018, 1)
T, ORIGIN = 60, 47


def row(area: str, start: int, end: int, value: float, kind: str = "current") -> dict[str, Any]:
    """One published figure; `start` and `end` are month indices from `FIRST`."""
    return {
        "area_id": area,
        "start": FIRST.ordinal + start,
        "end": FIRST.ordinal + end,
        "value": value,
        "kind": kind,
        "published": (FIRST + end + 1).first_day + dt.timedelta(days=16),
        "series": "",
        "source": "",
    }


def month_sums(rows: Iterable[dict[str, Any]], n_months: int) -> Sums:
    """The rows over `AREAS` and `n_months` months from `FIRST`."""
    table = pd.DataFrame(list(rows), columns=list(COLUMNS))
    return sums_matrix(Ledger(table), AREAS, "CITY", tuple(FIRST + t for t in range(n_months)))


def output(seed: int = 0) -> np.ndarray:
    """(3, T) output with season, trend and shocks that the light of the district shows."""
    rng = np.random.default_rng(seed)
    t = np.arange(T)
    season = 1 + 0.2 * np.sin(t / 6 * np.pi)
    return np.array([[100.0], [50.0], [10.0]]) * season * np.exp(rng.normal(0, 0.1, (3, T)).cumsum(axis=1) * 0.3)


def few_labels(y: np.ndarray) -> list[dict[str, Any]]:
    """Years of one district, first quarters of the second, nearly all months of the city; nothing of the third."""
    rows = [row("D0", 12 * k, 12 * k + 11, y[0, 12 * k : 12 * k + 12].sum()) for k in range(4)]
    rows += [row("D1", 12 * k, 12 * k + 2, y[1, 12 * k : 12 * k + 3].sum(), "cumulative") for k in range(4)]
    return rows + [row("CITY", t, t, y[:, t].sum()) for t in range(2, ORIGIN)]


def fold(rows: list, y: np.ndarray, city: np.ndarray | None = None, **changes) -> CompareInput:
    fields = {
        "months": tuple(FIRST + t for t in range(T)),
        "area_ids": AREAS,
        "sums": month_sums(rows, T),
        "city_monthly": np.full(T, np.nan) if city is None else city,
        "district_light": 2 * y**1.5,
        "features": np.zeros((3, T, 2)),
        "origin": ORIGIN,
    }
    return CompareInput(**(fields | changes))


def monthly(y: np.ndarray, last: int = ORIGIN) -> list:
    return [row(area, t, t, y[d, t]) for d, area in enumerate(AREAS) for t in range(last + 1)]
