"""Train the abstract's reading (`gvio.model.gong2025`) on districts' monthly figures, and estimate with it."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import torch

from gvio.model.gong2025 import PATCH_PX, Gong2025Cnn
from gvio.sample.anomaly import log_light, training_mean
from gvio.sample.patches import gather_patches
from gvio.sample.samples import Samples
from gvio.sample.statistics import fill_gaps, gap_offsets
from gvio.train.adamw import AdamW
from gvio.types import FloatArray, IntArray

STEPS = 100
_RATE = 0.01
_PARTS = 3  # every third month a step: as good, and a third of the time


@dataclasses.dataclass(frozen=True, eq=False)
class Gong2025Inputs:
    """Buffers as samples: `patches` (U, T, 5, 5) and `statistics` (D, T, S) about zero mean and unit size, `weight`
    (U, T) of working factories, `district` (U,).
    """

    patches: FloatArray
    statistics: FloatArray
    weight: FloatArray
    district: IntArray


def gong2025_inputs(samples: Samples, n_train: int) -> Gong2025Inputs:
    """Inputs of every month, standardised by the first `n_train`; what was not seen is the pixel's training mean."""
    train = np.arange(len(samples.months)) < n_train
    light = log_light(samples.radiance)
    mean = training_mean(samples.radiance, samples.observations, np.flatnonzero(train))
    mean = np.where(np.isfinite(mean), mean, np.nanmean(mean) if np.isfinite(mean).any() else 0.0)
    light = np.where(np.isfinite(light), light, mean)
    centre, size = float(light[train].mean()), float(light[train].std()) or 1.0
    key = np.stack([samples.row, samples.col, samples.district])
    _, first, site = np.unique(key, axis=1, return_index=True, return_inverse=True)
    weight = np.zeros((len(first), len(samples.months)))
    np.add.at(weight, np.asarray(site).ravel(), samples.weight[:, None] * samples.active)
    patches = gather_patches((light - centre) / size, samples.row[first], samples.col[first], PATCH_PX)
    return Gong2025Inputs(patches, _statistics(samples, train), weight, samples.district[first])


@dataclasses.dataclass(frozen=True, eq=False)
class Learned:
    """What was learned from the known months: the `start` that output is scaled by, and the network's weights."""

    start: float
    weights: Mapping[str, FloatArray]


def train_gong2025(inputs: Gong2025Inputs, figures: FloatArray, seed: int) -> FloatArray:
    """Fit to the known months and estimate all of them.

    Args:
        inputs: Of T months.
        figures: (D, T) monthly figures > 0, NaN where unknown or withheld.
        seed: Of the initial weights.

    Returns:
        (D, T) float64 > 0.
    """
    return read_gong2025(inputs, learn_gong2025(inputs, figures, seed))


def learn_gong2025(inputs: Gong2025Inputs, figures: FloatArray, seed: int) -> Learned:
    """Fit to the known months; arguments as for `train_gong2025`. Months without a figure are not looked at."""
    known = np.flatnonzero(np.isfinite(figures).any(axis=0))
    target = torch.as_tensor(np.log(figures[:, known]), dtype=torch.float32)
    counted = torch.isfinite(target)
    network = _new_network(inputs.statistics.shape[2], seed)
    start = float(np.nanmean(figures[:, known]) / max(_first_guess(network, inputs, known), 1e-9))
    optimiser = AdamW(network.parameters())
    for step in range(STEPS):
        part = slice(step % _PARTS, None, _PARTS)
        optimiser.zero_grad()
        output = torch.log(start * _district_output(network, inputs, known[part]).clamp_min(1e-9))
        loss = torch.nn.functional.smooth_l1_loss(output[counted[:, part]], target[:, part][counted[:, part]])
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step(_RATE)
    return Learned(start, {name: value.numpy() for name, value in network.state_dict().items()})


def read_gong2025(inputs: Gong2025Inputs, learned: Learned) -> FloatArray:
    """(D, T) float64 > 0, the estimate of every month of `inputs`."""
    network = _new_network(inputs.statistics.shape[2], 0)
    network.load_state_dict({name: torch.tensor(value) for name, value in learned.weights.items()})
    with torch.no_grad():
        output = _district_output(network, inputs, np.arange(inputs.statistics.shape[1]))
        every = learned.start * output.clamp_min(1e-9)
    return np.asarray(every.double().numpy())


def _new_network(statistics: int, seed: int) -> Gong2025Cnn:
    """Weights drawn from a generator of their own: the process's belongs to folds that train in other threads."""
    network = Gong2025Cnn(statistics)
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in (p for p in network.parameters() if p.dim() == 2):
            bound = weight.shape[1] ** -0.5
            weight.uniform_(-bound, bound, generator=generator)
    return network


def _first_guess(network: Gong2025Cnn, inputs: Gong2025Inputs, months: IntArray) -> float:
    with torch.no_grad():
        return float(_district_output(network, inputs, months).mean())


def _district_output(network: Gong2025Cnn, inputs: Gong2025Inputs, months: IntArray) -> torch.Tensor:
    """(D, months) sum of the outputs of the districts' factories."""
    patches = torch.as_tensor(inputs.patches[:, months], dtype=torch.float32)
    statistics = torch.as_tensor(inputs.statistics[:, months], dtype=torch.float32)
    district = torch.as_tensor(inputs.district, dtype=torch.int64)
    output = network(patches, statistics, district)
    weighted = output * torch.as_tensor(inputs.weight[:, months], dtype=torch.float32)
    total = torch.zeros(len(inputs.statistics), len(months))
    return total.index_add(0, district, weighted)


def _statistics(samples: Samples, train: np.ndarray[tuple[int], np.dtype[np.bool_]]) -> FloatArray:
    """(D, T, 2S) of the district and of the city, about zero mean and unit size over training months; 0 unseen."""
    raw = (samples.statistics, samples.city_statistics, samples.region_light)
    districts, whole = fill_gaps(*raw, gap_offsets(*raw, train))
    both = np.concatenate([districts, np.broadcast_to(whole, districts.shape)], axis=2)
    past = np.where(np.isfinite(both[:, train]), both[:, train], 0.0)
    number = np.maximum(np.isfinite(both[:, train]).sum(axis=(0, 1)), 1)
    mean = past.sum(axis=(0, 1)) / number
    spread = np.sqrt(np.where(np.isfinite(both[:, train]), (both[:, train] - mean) ** 2, 0.0).sum(axis=(0, 1)) / number)
    return np.asarray(np.nan_to_num((both - mean) / np.where(spread > 0, spread, 1.0)))
