"""What the first sentence says is what the table holds: change, noise, status, and where city and districts differ."""

from __future__ import annotations

import numpy as np
import pandas as pd

from gvio.report.story import story

NAMES = {"A": "Harbour", "B": "Marsh", "CITY": "Testville"}


def estimates(values: dict[str, dict[str, float]], width: float = 0.02, official: str = "") -> pd.DataFrame:
    rows = [
        {
            "area_id": area,
            "month": month,
            "estimate": value,
            "lower80": value * (1 - width),
            "upper80": value * (1 + width),
            "official": value if area in official.split() else np.nan,
            "kind": "fitted" if area in official.split() else "nowcast",
        }
        for area, months in values.items()
        for month, value in months.items()
    ]
    return pd.DataFrame(rows)


def world(a: float = 60.0, b: float = 50.0, city: float | None = None) -> dict[str, dict[str, float]]:
    whole = a + b if city is None else city
    return {
        "A": {"2020-12": 40.0, "2021-11": 59.0, "2021-12": a},
        "B": {"2020-12": 60.0, "2021-11": 51.0, "2021-12": b},
        "CITY": {"2020-12": 100.0, "2021-11": 110.0, "2021-12": whole},
    }


def tell(frame: pd.DataFrame, city: str | None = "CITY", unit: str = "100 million CNY"):
    return story(frame, "2021-12", city, NAMES, unit)


def test_the_headline_compares_with_the_year_and_the_month_and_names_noise() -> None:
    said = tell(estimates(world())).headline
    assert said.startswith("Testville made 110.0 × 100 million CNY in December 2021 (80 % interval 107.8 to 112.2): ")
    assert "+10.0 % on December 2020, beyond noise (+5.7 to +14.5 %)" in said
    assert "0.0 % on November 2021, within noise" in said
    assert "million CNY in" in tell(estimates(world()), unit="million CNY").headline
    assert "×" not in tell(estimates(world()), unit="million CNY").headline


def test_wide_intervals_make_the_same_change_noise() -> None:
    assert "+10.0 % on December 2020, within noise" in tell(estimates(world(), width=0.08)).headline


def test_districts_beyond_noise_are_named_largest_first() -> None:
    told = tell(estimates(world()))
    assert told.movers == "Beyond noise against December 2020: Harbour +50.0 %, Marsh −16.7 %."
    assert tell(estimates(world(), width=0.5)).movers == "No district's change on December 2020 is beyond noise."


def test_a_district_that_falls_while_the_city_rises_is_told() -> None:
    assert "The city rose on the year, but beyond noise fell Marsh −16.7 %." in tell(estimates(world())).disagreement
    assert tell(estimates(world(b=75.0))).disagreement == ""


def test_sums_that_do_not_add_up_are_told() -> None:
    told = tell(estimates(world(b=65.0, city=100.0))).disagreement
    assert "the districts' estimates add up to 25.0 % more than the city's" in told
    frame = estimates(world(b=65.0), official="A B CITY")
    frame.loc[frame["area_id"] == "CITY", "official"] *= 1.25
    assert "official figures add up to 20.0 % less than the city's" in tell(frame).disagreement
    frame.loc[frame["area_id"] == "B", "official"] = np.nan
    assert "add up" not in tell(frame).disagreement, "what is not whole cannot be compared with a whole"


def test_an_official_city_above_nowcasts_is_no_agreement() -> None:
    said = tell(estimates(world(), official="CITY")).basis
    assert said.startswith("The city's estimate is official")
    assert "all districts are nowcasts" in said


def test_the_first_month_and_a_region_without_a_total_are_told_plainly() -> None:
    first = estimates({"A": {"2021-12": 5.0}, "CITY": {"2021-12": 5.0}})
    assert "there is no earlier month to compare it with" in tell(first).headline
    assert tell(first).movers == ""
    assert "has no figure of the whole region" in tell(estimates(world()), city=None).headline


def test_january_says_that_its_split_is_a_guess() -> None:
    frame = estimates(world())
    frame["month"] = frame["month"].replace({"2021-12": "2022-01", "2021-11": "2021-12", "2020-12": "2021-01"})
    assert "the model's guess" in story(frame, "2022-01", "CITY", NAMES, "").basis
    assert "the model's guess" not in tell(estimates(world())).basis
