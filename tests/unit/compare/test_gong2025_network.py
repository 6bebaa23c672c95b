"""Our reading of the paper's abstract: it learns, sees no hidden figure, and is the same for the same seed."""

import numpy as np
import pytest
import torch

from gvio.model.gong2025 import Gong2025Cnn
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


def test_the_network_is_two_convolutions_whatever_the_blocks():
    """The products over blocks of sites are the convolutions that they stand for."""
    network, generator = Gong2025Cnn(3), torch.Generator().manual_seed(4)
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.uniform_(-0.5, 0.5, generator=generator)
    patches = torch.rand(90, T * 3, 5, 5, generator=generator)
    statistics = torch.rand(D, T * 3, 3, generator=generator)
    district = torch.arange(90) % D
    got = network(patches, statistics, district)
    maps = torch.conv2d(patches.flatten(0, 1)[:, None], network.first.weight.reshape(8, 1, 3, 3), network.first.bias)
    kernel = network.second.weight.reshape(8, 3, 3, 8).permute(0, 3, 1, 2)
    seen = torch.relu(torch.conv2d(torch.relu(maps), kernel, network.second.bias))[..., 0, 0]
    mixed = torch.relu(network.mix(torch.cat([seen, statistics[district].flatten(0, 1)], dim=1)))
    wanted = torch.nn.functional.softplus(network.linear(mixed))[:, 0]
    torch.testing.assert_close(got.flatten(), wanted)
