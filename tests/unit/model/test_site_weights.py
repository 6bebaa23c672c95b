"""A matched filter over sites: optimal where its formula holds, a plain mean where sites are alike."""

import numpy as np
import pytest

from gvio.model.site_weights import site_weights

DISTRICT = np.array([0, 0, 0, 1, 1, 1])
STEADY = np.ones(6, dtype=bool)
EVEN = np.ones(6)
OWN = 0.1


def weights_of(share, spread, output=EVEN, steady=STEADY):
    """(U,) weights before the half power, of each site's change in its district's reading."""
    found = site_weights(np.asarray(share), np.asarray(spread), OWN, output, steady, DISTRICT, 2)
    part = output * steady / np.bincount(DISTRICT, output * steady)[DISTRICT]
    return np.asarray(part * found**2)


def test_sites_alike_are_a_plain_mean_that_undoes_their_share():
    weight = weights_of(np.full(6, 0.5), np.full(6, 0.1))
    np.testing.assert_allclose(weight, 1 / 3 / 0.5)


def test_a_noisy_site_and_a_faint_one_say_less():
    weight = weights_of([0.5, 0.5, 0.5, 0.9, 0.9, 0.3], [0.1, 0.1, 0.5, 0.1, 0.1, 0.1])
    assert weight[2] < 0.5 * weight[0]
    assert weight[5] < weight[3]


def test_it_errs_less_than_a_plain_mean_on_the_world_of_its_formula():
    rng = np.random.default_rng(0)
    share, spread = np.array([0.9, 0.6, 0.3, 0.9, 0.6, 0.3]), np.array([0.05, 0.2, 0.4, 0.3, 0.1, 0.05])
    common = 0.1 * rng.standard_normal((4000, 2))[:, DISTRICT]
    own = common + OWN * rng.standard_normal((4000, 6))
    light = share * own + spread * rng.standard_normal((4000, 6))
    weight = weights_of(share, spread)
    truth, plain, read = (
        np.stack([values[:, d == DISTRICT].sum(axis=1) for d in range(2)])
        for values in (own / 3, light / share / 3, weight * light)
    )
    assert ((read - truth) ** 2).mean() < 0.5 * ((plain - truth) ** 2).mean()


def test_a_site_that_opens_or_closes_has_none_and_the_others_speak_for_it():
    steady = np.array([True, True, False, True, True, True])
    found = site_weights(np.full(6, 0.5), np.full(6, 0.1), OWN, EVEN, steady, DISTRICT, 2)
    assert found[2] == 0
    assert found[[0, 1]] == pytest.approx(found[3]), "two sites of one kind or three: the same mean"


def test_a_share_is_never_taken_to_be_next_to_nothing():
    faint, least = (weights_of(np.full(6, s), np.full(6, 0.1)) for s in (0.001, 0.25))
    np.testing.assert_array_equal(faint, least)


def test_a_district_without_a_steady_site_has_no_weight():
    steady = DISTRICT == 0
    found = site_weights(np.full(6, 0.5), np.full(6, 0.1), OWN, EVEN, steady, DISTRICT, 3)
    assert not found[DISTRICT == 1].any()
