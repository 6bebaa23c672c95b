"""Saliency: how far a district's log reading moves with each pixel of its factories' patches.

Plain gradients of the reading (Simonyan, Vedaldi & Zisserman 2014), each times its channel's usual spread, so that
channels of different units compare: the first-order effect of a usual change at this pixel. Integrated
gradients (Sundararajan, Taly & Yan 2017) need a baseline, and a patch without light is none that ever occurs here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from gvio.model.panel import Panel
from gvio.model.sacnn import SaCnn, as_inputs
from gvio.sample.patches import ring_of
from gvio.types import FloatArray


@dataclasses.dataclass(frozen=True, eq=False)
class Saliency:
    """Log units, non-negative: how far a usual change at a pixel moves the district's reading, added over its sites.

    `dynamic` (D, 2, q, q) and `static` (D, 2, p, p), channels as in `gvio.model.panel`; the centre is the factory.
    A site counts with its weight in the district: the chain rule weighs it so. Static patches draw up how the light is
    weighed.
    """

    dynamic: FloatArray
    static: FloatArray


def saliency(members: Sequence[SaCnn], panel: Panel, last: int = 24) -> Saliency:
    """Mean over members of the absolute gradients, over the `last` months whose light was seen; zeros where none was.

    Args:
        members: Networks of the ensemble.
        panel: Their inputs.
        last: Months to average over; static maps do not need more, and every month costs a pass.
    """
    months = np.flatnonzero((_validity(panel) > 0).any(axis=0))[-last:]
    recent = _months(panel, months)
    shapes = {"dynamic": panel.dynamic.shape[2:], "static": panel.static.shape[1:]}
    total = {name: np.zeros((panel.n_areas, *shape)) for name, shape in shapes.items()}
    if len(months) and len(panel.district):
        # Of light that of the site itself: what the other pixels of a patch do one by one is not in the panel.
        spread = {"dynamic": _spread(recent.dynamic[..., :1], channel=2), "static": _spread(recent.static, channel=1)}
        for network in members:
            for name, maps in _one_member(network, recent, spread).items():
                total[name] += maps / len(members)
    return Saliency(_over_patch(total["dynamic"]), total["static"])


def _one_member(network: SaCnn, panel: Panel, spread: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """Maps by stream: (D, 2, 1 + q // 2) of the light's rings, the mean over months; (D, 2, p, p) of static patches,
    that of the mean reading."""
    # A panel of tensors: whatever the network takes from them then stays differentiable.
    patches: dict[str, Any] = {
        name: torch.tensor(getattr(panel, name), dtype=torch.float32, requires_grad=True) for name in spread
    }
    # A site reaches no other district than its own: one gradient of all readings holds every district's.
    change = network(as_inputs(dataclasses.replace(panel, **patches))).change
    gradients = torch.autograd.grad(change.sum(), list(patches.values()))
    found = {}
    for name, gradient in zip(patches, gradients, strict=True):
        # Months do not see one another, so the gradient of the sum holds every month's own.
        sites = np.abs(gradient.double().numpy()) / change.shape[1]
        sites = sites.sum(axis=1) if name == "dynamic" else sites
        found[name] = np.zeros((panel.n_areas, *sites.shape[1:]))
        np.add.at(found[name], panel.district, sites * spread[name])
    return found


def _over_patch(rings: FloatArray) -> FloatArray:
    """(D, 2, q, q): every pixel of a ring has the same part in the ring's mean."""
    ring = ring_of(2 * rings.shape[-1] - 1)
    return np.asarray((rings / np.bincount(ring.ravel()))[..., ring])


def _spread(values: FloatArray, channel: int) -> FloatArray:
    """Standard deviation of every channel, with an axis of length one for each that follows the channel's."""
    axes = tuple(axis for axis in range(values.ndim) if axis != channel)
    sd = np.asarray(values, dtype=np.float64).std(axis=axes)
    return np.asarray(sd).reshape(-1, *(1,) * (values.ndim - channel - 1))


def _months(panel: Panel, months: np.ndarray[Any, np.dtype[np.int64]]) -> Panel:
    parts = {name: getattr(panel, name)[:, months] for name in ("dynamic", "around", "log_weight")}
    return dataclasses.replace(panel, **parts)


def _validity(panel: Panel) -> FloatArray:
    """(U, T) of the sites themselves."""
    return np.asarray(panel.dynamic[:, :, 1, 0])
