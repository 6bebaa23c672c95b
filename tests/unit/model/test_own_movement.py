"""How far factories' light moves on its own: found where it is known, whatever is noise, common or clutter."""

import dataclasses

import numpy as np
import pytest
from model_samples import T, make_samples, training

from gvio.model.normalisation import fit_normalisation
from gvio.model.own_movement import USUAL, lasting, own_movement
from gvio.model.panel import build_panel
from gvio.simulate.economy import persistent

SITES, MONTHS = 400, 96
DISTRICT = np.arange(SITES) % 8
SHARE = np.random.default_rng(1).uniform(0.3, 1.0, SITES)
SEEN = np.ones((SITES, MONTHS))


def light(own: float, noise: float = 0.15, clutter: float = 0.0, seed: int = 0) -> np.ndarray:
    """(U, T) s (f + u) + noise + (1 − s) b; all that lasts, lasts as in the simulated economy."""
    rng = np.random.default_rng(seed)
    common = persistent(rng, (8, MONTHS), 0.1)[DISTRICT]
    moves = SHARE[:, None] * (common + persistent(rng, (SITES, MONTHS), own))
    streets = (1 - SHARE)[:, None] * persistent(rng, (SITES, MONTHS), clutter)
    return moves + streets + noise * rng.standard_normal((SITES, MONTHS))


@pytest.mark.parametrize("own", [0.06, 0.13, 0.3])
@pytest.mark.parametrize("noise", [0.02, 0.3])
def test_a_known_movement_is_found(own, noise):
    assert own_movement(light(own, noise), SEEN, SHARE, DISTRICT, 0.0) == pytest.approx(own, rel=0.15)


def test_what_lasts_of_the_surroundings_is_not_taken_for_the_factories():
    both = light(0.1, clutter=0.3)
    beside = persistent(np.random.default_rng(7), (1000, MONTHS), 0.3)
    found = lasting(beside, np.ones(beside.shape))
    assert found == pytest.approx(0.09, rel=0.15)
    assert own_movement(both, SEEN, SHARE, DISTRICT, found) == pytest.approx(0.1, rel=0.25)
    assert own_movement(both, SEEN, SHARE, DISTRICT, 0.0) > 0.13


def test_months_nobody_saw_say_nothing():
    rng = np.random.default_rng(3)
    seen = (rng.random((SITES, MONTHS)) < 0.7).astype(float)
    clouded = np.where(seen > 0, light(0.13), 0.0)
    assert own_movement(clouded, seen, SHARE, DISTRICT, 0.0) == pytest.approx(0.13, rel=0.15)
    assert own_movement(np.zeros((SITES, MONTHS)), np.zeros((SITES, MONTHS)), SHARE, DISTRICT, 0.0) == USUAL


def test_few_sites_stay_near_the_usual_movement_and_single_ones_at_it():
    few = slice(0, 16)
    wild = own_movement(light(0.3)[few], SEEN[few], SHARE[few], DISTRICT[few], 0.0)
    assert USUAL < wild < 0.27
    alone = slice(0, 8)  # one a district: nothing tells it from its district
    assert own_movement(light(0.6)[alone], SEEN[alone], SHARE[alone], DISTRICT[alone], 0.0) == USUAL


@pytest.mark.parametrize(("own", "bound"), [(0.0, USUAL / 4), (3.0, USUAL * 4)])
def test_it_is_bounded_whatever_light_says(own, bound):
    assert own_movement(light(own), SEEN, SHARE, DISTRICT, 0.0) == bound


def test_it_is_learned_on_training_months_and_weighs_the_sites():
    samples = make_samples()
    radiance = samples.radiance.copy()
    radiance[24:] *= np.linspace(1, 5, T - 24, dtype=np.float32)[:, None, None]
    active = samples.active.copy()
    active[0, 26:] = False
    one, two = (
        fit_normalisation(s, training(24), 5)
        for s in (samples, dataclasses.replace(samples, radiance=radiance, active=active))
    )
    np.testing.assert_array_equal(one.own_movement, two.own_movement)
    assert one.own_movement.shape == (1,)
    still, lively = (
        build_panel(samples, dataclasses.replace(one, own_movement=np.array([tau])), 9, 5) for tau in (0.03, 0.48)
    )
    assert not np.allclose(still.site_weights, lively.site_weights)
