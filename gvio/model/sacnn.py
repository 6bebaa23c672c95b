"""The spatial-analysis CNN: light of patches in, the change of factories' own light in districts out.

reading[site, t] = Σ_k w_k(static) · a_k[site, t], and of a district the mean of its sites, weighted by how much light
they make, how well they show it, and how well they were seen. a_k are the anomaly at the site, its means over the rings
of the patch, and those of the surroundings away from factories, near, wide and in the whole city: the urban and rural
statistics. The weights w are drawn up for every site by a second network, from a convolution over the static patch and
the site's traits (a dynamic filter, Jia et al. 2016). Both convolutions are means over rings, so that nothing depends
on the direction. Linear in the light: a month's reading depends on no other month.

All weights start at those of the log-linear reading. After Gong et al. (2025), JAG 143:104781, whose abstract gives the
frame; dynamic filters and the district's mean are ours.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import torch
from torch import nn

from gvio.model.panel import STATIC_CHANNELS, TRAITS, Panel
from gvio.model.sites import NONE
from gvio.sample.patches import ring_of
from gvio.sample.rings import SCALES_PX

Tensor = torch.Tensor
_AROUND = 1 + len(SCALES_PX)
_FARTHEST = 4.0  # spreads beyond which a trait is no further from the usual: nothing was learned there
_MOST = 4.0  # |log| of what the network makes of a site's weight
_LEAST_VARIANCE = 1e-4
_FIRST_DOUBT = -3.0  # log variance of a site's reading before anything is learned


@dataclasses.dataclass(frozen=True)
class Architecture:
    """All that is needed to rebuild the network before its weights are loaded.

    `channels` of the hidden layer; `static_px` and `dynamic_px` sides of the patches; without `surroundings` it is the
    plain CNN, which sees the patch alone.
    """

    channels: int
    static_px: int
    dynamic_px: int
    surroundings: bool = True


@dataclasses.dataclass(frozen=True, eq=False)
class Inputs:
    """A `Panel` as float32 tensors on one device, made once for all epochs and members.

    `site` (U, S) the centre of the static patch, its rings against the centre, and the traits; `anomalies` (U, T, K) at
    the site, over the rings of the patch, of the surroundings; `seen` (U, T) validity at the site, in [0, 1]; `weight`
    (U,) ≥ 0 of the log-linear reading; `district` (U,).
    """

    site: Tensor
    anomalies: Tensor
    seen: Tensor
    weight: Tensor
    district: Tensor
    n_areas: int


@dataclasses.dataclass(frozen=True, eq=False)
class Sight:
    """What is read of districts: `change` (D, T) log own light about any level, 0 where nothing was seen; `seen`
    (D, T) how much of what counts was seen, in [0, 1]; `variance` (D,) of a month's reading.
    """

    change: Tensor
    seen: Tensor
    variance: Tensor


def as_inputs(panel: Panel, device: str = "cpu") -> Inputs:
    """Tensors of a panel; those of patches and rings stay differentiable where they are tensors that ask for it."""

    def tensor(name: str) -> Tensor:
        return torch.as_tensor(_own(getattr(panel, name)), dtype=torch.float32, device=device)

    static, dynamic = tensor("static"), tensor("dynamic")
    believed, validity = dynamic[:, :, 0], dynamic[:, :, 1]
    # A mean over the pixels of a ring that were seen; of a ring that was not, no change.
    patch = torch.where(validity > 0, believed / validity.clamp_min(1e-6), torch.zeros_like(believed))
    output = tensor("log_excess") + tensor("log_weight").amax(dim=1).clamp_min(NONE)
    return Inputs(
        site=torch.cat([_steps(_rings(static)).flatten(1), tensor("traits")], dim=1),
        anomalies=torch.cat([patch, tensor("around")], dim=2).contiguous(),
        seen=validity[..., 0].contiguous(),
        weight=torch.exp(output) * tensor("site_weights"),
        district=torch.as_tensor(_own(panel.district), device=device),
        n_areas=panel.n_areas,
    )


def _own(values: Any) -> Any:
    """An array that nobody may write to, as those that came to a worker are, copied: through a tensor one could."""
    return values.copy() if isinstance(values, np.ndarray) and not values.flags.writeable else values


class SaCnn(nn.Module):
    """Static stream over a site's patch and traits, which draws up the filter of its dynamic stream."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        self.architecture = architecture
        of_patch = architecture.dynamic_px // 2 + 1
        traits = len(STATIC_CHANNELS) * (architecture.static_px // 2 + 1) + len(TRAITS)
        self.of_patch, kernels = of_patch, of_patch + _AROUND
        # What sites usually look like: set from the sites that are learned from, and kept with the weights.
        self.register_buffer("usual", torch.zeros(traits))
        self.register_buffer("spread", torch.ones(traits))
        self.hidden = nn.Linear(traits, architecture.channels)
        self.drawn = nn.Linear(architecture.channels, kernels + 2)
        nn.init.zeros_(self.drawn.weight)
        nn.init.zeros_(self.drawn.bias)
        self.filter = nn.Parameter(torch.eye(kernels)[0].clone())  # the site itself, cleared of clutter

    def forward(self, inputs: Inputs) -> Sight:
        """The reading of every district."""
        filters, weight, doubt = self.drawn_up(inputs)
        site = (inputs.anomalies * filters[:, None]).sum(dim=2)
        nothing = site.new_zeros(inputs.n_areas, site.shape[1])
        counted = weight[:, None] * inputs.seen
        total, seen = (nothing.index_add(0, inputs.district, part) for part in (counted * site, counted))
        whole = nothing[:, 0].index_add(0, inputs.district, weight)
        errors = nothing[:, 0].index_add(0, inputs.district, weight**2 * torch.exp(doubt))
        share = torch.where(whole[:, None] > 0, seen / whole[:, None].clamp_min(1e-12), nothing)
        change = torch.where(seen > 0, total / seen.clamp_min(1e-12), nothing)
        return Sight(change, share, errors / whole.clamp_min(1e-12) ** 2 + _LEAST_VARIANCE)

    def drawn_up(self, inputs: Inputs) -> tuple[Tensor, Tensor, Tensor]:
        """Of every site its filter (U, K), its weight in the district (U,) and the log variance of its reading (U,)."""
        usual, spread = self.get_buffer("usual"), self.get_buffer("spread")
        site = ((inputs.site - usual) / spread).clamp(-_FARTHEST, _FARTHEST)
        drawn = self.drawn(torch.tanh(self.hidden(site)))
        filters, factor, doubt = drawn.tensor_split([len(self.filter), len(self.filter) + 1], dim=1)
        filters = self.filter + filters
        if not self.architecture.surroundings:
            filters = torch.cat([filters[:, : self.of_patch], torch.zeros_like(filters[:, self.of_patch :])], dim=1)
        weight = inputs.weight * torch.exp(factor[:, 0].clamp(-_MOST, _MOST))
        return filters, weight, _FIRST_DOUBT + 2 * doubt[:, 0].clamp(-_MOST, _MOST)


def usual_traits(inputs: Inputs) -> tuple[Tensor, Tensor]:
    """Mean and spread (S,) of what sites look like, for the buffers of a network that learns from them."""
    return inputs.site.mean(dim=0), inputs.site.std(dim=0, unbiased=False) + 0.01


def _steps(rings: Tensor) -> Tensor:
    """The centre, and how every ring differs from it: neighbours are much alike, and what differs tells more."""
    return torch.cat([rings[..., :1], rings[..., 1:] - rings[..., :1]], dim=-1)


def _rings(patches: Tensor) -> Tensor:
    """(…, p, p) to (…, 1 + p // 2): the centre and the mean of every square ring round it."""
    side = patches.shape[-1]
    ring = torch.from_numpy(ring_of(side)).flatten().to(patches.device)
    members = nn.functional.one_hot(ring, side // 2 + 1).to(patches.dtype)
    return patches.flatten(-2) @ (members / members.sum(dim=0))
