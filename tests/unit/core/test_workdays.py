"""Public holidays and the lunar new year as the `holidays` package knows them."""

import datetime as dt

import holidays
import pytest

from gvio.types import Month, month_range
from gvio.workdays import LUNAR, NONE, known_calendar, lunar_new_year, working_days

# First day of the lunar year (Hong Kong Observatory, Gregorian–lunar conversion tables).
_OBSERVATORY = """2012-01-23 2013-02-10 2014-01-31 2015-02-19 2016-02-08 2017-01-28 2018-02-16 2019-02-05 2020-01-25
2021-02-12 2022-02-01 2023-01-22 2024-02-10 2025-01-29 2026-02-17 2027-02-06 2028-01-26 2029-02-13 2030-02-03
2031-01-23 2032-02-11 2033-01-31 2034-02-19 2035-02-08 2036-01-28 2037-02-15 2038-02-04 2039-01-24 2040-02-12"""
OBSERVATORY = [dt.date.fromisoformat(day) for day in _OBSERVATORY.split()]


@pytest.mark.parametrize("day", OBSERVATORY, ids=str)
def test_every_new_year_is_the_observatorys(day: dt.date) -> None:
    assert lunar_new_year(day.year) == day


def test_later_years_are_known_and_impossible_ones_are_not() -> None:
    for year in range(2041, 2090):
        day = lunar_new_year(year)
        assert day is not None
        assert dt.date(year, 1, 20) <= day <= dt.date(year, 2, 21)
    assert lunar_new_year(1900) is None


@pytest.mark.parametrize("country", sorted(LUNAR))
def test_countries_of_the_lunar_new_year_rest_around_it_every_year(country: str) -> None:
    for day in OBSERVATORY[1:]:
        known = holidays.country_holidays(country, years=day.year)
        near = [day + dt.timedelta(days=offset) for offset in range(-2, 5)]
        assert sum(d in known for d in near) >= 2, day


@pytest.mark.parametrize(
    ("country", "month", "days"),
    [
        ("CN", "2021-02", 20),  # weekdays alone: China moves working days to weekends around its holidays
        ("CN", "2021-10", 21),
        ("DE", "2021-05", 19),  # 21 weekdays, Ascension and Whit Monday off
        ("US", "2021-07", 21),  # 22 weekdays, Independence Day off on the 5th
        ("SA", "2023-10", 23),  # Friday and Saturday are the weekend; Monday to Friday would be 22
        ("IN", "2050-01", 20),  # beyond the package's Hindu calendar: what it knows, 21 weekdays less Republic Day
    ],
)
def test_working_days(country: str, month: str, days: int) -> None:
    assert working_days(country, Month.parse(month)) == days


def test_every_month_of_every_country_has_working_days() -> None:
    months = list(month_range(Month(2012, 1), Month(2013, 12)))
    for country in sorted({code for code in holidays.list_supported_countries() if len(code) == 2}):
        assert min(working_days(country, month) for month in months) >= 10, country


@pytest.mark.parametrize(
    ("given", "known"), [("CN", "CN"), ("de", "DE"), ("CHN", "CN"), (" none ", NONE), ("NONE", NONE)]
)
def test_calendars_are_known_by_their_country(given: str, known: str) -> None:
    assert known_calendar(given) == known


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ("CNN", "'CNN' is no country of the holidays package; the nearest is 'CN'"),
        ("holidays", "'holidays' is no country of the holidays package"),
        ("XX", "'XX' is no country of the holidays package"),
        ("", "'' is no country of the holidays package"),
        (False, "NO without quotes is YAML's word for false"),
        (7, "7 is not a country's two letters"),
    ],
)
def test_another_calendar_is_refused(wrong: object, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        known_calendar(wrong)
