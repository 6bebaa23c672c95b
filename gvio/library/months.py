"""Months as users of the library write and read them: dates, the first of the month."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from gvio.errors import ConfigError
from gvio.types import Month


def month_of(given: str | dt.date) -> Month:
    """The month that is asked for: text (YYYY-MM), a date in it, or a timestamp.

    Raises:
        ConfigError: It is no month.
    """
    try:
        return Month(given.year, given.month) if isinstance(given, dt.date) else Month.parse(given)
    except ValueError as error:
        raise ConfigError(str(error), where="month") from None


def dated(table: pd.DataFrame) -> pd.DataFrame:
    """A table of the store with its column `month` (YYYY-MM) as dates."""
    return table.assign(month=pd.to_datetime(table["month"] + "-01"))
