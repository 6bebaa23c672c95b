"""What earlier releases said of a month, by day, against what became official."""

from __future__ import annotations

import datetime as dt

import pandas as pd

from gvio.report.earlier import earlier_table, first_against_last

ROWS = [
    ("A", "2021-11", "estimate", 0, 110.0, "r1", dt.date(2021, 12, 20)),
    ("A", "2021-11", "estimate", 1, 104.0, "r2", dt.date(2022, 1, 20)),
    ("A", "2021-11", "official", 0, 99.0, None, dt.date(2022, 2, 17)),
    ("A", "2021-11", "official", 1, 100.0, None, dt.date(2022, 3, 17)),
    ("A", "2021-12", "estimate", 0, 50.0, "r2", None),
    ("B", "2021-12", "estimate", 0, 40.0, "r1", None),
    ("B", "2021-12", "estimate", 1, 50.0, "r2", None),
]
VINTAGES = pd.DataFrame(ROWS, columns=["area_id", "month", "kind", "vintage", "value", "release", "day"])


def test_every_word_on_a_month_stands_with_its_day() -> None:
    table = earlier_table(VINTAGES, "A", "2021-11")
    assert table["Said by"].tolist() == ["release r1", "release r2", "official figure", "official figure"]
    assert table["On"].iloc[0] == "2021-12-20"
    assert table["Against the newest figure"].tolist() == ["+10.0 %", "+4.0 %", "−1.0 %", "0.0 %"]
    assert earlier_table(VINTAGES, "A", "2021-12")["Against the newest figure"].tolist() == ["–"]
    assert earlier_table(VINTAGES, "C", "2021-12").empty


def test_the_first_word_is_measured_by_the_last() -> None:
    assert "+10.0 % against the newest official figure" in first_against_last(VINTAGES, "A", "2021-11")
    assert "still stands" in first_against_last(VINTAGES, "A", "2021-12")
    assert "−20.0 % against the newest estimate" in first_against_last(VINTAGES, "B", "2021-12")
    assert first_against_last(VINTAGES, "C", "2021-12") == ""
