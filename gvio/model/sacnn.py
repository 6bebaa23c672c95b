"""The two-stream spatial-analysis CNN: shapes in, log light-borne output of districts out. No training, no files.

log c[site, t] = log weight + γ · log deblended light + static(patch) + β(patch) · site weight · anomaly +
dynamic(patch | statistics); a district-month is log Σ c. Intercepts, seasons and calendar are not here: they are the
random effects that the assimilation marginalises, so that the network only has to explain what they cannot. New parts
start at zero. After Gong et al. (2025), JAG 143:104781, whose abstract gives the frame; the streams and the sum are
ours.
"""

from __future__ import annotations

import dataclasses

import torch
from torch import nn

from gvio.model.dynamic_stream import FIELD, products_of, weighed_maps
from gvio.model.panel import DYNAMIC_CHANNELS, STATIC_CHANNELS, Panel

Tensor = torch.Tensor
_FIRST_BETA = 0.5
_BLOCK_PATCHES = 6144  # their maps take two megabytes
EMPTY = -30.0  # log output of a district-month without an active factory


@dataclasses.dataclass(frozen=True)
class Architecture:
    """All that is needed to rebuild the network before its weights are loaded.

    `statistics` is the width of the urban/rural statistics; 0 builds the plain CNN that does not see them.
    """

    channels: int
    statistics: int


@dataclasses.dataclass(frozen=True, eq=False)
class Inputs:
    """A `Panel` as float32 tensors on one device, made once for all epochs and members.

    `anomaly` (U, T) believed anomaly of the centre pixel; `dynamic` (U, T, 2, q, q).
    """

    static: Tensor
    anomaly: Tensor
    dynamic: Tensor
    statistics: Tensor
    log_excess: Tensor
    log_weight: Tensor
    site_weights: Tensor
    district: Tensor
    n_areas: int


def as_inputs(panel: Panel, device: str = "cpu") -> Inputs:
    """Tensors of a panel, without copying more than the change of type or device needs."""

    def tensor(name: str) -> Tensor:
        return torch.as_tensor(getattr(panel, name), dtype=torch.float32, device=device)

    dynamic = tensor("dynamic").contiguous()
    centre = dynamic.shape[-1] // 2
    names = ("static", "statistics", "log_excess", "log_weight", "site_weights")
    return Inputs(
        **{n: tensor(n) for n in names},
        anomaly=dynamic[:, :, 0, centre, centre].contiguous(),
        dynamic=dynamic,
        district=torch.as_tensor(panel.district, device=device),
        n_areas=panel.n_areas,
    )


class SaCnn(nn.Module):
    """Static and dynamic stream over factory patches, modulated by urban and rural light statistics."""

    def __init__(self, architecture: Architecture) -> None:
        super().__init__()
        width = architecture.channels
        self.architecture = architecture
        self.static = _stream(len(STATIC_CHANNELS), width)
        self.dynamic = _stream(len(DYNAMIC_CHANNELS), width)
        self.mix = nn.Linear(2 * width, width)
        self.where = nn.Linear(2 * width, 1)
        self.believe = nn.Linear(2 * width, 1)
        self.modulate = nn.Linear(2 * width + architecture.statistics, width)
        for part in (self.where, self.believe, self.modulate):
            nn.init.zeros_(part.weight)
            nn.init.zeros_(part.bias)
        self.gamma = nn.Parameter(torch.tensor(1.0))
        self.beta = nn.Parameter(torch.tensor(_FIRST_BETA))

    def forward(self, inputs: Inputs) -> tuple[Tensor, Tensor]:
        """Static level (U,) and change (U, T) of every site's log output."""
        level, seen, learned, share = self.parts(inputs)
        # What all sites share in a month is left to the log-linear term: learned on few months, it would carry weather
        # and calibration of months never seen into every district at once.
        return level, seen + (learned - (share * learned).sum(dim=0))

    def parts(self, inputs: Inputs) -> tuple[Tensor, Tensor, Tensor, Tensor]:
        """Static level (U,); (U, T) the log-linear change, what the dynamic stream adds before the part that all sites
        share is taken off, and their shares in that part, held fixed.
        """
        site = _pool(self.static(inputs.static))
        level = self.gamma * inputs.log_excess + self.where(site)[:, 0]
        learned = self._dynamic_change(inputs, site)
        # A month in which no factory works anywhere has no shares (0 / 0).
        share = torch.softmax(level.detach()[:, None] + inputs.log_weight, dim=0).nan_to_num()
        believed = (1 + self.believe(site)) * inputs.site_weights[:, None]
        return level, self.beta * believed * inputs.anomaly, learned, share

    def _dynamic_change(self, inputs: Inputs, site: Tensor) -> Tensor:
        """(U, T) what the dynamic stream adds, `modulate` of (static features, statistics) weighing its maps.

        The weights are linear in both, so each part is computed where it varies: over sites, over district-months.
        Blocks of sites that stay in the processor's cache take half the time of all sites at once.
        """
        static, statistics = self.modulate.weight.tensor_split([site.shape[1]], dim=1)
        by_site = nn.functional.linear(site, static, self.modulate.bias)
        by_district = nn.functional.linear(inputs.statistics[..., : statistics.shape[1]], statistics)
        if inputs.dynamic.shape[-1] == FIELD and not inputs.dynamic.requires_grad:
            products = products_of(self.dynamic, self.mix)
            return weighed_maps(inputs.dynamic, inputs.district, products, by_site, by_district, _block(inputs))
        blocks = (torch.split(part, _block(inputs)) for part in (inputs.dynamic, by_site, inputs.district))
        parts = []
        for patches, own, district in zip(*blocks, strict=True):
            pooled = _pool(self.dynamic(patches.flatten(0, 1)))
            maps = torch.tanh(self.mix(pooled)).reshape(*patches.shape[:2], -1)
            parts.append((maps * (own[:, None] + by_district.index_select(0, district))).sum(dim=2))
        return torch.cat(parts)


def district_output(level: Tensor, change: Tensor, inputs: Inputs) -> Tensor:
    """(D, T) log of the sum of site outputs of every district; −30 where no factory is active."""
    log_output = level[:, None] + change + inputs.log_weight
    peak = log_output.detach().max().clamp_min(EMPTY)
    output = torch.exp(log_output - peak)
    total = output.new_zeros(inputs.n_areas, output.shape[1]).index_add(0, inputs.district, output)
    # Asked as "is it nothing", not as "is it something": NaN must stay NaN, so that training notices it.
    return torch.where(total == 0, torch.full_like(total, EMPTY), torch.log(total.clamp_min(1e-30)) + peak)


def _stream(channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, width, 3), nn.ReLU(), nn.Conv2d(width, width, 3), nn.ReLU())


def _block(inputs: Inputs) -> int:
    """Sites that are worked on at once: few on a CPU, whose cache is small; all on a GPU."""
    n_sites, n_months = inputs.anomaly.shape
    return max(1, _BLOCK_PATCHES // n_months) if inputs.anomaly.device.type == "cpu" else max(1, n_sites)


def _pool(maps: Tensor) -> Tensor:
    """Mean and centre of feature maps: (N, C, h, w) to (N, 2C)."""
    centre = maps.shape[-1] // 2
    return torch.cat([maps.mean(dim=(-1, -2)), maps[..., centre, centre]], dim=-1)
