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
    padding, written as products, which on patches this small is several times faster than a convolution.
    """

    def __init__(self, statistics: int) -> None:
        super().__init__()
        positions = (PATCH_PX - _KERNEL + 1) ** 2
        self.first = _Empty(_KERNEL**2, _WIDTH)
        self.second = _Empty(_WIDTH * positions, _WIDTH)  # 3 × 3 positions are left: the second covers them all
        self.mix = _Empty(_WIDTH + statistics, _WIDTH)
        self.linear = _Empty(_WIDTH, 1)

    def forward(self, patches: Tensor, statistics: Tensor) -> Tensor:
        """Output > 0 of every sample, (N,), from patches (N, 5, 5) and statistics (N, S)."""
        windows = patches.unfold(1, _KERNEL, 1).unfold(2, _KERNEL, 1).flatten(3).flatten(1, 2)
        seen = torch.relu(self.second(torch.relu(self.first(windows)).flatten(1)))
        mixed = torch.relu(self.mix(torch.cat([seen, statistics], dim=1)))
        output: Tensor = nn.functional.softplus(self.linear(mixed))[:, 0]
        return output
