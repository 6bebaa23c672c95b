"""The benchmark's table: every number where it belongs, spread over worlds, the floor beside it."""

import pytest

from benchmarks.table_of_targets import group_of, markdown, spread


def _result(name: str, ours: float, floor: float, held: float) -> dict:
    scores = {"within_r2": ours, "yoy_r2": 0.5, "mape": 0.1}
    rival = {"within_r2": floor, "yoy_r2": None, "mape": 0.2}
    return {
        "name": name,
        "fit_seconds": 12.0,
        "seconds": 40.0,
        "time": {"as_used": {"sa-cnn": scores, "last-year-shares": rival}},
        "coverage": {"as_used/districts/1": {"held": held, "n": 10, "half_width": 0.1}, "scale": 1.0},
    }


@pytest.mark.parametrize(
    ("name", "group"),
    [("hard-few/3", "synthetic few"), ("spike-rich/1", "spike-in rich"), ("mumbai-few", "dev few"), ("a/b", "a/b")],
)
def test_worlds_are_grouped(name: str, group: str):
    assert group_of(name) == group


def test_spread_is_the_deviation_over_worlds():
    assert spread([0.5, 0.7]) == "0.60 ± 0.14"
    assert spread([-0.5]) == "−0.50"
    assert spread([]) == ""


def test_table_shows_target_mean_and_floor():
    text = markdown([_result("clean-rich/1", 0.8, 0.3, 0.9), _result("hard-rich/1", 0.6, 0.2, 0.7)])
    assert "| as used, within-district R² | synthetic rich | 2 | ≥ 0.93 | 0.70 ± 0.14 | 0.25 ± 0.07 |" in text
    assert "| as used | districts | 1 | synthetic rich | 77–83 % | 80 % | 0.80 ± 0.14 | ± 10 % | 20 |" in text
    assert "| hard-rich/1 | 0.600 | 0.200 | +0.400 |" in text


def test_a_world_that_failed_is_not_in_the_table():
    text = markdown([_result("clean-rich/1", 0.8, 0.3, 0.9), {"name": "hard-rich/1", "error": "ModelError: no"}])
    assert "hard-rich" not in text
    assert "clean-rich/1" in text
