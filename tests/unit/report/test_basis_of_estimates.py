"""What the page says an estimate stands on, row by row and in one sentence."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
import pytest

from gvio.report.basis import basis_of, basis_sentence
from gvio.report.district_page import Identity, districts_html, rows_csv


@pytest.mark.parametrize(
    ("official", "kind", "basis"),
    [(12.0, "fitted", "official"), (np.nan, "fitted", "from sums"), (None, "nowcast", "nowcast")],
)
def test_a_row_stands_on_a_figure_a_sum_or_neither(official: float | None, kind: str, basis: str) -> None:
    assert basis_of(official, kind) == basis


def test_an_official_city_over_nowcasts_is_told_apart() -> None:
    said = basis_sentence("official", ["nowcast"] * 16)
    assert said.startswith("The city's estimate is official")
    assert "all districts are nowcasts" in said


def test_one_basis_for_all_is_said_once() -> None:
    assert basis_sentence("nowcast", ["nowcast"] * 3).count("nowcast") == 1


def test_mixed_districts_are_counted() -> None:
    said = basis_sentence("official", ["nowcast", "official", "official"])
    assert "2 official" in said
    assert "1 nowcast" in said


def table(name: str = "Pudong") -> pd.DataFrame:
    row = {"area_id": "D1", "name": name, "estimate": 3479.21, "lower80": 3400.0, "upper80": 3555.5}
    return pd.DataFrame([row | {"share": 58.2, "yoy": -0.4, "official": np.nan, "kind": "nowcast"}])


def test_the_table_escapes_names_and_keeps_one_precision() -> None:
    shown = districts_html(table("<img src=//example.org/x>"), "March 2020")
    assert "<img" not in shown
    assert "3,479" in shown
    assert "3,400 – 3,556" in shown
    assert "−0.4 %" in shown


def test_a_csv_that_leaves_the_page_names_release_unit_and_invention() -> None:
    identity = Identity("demo", "Demonstration", "million CNY", "2021-12-abc", invented=True)
    rows = list(csv.DictReader(io.StringIO(rows_csv(table(), identity).decode("utf-8-sig"))))
    assert rows[0]["release"] == "2021-12-abc"
    assert rows[0]["unit"] == "million CNY"
    assert rows[0]["invented"] == "true"
    assert float(rows[0]["estimate"]) == 3479.21
