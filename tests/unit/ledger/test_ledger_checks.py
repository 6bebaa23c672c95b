import datetime as dt

import pandas as pd
import pytest

from gvio.config import Params
from gvio.ledger.checks import check_ledger
from gvio.ledger.rows import Ledger
from gvio.types import Month, month_range

AREAS = ["D0", "D1"]
REQUIRED = {"ledger.rows", "ledger.series", "ledger.unit", "ledger.level", "ledger.year_to_date"}
REQUIRED |= {"ledger.sums_as_months", "ledger.scales_with_period"}
WARNINGS = {
    f"ledger.{name}" for name in ("vintages", "publication", "periods", "contradictions", "scatter", "sum_moves")
}
BOTH = {f"ledger.{name}" for name in ("city_sum", "city_less_others", "year_to_date_as_months", "joint_months")}
BOTH |= {"ledger.level_break", "ledger.outlier"}  # some of what they find refuses, some warns


def row(area, start, end, value, kind="current", published=None):
    first, last = Month.parse(start), Month.parse(end)
    day = dt.date.fromisoformat(published) if published else last.last_day + dt.timedelta(days=17)
    return (area, first.ordinal, last.ordinal, float(value), kind, day, "", "")


def steady(months=24):
    """Two districts of 100 and 300 a month and their city, every month of two years."""
    figures = {"D0": 100.0, "D1": 300.0, "CITY": 400.0}
    span = [str(m) for m in month_range(Month(2020, 1), Month(2020, 1) + (months - 1))]
    return [row(area, month, month, value) for month in span for area, value in figures.items()]


def ledger_of(rows):
    frame = pd.DataFrame(rows, columns=["area_id", "start", "end", "value", "kind", "published", "series", "source"])
    frame.index = pd.RangeIndex(2, 2 + len(frame))
    return Ledger(frame)


def failed(rows):
    results = check_ledger(ledger_of(rows), AREAS, "CITY", Params())
    assert all(result.required == (result.name in REQUIRED) for result in results if result.name not in BOTH)
    return {result.name: result for result in results if not result.passed}


def test_a_steady_ledger_passes_every_check():
    results = check_ledger(ledger_of(steady()), AREAS, "CITY", Params())
    assert all(result.passed for result in results)
    assert {r.name for r in results} == REQUIRED | WARNINGS | BOTH


def test_an_empty_ledger_fails():
    assert "no official figure is public" in failed([])["ledger.rows"].message


def test_a_plant_that_stands_still_for_some_months_is_no_unit():
    """Declining, with a thirtieth of its usual output for three months: seen among honest simulated ledgers."""
    still = {"2021-06": 1 / 30, "2021-07": 1 / 35, "2021-08": 1 / 32}
    rows = [
        (*r[:3], r[3] * still.get(str(Month.from_ordinal(r[1])) if r[0] == "D0" else "", 1), *r[4:]) for r in steady()
    ]
    assert "ledger.unit" not in failed(rows)
    alone = [r for r in rows if r[0] != "D0" or str(Month.from_ordinal(r[1])) not in ("2021-07", "2021-08")]
    assert "ledger.unit" in failed(alone)


@pytest.mark.parametrize("factor", [1e4, 1e-4])
def test_a_unit_off_by_ten_thousand_fails(factor):
    found = failed([*steady(), row("D1", "2022-01", "2022-01", 300 * factor)])["ledger.unit"]
    assert found.message.startswith("line 74: ")
    assert "(2022-01) is off the area's median by a factor of 10,000" in found.message
    assert found.observed["lines"] == [74]


def test_an_annual_figure_is_compared_per_month():
    assert "ledger.unit" not in failed([*steady(), row("D0", "2020-01", "2020-12", 1200)])


def test_an_area_with_one_row_in_another_unit_fails_against_the_city():
    rows = [r for r in steady() if r[0] == "CITY"]
    found = failed([*rows, row("D0", "2020-01", "2020-12", 1200e4)])["ledger.level"]
    assert found.message.startswith("line 26: a typical month of area D0 is 2.5e+03 times the city's")


def test_an_area_wholly_in_another_unit_fails():
    rows = [(*r[:3], r[3] * (1e-4 if r[0] == "D0" else 1), *r[4:]) for r in steady()]
    assert failed(rows)["ledger.level"].observed["areas"] == ["D0"]


def test_without_a_city_districts_are_compared_with_one_another():
    rows = [r for r in steady() if r[0] != "CITY"]
    assert failed(rows) == {}


def test_falling_year_to_date_fails():
    rows = [
        row("D0", "2020-01", "2020-03", 300, "cumulative"),
        row("D0", "2020-01", "2020-06", 250, "cumulative"),
        row("D0", "2021-01", "2021-03", 200, "cumulative"),
    ]
    found = failed([*steady(), *rows])["ledger.year_to_date"]
    assert found.message.startswith("line 75: year-to-date of area D0 (2020-01..2020-06) falls to 250 from 300")
    assert found.observed["lines"] == [75]


def test_rounding_is_no_fall():
    rows = [
        row("D0", "2020-01", "2020-06", 600, "cumulative"),
        row("D0", "2020-01", "2020-07", 599.9, "cumulative"),
    ]
    assert "ledger.year_to_date" not in failed([*steady(), *rows])


def test_vintages_that_differ_warn():
    found = failed([*steady(), row("D0", "2020-01", "2020-01", 110, published="2020-06-01")])["ledger.vintages"]
    assert "vintages of area D0, 2020-01..2020-01, differ by 10%" in found.message
    assert found.observed["lines"] == [2, 74]


def test_vintages_within_tolerance_pass_and_checks_look_at_the_newest():
    assert failed([*steady(), row("D0", "2020-01", "2020-01", 104, published="2020-06-01")]) == {}


@pytest.mark.parametrize("kind", ["current", "cumulative"])
def test_a_sum_that_contradicts_its_months_warns(kind):
    found = failed([*steady(), row("D0", "2020-01", "2020-03", 330, kind)])["ledger.contradictions"]
    assert found.message == "line 74: 330 for 2020-01..2020-03, but its parts sum to 300; both are kept, softly"


def test_year_to_date_of_january_that_contradicts_january_warns():
    assert "ledger.contradictions" in failed([*steady(), row("D0", "2020-01", "2020-01", 130, "cumulative")])


def test_a_sum_with_a_month_missing_is_not_compared():
    rows = [r for r in steady() if not (r[0] == "D0" and r[1] == Month(2020, 2).ordinal)]
    assert "ledger.contradictions" not in failed([*rows, row("D0", "2020-01", "2020-03", 330)])


def test_the_difference_of_year_to_date_is_compared_with_the_month():
    """Shanghai, November 2020: 3530 by difference against 3479.41 as published is within tolerance; 3900 is not."""
    ytd = [row("CITY", "2020-01", "2020-10", 27631.36, "cumulative")]
    november = [row("CITY", "2020-11", "2020-11", 3479.41)]
    close = failed([*ytd, *november, row("CITY", "2020-01", "2020-11", 31161.36, "cumulative")])
    far = failed([*ytd, *november, row("CITY", "2020-01", "2020-11", 31531.36, "cumulative")])
    assert "ledger.contradictions" not in close
    assert "but year-to-date rows differ by 3900" in far["ledger.contradictions"].message


def test_districts_that_do_not_sum_to_the_city_warn():
    rows = [(*r[:3], r[3] * (1.3 if r[0] == "CITY" else 1), *r[4:]) for r in steady(2)]
    found = failed(rows)["ledger.city_sum"]
    assert found.message.startswith("in 2 of 2 periods the districts do not sum to the city, first in 2020-01: 0.769")


def test_periods_with_a_district_not_public_are_not_compared():
    rows = [(*r[:3], r[3] * (1.3 if r[0] == "CITY" else 1), *r[4:]) for r in steady(2) if r[0] != "D1"]
    assert "ledger.city_sum" not in failed(rows)
