"""Which days a country works: public holidays and the lunar new year, from the package `holidays`, its only user.

A calendar is a country's two letters (ISO 3166-1), or `none`.
"""

from __future__ import annotations

import datetime as dt
import difflib
import functools
import threading
import warnings
from typing import TYPE_CHECKING

import numpy as np

from gvio.types import Month, month_range

if TYPE_CHECKING:
    from holidays import HolidayBase  # a quarter of a second to import, which no command without a calendar should pay

NONE = "none"
DEFAULT = "CN"
"""What a pack has that names no calendar: every pack had it before there was a choice."""

LUNAR = frozenset({"CN", "HK", "KR", "MO", "MY", "SG", "TW", "VN"})
"""Countries with two or more public holidays at the lunar new year. Mongolia's is reckoned otherwise."""

_USUAL_YEARS = range(2016, 2026)
_LOCK = threading.Lock()  # warnings.catch_warnings is not safe between threads


def known_calendar(given: object) -> str:
    """The calendar in its usual spelling: `none`, or a country's two letters in capitals.

    Raises:
        ValueError: No country of the package `holidays`; the nearest is named.
    """
    if given is False:
        raise ValueError('NO without quotes is YAML\'s word for false; for Norway write calendar: "NO"')
    if not isinstance(given, str):
        raise ValueError(f"{given!r} is not a country's two letters, nor {NONE!r}")
    code = given.strip().upper()
    if code == NONE.upper():
        return NONE
    country = _country(code)
    if country is not None:
        return country
    near = difflib.get_close_matches(code, _countries(), n=1, cutoff=0.5)
    rest = f"; the nearest is {near[0]!r}" if near else ""
    raise ValueError(f"{given!r} is no country of the holidays package{rest}; give its two letters, or {NONE!r}")


@functools.cache
def lunar_new_year(year: int) -> dt.date | None:
    """First day of the lunar year in China; None where the package does not know it.

    Korea and Vietnam reckon it in their own time zones and differ by a day now and then.
    """
    known = _holidays("CN", year)
    named = [day for day, name in known.items() if "Spring Festival" in name and "observed" not in name]
    return min(named, default=None)


@functools.cache
def working_days(calendar: str, month: Month) -> int:
    """Days of the month that are neither weekend nor public holiday.

    In China every weekday: there the days between a holiday and the next weekend are made up for by working on weekends
    that the package does not list, and the quiet fortnight of the new year is a feature of its own.
    """
    if calendar == "CN":
        return _busy(month, "1111100", [])
    known = _holidays(calendar, month.year)
    week = "".join("0" if day in known.weekend else "1" for day in range(7))
    return _busy(month, week, [day for day in known if day.month == month.month])


@functools.cache
def usual_working_days(calendar: str) -> float:
    """Working days of a mean month; of 2016 to 2025 where there are holidays, whatever the months of a region."""
    if calendar == "CN":
        return 21.74
    months = month_range(Month(_USUAL_YEARS[0], 1), Month(_USUAL_YEARS[-1], 12))
    return float(np.mean([working_days(calendar, month) for month in months]))


def _busy(month: Month, week: str, off: list[dt.date]) -> int:
    end = month.last_day + dt.timedelta(days=1)
    return int(np.busday_count(month.first_day, end, weekmask=week, holidays=off))


@functools.cache
def _holidays(country: str, year: int) -> HolidayBase:
    from holidays import country_holidays

    with _LOCK, warnings.catch_warnings():
        # Some calendars (India's) end within the package: it warns, and gives what it knows.
        warnings.simplefilter("ignore")
        return country_holidays(country, years=year, expand=False, language="en_US")


def _country(code: str) -> str | None:
    """The two letters of a country given by two or three; None for what is no country."""
    from holidays import country_holidays

    try:
        found: str | None = country_holidays(code).country
    except (NotImplementedError, AttributeError):
        return None
    return found


def _countries() -> list[str]:
    from holidays import list_supported_countries

    return sorted(code for code in list_supported_countries() if len(code) == 2)
