"""Light from which information was taken, in the ways that the evaluation asks about."""

from __future__ import annotations

import dataclasses

import numpy as np

from gvio.sample.samples import Samples
from gvio.types import IntArray


def shuffle_months(samples: Samples, rng: np.random.Generator) -> Samples:
    """All that was seen in a month, put to another month."""
    order = rng.permutation(len(samples.months))
    return dataclasses.replace(
        samples,
        radiance=samples.radiance[order],
        observations=samples.observations[order],
        statistics=samples.statistics[:, order],
        city_statistics=samples.city_statistics[order],
        region_light=samples.region_light[order],
        light=samples.light[:, :, order],
        seen=samples.seen[:, :, order],
        background=samples.background[:, order],
    )


def shuffle_factories(samples: Samples, rng: np.random.Generator) -> Samples:
    """Factories look at each other's pixels, districts at each other's statistics."""
    order = _derangement(len(samples.row), rng)
    other = _derangement(len(samples.area_ids), rng)
    return dataclasses.replace(
        samples,
        row=samples.row[order],
        col=samples.col[order],
        light=samples.light[:, order],
        seen=samples.seen[:, order],
        background=samples.background[order],
        statistics=samples.statistics[other],
    )


def _derangement(n: int, rng: np.random.Generator) -> IntArray:
    """An order that leaves nothing in its place: a cycle through all, in random order."""
    cycle = rng.permutation(n)
    out = np.empty(n, dtype=np.int64)
    out[cycle] = np.roll(cycle, 1)
    return out
