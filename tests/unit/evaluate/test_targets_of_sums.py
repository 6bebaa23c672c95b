"""Figures as targets: each at the month its period ends, as its mean month."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd
import pytest

from gvio.evaluate.target import on_targets, sd_on_targets, starts_after, targets_of
from gvio.ledger.rows import COLUMNS, Ledger
from gvio.ledger.sums import Sums, sums_matrix
from gvio.types import Month

FIRST, T = Month(2020, 1), 6


def _sums(*rows: tuple[str, int, int, float, str]) -> Sums:
    frame = pd.DataFrame(rows, columns=["area_id", "start", "end", "value", "kind"])
    frame[["start", "end"]] += FIRST.ordinal
    ledger = Ledger(frame.assign(published=dt.date(2021, 1, 1), series="", source="")[list(COLUMNS)])
    return sums_matrix(ledger, ("A", "B"), "CITY", [FIRST + t for t in range(T)])


SUMS = _sums(
    ("CITY", 0, 0, 99.0, "current"),
    ("A", 0, 2, 30.0, "cumulative"),
    ("A", 2, 2, 12.0, "current"),
    ("B", 3, 5, 60.0, "current"),
)


def test_the_shortest_period_that_ends_in_a_month_counts() -> None:
    targets = targets_of(SUMS)
    assert targets.value[0, 2] == 12.0
    assert targets.value[1, 5] == 20.0  # a quarter's mean month
    assert np.isfinite(targets.value).sum() == 2  # the city is no target
    assert (targets.row >= 0).sum() == 2


def test_a_path_is_averaged_over_the_period_of_its_target() -> None:
    path = np.stack([np.full(T, 7.0), np.array([0, 0, 0, 10.0, 20.0, 30.0])])
    laid = on_targets(SUMS, targets_of(SUMS), path)
    assert (laid[0, 2], laid[1, 5]) == (7.0, 20.0)
    assert np.isnan(laid).sum() == 2 * T - 2


def test_errors_of_months_are_taken_as_fully_correlated() -> None:
    output, sd = np.full((2, T), 5.0), np.full((2, T), 0.1)
    assert sd_on_targets(SUMS, targets_of(SUMS), output, sd)[1, 5] == pytest.approx(0.1)


def test_a_target_that_reaches_back_to_what_is_known_is_not_out_of_time() -> None:
    targets = targets_of(SUMS)
    assert starts_after(SUMS, targets, 2)[1, 5]
    assert not starts_after(SUMS, targets, 3)[1, 5]
    assert not starts_after(SUMS, targets, 2)[0, 2]
