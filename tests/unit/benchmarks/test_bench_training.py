"""The benchmark of training: the naive network it compares with is the same function."""

import numpy as np
import torch

from benchmarks.bench_training import NaiveCnn
from gvio.model.sacnn import Architecture, Inputs, SaCnn, district_output

U, T, D, S = 7, 5, 2, 3


def test_the_naive_network_gives_the_same_output():
    draw = torch.Generator().manual_seed(0)
    dynamic = torch.randn(U, T, 2, 5, 5, generator=draw)
    inputs = Inputs(
        static=torch.randn(U, 4, 9, 9, generator=draw),
        anomaly=dynamic[:, :, 0, 2, 2].contiguous(),
        dynamic=dynamic,
        statistics=torch.randn(D, T, S, generator=draw),
        log_excess=torch.randn(U, generator=draw),
        log_weight=torch.zeros(U, T),
        site_weights=torch.rand(U, generator=draw),
        district=torch.arange(U) % D,
        n_areas=D,
    )
    ours, naive = SaCnn(Architecture(4, S)), NaiveCnn(Architecture(4, S))
    for part in (ours.where, ours.believe, ours.modulate):
        torch.nn.init.normal_(part.weight, std=0.5, generator=draw)
    naive.load_state_dict(ours.state_dict())
    with torch.no_grad():
        one, two = (district_output(*network(inputs), inputs) for network in (ours, naive))
    np.testing.assert_allclose(one, two, rtol=1e-5, atol=1e-5)
