"""Moran's I: its textbook cases, its neighbours, and its test."""

from __future__ import annotations

import numpy as np
import pytest

from gvio.evaluate.moran import morans_i, neighbours, residual_pattern


def chess(rows: int, cols: int, side: int = 3):
    """Districts as squares of a board, in reading order."""
    index = np.arange(rows * cols).reshape(rows, cols)
    return np.kron(index, np.ones((side, side), dtype=int))


def test_districts_that_touch_at_a_corner_are_neighbours():
    adjacent = neighbours(chess(2, 2), 4)
    assert adjacent.sum() == 12  # everybody but oneself
    assert not neighbours(chess(1, 3), 3)[0, 2]


def test_an_island_has_its_nearest_district():
    owner = np.full((5, 12), -1)
    owner[:, 0], owner[:, 1], owner[:, 8] = 0, 1, 2
    adjacent = neighbours(owner, 3)
    assert adjacent[2].tolist() == [False, True, False]
    assert adjacent[1].tolist() == [True, False, True]


def test_a_gradient_is_positive_and_a_chessboard_negative():
    adjacent = neighbours(chess(1, 10), 10)
    assert morans_i(np.arange(10.0), adjacent) > 0.7
    assert morans_i(np.arange(10) % 2 * 1.0, adjacent) == pytest.approx(-1.0)


def test_moran_by_hand():
    """Three in a row, values 0, 0, 3: weights 1; ½, ½; 1 in the rows; deviations −1, −1, 2."""
    adjacent = neighbours(chess(1, 3), 3)
    assert morans_i(np.array([0.0, 0.0, 3.0]), adjacent) == pytest.approx(3 / 3 * (1 + 0.5 - 1 - 2) / 6)


def test_values_that_do_not_vary_have_no_pattern():
    assert morans_i(np.full(4, 0.3), neighbours(chess(2, 2), 4)) is None
    assert residual_pattern(np.full(4, 0.3), chess(2, 2)) is None


def test_errors_that_lie_together_are_found_and_chance_is_not():
    owner = chess(5, 5)
    west_to_east = residual_pattern(np.tile(np.arange(5.0), 5), owner)
    assert west_to_east.i > 0.5
    assert west_to_east.p_value < 0.01
    assert west_to_east.expected == pytest.approx(-1 / 24)
    p_values = [residual_pattern(np.random.default_rng(s).standard_normal(25), owner).p_value for s in range(20)]
    assert sum(p < 0.1 for p in p_values) <= 6


def test_districts_that_were_not_scored_are_left_out():
    residuals = np.arange(9.0)
    residuals[4] = np.nan
    assert residual_pattern(residuals, chess(3, 3)).n == 8
    residuals[:6] = np.nan
    assert residual_pattern(residuals, chess(3, 3)) is None
