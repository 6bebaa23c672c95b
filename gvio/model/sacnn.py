"""The two-stream spatial-analysis CNN: shapes in, log light-borne output of districts out. No training, no files.

log c[site, t] = log weight + γ · log mean excess + static(patch) + β(patch) · anomaly + dynamic(patch | statistics);
a district-month is log Σ c. Intercepts, seasons and calendar are not here: they are the random effects that the
assimilation marginalises, so that the network only has to explain what they cannot. New parts start at zero.
After Gong et al. (2025), JAG 143:104781, whose abstract gives the frame; the streams and the sum are ours.
"""

from __future__ import annotations

import dataclasses

import torch
from torch import nn

from gvio.model.panel import DYNAMIC_CHANNELS, STATIC_CHANNELS, Panel

Tensor = torch.Tensor
_FIRST_BETA = 0.5
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
    """A `Panel` as float32 tensors, the dynamic patches already laid out for their first convolution.

    `anomaly` (U, T) believed anomaly of the centre pixel; `windows` (U·T, (q − 2)², 9 · 2) every 3 × 3 window of the
    dynamic patches. Made once for all epochs and members: on small patches a matrix product is three times faster than
    `conv2d`, forward and backward.
    """

    static: Tensor
    anomaly: Tensor
    windows: Tensor
    statistics: Tensor
    log_excess: Tensor
    log_weight: Tensor
    district: Tensor
    n_areas: int


def as_inputs(panel: Panel) -> Inputs:
    """Tensors of a panel, without copying more than the change of type needs."""

    def tensor(name: str) -> Tensor:
        return torch.as_tensor(getattr(panel, name), dtype=torch.float32)

    dynamic = tensor("dynamic")
    centre = dynamic.shape[-1] // 2
    names = ("static", "statistics", "log_excess", "log_weight")
    return Inputs(
        **{n: tensor(n) for n in names},
        anomaly=dynamic[:, :, 0, centre, centre].contiguous(),
        windows=_windows(dynamic.flatten(0, 1).permute(0, 2, 3, 1)),
        district=torch.as_tensor(panel.district),
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
        n_sites, n_months = inputs.anomaly.shape
        site = _pool(self.static(inputs.static))
        level = self.gamma * inputs.log_excess + self.where(site)[:, 0]
        change = _pool(_convolve(self.dynamic, inputs.windows)).reshape(n_sites, n_months, -1)
        context = site[:, None].expand(-1, n_months, -1)
        if self.architecture.statistics:
            context = torch.cat([context, inputs.statistics[inputs.district]], dim=2)
        learned = (torch.tanh(self.mix(change)) * self.modulate(context)).sum(dim=2)
        # What all sites share in a month is left to the log-linear term: learned on few months, it would carry weather
        # and calibration of months never seen into every district at once.
        # A month in which no factory works anywhere has no shares (0 / 0).
        share = torch.softmax(level.detach()[:, None] + inputs.log_weight, dim=0).nan_to_num()
        learned = learned - (share * learned).sum(dim=0)
        return level, self.beta * (1 + self.believe(site)) * inputs.anomaly + learned


def district_output(level: Tensor, change: Tensor, inputs: Inputs) -> Tensor:
    """(D, T) log of the sum of site outputs of every district; −30 where no factory is active."""
    log_output = level[:, None] + change + inputs.log_weight
    peak = log_output.detach().max().clamp_min(EMPTY)
    output = torch.exp(log_output - peak)
    total = torch.zeros(inputs.n_areas, output.shape[1]).index_add(0, inputs.district, output)
    # Asked as "is it nothing", not as "is it something": NaN must stay NaN, so that training notices it.
    return torch.where(total == 0, torch.full_like(total, EMPTY), torch.log(total.clamp_min(1e-30)) + peak)


def _stream(channels: int, width: int) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(channels, width, 3), nn.ReLU(), nn.Conv2d(width, width, 3), nn.ReLU())


def _windows(maps: Tensor) -> Tensor:
    """Every 3 × 3 window: (N, h, w, C) to (N, (h − 2)(w − 2), 9 C), pixel by pixel, channels last."""
    every = maps.unfold(1, 3, 1).unfold(2, 3, 1)  # (N, h − 2, w − 2, C, 3, 3)
    return every.permute(0, 1, 2, 4, 5, 3).flatten(3).flatten(1, 2).contiguous()


def _convolve(stream: nn.Sequential, windows: Tensor) -> Tensor:
    """What `stream` makes of patches given as windows: the same numbers as applying it to them, (N, C, h, w)."""
    first, second = (part for part in stream if isinstance(part, nn.Conv2d))
    side = round(windows.shape[1] ** 0.5)
    maps = torch.relu(_linear(first, windows))
    if side == 3:  # one window is left, and lies in memory as it is needed
        return torch.relu(_linear(second, maps.flatten(1)))[..., None, None]
    out = torch.relu(_linear(second, _windows(maps.reshape(-1, side, side, maps.shape[2]))))
    return out.transpose(1, 2).reshape(-1, out.shape[2], side - 2, side - 2)


def _linear(convolution: nn.Conv2d, windows: Tensor) -> Tensor:
    weight = convolution.weight.permute(0, 2, 3, 1).flatten(1)
    return nn.functional.linear(windows, weight, convolution.bias)


def _pool(maps: Tensor) -> Tensor:
    """Mean and centre of feature maps: (N, C, h, w) to (N, 2C)."""
    centre = maps.shape[-1] // 2
    return torch.cat([maps.mean(dim=(-1, -2)), maps[..., centre, centre]], dim=-1)
