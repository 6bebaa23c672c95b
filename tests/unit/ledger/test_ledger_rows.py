import datetime as dt

import numpy as np
import pandas as pd
import pytest

from gvio.ledger.rows import Ledger, as_of, name_lines, public_on
from gvio.ledger.sums import official_monthly, sums_matrix
from gvio.types import Month, month_range

MONTHS = list(month_range(Month(2020, 1), Month(2021, 12)))
AREAS = ["D0", "D1", "D2"]


def ledger_of(*rows, line=2):
    """Rows as (area, start, end, value, kind, published); the index starts at line 2 like a file's."""
    names = ["area_id", "start", "end", "value", "kind", "published"]
    frame = pd.DataFrame([list(row) for row in rows], columns=names)
    frame["start"] = [Month.parse(text).ordinal for text in frame["start"]]
    frame["end"] = [Month.parse(text).ordinal for text in frame["end"]]
    frame["published"] = [dt.date.fromisoformat(text) for text in frame["published"]]
    frame["value"] = frame["value"].astype(float)
    frame.index = pd.RangeIndex(line, line + len(frame))
    return Ledger(frame.assign(series="", source=""))


VINTAGES = ledger_of(
    ("D0", "2020-03", "2020-03", 10.0, "current", "2020-04-17"),
    ("D0", "2020-04", "2020-04", 11.0, "current", "2020-05-17"),
    ("D0", "2020-03", "2020-03", 10.4, "current", "2020-06-01"),
)


def test_a_run_as_of_a_day_sees_no_later_row():
    assert as_of(VINTAGES, dt.date(2020, 5, 16)).rows["value"].tolist() == [10.0]


def test_a_figure_counts_from_the_day_of_its_publication():
    assert len(as_of(VINTAGES, dt.date(2020, 5, 17))) == 2


def test_the_newest_public_vintage_counts():
    assert sorted(as_of(VINTAGES, dt.date(2020, 6, 1)).rows["value"]) == [10.4, 11.0]


def test_of_two_vintages_of_one_day_the_later_line_counts():
    twice = ledger_of(
        ("D0", "2020-03", "2020-03", 1.0, "current", "2020-04-17"),
        ("D0", "2020-03", "2020-03", 2.0, "current", "2020-04-17"),
    )
    assert as_of(twice, dt.date(2021, 1, 1)).rows["value"].tolist() == [2.0]


def test_line_numbers_survive():
    assert as_of(VINTAGES, dt.date(2020, 12, 31)).rows.index.tolist() == [3, 4]


def test_before_the_first_publication_the_ledger_is_empty_and_still_makes_sums():
    empty = as_of(VINTAGES, dt.date(2019, 1, 1))
    assert sums_matrix(empty, AREAS, "CITY", MONTHS).G.shape == (0, 72)


@pytest.mark.parametrize(
    ("lines", "text"), [([3], "line 3"), ([3, 9], "lines 3, 9"), (range(2, 9), "lines 2, 3, 4, 5, 6 and 2 more")]
)
def test_lines_are_named(lines, text):
    assert name_lines(lines) == text


def test_sums_add_the_district_months_of_their_period():
    ledger = ledger_of(
        ("D1", "2020-02", "2020-04", 1.0, "cumulative", "2020-05-17"),
        ("CITY", "2021-12", "2021-12", 1.0, "current", "2022-01-17"),
    )
    sums = sums_matrix(ledger, AREAS, "CITY", MONTHS)
    y = np.arange(72.0).reshape(3, 24)
    assert (sums.G @ y.ravel()).tolist() == [y[1, 1:4].sum(), y[:, 23].sum()]
    assert sums.area.tolist() == [1, -1]
    assert (sums.start.tolist(), sums.end.tolist()) == ([1, 23], [3, 23])
    assert sums.cumulative.tolist() == [True, False]
    assert sums.published == (dt.date(2020, 5, 17), dt.date(2022, 1, 17))
    assert (sums.n_areas, sums.n_months) == (3, 24)


@pytest.mark.parametrize(("start", "end"), [("2019-12", "2020-02"), ("2021-12", "2022-01"), ("2018-01", "2018-12")])
def test_rows_that_reach_outside_the_months_are_left_out(start, end):
    ledger = ledger_of(("D0", start, end, 1.0, "current", "2023-01-01"))
    assert sums_matrix(ledger, AREAS, "CITY", MONTHS).values.size == 0


@pytest.mark.parametrize("function", [sums_matrix, official_monthly])
def test_an_unknown_area_is_a_defect_of_the_caller(function):
    ledger = ledger_of(("D9", "2020-02", "2020-02", 1.0, "current", "2020-05-17"))
    with pytest.raises(KeyError, match="D9"):
        function(ledger, AREAS, "CITY", MONTHS)


def test_official_months_are_single_months_of_either_kind():
    ledger = ledger_of(
        ("D0", "2020-01", "2020-01", 5.0, "cumulative", "2020-02-17"),
        ("D1", "2020-01", "2020-02", 7.0, "current", "2020-03-17"),
        ("CITY", "2020-03", "2020-03", 9.0, "current", "2020-04-17"),
    )
    values, published = official_monthly(ledger, AREAS, "CITY", MONTHS)
    assert values.shape == published.shape == (4, 24)
    assert np.argwhere(np.isfinite(values)).tolist() == [[0, 0], [3, 2]]
    assert published[3, 2] == dt.date(2020, 4, 17)
    assert published[1, 0] is None


def test_differences_of_year_to_date_are_not_official():
    ledger = ledger_of(
        ("D0", "2020-01", "2020-03", 5.0, "cumulative", "2020-04-17"),
        ("D0", "2020-01", "2020-04", 7.0, "cumulative", "2020-05-17"),
    )
    assert np.isnan(official_monthly(ledger, AREAS, "CITY", MONTHS)[0]).all()


def test_of_both_kinds_the_current_row_counts():
    ledger = ledger_of(
        ("D0", "2020-01", "2020-01", 5.0, "current", "2020-02-17"),
        ("D0", "2020-01", "2020-01", 6.0, "cumulative", "2020-03-17"),
    )
    assert official_monthly(ledger, AREAS, "CITY", MONTHS)[0][0, 0] == 5.0


def test_rows_public_on_a_day_keep_every_vintage():
    assert public_on(VINTAGES, dt.date(2020, 6, 1)).rows["value"].tolist() == [10.0, 11.0, 10.4]
    assert public_on(VINTAGES, dt.date(2020, 5, 31)).rows["value"].tolist() == [10.0, 11.0]


def test_a_ledger_without_rows_stays_a_table():
    empty = as_of(VINTAGES, dt.date(2020, 1, 1))
    assert len(as_of(empty, dt.date(2020, 1, 1))) == 0
    assert list(empty.rows.columns) == list(VINTAGES.rows.columns)
