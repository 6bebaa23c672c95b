"""The logarithm of a sum made linear."""

import numpy as np
from assimilate_worlds import figures, monthly, spans, world

from gvio.assimilate.linearise import first_guess, linearise


def log_sums(sums, x):
    return np.log(sums.G @ np.exp(x.ravel()))


def test_a_figure_of_one_district_and_month_is_exact_wherever_it_is_expanded():
    x = world(2, 6, 0)
    sums = figures(monthly(x, range(6)), 2, 6)
    for at in (x, np.zeros_like(x), x[::-1] + 3):
        H, y = linearise(sums, at)
        np.testing.assert_allclose(H.toarray(), np.eye(12), atol=1e-15)
        np.testing.assert_allclose(y, x.ravel(), rtol=1e-12)


def test_weights_are_the_parts_of_each_sum():
    x = world(3, 12, 1)
    sums = figures(spans(x, 3, [-1, 0]) + spans(x, 12, [-1]), 3, 12)
    H, y = linearise(sums, x)
    H = H.toarray()
    np.testing.assert_allclose(H.sum(axis=1), 1)
    np.testing.assert_allclose(H @ x.ravel(), y, err_msg="figures that hold leave nothing over")
    np.testing.assert_allclose(H[-1], np.exp(x).ravel() / np.exp(x).sum())


def test_the_weights_are_the_derivative():
    x = world(2, 4, 2)
    sums = figures(spans(x, 2, [-1, 1]), 2, 4)
    H = linearise(sums, x)[0].toarray()
    step = 1e-6
    for cell in range(x.size):
        moved = x.copy().ravel()
        moved[cell] += step
        slope = (log_sums(sums, moved) - log_sums(sums, x)) / step
        np.testing.assert_allclose(H[:, cell], slope, atol=1e-5)


def test_the_error_of_the_expansion_falls_with_the_square_of_the_step():
    x = world(3, 12, 3)
    sums = figures(spans(x, 12, [-1]), 3, 12)
    away = np.random.default_rng(0).standard_normal(x.shape)
    error = []
    for step in (0.2, 0.1, 0.05):
        H, y = linearise(sums, x + step * away)
        error.append(abs(float((H @ x.ravel() - y)[0])))
    assert 3.5 < error[0] / error[1] < 4.5
    assert 3.5 < error[1] / error[2] < 4.5


def test_newton_steps_find_the_level_that_honours_an_annual_figure():
    x = world(1, 12, 4)
    sums = figures(spans(x, 12, [0]), 1, 12)
    guess = x + 1.5
    for _ in range(4):
        H, y = linearise(sums, guess)
        guess = guess + (y - H @ guess.ravel())[0]
    np.testing.assert_allclose(guess, x, atol=1e-10)


def test_the_first_guess_is_the_own_mean_else_the_share_of_the_city():
    rows = [(0, 0, 0, 10.0), (0, 1, 1, 40.0), (1, 0, 2, 60.0), (-1, 0, 2, 300.0)]
    guess = first_guess(figures(rows, 3, 3), np.array([0.5, 0.3, 0.2]))
    np.testing.assert_allclose(guess, np.log([[20.0] * 3, [20.0] * 3, [20.0] * 3]), rtol=1e-12)


def test_without_a_city_the_known_districts_set_the_scale_of_the_others():
    guess = first_guess(figures([(0, 0, 0, 10.0)], 2, 2), np.array([0.25, 0.75]))
    np.testing.assert_allclose(np.exp(guess), [[10, 10], [30, 30]])
