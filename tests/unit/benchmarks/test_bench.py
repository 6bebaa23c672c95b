"""`make bench`: no ratio without equal results, an alert for every row that fell, and rows that say what is missing."""

import dataclasses
import json

import numpy as np
import pytest

from benchmarks import bench, reference
from benchmarks.reference import alerts, keep, ratios, read_last, read_reference, write_reference
from benchmarks.rows import buffers, cog, trends
from benchmarks.sides import Limit, Side, compared, largest_difference, not_installed, seconds

LIMIT = Limit("copying", 0.5)
COMMITTED = reference.REFERENCE


def row(ratio: float = 4.0, difference: float = 0.0, key: str = "work"):
    return compared(key, "work", 1.0, Side("tool", ratio, difference), LIMIT, 1e-6)


@pytest.fixture(autouse=True)
def own_files(tmp_path, monkeypatch):
    monkeypatch.setattr(reference, "REFERENCE", tmp_path / "reference.json")
    monkeypatch.chdir(tmp_path)


def test_a_row_has_ratio_and_distance_to_the_limit():
    assert (row().ratio, row().distance, row().key) == (4.0, 2.0, "work/tool")


@pytest.mark.parametrize("difference", [1e-5, float("inf"), float("nan")])
def test_no_ratio_is_believed_where_results_differ(difference):
    wrong = row(difference=difference)
    assert wrong.ratio is None
    assert ratios([wrong]) == {}
    assert "work/tool" in alerts([wrong], {})[0]


@pytest.mark.parametrize(
    ("one", "other"), [([1.0, np.nan], [1.0, 2.0]), ([1.0], [1.0, 2.0]), ([np.inf], [1.0]), ([np.nan], [1.0])]
)
def test_a_number_and_none_differ(one, other):
    assert largest_difference(one, other) == float("inf")


def test_differences_are_absolute_or_relative():
    assert largest_difference([10.0, np.nan], [11.0, np.nan]) == 1.0
    assert largest_difference([10.0], [8.0], relative=True) == 0.25


def test_a_ratio_below_seven_tenths_is_an_alert_that_names_the_row():
    rows = [row(2.7, key="fell"), row(2.9, key="stood"), row(9.0, key="new")]
    (line,) = alerts(rows, {"reference": {"fell/tool": 4.0, "stood/tool": 4.0, "gone/tool": 4.0}})
    assert "fell/tool" in line
    assert "reference" in line


def test_runs_are_kept_and_the_last_one_that_has_a_row_counts(tmp_path):
    keep("full", [row(4.0), row(5.0, key="other")], tmp_path)
    keep("full", [row(3.0)], tmp_path)
    keep("quick", [row(1.0)], tmp_path)
    assert read_last("full", tmp_path) == {"work/tool": 3.0, "other/tool": 5.0}
    assert read_last("full", tmp_path / "none") == {}


def test_accepted_ratios_replace_those_of_the_same_rows_only():
    write_reference("full", [row(4.0), row(5.0, key="other")])
    write_reference("full", [row(3.0)])
    assert read_reference("full") == {"work/tool": 3.0, "other/tool": 5.0}
    assert read_reference("quick") == {}


def test_the_committed_reference_names_rows_of_both_kinds():
    committed = json.loads(COMMITTED.read_text())
    assert set(committed) == {"full", "quick"}
    for kept in committed.values():
        assert {key.split(".")[0].split("/")[0] for key in kept} <= {*bench.ROWS, "learning"}
        assert all(ratio > 0 for ratio in kept.values())


def test_short_work_is_repeated_and_long_work_is_done_once():
    ticks = iter(np.arange(1000) * 0.01)
    done = []
    assert seconds(lambda: done.append(1), 3, clock=lambda: next(ticks)) == pytest.approx(0.002)
    assert len(done) == 1 + 3 * 5
    done.clear()
    seconds(lambda: done.append(1), 1)
    assert len(done) == 1


def test_a_library_that_is_absent_is_named_with_the_cure(monkeypatch):
    monkeypatch.setattr(trends, "installed", lambda _: False)
    monkeypatch.setattr(trends, "MONTHS", 24)
    rows = {each.key: each for each in trends.rows(quick=True)}
    absent = rows["trends.seasonal/pymannkendall"]
    assert (absent.status, absent.ratio) == ("not installed", None)
    assert "gvio[bench]" in bench.markdown(absent)
    assert rows["trends.plain/scipy"].status == "measured"
    assert not_installed("k", "w", "rasterstats").key == "k/rasterstats"


def test_a_pixels_series_is_the_same_out_of_the_cube_and_out_of_the_grids():
    (of,) = cog.series(quick=True)
    assert (of.status, of.difference) == ("measured", 0.0)
    assert of.ours_s > of.limit_s


def test_the_ways_of_buffers_agree_with_one_another():
    of = buffers.scene(40, 3, (60, 70))
    result = buffers.means(of)
    for side in (buffers.month_by_month(of, result, 40), buffers.bands(of, result, 40)):
        assert side.difference < buffers.EXACT
    moved = dataclasses.replace(of, cube=of.cube * 1.001)
    assert buffers.bands(moved, result, 40).difference > buffers.EXACT


def test_the_command_prints_keeps_and_alerts(capsys, monkeypatch):
    monkeypatch.setattr(bench, "_measure", lambda name: lambda *, quick: iter([row(4.0, key=name)]))
    assert bench.main(["--quick", "--only", "cog", "--accept"]) == 0
    assert bench.main(["--quick", "--only", "cog"]) == 0
    monkeypatch.setattr(bench, "_measure", lambda name: lambda *, quick: iter([row(1.0, key=name)]))
    assert bench.main(["--quick", "--only", "cog"]) == 1
    told = capsys.readouterr()
    assert told.out.count("| work | tool | 1 |") == 3
    assert told.err.count("ALERT cog/tool: ratio 1,".replace(",", "")) == 2
    with pytest.raises(SystemExit):
        bench.main(["--only", "nothing"])


@pytest.mark.parametrize("name", bench.ROWS)
def test_every_row_can_be_found(name):
    assert callable(bench._measure(name))
