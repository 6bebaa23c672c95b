"""Metrics against values worked out by hand, and what they refuse."""

import numpy as np
import pytest
from scipy import integrate, stats

from gvio.errors import ModelError
from gvio.evaluate.metrics import (
    coverage,
    crps_gaussian,
    cube_root,
    diebold_mariano,
    interval_score,
    mape,
    mase,
    pooled_r2,
    seasonal_scale,
    within_r2,
    yoy_r2,
)


def panel(n: int = 4, months: int = 36, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = np.exp(rng.normal(3, 1, (n, 1)) + rng.normal(0, 0.2, (n, months)))
    return truth, np.ones(truth.shape, dtype=bool)


def test_perfect_prediction_scores_one_everywhere():
    truth, scored = panel()
    assert pooled_r2(truth, truth, scored) == 1.0
    assert within_r2(truth, truth, scored) == 1.0
    assert yoy_r2(truth, truth, scored) == 1.0
    assert mape(truth, truth, scored) == 0.0


def test_knowing_only_the_level_scores_nothing_within_districts():
    truth, scored = panel()
    level = np.exp(np.log(truth).mean(axis=1, keepdims=True)) * np.ones_like(truth)
    assert within_r2(truth, level, scored) == pytest.approx(0.0, abs=1e-12)
    assert pooled_r2(truth, level, scored) > 0.6  # the flattery that within-R² removes


def test_a_wrong_level_costs_within_r2_in_full():
    truth, scored = panel()
    deviation = np.log(truth) - np.log(truth).mean(axis=1, keepdims=True)
    expected = 1 - truth.size * np.log(2.0) ** 2 / (deviation**2).sum()
    assert within_r2(truth, 2 * truth, scored) == pytest.approx(expected)


def test_stacked_folds_share_their_districts_mean():
    truth, scored = panel(n=2)
    first, second = scored.copy(), scored.copy()
    first[:, 18:], second[:, :18] = False, False
    predicted = truth * np.random.default_rng(1).lognormal(0, 0.1, truth.shape)
    stacked = within_r2(
        np.vstack([truth, truth]), np.vstack([predicted, predicted]), np.vstack([first, second]), np.array([0, 1, 0, 1])
    )
    assert stacked == pytest.approx(within_r2(truth, predicted, scored), rel=1e-12)


def test_yoy_follows_the_predicted_path():
    truth, scored = panel()
    scored[:, :24] = False
    predicted = truth.copy()
    predicted[:, 12:24] *= 1.5  # only the year before is wrong, and it counts
    change = np.log(truth[:, 24:] / truth[:, 12:24])
    expected = 1 - change.size * np.log(1.5) ** 2 / ((change - change.mean()) ** 2).sum()
    assert yoy_r2(truth, predicted, scored) == pytest.approx(expected)


def test_yoy_leaves_out_pairs_whose_earlier_truth_is_unknown():
    truth, scored = panel()
    scored[:, :24] = False
    predicted = truth * np.random.default_rng(2).lognormal(0, 0.1, truth.shape)
    gap = truth.copy()
    gap[0, 12:24] = np.nan
    assert yoy_r2(gap, predicted, scored) == pytest.approx(yoy_r2(truth[1:], predicted[1:], scored[1:]))


def test_yoy_of_no_change_everywhere_is_minus_the_mean():
    truth, scored = panel()
    change = np.log(truth[:, 12:] / truth[:, :-12])
    expected = 1 - (change**2).sum() / ((change - change.mean()) ** 2).sum()
    assert yoy_r2(truth, np.ones_like(truth), scored) == pytest.approx(expected)


def test_mape_and_mase_by_hand():
    truth = np.array([[10.0, 20.0], [40.0, 50.0]])
    predicted = np.array([[11.0, 18.0], [40.0, 60.0]])
    scored = np.ones((2, 2), dtype=bool)
    assert mape(truth, predicted, scored) == pytest.approx((0.1 + 0.1 + 0.0 + 0.2) / 4)
    assert mase(truth, predicted, scored, np.array([2.0, np.nan])) == pytest.approx((1 / 2 + 2 / 2) / 2)
    assert mase(truth, predicted, scored, np.array([np.nan, 0.0])) is None


def test_seasonal_scale_skips_gaps():
    history = np.vstack([np.arange(30.0), np.arange(30.0), np.full(30, np.nan)])
    history[1, 5] = np.nan
    np.testing.assert_allclose(seasonal_scale(history), [12.0, 12.0, np.nan])


def test_coverage_counts_the_bounds_as_inside():
    truth = np.array([[1.0, 2.0, 3.0, 4.0]])
    scored = np.array([[True, True, True, False]])
    assert coverage(truth, truth, truth + 1, scored) == 1.0
    assert coverage(truth, truth - 1, np.array([[1.0, 1.5, 3.0, np.nan]]), scored) == pytest.approx(2 / 3)


@pytest.mark.parametrize("metric", [pooled_r2, within_r2, yoy_r2, mape])
def test_nothing_scored_has_no_score(metric):
    truth, scored = panel()
    assert metric(truth, truth, np.zeros_like(scored)) is None


def test_no_variation_has_no_r2():
    flat = np.full((2, 24), 7.3)
    scored = np.ones(flat.shape, dtype=bool)
    assert pooled_r2(flat, flat + 1, scored) is None
    assert within_r2(flat, flat + 1, scored) is None
    assert yoy_r2(flat, flat, scored) is None


@pytest.mark.parametrize("metric", [pooled_r2, within_r2, yoy_r2, mape])
def test_nan_is_refused_where_it_counts_only(metric):
    truth, scored = panel()
    holed = truth.copy()
    holed[2, 30] = np.nan
    with pytest.raises(ModelError, match="1 of 144 scored entries of predicted are not finite"):
        metric(truth, holed, scored)
    with pytest.raises(ModelError, match="1 of 144 scored entries of truth are not finite"):
        metric(holed, truth, scored)
    scored[2, 30] = False
    assert metric(holed, truth, scored) is not None


def test_bad_input_is_named():
    truth, scored = panel()
    with pytest.raises(ModelError, match=r"shapes differ: truth \(4, 36\), predicted \(3, 36\)"):
        pooled_r2(truth, truth[:3], scored)
    with pytest.raises(ModelError, match="4 scored entries are not positive"):
        mape(truth, truth * np.array([[0.0] * 1 + [1.0] * 35]), scored)
    with pytest.raises(ModelError, match="144 intervals have their lower bound above the upper"):
        coverage(truth, truth, truth - 1, scored)


def test_diebold_mariano_of_independent_months_is_the_corrected_t_test():
    rng = np.random.default_rng(3)
    a, b = rng.normal(1.0, 1, 8), rng.normal(0.0, 1, 8)
    # n = 8: two Bartlett lags; worked out beside it
    d = a - b
    c = d - d.mean()
    variance = (c @ c + 2 * (2 / 3) * (c[1:] @ c[:-1]) + 2 * (1 / 3) * (c[2:] @ c[:-2])) / 64
    statistic = d.mean() / np.sqrt(variance) * np.sqrt((8 + 1 - 2) / 8)
    result = diebold_mariano(a, b)
    assert result.statistic == pytest.approx(statistic)
    assert result.p_value == pytest.approx(2 * stats.t.sf(abs(statistic), 7))
    assert (result.difference, result.n) == (pytest.approx(d.mean()), 8)


def test_diebold_mariano_cries_wolf_less_than_a_t_test_on_correlated_losses():
    rng = np.random.default_rng(4)
    noise = rng.normal(size=(400, 61))
    losses = noise[:, 1:] + 0.5 * noise[:, :-1]
    found = [diebold_mariano(x, np.zeros(60)).p_value < 0.05 for x in losses]
    naive = stats.ttest_1samp(losses, 0.0, axis=1).pvalue < 0.05
    assert np.mean(found) < 0.12 < np.mean(naive)  # nominal 0.05: Newey–West stays a little liberal at 60 months


def test_diebold_mariano_is_undefined_for_few_months_or_equal_models():
    assert diebold_mariano(np.ones(3), np.zeros(3), horizon=2) is None
    assert diebold_mariano(np.arange(20.0), np.arange(20.0)) is None
    assert diebold_mariano(np.full(20, 0.3), np.full(20, 0.1)) is None
    with pytest.raises(ModelError, match="1 of 20 scored entries of truth are not finite"):
        diebold_mariano(np.append(np.ones(19), np.nan), np.zeros(20))


@pytest.mark.parametrize("root", [1, 2, 3, 4, 5, 10, 100])
def test_a_cube_root_is_whole_at_cubes_and_beside_them(root):
    """64 ** (1 / 3) is 3.9999999999999996: cut to an integer it is 3."""
    assert (cube_root(root**3 - 1), cube_root(root**3), cube_root(root**3 + 1)) == (root - 1, root, root)


def test_sixty_four_months_have_four_lags():
    """The test's variance by hand, with Newey–West weights of four lags."""
    rng = np.random.default_rng(1)
    difference = np.convolve(rng.standard_normal(67), np.ones(4), "valid")
    assert difference.size == 64
    found = diebold_mariano(difference, np.zeros(64))
    centred = difference - difference.mean()
    terms = [centred @ centred / 64] + [2 * (1 - k / 5) * (centred[k:] @ centred[:-k]) / 64 for k in range(1, 5)]
    assert found.statistic == pytest.approx(difference.mean() / np.sqrt(sum(terms) / 64) * np.sqrt(63 / 64))


def test_crps_is_the_integral_of_the_squared_distance_of_distributions():
    truth, mean, sd = np.array([[1.0, 8.0, 3.0]]), np.array([[0.3, 1.5, 1.1]]), np.array([[0.5, 0.2, 1.0]])
    found = []
    for y, mu, sigma in zip(np.log(truth)[0], mean[0], sd[0], strict=True):
        below = integrate.quad(lambda x, m, s: stats.norm.cdf(x, m, s) ** 2, -12, y, args=(mu, sigma))[0]
        found.append(below + integrate.quad(lambda x, m, s: stats.norm.sf(x, m, s) ** 2, y, 12, args=(mu, sigma))[0])
    expected = np.mean(found)
    assert crps_gaussian(truth, mean, sd, np.ones(truth.shape, dtype=bool)) == pytest.approx(expected, abs=1e-6)


def test_crps_of_a_sure_forecast_is_its_absolute_error_and_doubt_is_rewarded_where_it_is_due():
    truth, scored = panel()
    wrong = np.log(truth) + 0.3
    sure, doubting = (crps_gaussian(truth, wrong, np.full(truth.shape, sd), scored) for sd in (1e-9, 0.3))
    assert sure == pytest.approx(0.3)
    assert doubting < sure


def test_interval_score_is_the_width_and_what_lies_outside_ten_times():
    truth, scored = np.exp(np.array([[0.0, 2.0]])), np.ones((1, 2), dtype=bool)
    mean, sd = np.zeros((1, 2)), np.ones((1, 2))
    half = stats.norm.ppf(0.9)
    assert interval_score(truth, mean, sd, scored) == pytest.approx(2 * half + 10 * (2.0 - half) / 2)


def test_distributions_without_spread_or_with_gaps_are_refused():
    truth, scored = panel(n=2, months=12)
    for bad in (0.0, np.nan):
        sd = np.full(truth.shape, 0.1)
        sd[0, 3] = bad
        for score in (crps_gaussian, interval_score):
            with pytest.raises(ModelError, match="are not"):
                score(truth, np.log(truth), sd, scored)
    nothing = np.zeros(truth.shape, dtype=bool)
    assert crps_gaussian(truth, np.log(truth), np.full(truth.shape, np.nan), nothing) is None
