"""The interval of a change holds what it says whatever two months' errors have to do with each other; NaN is noise."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from gvio.report.changes import (
    ASSUMED,
    JOINT,
    MONTH,
    UNKNOWN,
    YEAR,
    Change,
    change_of,
    changes,
    intervals_of,
    with_changes,
)

Z80 = 1.2816


def frame(rows: list[tuple[str, str, float, float, float]]) -> pd.DataFrame:
    return pd.DataFrame(rows, columns=["area_id", "month", "estimate", "lower80", "upper80"])


def test_a_change_is_bounded_by_opposite_bounds() -> None:
    table = frame([("A", "2020-12", 100.0, 95.0, 105.0), ("A", "2021-12", 120.0, 110.0, 130.0)])
    found = change_of(changes(table, "2021-12", YEAR), "A")
    assert found.percent == pytest.approx(20.0)
    assert (found.low, found.high) == pytest.approx((100 * (110 / 105 - 1), 100 * (130 / 95 - 1)))
    assert found.direction == 1
    assert change_of(changes(table, "2021-12", MONTH), "A").direction == 0


@pytest.mark.parametrize("correlation", [-1.0, 0.0, 0.9])
def test_the_interval_holds_four_fifths_at_least_for_any_correlation(correlation: float) -> None:
    rng = np.random.default_rng(3)
    draws = rng.multivariate_normal([0, 0], [[1, correlation], [correlation, 1]], 20_000) * [0.05, 0.08]
    before, now = np.exp(Z80 * 0.05), np.exp(Z80 * 0.08)
    table = frame([("A", "2021-11", 1.0, 1 / before, before), ("A", "2021-12", 1.0, 1 / now, now)])
    found = change_of(changes(table, "2021-12", MONTH), "A")
    moved = 100 * np.expm1(draws[:, 1] - draws[:, 0])
    held = np.mean((found.low <= moved) & (moved <= found.high))
    assert held >= 0.79
    if correlation == -1.0:
        assert held == pytest.approx(0.8, abs=0.01), "errors in opposite directions: exact, not only safe"


def test_what_cannot_be_compared_is_no_change_beyond_noise() -> None:
    rows = [("A", "2020-12", 0.0, 0.0, 0.0), ("A", "2021-12", 5.0, 4.0, 6.0), ("B", "2021-12", np.nan, np.nan, np.nan)]
    found = changes(frame(rows), "2021-12", YEAR)
    assert not change_of(found, "A").known
    assert change_of(found, "A").direction == change_of(found, "B").direction == 0
    assert change_of(found, "C") == change_of(found, None) == UNKNOWN or not change_of(found, "C").known
    assert Change(-3.0, -5.0, -1.0).direction == -1


def published(limits: tuple[float, float]) -> pd.DataFrame:
    row = {"area_id": "A", "month": "2021-12", "since": "2020-12", "months_apart": 12, "change": 20.0}
    wide = {"lower95": limits[0] - 5, "upper95": limits[1] + 5}
    return pd.DataFrame([{**row, "lower80": limits[0], "upper80": limits[1], **wide, "sd": 0.05}])


def test_a_joint_interval_of_the_release_is_used_and_others_are_as_wide_as_they_can_be() -> None:
    rows = [(area, month, 100.0, 95.0, 105.0) for area in "AB" for month in ("2020-12", "2021-11", "2021-12")]
    before = frame(rows).sample(frac=1, random_state=1)
    table = with_changes(before, published((-1.5, 1.5)))
    assert table["month"].tolist() == before["month"].tolist()
    year = changes(table, "2021-12", YEAR)
    assert (change_of(year, "A").low, change_of(year, "A").high) == (-1.5, 1.5)
    widest = 100 * (105 / 95 - 1)
    assert change_of(year, "B").high == pytest.approx(widest)
    assert change_of(changes(table, "2021-12", MONTH), "A").high == pytest.approx(widest)
    assert intervals_of(table) == JOINT


def test_a_release_from_before_has_the_widest_intervals_and_says_so() -> None:
    table = frame([("A", "2020-12", 100.0, 95.0, 105.0)])
    assert with_changes(table, None) is table
    assert intervals_of(table) == ASSUMED
