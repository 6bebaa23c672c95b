"""The table of a month: rows, their HTML with links, and the CSV that says what it is."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
import pytest

from gvio.report.district_page import districts_html
from gvio.report.identity import Identity, rows_csv
from gvio.report.month_table import month_table
from gvio.report.numbers import interval_percent, level_and_bounds, signed_percent

VALUES = {"A": (10.0, 20.0, 30.0), "B": (30.0, 60.0, 60.0), "CITY": (40.0, 80.0, 90.0)}


def table(name: str = "Pudong", width: float = 0.1) -> pd.DataFrame:
    rows = [
        {"area_id": area, "month": month, "estimate": value, "kind": "nowcast", "official": np.nan}
        | {f"lower{level}": value * (1 - width) for level in (80, 95)}
        | {f"upper{level}": value * (1 + width) for level in (80, 95)}
        for area, values in VALUES.items()
        for month, value in zip(("2020-12", "2021-11", "2021-12"), values, strict=True)
    ]
    return month_table(pd.DataFrame(rows), "2021-12", "CITY", {"B": name, "CITY": "All"})


IDENTITY = Identity("demo", "Demonstration", "million CNY", "2021-12-abc", invented=True)


def test_the_city_stands_first_and_districts_by_size() -> None:
    rows = table()
    assert rows["name"].tolist() == ["All", "Pudong", "A"]
    assert rows["share"].tolist() == pytest.approx([np.nan, 200 / 3, 100 / 3], nan_ok=True)
    assert rows["year_change"].tolist() == pytest.approx([125.0, 100.0, 200.0])
    assert rows["month_change"].tolist() == pytest.approx([12.5, 0.0, 50.0])
    assert rows["year_beyond_noise"].tolist() == [True, True, True]
    assert rows["month_beyond_noise"].tolist() == [False, False, True]


def test_the_page_escapes_names_marks_noise_and_links_every_row() -> None:
    shown = districts_html(
        table("<img src=//example.org/x>"), "March 2020", city="CITY", link=lambda a: f"?areas={a}&x", chosen=["B"]
    )
    assert "<img" not in shown
    assert 'href="?areas=B&amp;x"' in shown
    assert 'data-gvio-area="B" aria-current="true"' in shown
    assert "rise beyond noise" in shown
    assert ">0.0 %" in shown
    assert "within noise" in shown
    assert "-" not in shown.split("<tbody>")[1].replace("gvio-", "").replace("data-", "").replace("aria-", "")


def test_value_and_interval_have_equal_decimals() -> None:
    assert level_and_bounds(700.72, 677.6, 1024.61) == ("700.7", "677.6", "1,024.6")
    assert level_and_bounds(12345.6, 999.8, 20000.0) == ("12,346", "1,000", "20,000")
    assert level_and_bounds(np.nan, 1.0, 2.0)[0] == "–"
    assert interval_percent(-1.234, 3.4) == "−1.2 to +3.4 %"
    assert signed_percent(float("inf")) == "–"
    assert [signed_percent(value) for value in (-0.03, 0.04, -0.0, -0.05001)] == ["0.0 %", "0.0 %", "0.0 %", "−0.1 %"]
    assert interval_percent(-0.03, 0.2) == "0.0 to +0.2 %"
    assert interval_percent(-5.4, -0.03) == "−5.40 to −0.03 %"
    assert interval_percent(0.0004, 2.0) == "0.000 to +2.000 %"


def test_a_csv_that_leaves_the_page_names_everything_on_every_row() -> None:
    rows = list(csv.DictReader(io.StringIO(rows_csv(table(), IDENTITY).decode("utf-8-sig"))))
    assert {row["release"] for row in rows} == {"2021-12-abc"}
    first = rows[0]
    assert (first["title"], first["unit"], first["month"]) == ("Demonstration", "million CNY", "2021-12")
    assert first["invented"] == "true"
    assert first["citation"].endswith("release 2021-12-abc. Invented data.")
    assert float(first["year_low"]) == pytest.approx(100 * (81 / 44 - 1))
    assert first["status"] == "nowcast"


def test_a_name_that_a_spreadsheet_would_compute_is_text() -> None:
    rows = list(csv.DictReader(io.StringIO(rows_csv(table("=1+1"), IDENTITY).decode("utf-8-sig"))))
    assert rows[1]["name"] == "'=1+1"
