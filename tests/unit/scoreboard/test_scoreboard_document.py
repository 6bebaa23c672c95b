"""`scoreboard.json` as a value: written as it was read, lenient where parts are absent, strict where wrong."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest

from gvio.errors import InputRefused, StoreError
from gvio.scoreboard.board import Scoreboard
from gvio.scoreboard.names import AS_USED, BLIND, CITY_PUBLIC, LEFT_OUT, NO_LIGHT, OURS, PROTOCOLS, YEAR_OUT

HELD = {"n": 24.0, "coverage50": 0.5, "coverage80": 0.81, "coverage95": None, "half_width80": 0.07}
TEST = {"difference": -0.1, "statistic": -3.0, "p_value": 0.004, "n": 24}
SCORES = {"pooled_r2": 0.99, "within_r2": 0.61, "yoy_r2": None, "mape": 0.06, "mase": 0.9, "n": 88.0}
OWN = SCORES | {"coverage50": 0.4, "coverage80": 0.79, "coverage95": 0.97}


def document() -> dict[str, Any]:
    """Every key that an evaluation writes, with nothing where it may write nothing."""
    models = {OURS: OWN, "last-year-shares": SCORES | {"within_r2": 0.2}, NO_LIGHT: SCORES | {"within_r2": 0.3}}
    rolling = {
        "models": models,
        "folds": ["first", "second"],
        "origins": ["2019-01", "2020-01"],
        "diebold_mariano": {"last-year-shares": TEST, NO_LIGHT: None},
        "morans_i": {"i": 0.4, "expected": -0.14, "p_value": 0.01, "n": 8},
        "horizons": {"districts": dict.fromkeys(("1", "3", "12", "all"), HELD)},
    }
    row = {"name": "A", "labels": 7, "scored": 2, "skill": 0.6, "within_r2": None, "mape": 0.1, "rival_mape": 0.2}
    left_out = {
        "models": {OURS: OWN},
        "folds": ["districts-0"],
        "diebold_mariano": {},
        "morans_i": None,
        "levels": {OURS: {"log_r2": None, "total_error": 0.25}},
        "hidden_px": [3, None],
        "hidden_in_part": True,
        "one_by_one": True,
    }
    factors = {kind: {str(level): [1.0, 1.1, 1.2, 1.3] for level in (50, 80, 95)} for kind in ("districts", "city")}
    return {
        "schema_version": 1,
        "region": "testland",
        "months": ["2014-01", "2021-12"],
        "figures_public_until": None,
        "invented": True,
        "verdict": "Better.",
        "skill": "proven",
        "best_naive": "last-year-shares",
        "p_value": 0.01,
        "interval_scale": {"50": 1.0, "80": 1.1, "95": 1.2},
        "interval_table": {"factors": factors, "n": {"districts": 12, "city": 3}},
        "placebos": {
            "origin": "2020-01",
            "gain": {"light as it is": 0.3, "months": 0.01, "factories": -0.02},
            "p_value": {"light as it is": 0.01, "months": None, "factories": 0.7},
            "passed": True,
        },
        "light_in_districts": [{"name": "A", "moved": 0.03, "believed": 0.42}],
        "protocols": {
            AS_USED: rolling | {"districts": [row]},
            BLIND: rolling,
            YEAR_OUT: {"models": models, "folds": ["2019"], "diebold_mariano": {}},
            LEFT_OUT: left_out,
            CITY_PUBLIC: left_out | {"one_by_one": False},
            "maps": {
                "held_out_districts": {OURS: {"r2": 0.9, "log_r2": None, "log_rmse": 0.2}},
                "truth": {"native": {OURS: 0.4, "uniform-per-factory": None}, "2km": {OURS: 0.8}},
            },
        },
    }


def read(found: object) -> Scoreboard:
    return Scoreboard.parse(json.dumps(found), "s3://store/scoreboard.json")


def test_it_is_written_as_it_was_read() -> None:
    assert read(document()).document() == document()
    assert json.loads(read(document()).to_json()) == document()
    assert read(document()).to_json() == json.dumps(document(), indent=2, sort_keys=True) + "\n"


@pytest.mark.parametrize("part", [*document(), "nothing is left out"])
def test_a_part_that_is_absent_stays_absent(part: str) -> None:
    partial = {name: value for name, value in document().items() if name != part}
    assert read(partial).document() == partial


@pytest.mark.parametrize("protocol", PROTOCOLS)
def test_a_protocol_that_was_not_run_is_empty(protocol: str) -> None:
    partial = document()
    del partial["protocols"][protocol]
    board = read(partial)
    assert board.document() == partial
    assert not board.protocol(protocol).models
    assert board.scores(protocol).within_r2 is None


def test_an_empty_document_knows_nothing() -> None:
    board = read({})
    assert (board.skill, board.verdict, board.p_value, board.placebos) == (None, None, None, None)
    assert board.document() == {}
    assert board.metrics() == {}
    assert set(board.headline().values()) == {None}


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_score_that_is_not_finite_is_none(value: float) -> None:
    board = Scoreboard(p_value=value)
    assert board.p_value is None
    assert board.document() == {"p_value": None}


def test_what_a_later_version_adds_is_left_out() -> None:
    assert read(document() | {"later": 1}).document() == document()


DAMAGED = [
    ("{", "Invalid JSON"),
    ("[]", "Input should be an object"),
    ('{"schema_version": 2}', "schema_version: Input should be 1"),
    ('{"skill": "great"}', "skill: Input should be 'proven', 'weak' or 'none'"),
    ('{"p_value": "0.5"}', "p_value: Input should be a valid number"),
    ('{"p_value": true}', "p_value: Input should be a valid number"),
    ('{"protocols": {"x": {"models": {"a": {"mape": "low"}}}}}', "protocols.x.models.a.mape: Input should be a valid"),
    ('{"protocols": {"maps": {"truth": {"1km": 3}}}}', "protocols.maps.truth.1km: Input should be an object"),
    ('{"protocols": {"x": {"districts": [{"name": "A"}]}}}', "protocols.x.districts.0.labels: Field required"),
]


@pytest.mark.parametrize(("data", "what"), DAMAGED)
def test_a_malformed_document_is_refused_in_one_line(data: str, what: str) -> None:
    with pytest.raises(StoreError, match=r"^s3://store/scoreboard\.json: cannot be read as a scoreboard: ") as error:
        Scoreboard.parse(data, "s3://store/scoreboard.json")
    assert what in str(error.value)
    assert str(error.value).endswith("publish the month again, or restore the object.")
    assert "\n" not in str(error.value)


def test_the_reader_says_what_to_do() -> None:
    with pytest.raises(InputRefused, match=r"^w: cannot be read as a scoreboard: .* Run `gvio map` again\.$"):
        Scoreboard.parse("{", "w", InputRefused, "Run `gvio map` again.")


def test_metrics_are_flat_and_nan_where_there_is_no_score() -> None:
    metrics = read(document()).metrics()
    assert metrics[f"{AS_USED}.{OURS}.coverage80"] == 0.79
    assert math.isnan(metrics[f"{AS_USED}.{OURS}.yoy_r2"])
    assert f"{AS_USED}.{NO_LIGHT}.coverage80" not in metrics
    assert len(metrics) == 3 * (9 + 2 * 6) + 2 * 9
    assert not any(name.startswith("maps") for name in metrics)


def test_the_headline_has_the_numbers_to_compare_by() -> None:
    headline = read(document()).headline()
    assert len(headline) == 20
    assert headline["within_r2_as_used"] == 0.61
    assert headline["within_r2_as_used_naive"] == 0.2
    assert headline["within_r2_blind_no_light"] == 0.3
    assert headline["yoy_r2_blind"] is None
    assert headline["coverage80_left_out"] == 0.79
    assert (headline["mape_as_used"], headline["mase_as_used"], headline["p_value"]) == (0.06, 0.9, 0.01)
    assert (headline["map_r2_2km"], headline["map_r2_held_out"]) == (0.8, 0.9)
    assert set(headline) == set(read({}).headline())


def test_values_do_not_change() -> None:
    with pytest.raises(ValueError, match="frozen"):
        read(document()).skill = "weak"  # type: ignore[misc]
