"""Tables through Great Expectations. Importing it takes seconds, so every test that needs it is in this file."""

import datetime as dt
import re
import sys
import time

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from shapely import Point, box

from gvio.config import INVENTED, ValidateParams
from gvio.errors import GateRefused
from gvio.types import Month
from gvio.validate import beside
from gvio.validate.frames import Table, districts_table, factories_table, ledger_table, light_table
from gvio.validate.gate import refuse_failed

BOUNDS = (120.0, 30.0, 121.0, 31.0)
AREAS = ("A", "B")


@pytest.fixture(scope="module")
def check_tables():
    """Imported late: collecting the suite stays fast."""
    from gvio.validate.tables import check_tables

    return check_tables


def _factories(n: int = 2000) -> gpd.GeoDataFrame:
    rng = np.random.default_rng(1)
    frame = {
        "factory_id": [f"F{i:04d}" for i in range(n)],
        "category": ["industry"] * n,
        "weight": rng.lognormal(size=n),
        "opened": [Month(2015, 1) if i % 2 else None for i in range(n)],
        "closed": [Month(2016, 1) if i % 4 == 1 else None for i in range(n)],
    }
    points = [Point(x, y) for x, y in zip(rng.uniform(120, 121, n), rng.uniform(30, 31, n), strict=True)]
    return gpd.GeoDataFrame(frame, geometry=points, crs="EPSG:4326")


def _districts() -> gpd.GeoDataFrame:
    frame = {"area_id": list(AREAS), "name": ["Aa", "Bb"], "group": [None, "south"]}
    return gpd.GeoDataFrame(frame, geometry=[box(120, 30, 120.5, 31), box(120.5, 30, 121, 31)], crs="EPSG:4326")


def _ledger() -> pd.DataFrame:
    rows = []
    for area in (*AREAS, "CITY"):
        for start in range(Month(2014, 1).ordinal, Month(2016, 1).ordinal):
            month = Month.from_ordinal(start)
            day = month.last_day + dt.timedelta(days=15)
            rows.append((area, start, start, 10.0, "current", day, "", "test"))
    names = ["area_id", "start", "end", "value", "kind", "published", "series", "source"]
    return pd.DataFrame(rows, columns=names)


def _summary(n_months: int = 24) -> pd.DataFrame:
    months = np.repeat([str(Month(2014, 1) + t) for t in range(n_months)], 2)
    table = pd.DataFrame({"month": months, "area_id": list(AREAS) * n_months})
    levels = {"mean": 5.0, "median": 4.0, "p99": 20.0, "min": 0.1, "max": 30.0}
    for name, level in levels.items():
        table[f"{name}_radiance"] = level
    return table.assign(pixels=100, seen_share=0.9, factory_seen_share=0.9, mean_observations=7.0, regime="x")


def _tables() -> list[Table]:
    return [
        factories_table(_factories(), BOUNDS),
        districts_table(_districts(), "EPSG:32651"),
        ledger_table(_ledger()),
        light_table(_summary(), 24, 2, ValidateParams()),
    ]


def _failed(results):
    return {r.name: r for r in results if not r.passed}


def test_four_sound_tables_pass_in_two_seconds_and_write_data_docs(check_tables, tmp_path):
    tables = _tables()
    stale = tmp_path / "data-docs" / "stale.html"
    stale.parent.mkdir()
    stale.write_text("of an earlier run")
    started = time.process_time()
    results = check_tables(tables, tmp_path)
    took = time.process_time() - started
    assert _failed(results) == {}
    assert [r.name for r in results] == [rule.name for t in tables for rule in t.rules]
    assert {r.subject for r in results} == {"factories", "districts", "ledger", "light"}
    index = (tmp_path / "data-docs" / "index.html").read_text()
    assert all(f"expectations/{name}" in index for name in ("factories", "districts", "ledger", "light"))
    assert len(list((tmp_path / "data-docs" / "validations").rglob("*.html"))) == 4
    assert not stale.exists()
    assert took < 4, f"{took:.1f} s of processor; the budget on a quiet machine is 2 s"


@pytest.mark.parametrize("invented", [True, False])
def test_every_page_of_the_data_docs_calls_invented_data_so(check_tables, tmp_path, invented):
    check_tables([districts_table(_districts(), "EPSG:32651")], tmp_path, invented)
    pages = [page.read_text() for page in (tmp_path / "data-docs").rglob("*.html")]
    assert len(pages) >= 3
    assert all((INVENTED in page) is invented for page in pages)


def test_no_identifier_of_this_machine_is_in_the_data_docs(check_tables, tmp_path):
    check_tables([districts_table(_districts(), "EPSG:32651")], tmp_path)
    ids = set(re.findall(r"d=([0-9a-f-]{36})", (tmp_path / "data-docs" / "index.html").read_text()))
    assert ids == {"00000000-0000-0000-0000-000000000000"}


@pytest.mark.parametrize("harm", ["none", "ended", "absent"])
def test_tables_checked_beside_have_the_results_of_those_checked_here(check_tables, tmp_path, monkeypatch, harm):
    tables = [ledger_table(_ledger()), light_table(_summary().assign(observed=2.0), 24, 2, ValidateParams())]
    monkeypatch.delitem(sys.modules, "great_expectations")  # as if it were not loaded here
    beside.begin()
    monkeypatch.undo()
    if harm == "ended":
        beside._waiting[0].kill()
        beside._waiting[0].wait()
    if harm == "absent":
        beside.end()
    answer = beside.check_beside(tables, tmp_path / "beside", True, documented=True)
    assert answer() == check_tables(tables, tmp_path / "here", True)
    assert (tmp_path / "beside/data-docs/index.html").read_bytes()
    assert not beside._waiting


def test_factories_with_swapped_columns_lie_outside_the_region(check_tables, tmp_path):
    frame = _factories(20)
    frame["geometry"] = [Point(p.y, p.x) for p in frame.geometry]
    failed = _failed(check_tables([factories_table(frame, BOUNDS)], tmp_path))
    assert set(failed) == {"factories_table.lon_near", "factories_table.lat_near"}
    assert "Widen bounds in region.yaml" in failed["factories_table.lon_near"].message


def test_bounds_that_hold_few_factories_are_to_be_widened(check_tables, tmp_path):
    near = _failed(check_tables([factories_table(_factories(200), (120.0, 30.0, 120.3, 31.0))], tmp_path))
    assert set(near) == {"factories_table.lon_near"}
    assert _failed(check_tables([factories_table(_factories(200), BOUNDS)], tmp_path)) == {}


def test_a_sliver_is_no_district(check_tables, tmp_path):
    frame = _districts()
    frame["geometry"] = [box(120, 30, 120.5, 31), box(120.5, 30, 120.5001, 30.0001)]
    failed = _failed(check_tables([districts_table(frame, "EPSG:32651")], tmp_path))
    assert set(failed) == {"districts_table.area"}
    assert "1 of 2 rows otherwise, first B (0.000" in failed["districts_table.area"].message


def test_two_figures_of_one_day_are_told_by_area_and_period(check_tables, tmp_path):
    rows = _ledger()
    rows.loc[8, ["start", "end", "published"]] = rows.loc[7, ["start", "end", "published"]]
    assert _failed(check_tables([ledger_table(rows)], tmp_path)) == {}  # a row repeated says the same
    rows.loc[8, "value"] = 10.4
    failed = _failed(check_tables([ledger_table(rows)], tmp_path))
    assert set(failed) == {"ledger_table.row_unique"}
    assert "2 of 72 rows otherwise, first line 7 A 2014-08 2014-08, line 8" in failed["ledger_table.row_unique"].message
    with pytest.raises(GateRefused, match=r"ledger: 1 required check failed: .*row_unique.*2014-08"):
        refuse_failed(list(failed.values()))


def test_bad_light_summaries(check_tables, tmp_path):
    summary = _summary()
    summary.loc[1, "mean_radiance"] = np.nan
    summary.loc[2, "max_radiance"] = 6e4
    summary.loc[3, "min_radiance"] = -999.9
    summary.loc[4, "p99_radiance"] = 31.0
    summary.loc[10:, "seen_share"] = 0.1
    table = light_table(summary.iloc[:-1], 24, 2, ValidateParams())
    failed = _failed(check_tables([table], tmp_path))
    assert set(failed) == {
        "light_table.rows",
        "light_table.radiance_known",
        "light_table.max_radiance",
        "light_table.min_radiance",
        "light_table.max_above_p99",
        "light_table.seen_mostly",
    }
    assert "found 47 (47 rows)" in failed["light_table.rows"].message
    assert "first 2014-01 B" in failed["light_table.radiance_known"].message
    assert "found 0.1 (47 rows)" in failed["light_table.seen_mostly"].message
    assert not failed["light_table.seen_mostly"].required
    with pytest.raises(GateRefused, match="5 required checks failed"):
        refuse_failed(list(failed.values()))


@pytest.mark.parametrize(
    ("column", "value", "check"),
    [
        ("area_id", "B", "row_unique"),
        ("pixels", 0, "pixels"),
        ("seen_share", np.nan, "seen_known"),
        ("seen_share", 1.2, "seen_share"),
        ("median_radiance", 6e4, "median_radiance"),
        ("median_radiance", 0.05, "median_above_min"),
        ("mean_observations", 70000.0, "observations"),
    ],
)
def test_each_fault_of_a_light_summary_fails_its_check(check_tables, tmp_path, column, value, check):
    summary = _summary()
    summary.loc[0, column] = value
    assert f"light_table.{check}" in _failed(check_tables([light_table(summary, 24, 2, ValidateParams())], tmp_path))


def test_a_month_without_light_is_missing_not_a_fault(check_tables, tmp_path):
    summary = _summary()
    radiance = [c for c in summary if c.endswith("_radiance")]
    summary.loc[summary["month"] == "2014-03", radiance] = np.nan
    summary.loc[summary["month"] == "2014-03", ["seen_share", "mean_observations"]] = 0.0
    assert _failed(check_tables([light_table(summary, 24, 2, ValidateParams())], tmp_path)) == {}


def test_an_absent_column_and_an_empty_table_fail_with_their_name(check_tables, tmp_path):
    table = factories_table(_factories(5), BOUNDS)
    without = Table("factories", table.frame.drop(columns="lon"), table.key, table.rules)
    failed = _failed(check_tables([without], tmp_path))
    assert "found no column lon." in failed["factories_table.lon_near"].message
    empty = light_table(_summary().iloc[:0], 24, 2, ValidateParams())
    failed = _failed(check_tables([empty], tmp_path))
    assert "found 0 (0 rows)" in failed["light_table.rows"].message
