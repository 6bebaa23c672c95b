"""Calendar effects on output: the lunar new year moves between January and February, months differ in working days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence

import numpy as np

from gvio.types import FloatArray, Month
from gvio.workdays import DEFAULT, LUNAR, NONE, lunar_new_year, usual_working_days, working_days

# Factories are quiet from about five days before to ten days after the first day.
_BEFORE, _AFTER = 5, 10


def calendar_features(months: Sequence[Month], calendar: str = DEFAULT) -> FloatArray:
    """Two features per month, each about zero on average: share of the new year's quiet fortnight, working days.

    Args:
        months: (T,) the months.
        calendar: A country's two letters, or `none`.

    Returns:
        (T, 2) float64: days of the quiet fortnight in the month divided by 16, minus 1/12 (0 in countries without a
        lunar new year; −1/12, which is no information, in years whose date is not known); log of working days over
        their usual number. All zero, which is no information, for `none`.
    """
    if calendar == NONE:
        return np.zeros((len(months), 2))
    lunar, usual = calendar in LUNAR, usual_working_days(calendar)
    rows = [[_quiet_share(m) - 1 / 12 if lunar else 0.0, np.log(working_days(calendar, m) / usual)] for m in months]
    return np.array(rows).reshape(-1, 2)


def _quiet_share(month: Month) -> float:
    start = lunar_new_year(month.year)
    if start is None:
        return 0.0
    days = (start + dt.timedelta(days=offset) for offset in range(-_BEFORE, _AFTER + 1))
    return sum(day.month == month.month for day in days) / (_BEFORE + _AFTER + 1)
