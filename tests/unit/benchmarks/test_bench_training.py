"""The benchmark of training: the naive network it compares with is the same function."""

import dataclasses

import numpy as np
import torch

from benchmarks.bench_training import patches_of
from benchmarks.rows.training import _alike, _panel
from gvio.model.sacnn import as_inputs


def test_the_naive_network_gives_the_same_reading():
    panel = _panel(7, 5)
    panel.dynamic[:, 2] = 0.0  # a month that was not seen
    panel = dataclasses.replace(panel, district=np.arange(7) % 2, n_areas=2)
    ours, naive = _alike(panel, 4)
    inputs = as_inputs(panel)
    with torch.no_grad():
        one, two = ours(inputs), naive.look(inputs, patches_of(panel))
    np.testing.assert_allclose(one.change, two.change, rtol=1e-4, atol=1e-4)
    assert not one.seen[:, 2].any()
