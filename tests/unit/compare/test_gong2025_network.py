"""Our reading of the paper's abstract: it learns, sees no hidden figure, and is the same for the same seed."""

import numpy as np
import pytest
import torch

from gvio.train.gong2025 import Gong2025Inputs, train_gong2025

D, SITES, T = 3, 12, 36


pytestmark = pytest.mark.usefixtures("one_thread")


def _world(seed: int = 0) -> tuple[Gong2025Inputs, np.ndarray]:
    """Light that is the output of its district, seen without error."""
    rng = np.random.default_rng(seed)
    district = np.arange(SITES) % D
    change = 0.4 * rng.standard_normal((D, T))
    patches = np.broadcast_to(change[district][..., None, None], (SITES, T, 5, 5)).copy()
    inputs = Gong2025Inputs(patches, np.zeros((D, T, 2)), np.ones((SITES, T)), district)
    return inputs, 40 * np.exp(0.5 * change)


def test_it_learns_what_light_shows():
    inputs, output = _world()
    path = train_gong2025(inputs, output, 3)
    error = np.log(path / output)
    assert (path > 0).all()
    assert np.sqrt((error**2).mean()) < 0.5 * np.log(output).std()


def test_hidden_figures_have_no_influence_and_the_seed_decides():
    inputs, output = _world()
    hidden = np.where(np.arange(T) < 24, output, np.nan)
    one, same, other = (train_gong2025(inputs, hidden, seed) for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert not np.array_equal(one, other)
    assert np.isfinite(one).all()


def test_its_random_numbers_are_its_own():
    """Folds train side by side: the process's generator must be where it was."""
    inputs, output = _world()
    before = torch.random.get_rng_state()
    train_gong2025(inputs, output, 5)
    assert torch.equal(before, torch.random.get_rng_state())
