import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_array

from gvio.sample.sharing import covered, near_share, rings, row_sums, share

LEAN = settings(max_examples=40, deadline=None)

# About half of the entries zero, as in life, and no denormals, which no area is.
FRACTIONS = st.one_of(st.just(0.0), st.floats(1e-6, 1.0))


def matrices(rows: int = 4, columns: int = 5) -> st.SearchStrategy[np.ndarray]:
    return arrays(np.float64, (rows, columns), elements=FRACTIONS)


@LEAN
@given(matrices())
def test_sharing_hands_out_every_pixel_once_at_most(cov: np.ndarray) -> None:
    """Σ_f W = min(1, Σ_f cov): the light of the union is kept, none is counted twice."""
    columns = share(csr_array(cov)).toarray().sum(axis=0)
    np.testing.assert_allclose(columns, np.minimum(1, cov.sum(axis=0)), rtol=1e-12)


@LEAN
@given(matrices())
def test_the_rows_together_weigh_the_union(cov: np.ndarray) -> None:
    total = row_sums(share(csr_array(cov))).sum()
    assert total == pytest.approx(near_share(csr_array(cov)).sum(), rel=1e-12)


@LEAN
@given(matrices(), st.randoms(use_true_random=False))
def test_the_order_of_factories_does_not_matter(cov: np.ndarray, random: object) -> None:
    order = list(range(len(cov)))
    random.shuffle(order)
    direct, permuted = share(csr_array(cov)).toarray(), share(csr_array(cov[order])).toarray()
    np.testing.assert_allclose(permuted, direct[order], rtol=1e-12)


@LEAN
@given(matrices())
def test_no_factory_gains_by_sharing_and_pixels_of_one_factory_are_left_alone(cov: np.ndarray) -> None:
    shared = share(csr_array(cov)).toarray()
    assert (shared <= cov).all()
    alone = (cov > 0).sum(axis=0) <= 1
    np.testing.assert_array_equal(shared[:, alone], cov[:, alone])


def test_two_whole_buffers_on_a_pixel_get_half_each() -> None:
    shared = share(csr_array([[1.0, 1.0, 0.0], [0.0, 1.0, 0.4]]))
    np.testing.assert_allclose(shared.toarray(), [[1.0, 0.5, 0.0], [0.0, 0.5, 0.4]])


def test_sharing_leaves_its_argument_alone() -> None:
    cov = csr_array([[1.0, 1.0], [0.0, 1.0]])
    share(cov)
    np.testing.assert_array_equal(cov.toarray(), [[1.0, 1.0], [0.0, 1.0]])


@LEAN
@given(matrices(), matrices())
def test_rings_are_never_negative_and_stay_out_of_every_inner_buffer(inner: np.ndarray, more: np.ndarray) -> None:
    outer = np.maximum(inner, more)
    ring = rings(csr_array(inner), csr_array(outer)).toarray()
    assert (ring >= 0).all()
    plain = outer - inner
    assert (ring <= plain + 1e-12).all()
    free = plain * (1 - np.minimum(1, inner.sum(axis=0)))
    wanted = np.where(free.sum(axis=1, keepdims=True) > 1e-9, free, plain)
    np.testing.assert_allclose(ring, wanted, atol=1e-12)


def test_a_ring_nearly_filled_by_neighbours_is_not_counted_beside_its_plain_self() -> None:
    inner, outer = csr_array([[0.99999, 0.0], [0.0, 0.99999]]), csr_array([[1.0, 0.0], [0.0, 1.0]])
    crumb = rings(inner, outer).toarray()
    np.testing.assert_array_equal(crumb, (outer - inner).toarray())


def test_a_ring_filled_by_neighbours_keeps_its_plain_self() -> None:
    """Pixel 1 is the first factory's whole ring and the second one's inner buffer."""
    inner, outer = csr_array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]), csr_array([[1.0, 1.0, 0.0], [0.0, 1.0, 1.0]])
    np.testing.assert_array_equal(rings(inner, outer).toarray(), [[0, 1, 0], [0, 0, 1]])


def test_covered_counts_buffers_by_area() -> None:
    np.testing.assert_allclose(covered(csr_array([[1.0, 0.5, 0.0], [1.0, 0.25, 0.0]])), [2.0, 0.75, 0.0])
