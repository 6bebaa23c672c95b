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
    shapes = {name: (panel.n_areas, *getattr(panel, name).shape[-3:]) for name in ("dynamic", "static")}
    total = {name: np.zeros(shape) for name, shape in shapes.items()}
    if not len(months) or not len(panel.district):
        return Saliency(**total)
    spread = {"dynamic": _spread(recent.dynamic, (0, 1)), "static": _spread(recent.static, (0,))}
    for network in members:
        for name, maps in _one_member(network, recent, spread).items():
            total[name] += maps / len(members)
    return Saliency(**total)


def _one_member(network: SaCnn, panel: Panel, spread: dict[str, FloatArray]) -> dict[str, FloatArray]:
    """(D, C, q, q) maps by stream: of dynamic patches the mean over months, of static ones that of the mean reading."""
    # A panel of tensors: whatever the network takes from the patches then stays differentiable.
    patches: dict[str, Any] = {
        name: torch.tensor(getattr(panel, name), dtype=torch.float32, requires_grad=True) for name in spread
    }
    # A site reaches no other district than its own: one gradient of all readings holds every district's.
    change = network(as_inputs(dataclasses.replace(panel, **patches))).change
    gradients = torch.autograd.grad(change.sum(), list(patches.values()))
    found = {name: np.zeros((panel.n_areas, *values.shape)) for name, values in spread.items()}
    for name, gradient in zip(patches, gradients, strict=True):
        # Months do not see one another, so the gradient of the sum holds every month's own.
        sites = np.abs(gradient.double().numpy()) / change.shape[1]
        np.add.at(found[name], panel.district, sites.reshape(len(sites), -1, *spread[name].shape).sum(axis=1))
        found[name] *= spread[name]
    return found


def _spread(patches: FloatArray, axes: tuple[int, ...]) -> FloatArray:
    """(C, q, q) standard deviation of a channel, the same at every pixel of the patch."""
    sd = np.asarray(patches, dtype=np.float64).std(axis=(*axes, -2, -1), keepdims=True)
    return np.broadcast_to(sd.reshape(-1, 1, 1), patches.shape[-3:])


def _months(panel: Panel, months: np.ndarray[Any, np.dtype[np.int64]]) -> Panel:
    parts = {name: getattr(panel, name)[:, months] for name in ("dynamic", "around", "log_weight")}
    return dataclasses.replace(panel, **parts)


def _validity(panel: Panel) -> FloatArray:
    """(U, T) of the sites themselves."""
    centre = panel.dynamic.shape[-1] // 2
    return np.asarray(panel.dynamic[:, :, 1, centre, centre])
