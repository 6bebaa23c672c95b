"""Calendar effects on output: the lunar new year moves between January and February, months differ in working days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np

from gvio.types import FloatArray, Month

# First day of the lunar year (Hong Kong Observatory, Gregorian–lunar conversion tables), 2012 onward.
_NEW_YEAR = """2012-01-23 2013-02-10 2014-01-31 2015-02-19 2016-02-08 2017-01-28 2018-02-16 2019-02-05 2020-01-25
2021-02-12 2022-02-01 2023-01-22 2024-02-10 2025-01-29 2026-02-17 2027-02-06 2028-01-26 2029-02-13 2030-02-03
2031-01-23 2032-02-11 2033-01-31 2034-02-19 2035-02-08 2036-01-28 2037-02-15 2038-02-04 2039-01-24 2040-02-12"""
NEW_YEAR = {day.year: day for day in map(dt.date.fromisoformat, _NEW_YEAR.split())}
# Factories are quiet from about five days before to ten days after the first day.
_BEFORE, _AFTER = 5, 10


def calendar_features(months: Sequence[Month]) -> FloatArray:
    """Two features per month, each about zero on average: share of the new year's quiet fortnight, working days.

    Returns:
        (T, 2) float64: days of the quiet fortnight in the month divided by 16, minus 1/12; log of weekdays (Monday
        to Friday) over 21.7. The first is −1/12 in years beyond the table (2012–2040), which is no information.
    """
    return np.array([[_quiet_share(m) - 1 / 12, np.log(_weekdays(m) / 21.74)] for m in months]).reshape(-1, 2)


def _quiet_share(month: Month) -> float:
    start = NEW_YEAR.get(month.year)
    if start is None:
        return 0.0
    days = (start + dt.timedelta(days=offset) for offset in range(-_BEFORE, _AFTER + 1))
    return sum(day.month == month.month for day in days) / (_BEFORE + _AFTER + 1)


def _weekdays(month: Month) -> int:
    span = np.datetime64(month.first_day), np.datetime64(month.last_day) + np.timedelta64(1, "D")
    return int(np.busday_count(*span))
