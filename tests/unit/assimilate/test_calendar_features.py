"""The lunar new year and the working days of a month."""

import datetime as dt

import numpy as np
import pytest

from gvio.assimilate.calendar import calendar_features
from gvio.types import Month, month_range
from gvio.workdays import LUNAR, lunar_new_year

SYNODIC_MONTH = 29.530588853  # days (Meeus 1998, Astronomical Algorithms, ch. 49)
NEW_MOON = dt.datetime(2000, 1, 6, 14, 20, tzinfo=dt.UTC)  # a mean new moon
BEIJING = dt.timezone(dt.timedelta(hours=8))


def quiet(text: str) -> float:
    return float(calendar_features([Month.parse(text)])[0, 0] + 1 / 12)


@pytest.mark.parametrize(
    ("month", "days"),
    [
        ("2020-01", 12),  # new year on 25 January: 20 January to 4 February
        ("2020-02", 4),
        ("2015-02", 15),  # new year on 19 February: 14 February to 1 March
        ("2015-03", 1),
        ("2015-01", 0),
        ("2020-07", 0),
    ],
)
def test_the_quiet_fortnight_is_split_over_the_months_it_falls_in(month: str, days: int):
    assert quiet(month) == pytest.approx(days / 16)


@pytest.mark.parametrize("year", range(2012, 2041))
def test_every_new_year_is_a_new_moon_between_late_january_and_late_february(year: int):
    day = lunar_new_year(year)
    assert day is not None
    assert dt.date(year, 1, 21) <= day <= dt.date(year, 2, 20)
    noon = dt.datetime.combine(day, dt.time(12), BEIJING)
    age = (noon - NEW_MOON) / dt.timedelta(days=1) % SYNODIC_MONTH
    assert min(age, SYNODIC_MONTH - age) < 1.2, "mean and true new moon differ by 0.6 days at most, noon by half a day"


def test_the_fortnight_is_about_zero_on_average_and_no_information_where_no_date_is_known():
    years = list(month_range(Month(2012, 1), Month(2060, 12)))
    share = calendar_features(years)[:, 0].reshape(-1, 12)
    np.testing.assert_allclose(share.sum(axis=1), 0, atol=1e-12)
    beyond = calendar_features(list(month_range(Month(1900, 1), Month(1900, 12))))
    np.testing.assert_array_equal(beyond[:, 0], -1 / 12)


def test_working_days_are_weekdays_over_their_mean():
    got = calendar_features([Month(2021, 2), Month(2021, 3), Month(2020, 2)])[:, 1]
    np.testing.assert_allclose(got, np.log(np.array([20, 23, 20]) / 21.74))
    every = calendar_features(list(month_range(Month(2012, 1), Month(2039, 12))))[:, 1]
    assert abs(every.mean()) < 0.002


def test_no_months_give_no_rows():
    assert calendar_features([]).shape == (0, 2)


SPAN = list(month_range(Month(2014, 1), Month(2023, 12)))


def test_no_calendar_is_no_information():
    np.testing.assert_array_equal(calendar_features(SPAN, "none"), np.zeros((len(SPAN), 2)))
    assert calendar_features([], "none").shape == (0, 2)


@pytest.mark.parametrize("country", ["DE", "IN", "US", "SA", "BR"])
def test_elsewhere_there_is_no_quiet_fortnight_and_holidays_are_no_working_days(country: str):
    got = calendar_features(SPAN, country)
    assert got.shape == (len(SPAN), 2)
    assert np.isfinite(got).all()
    np.testing.assert_array_equal(got[:, 0], 0)
    assert abs(got[:, 1].mean()) < 0.01
    assert 0.02 < got[:, 1].std() < 0.15
    assert np.abs(got[:, 1] - calendar_features(SPAN, "CN")[:, 1]).max() > 0.03


@pytest.mark.parametrize("country", sorted(LUNAR - {"CN"}))
def test_countries_of_the_lunar_new_year_have_its_fortnight_and_their_own_holidays(country: str):
    np.testing.assert_array_equal(calendar_features(SPAN, country)[:, 0], calendar_features(SPAN, "CN")[:, 0])
    assert (calendar_features(SPAN, country)[:, 1] != calendar_features(SPAN, "CN")[:, 1]).any()


def test_china_is_the_default_and_what_it_was_before_there_was_a_choice():
    np.testing.assert_array_equal(calendar_features(SPAN), calendar_features(SPAN, "CN"))
    weekdays = np.busday_count([m.first_day for m in SPAN], [(m + 1).first_day for m in SPAN])
    np.testing.assert_array_equal(calendar_features(SPAN)[:, 1], np.log(weekdays / 21.74))
