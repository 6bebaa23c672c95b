"""Small ledgers for the tests of the comparators."""

import datetime as dt
from collections.abc import Iterable
from typing import Any

import pandas as pd

from gvio.ledger.rows import COLUMNS, Ledger
from gvio.ledger.sums import Sums, sums_matrix
from gvio.types import Month

AREAS = ("D0", "D1", "D2")
FIRST = Month(2018, 1)


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
