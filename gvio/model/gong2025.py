"""The network as the abstract of Gong et al. (2025, JAG 143:104781) can be read, for comparison.

Buffers round factories as samples, a CNN over their light, urban and rural light statistics beside it, and a linear map
to output. One stream of plain log light: no anomaly, no residual form, no assimilation. The abstract gives no layers,
sizes or loss; those here are ours, chosen once and not tuned.
"""

from __future__ import annotations

import torch
from torch import nn

Tensor = torch.Tensor
PATCH_PX = 5  # a kilometre to each side, about the middle buffer
_KERNEL = 3
_WIDTH = 8
_PLACES = (PATCH_PX - _KERNEL + 1) ** 2
_BLOCK_PATCHES = 6144  # their maps take two megabytes


class _Empty(nn.Module):
    """A linear layer that draws no weights: whoever trains it does, from a generator of their own."""

    def __init__(self, width: int, out: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out, width))
        self.bias = nn.Parameter(torch.zeros(out))

    def forward(self, x: Tensor) -> Tensor:
        """(…, width) to (…, out)."""
        return nn.functional.linear(x, self.weight, self.bias)


class Gong2025Cnn(nn.Module):
    """Light of a factory's buffer and its district's statistics to the factory's output: two 3 × 3 convolutions without
    padding, written as products: on patches this small that is several times faster than a convolution.
    """

    def __init__(self, statistics: int) -> None:
        super().__init__()
        self.first = _Empty(_KERNEL**2, _WIDTH)
        self.second = _Empty(_WIDTH * _PLACES, _WIDTH)  # 3 × 3 places are left: the second covers them all
        self.mix = _Empty(_WIDTH + statistics, _WIDTH)
        self.linear = _Empty(_WIDTH, 1)

    def forward(self, patches: Tensor, statistics: Tensor, district: Tensor) -> Tensor:
        """Output > 0 of every site and month, (U, T), from patches (U, T, 5, 5), statistics (D, T, S) of districts and
        every site's `district` (U,).

        The mix is linear before its threshold, so that of statistics is computed for districts; sites go through in
        blocks that stay in the processor's cache.
        """
        linear = nn.functional.linear
        of_maps, of_statistics = self.mix.weight.tensor_split([_WIDTH], dim=1)
        by_district = linear(statistics, of_statistics, self.mix.bias)
        kernel, bias = self._laid_out()
        size = max(1, _BLOCK_PATCHES // max(patches.shape[1], 1))
        parts = []
        for light, at in zip(torch.split(patches.flatten(2), size), torch.split(district, size), strict=True):
            maps = linear(light, kernel, bias).relu_()
            seen = linear(maps, self.second.weight, self.second.bias).relu_()
            mixed = torch.relu(linear(seen, of_maps) + by_district.index_select(0, at))
            parts.append(nn.functional.softplus(self.linear(mixed))[..., 0])
        return torch.cat(parts)

    def _laid_out(self) -> tuple[Tensor, Tensor]:
        """The first convolution as one product over the patch, (places · width, 25), and its bias."""
        weight = self.first.weight
        every = torch.eye(PATCH_PX**2, device=weight.device).reshape(-1, 1, PATCH_PX, PATCH_PX)
        maps = nn.functional.conv2d(every, weight.reshape(_WIDTH, 1, _KERNEL, _KERNEL))
        return maps.permute(2, 3, 1, 0).flatten(0, 2), self.first.bias.repeat(_PLACES)
