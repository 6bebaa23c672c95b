"""The evaluation for reading: every part of the scoreboard is said, nothing breaks where parts are missing."""

from __future__ import annotations

import json
import re

import pytest

from gvio.report.evaluation import evaluation_html, evaluation_markdown
from gvio.report.score_charts import BANDS, score_charts
from gvio.report.sections import sections
from gvio.scoreboard.board import Scoreboard

SCORES = {"within_r2": 0.61, "yoy_r2": 0.5, "pooled_r2": 0.99, "mape": 0.06, "mase": 0.9, "coverage80": 0.79, "n": 88.0}
RIVAL = {**SCORES, "within_r2": -3.25, "coverage80": None}
BAND = {"n": 24.0, "coverage50": 0.5, "coverage80": 0.81, "coverage95": 0.96, "half_width80": 0.07}


def document(**changes) -> dict:
    models = {"last-year-shares": RIVAL, "sa-cnn": SCORES}
    rolling = {
        "models": models,
        "folds": ["2019-01", "2020-01"],
        "origins": ["2019-01", "2020-01"],
        "diebold_mariano": {"last-year-shares": {"difference": -0.1, "statistic": -3, "p_value": 0.004, "n": 24}},
        "morans_i": {"i": 0.4, "expected": -0.14, "p_value": 0.01, "n": 8},
        "horizons": {"districts": dict.fromkeys(BANDS, BAND)},
        "districts": [
            {"name": name, "labels": 77, "scored": 22, "skill": skill, "within_r2": 0.2, "mape": 0.1, "rival_mape": 0.2}
            for name, skill in (("Harbour <1>", 0.6), ("Hills", -4.0))
        ],
    }
    left_out = {
        "models": models,
        "one_by_one": True,
        "levels": {name: {"log_r2": 0.7, "total_error": 0.25} for name in models},
    }
    return {
        "months": ["2014-01", "2021-12"],
        "figures_public_until": "2022-01-17",
        "verdict": "Out of time, as used: better than last year's shares × the city total in 1 of 2 districts.",
        "skill": "proven",
        "best_naive": "last-year-shares",
        "light_in_districts": [{"name": "Harbour <1>", "moved": 0.031, "believed": 0.42}],
        "placebos": {
            "origin": "2020-01",
            "gain": {"light as it is": 0.31, "months": 0.01, "factories": -0.02},
            "p_value": {"light as it is": 0.01, "months": 0.7, "factories": None},
            "passed": True,
        },
        "protocols": {
            "rolling_origin_as_used": rolling,
            "rolling_origin_blind": {**rolling, "horizons": {"city": dict.fromkeys(BANDS, BAND)}},
            "leave_one_year_out": {"models": models},
            "leave_one_district_out": left_out,
            "leave_one_district_out_city_public": {**left_out, "one_by_one": False},
            "maps": {
                "held_out_districts": {"sa-cnn": {"r2": 0.9}, "uniform-per-factory": {"r2": 0.8}},
                "truth": {size: {"sa-cnn": 0.8, "uniform-per-factory": 0.7} for size in ("native", "2km")},
            },
        },
    } | changes


def read(found: dict) -> Scoreboard:
    return Scoreboard.parse(json.dumps(found), "scoreboard.json")


def board(**changes) -> Scoreboard:
    return read(document(**changes))


@pytest.fixture(scope="module")
def pictures() -> dict[str, bytes]:
    """The pictures of `board()`, which take a second to draw."""
    return score_charts(board())


def test_the_page_stands_alone(pictures) -> None:
    page = evaluation_html(board(), pictures, "Testland")
    assert not re.findall(r"(?:src|href)=['\"](?!data:)", page)
    assert page.count("data:image/png;base64,") == 5
    assert "Harbour &lt;1&gt;" in page
    assert "<1>" not in page


def test_the_title_and_the_verdict_are_text_not_html() -> None:
    page = evaluation_html(board(verdict="<b>Fine</b> & good"), {}, "<script>Land</script>")
    assert "&lt;b&gt;Fine&lt;/b&gt; &amp; good" in page
    assert "<script>" not in page


def test_the_best_of_a_column_is_bold_and_our_row_is_marked() -> None:
    page = evaluation_html(board(), {}, "Testland")
    assert "<td><b>0.61</b></td>" in page
    assert '<tr class="ours"><th scope="row">SA-CNN (this release)</th>' in page


@pytest.mark.parametrize(
    "said",
    [
        "Skill proven",
        "better than last year's shares × the city total in 1 of 2 districts",
        "2019-01, 2020-01",
        "−3.25",
        "< 0.01",
        "Harbour",
        "light avoids 0.31 of the squared error",
        "Neither gains beyond chance",
        "Neighbours err alike",
        "One by one.",
        "In groups",
        "25.0 %",
        "native grid",
    ],
)
def test_the_markdown_says_every_part(said: str, pictures) -> None:
    assert said in evaluation_markdown(board(), pictures, "Testland", "evaluation")


def test_the_markdown_names_its_pictures(pictures) -> None:
    drawn = pictures | {"map.png": b"x"}
    text = evaluation_markdown(board(), drawn, "Testland", "evaluation")
    assert set(re.findall(r"\(evaluation/(.+?)\)", text)) == set(drawn)


def test_a_placebo_that_gains_is_said() -> None:
    gain = {"origin": "2020-01", "gain": {"light as it is": 0.3, "months": 0.3}, "passed": False}
    text = evaluation_markdown(board(placebos=gain), {}, "Testland", "x")
    assert "A placebo gains beyond chance" in text


def test_what_light_changes_is_a_table_with_the_picture_of_where_it_is_looked_for() -> None:
    (section,) = [s for s in sections(board(), {"saliency.png": b"png"}) if s.title == "What light changes"]
    assert section.picture == "saliency.png"
    ((_, table),) = section.tables
    assert table.loc["Harbour <1>"].tolist() == ["3.1 %", "42.0 %"]
    without = sections(board(light_in_districts=None), {})
    assert "What light changes" not in [s.title for s in without]


def test_a_region_too_small_to_hide_everything_is_said() -> None:
    small = document()
    small["protocols"]["leave_one_district_out"] |= {"hidden_px": [3, 6], "hidden_in_part": True}
    assert "only in part, because the region is small" in evaluation_markdown(read(small), {}, "Testland", "x")
    assert "only in part" not in evaluation_markdown(board(), {}, "Testland", "x")


def test_a_short_series_has_a_short_report() -> None:
    empty = read({"verdict": "Too short.", "skill": "none", "protocols": {"maps": {}}, "placebos": None})
    assert score_charts(empty) == {}
    assert [section.title for section in sections(empty, {})] == ["Out of time"]
    page = evaluation_html(empty, {}, "Testland")
    assert "Skill not tested" in page
    assert "best naive forecast does" not in page
    assert "The series is too short for this test." in page


def test_a_scoreboard_of_an_older_version_is_read() -> None:
    """Without tests, horizons, placebos or districts."""
    found = document(placebos=None)
    found["protocols"] = {
        name: {"models": block["models"]} for name, block in found["protocols"].items() if name != "maps"
    }
    older = read(found)
    assert "Do the intervals hold?" not in evaluation_html(older, score_charts(older), "Testland")
    assert "−3.25" in evaluation_html(older, {}, "Testland")


def test_pictures_are_the_same_for_the_same_scoreboard(pictures) -> None:
    assert score_charts(board()) == pictures


def test_scores_of_distributions_are_explained_where_there_are_any_and_absent_judges_named() -> None:
    plain = evaluation_markdown(board(), {}, "Testland", "evaluation")
    assert "CRPS" not in plain
    assert "Not installed" not in plain
    told = document(not_installed=["auto-ets"])
    told["protocols"]["rolling_origin_as_used"]["models"]["sa-cnn"] = {
        **SCORES,
        "crps": 0.04,
        "interval_score80": 0.37,
    }
    text = evaluation_markdown(read(told), {}, "Testland", "evaluation")
    assert "| 4.0 % | 37.0 % |" in text
    assert "CRPS and the interval score judge the whole distribution" in text
    assert "Exponential smoothing, reconciled (MinTrace). pip install 'gvio[judges]' brings them" in text
