"""Trends against the formulas of the literature written out as loops."""

import itertools
import math

import numpy as np
import pytest
from scipy import stats

from gvio.errors import ModelError
from gvio.map.industry import Industry
from gvio.map.trends import TREND_BANDS, seasonal_trends, trend_bands


def reference(x: np.ndarray, period: int) -> tuple[float, float]:
    """Hirsch, Slack & Smith (1982), equations 1–6, written as loops."""
    score, variance, slopes = 0.0, 0.0, []
    for season in range(period):
        s = x[season::period]
        for i, j in itertools.combinations(range(len(s)), 2):
            score += np.sign(s[j] - s[i])
            slopes.append((s[j] - s[i]) / (j - i))
        n = len(s)
        ties = sum(c * (c - 1) * (2 * c + 5) for c in np.unique(s, return_counts=True)[1])
        variance += (n * (n - 1) * (2 * n + 5) - ties) / 18
    z = 0.0 if score == 0 else (score - np.sign(score)) / math.sqrt(variance)
    return float(np.median(slopes)), float(2 * stats.norm.sf(abs(z)))


@pytest.mark.parametrize("length", [24, 30, 96])
def test_trends_equal_the_written_out_formulas(length):
    rng = np.random.default_rng(length)
    t = np.arange(length)
    values = rng.normal(0, 1, (20, length)) + np.outer(rng.normal(0, 0.05, 20), t) + 3 * np.sin(t / 6 * np.pi)
    values[5:10] = np.round(values[5:10])  # ties
    trends = seasonal_trends(values)
    expected = np.array([reference(x, 12) for x in values])
    np.testing.assert_allclose(trends.slope, expected[:, 0], rtol=1e-12, atol=1e-12)
    np.testing.assert_allclose(trends.p_value, expected[:, 1], rtol=1e-9)
    np.testing.assert_allclose(trends.relative, trends.slope / values.mean(axis=1))


def test_period_one_is_the_plain_theil_sen_slope():
    values = np.random.default_rng(0).normal(size=(5, 40))
    slope = seasonal_trends(values, period=1).slope
    np.testing.assert_allclose(slope, [stats.theilslopes(x)[0] for x in values], rtol=1e-12)


def test_season_alone_is_no_trend():
    values = np.tile(np.sin(np.arange(12)), (1, 8)) + 2
    trends = seasonal_trends(values)
    assert trends.slope[0] == 0.0
    assert trends.p_value[0] == 1.0


def test_more_series_than_one_batch_come_out_in_order():
    values = np.outer(np.arange(1, 1101), np.arange(36.0))
    np.testing.assert_allclose(seasonal_trends(values).slope, 12.0 * np.arange(1, 1101))


def test_short_series_have_no_trend_and_zero_mean_no_relative_one():
    assert np.isnan(seasonal_trends(np.ones((2, 23))).slope).all()
    zero = seasonal_trends(np.zeros((1, 36)))
    assert (zero.slope[0], zero.p_value[0]) == (0.0, 1.0)
    assert np.isnan(zero.relative[0])


def test_gap_in_a_series_is_refused():
    values = np.ones((2, 36))
    values[1, 3] = np.nan
    with pytest.raises(ModelError, match="trends: 1 values of the series are not finite"):
        seasonal_trends(values)


def test_trend_bands_are_nan_where_there_is_no_industry():
    industry = Industry(np.array([1]), np.array([0]), np.ones((1, 36)), np.ones((1, 36)), np.zeros((2, 2), int), 1)
    bands = trend_bands(industry, np.arange(36.0)[None] + 1)
    assert bands.shape == (len(TREND_BANDS), 2, 2)
    assert bands[0, 0, 1] == pytest.approx(12.0)
    assert np.isnan(np.delete(bands.reshape(3, -1), 1, axis=1)).all()
