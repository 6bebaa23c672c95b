"""A step of training: gvio's network beside convolutions over every patch, and beside patches that a loader brings."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.bench_training import DISTRICTS, NaiveCnn, patches_of, step_seconds
from benchmarks.sides import Limit, Row, Side, compared, seconds
from gvio.config import ModelParams
from gvio.model.panel import DYNAMIC_CHANNELS, STATIC_CHANNELS, TRAITS, Panel
from gvio.model.sacnn import Architecture, Inputs, SaCnn, as_inputs
from gvio.stages.workers import one_thread_each

SAME = 1e-4  # of log output; sums of float32 in another order
BATCH = 256


class Patches(Dataset):  # type: ignore[type-arg]
    """One patch of one site in one month, as a loader of samples hands it out."""

    def __init__(self, dynamic: torch.Tensor, months: int) -> None:
        self.dynamic, self.months = dynamic, months

    def __len__(self) -> int:
        return len(self.dynamic) * self.months

    def __getitem__(self, number: int) -> torch.Tensor:
        site, month = divmod(number, self.months)
        return self.dynamic[site, month]


def rows(*, quick: bool) -> Iterator[Row]:
    """All sites and months, forward and back, in float32."""
    one_thread_each()
    panel = _panel(*((300, 24) if quick else (2700, 96)))
    channels = ModelParams().channels
    (_, ours), (_, naive) = step_seconds(panel, channels, 5)
    inputs, dynamic, few = as_inputs(panel), patches_of(panel), min(panel.dynamic.shape[1], 6)
    fast, plain = _alike(panel, channels)
    with torch.no_grad():
        apart = float((fast(inputs).change - plain.look(inputs, dynamic).change).abs().max())
    loading = seconds(lambda: sum(len(batch) for batch in _loader(dynamic, few)), 1) * panel.dynamic.shape[1] / few
    given = torch.cat(list(_loader(dynamic, few))).reshape(len(dynamic), few, *dynamic.shape[2:])
    apart = max(apart, float((given - dynamic[:, :few]).abs().max()))
    limit = Limit("a matrix product of as many operations", _product_seconds(fast, inputs))
    work = f"training step, {len(panel.district):,} sites × {panel.dynamic.shape[1]} months"
    yield compared("training.step", work, ours, Side("conv2d on every patch at once", naive, apart), limit, SAME)
    side = Side("DataLoader by patch, then conv2d", loading + naive, apart, few / panel.dynamic.shape[1])
    yield compared("training.step", work, ours, side, limit, SAME, "of the loader")


def _panel(sites: int, months: int) -> Panel:
    """Random inputs of the true sizes: what a step costs does not depend on the values."""
    rng = np.random.default_rng(0)
    site = {"log_excess": rng.standard_normal(sites), "site_weights": rng.random(sites)}
    dynamic = rng.standard_normal((sites, months, len(DYNAMIC_CHANNELS), 3), dtype=np.float32)
    dynamic[:, :, 1] = rng.random((sites, months, 3), dtype=np.float32)
    return Panel(
        static=rng.standard_normal((sites, len(STATIC_CHANNELS), 9, 9), dtype=np.float32),
        dynamic=dynamic,
        around=rng.standard_normal((sites, months, 3), dtype=np.float32),
        traits=rng.standard_normal((sites, len(TRAITS)), dtype=np.float32),
        log_weight=np.zeros((sites, months)),
        district=np.arange(sites) % DISTRICTS,
        n_areas=DISTRICTS,
        **site,
    )


def _loader(dynamic: torch.Tensor, months: int) -> DataLoader:  # type: ignore[type-arg]
    return DataLoader(Patches(dynamic, months), batch_size=BATCH)


def _alike(panel: Panel, channels: int) -> tuple[SaCnn, NaiveCnn]:
    """Both networks with the same weights, those that start at zero among them."""
    architecture = Architecture(channels, panel.static.shape[-1], 2 * panel.dynamic.shape[-1] - 1)
    torch.manual_seed(0)
    ours, naive = SaCnn(architecture), NaiveCnn(architecture)
    torch.nn.init.normal_(ours.drawn.weight, std=0.1)
    naive.load_state_dict(ours.state_dict())
    return ours, naive


def _product_seconds(network: SaCnn, inputs: Inputs) -> float:
    """A square product of float32 with as many operations as the step has, scaled from one that fits any memory."""
    with FlopCounterMode(display=False) as counter:
        network(inputs).change.sum().backward()
    n = 1024
    a = torch.randn(n, n)
    return seconds(lambda: a @ a, 5) * counter.get_total_flops() / (2 * n**3)
