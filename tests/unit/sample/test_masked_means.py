import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_array

from gvio.sample.means import masked_means


def plain_means(weights: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The same by loops over rows and months."""
    mean, seen = np.full((len(weights), len(values)), np.nan), np.zeros((len(weights), len(values)))
    for i, w in enumerate(weights):
        for t, x in enumerate(values):
            ok = np.isfinite(x)
            if w[ok].sum() > 0:
                mean[i, t], seen[i, t] = (w[ok] @ x[ok]) / w[ok].sum(), w[ok].sum() / w.sum()
    return mean, seen


@settings(max_examples=40, deadline=None)
@given(
    arrays(np.float64, (3, 6), elements=st.one_of(st.just(0.0), st.floats(1e-3, 1))),
    arrays(np.float64, (4, 6), elements=st.one_of(st.just(np.nan), st.floats(-5, 500))),
)
def test_means_equal_a_plain_loop(weights: np.ndarray, values: np.ndarray) -> None:
    mean, seen = masked_means(csr_array(weights), values)
    wanted_mean, wanted_seen = plain_means(weights, values)
    np.testing.assert_allclose(mean, wanted_mean, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(seen, wanted_seen, rtol=1e-9)


def test_a_month_without_light_is_nan_and_unseen() -> None:
    values = np.array([[[1.0, 3.0]], [[np.nan, np.nan]]], dtype=np.float32)
    mean, seen = masked_means(csr_array([[1.0, 1.0]]), values)
    np.testing.assert_array_equal(mean, [[2.0, np.nan]])
    np.testing.assert_array_equal(seen, [[1.0, 0.0]])


def test_a_cloud_over_half_a_buffer_moves_no_mean_of_even_light() -> None:
    mean, seen = masked_means(csr_array([[1.0, 0.5, 0.5]]), np.array([[7.0, np.nan, np.nan]]))
    assert (mean[0, 0], seen[0, 0]) == (7.0, 0.5)


def test_sums_are_accumulated_in_float64() -> None:
    """100,000 pixels: summed one by one in float32 the mean would be off by 1e-4 and more."""
    values = np.full((1, 100_000), 0.1, np.float32)
    mean, _ = masked_means(csr_array(np.ones((1, 100_000))), values)
    assert mean[0, 0] == pytest.approx(float(np.float32(0.1)), rel=1e-12)


def test_weights_without_any_pixel_give_nan() -> None:
    mean, seen = masked_means(csr_array((2, 4)), np.ones((3, 2, 2)))
    assert np.isnan(mean).all()
    assert (seen == 0).all()
    assert mean.shape == (2, 3)
