import numpy as np
import pytest

from gvio.sample.anomaly import anomaly, log_light, training_mean


def test_log_light_is_finite_at_and_below_zero_and_keeps_nan_and_type() -> None:
    light = log_light(np.array([-0.4, 0.0, 0.7, np.nan], np.float32))
    np.testing.assert_allclose(light, [np.log(0.3), np.log(0.3), 0.0, np.nan], atol=1e-6)
    assert light.dtype == np.float32


def test_the_training_mean_weighs_by_observations_and_never_looks_at_other_months() -> None:
    x = np.array([1.0, 4.0, 100.0, np.nan]).reshape(4, 1, 1)
    n = np.array([3, 1, 50, 9]).reshape(4, 1, 1)
    mean = training_mean(x, n, np.array([True, True, False, True]))
    assert mean[0, 0] == pytest.approx((3 * 1 + 1 * 4) / 4)


def test_a_pixel_never_seen_in_training_has_no_mean_and_no_anomaly() -> None:
    x = np.array([[[np.nan, 1.0]], [[2.0, 3.0]]])
    n = np.ones((2, 1, 2), int)
    mean = training_mean(x, n, np.array([True, False]))
    np.testing.assert_array_equal(mean, [[np.nan, 1.0]])
    value, validity = anomaly(x, mean, n)
    np.testing.assert_array_equal(value, [[[0, 0]], [[0, 2]]])
    np.testing.assert_allclose(validity, [[[0, 0.25]], [[0, 0.25]]])


def test_validity_grows_with_observations_and_is_zero_without() -> None:
    x, n = np.zeros((3, 1, 1)), np.array([0, 3, 27]).reshape(3, 1, 1)
    value, validity = anomaly(x, np.zeros((1, 1)), n, shrink=3.0)
    np.testing.assert_allclose(validity.ravel(), [0.0, 0.5, 0.9])
    assert (value.dtype, validity.dtype) == (np.float32, np.float32)
