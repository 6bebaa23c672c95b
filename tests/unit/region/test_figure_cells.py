"""A cell is read for certain or refused with what to do; nothing is guessed."""

import datetime as dt
from collections.abc import Callable

import pytest

from gvio.region.figure_cells import read_day, read_kind, read_month, read_number
from gvio.types import Month


@pytest.mark.parametrize(
    ("cell", "value"), [("1234.5", 1234.5), ("1e3", 1000.0), ("１２３．５", 123.5), (".5", 0.5), ("-3", -3.0)]
)
def test_numbers_are_read(cell, value):
    assert read_number(cell) == value


@pytest.mark.parametrize(
    ("cells", "cure"),
    [
        (["1_234", "1,234.5", "1 234", "1.234,5", "12,5", "1'234", "１，２３４", "1.234.567"], "Write numbers plainly"),
        (["", "-", "—", "…", "...", "n/a", "NA", "null", "x", "#N/A", "#REF!", "无"], "remove the line"),
        (["7.2%", "7.2 ‰", "７％"], "A percentage is no sum"),
        (["12.3亿", "12.3 bn", "~12", "12.3*", "(12)", "0x1f", "1 2 e", "٣٤", "−3"], "without unit, note or sign"),
    ],
)
def test_other_cells_are_refused_with_the_cure(cells, cure):
    for cell in cells:
        with pytest.raises(ValueError, match=cure):
            read_number(cell)


@pytest.mark.parametrize("cell", ["2020-03", "2020-3", "2020/3", "2020/03", "202003", "2020年3月", "２０２０-03"])
def test_months_that_can_be_nothing_else_are_read(cell):
    assert read_month(cell) == Month(2020, 3).ordinal


@pytest.mark.parametrize(
    ("cell", "cure"),
    [
        *[(cell, "like 2020-03.$") for cell in ("Mar-20", "3/2020", "20-03", "2020.3", "2020", "2020-13", "")],
        *[(cell, "without a day") for cell in ("2020-03-01", "2020/3/1", "20200301")],
    ],
)
def test_other_months_are_refused(cell, cure):
    with pytest.raises(ValueError, match=cure):
        read_month(cell)


@pytest.mark.parametrize(
    "cell", ["2020-04-07", "2020-4-7", "2020/4/7", "20200407", "2020年4月7日", "2020-04-07 00:00:00"]
)
def test_days_with_the_year_first_are_read(cell):
    assert read_day(cell) == dt.date(2020, 4, 7)


@pytest.mark.parametrize("cell", ["7.4.2020", "4/7/2020", "2020-W15-2", "2020-02-30", "2020-04", "43928", "soon", ""])
def test_other_days_are_refused(cell):
    with pytest.raises(ValueError, match="like 2020-04-17"):
        read_day(cell)


def test_kinds_are_read_in_any_case():
    assert [read_kind("Current"), read_kind("CUMULATIVE")] == ["current", "cumulative"]
    with pytest.raises(ValueError, match="Use current or cumulative"):
        read_kind("ytd")


@pytest.mark.parametrize(
    ("read", "cell"),
    [(read_number, "31.4⁹"), (read_number, "1234①"), (read_month, "2019-1¹"), (read_day, "2020-11-1①")],
)
def test_a_footnote_is_no_digit(read: Callable[[str], object], cell: str) -> None:
    with pytest.raises(ValueError, match="Write "):
        read(cell)
