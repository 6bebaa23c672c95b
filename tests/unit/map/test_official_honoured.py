"""Official figures stand exactly; where only the city's is public, its districts are scaled to it."""

from __future__ import annotations

import numpy as np
import pytest

from gvio.map.official import honour, with_intervals

NAN = np.nan


def test_a_public_figure_replaces_the_estimate_exactly() -> None:
    official = np.array([[7.0], [NAN], [NAN]])
    np.testing.assert_array_equal(honour(np.log([[5.0], [3.0]]), official)[0], [7.0])


def test_districts_without_figures_are_scaled_to_the_citys_rest() -> None:
    estimate = honour(np.log([[5.0], [3.0], [2.0]]), np.array([[6.0], [NAN], [NAN], [12.0]]))
    np.testing.assert_allclose(estimate[:, 0], [6.0, 3.6, 2.4])
    assert estimate.sum() == pytest.approx(12.0)


@pytest.mark.parametrize("city", [40.0, 3.0, 6.0, NAN])
def test_contradiction_is_not_scaled_away(city: float) -> None:
    """Nothing left for the free districts, or more than half as much again: the estimates stand."""
    estimate = honour(np.log([[5.0], [3.0]]), np.array([[6.0], [NAN], [city]]))
    np.testing.assert_allclose(estimate[:, 0], [6.0, 3.0])


def test_the_city_is_the_sum_of_its_districts() -> None:
    rng = np.random.default_rng(0)
    estimate = rng.lognormal(1, 1, (4, 9))
    figures = with_intervals(estimate, {80: np.full((5, 9), 0.1)})
    np.testing.assert_array_equal(figures.estimate[-1], estimate.sum(axis=0))
    assert (figures.lower[80] < figures.estimate).all()
    np.testing.assert_allclose(figures.lower[80] * figures.upper[80], figures.estimate**2)


def test_half_widths_are_of_the_logarithm() -> None:
    half = {95: np.array([[0.02], [0.4], [0.2]])}
    figures = with_intervals(np.array([[5.0], [3.0]]), half)
    np.testing.assert_allclose(np.log(figures.upper[95] / figures.estimate), half[95])
    np.testing.assert_allclose(np.log(figures.lower[95] / figures.estimate), -half[95])
