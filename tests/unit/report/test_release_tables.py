from __future__ import annotations

import dataclasses
import datetime as dt

import numpy as np
import pandas as pd
import pytest

from gvio.report.about import describe, facts, object_key
from gvio.report.numbers import decimals_for
from gvio.report.tables import (
    age_days,
    age_text,
    area_month,
    checks_sentence,
    checks_table,
    find_city,
    month_text,
    nowcast_spans,
    series,
)
from gvio.types import Asset, CheckResult, Manifest, Month

MONTHS = ["2020-12", "2021-11", "2021-12"]


def estimates() -> pd.DataFrame:
    values = {"A": [10.0, 20.0, 30.0], "B": [30.0, 60.0, 60.0], "CITY": [40.0, 80.0, 90.0]}
    rows = [
        {"area_id": a, "month": m, "estimate": v, "lower80": 0.9 * v, "upper80": 1.2 * v, "lower95": 0.8 * v}
        | {"upper95": 1.4 * v, "official": v if m == "2020-12" else np.nan, "official_published": None}
        | {"kind": "fitted" if m == "2020-12" else "nowcast"}
        for a, series_ in values.items()
        for m, v in zip(MONTHS, series_, strict=True)
    ]
    return pd.DataFrame(rows)


def check(name: str, passed: bool, required: bool) -> CheckResult:
    return CheckResult(name, passed, required, "2021-12", "message")


def test_change_is_unknown_without_a_year_before() -> None:
    assert area_month(estimates(), "CITY", "2020-12").yoy is None
    assert area_month(estimates(), "CITY", "2021-12").yoy == pytest.approx(125.0)
    assert area_month(estimates(), "CITY", "1999-01") is None


def test_the_city_is_the_named_area_or_the_sum_of_the_others() -> None:
    frame = estimates()
    assert find_city(frame) == "CITY"
    assert find_city(frame, "A") == "A"
    assert find_city(frame, "absent") == "CITY"
    assert find_city(frame[frame["area_id"] != "CITY"]) is None


def test_nowcast_months_form_spans() -> None:
    rows = series(estimates(), "A")
    assert rows["date"].is_monotonic_increasing
    (span,) = nowcast_spans(rows)
    assert span[0] < pd.Timestamp("2021-11-01") < pd.Timestamp("2021-12-01") < span[1]
    assert nowcast_spans(rows.iloc[:1]) == []


def test_failed_required_checks_come_first() -> None:
    table = checks_table([check("a", True, True), check("b", False, False), check("c", False, True)])
    assert table["outcome"].tolist() == ["FAILED", "warning", "passed"]
    assert table["check"].tolist() == ["c", "b", "a"]


@pytest.mark.parametrize(
    ("checks", "sentence"),
    [
        ([], "carries no checks"),
        ([check("a", True, True)], "All checks passed (1)"),
        ([check("a", True, True), check("b", False, False)], "with 1 warning (1 of 2 checks passed)"),
        ([check("a", False, True), check("b", False, True)], "2 required checks failed"),
    ],
)
def test_checks_in_one_sentence(checks: list[CheckResult], sentence: str) -> None:
    assert sentence in checks_sentence(checks)


@pytest.mark.parametrize(
    ("typical", "decimals"), [(25340.0, 0), (254.6, 1), (2.5, 3), (1e-9, 4), (0.0, 0), (np.nan, 0)]
)
def test_decimals_follow_the_size_of_a_column(typical: float, decimals: int) -> None:
    assert decimals_for(pd.Series([typical, typical])) == decimals


def test_age() -> None:
    now = dt.datetime(2022, 1, 20, 12, tzinfo=dt.UTC)
    assert age_days("2022-01-10T11:00:00+00:00", now) == 10
    assert age_days("2022-01-10T11:00:00Z", now) == 10
    assert age_days("2022-01-10T11:00:00", now) == 10
    assert age_days("soon", now) is None
    assert [age_text(d) for d in (0, 1, 9, None)] == ["today", "yesterday", "9 days ago", "at an unknown time"]
    assert month_text("2021-12") == "December 2021"
    assert month_text("soon") == "soon"


def test_a_release_describes_itself() -> None:
    manifest = Manifest(
        release="r",
        region="shanghai",
        month=Month(2021, 12),
        objects=(
            Asset("grids/2021-12/g.tif", "", 0, "", "2021-12"),
            Asset("grids/2021-11/g.tif", "", 0, "", "2021-11"),
            Asset("releases/r/estimates.parquet", "", 0, ""),
        ),
        inputs={
            "title": "Shanghai (demonstration: invented)",
            "unit": "CNY",
            "areas": {"A": "Pudong"},
            "pack": None,
        },
        model={"version": "3", "params": {"seeds": [1, 2]}},
        code="abc",
    )
    about = describe("shanghai", manifest, estimates())
    assert (about.title, about.unit_text, about.city) == ("Shanghai (demonstration: invented)", "CNY", "CITY")
    assert not about.invented, "the word in a title decides nothing"
    assert describe("shanghai", dataclasses.replace(manifest, invented=True), estimates()).invented
    assert about.names == {"A": "Pudong", "B": "B", "CITY": "Shanghai"}
    assert list(about.grids) == ["2021-11", "2021-12"]
    assert object_key(manifest, "estimates.parquet") == "releases/r/estimates.parquet"
    assert object_key(manifest, "trends.tif") is None
    assert facts(manifest, "model") == [("version", "3"), ("params: seeds", "1, 2")]
    assert facts(manifest, "code") == [("code", "abc")]
    assert facts(Manifest("r", "shanghai", Month(2021, 12)), "code") == []


def test_a_release_that_says_nothing_of_itself_can_still_be_shown() -> None:
    about = describe("mumbai-spike-in", Manifest("r", "mumbai-spike-in", Month(2021, 12)), estimates())
    assert (about.title, about.unit_text) == ("Mumbai Spike In", "unit not stated")
    assert about.grids == {}
    assert not about.invented


def test_parts_of_a_list_are_told_one_by_one() -> None:
    files = [{"file": "a.tif", "sha256": "ab"}, {"file": "b.tif", "sha256": None}]
    manifest = Manifest("r", "shanghai", Month(2021, 12), inputs={"newest_files": files, "invented": True})
    told = dict(facts(manifest, "inputs"))
    assert told["newest files 1: file"] == "a.tif"
    assert told["newest files 2: sha256"] == "–"
    assert told["invented"] == "yes"
