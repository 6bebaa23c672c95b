"""The dynamic stream over patches of five pixels as matrix products, with a gradient written out.

A patch of five pixels is as large as what two convolutions of three pixels see: one number a map is left, its mean and
its centre. So all are products, the first with its kernel laid out over the patch. Maps lie with their channels first
and their patches in a row, where products and thresholds of eight channels take half the time; and between the two
directions nothing is kept but the maps.
"""

from __future__ import annotations

import dataclasses
from typing import Any

import torch
from torch import nn

Tensor = torch.Tensor
FIELD = 5
"""Side of the patches that this is for."""


@dataclasses.dataclass(frozen=True, eq=False)
class Products:
    """The stream and its mix as three linear maps: `first` (C · 9, 50), `second` (C, C · 9), `third` (C, C), each with
    its bias."""

    first: Tensor
    first_bias: Tensor
    second: Tensor
    second_bias: Tensor
    third: Tensor
    third_bias: Tensor


def products_of(stream: nn.Sequential, mix: nn.Linear) -> Products:
    """Of two convolutions of three pixels with a threshold after each, and the mix of their mean and centre."""
    one, two = (part for part in stream if isinstance(part, nn.Conv2d))
    size = one.in_channels * FIELD**2
    every = torch.eye(size, device=one.weight.device).reshape(size, one.in_channels, FIELD, FIELD)
    return Products(
        first=nn.functional.conv2d(every, one.weight).flatten(1).T,
        first_bias=one(torch.zeros_like(every[:1])).flatten(),
        second=two.weight.flatten(1),
        second_bias=two(torch.zeros_like(two.weight[:1])).flatten(),
        third=mix.weight.reshape(len(mix.weight), 2, -1).sum(dim=1),  # of one number the mean is the centre
        third_bias=mix.bias,
    )


def weighed_maps(
    dynamic: Tensor, district: Tensor, products: Products, by_site: Tensor, by_district: Tensor, block: int
) -> Tensor:
    """(U, T) sum over channels of the mixed maps, each weighed by its site and its district's month.

    Args:
        dynamic: (U, T, C, 5, 5) patches; no gradient is given for them.
        district: (U,) of every site.
        products: The stream.
        by_site: (U, C') weights.
        by_district: (D, T, C') weights, added to the site's.
        block: Sites that are worked on at once.
    """
    weights = (getattr(products, field.name) for field in dataclasses.fields(products))
    found: Tensor = _WeighedMaps.apply(  # type: ignore[no-untyped-call]
        dynamic, district, block, *weights, by_site, by_district
    )
    return found


class _WeighedMaps(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        dynamic: Tensor,
        district: Tensor,
        block: int,
        first: Tensor,
        first_bias: Tensor,
        second: Tensor,
        second_bias: Tensor,
        third: Tensor,
        third_bias: Tensor,
        by_site: Tensor,
        by_district: Tensor,
    ) -> Tensor:
        n_sites, n_months = dynamic.shape[:2]
        of_site, of_area = by_site.T.contiguous(), by_district.permute(2, 0, 1).contiguous()
        out = dynamic.new_empty(n_sites, n_months)
        kept: list[tuple[slice, Tensor, Tensor, Tensor]] = []
        for start in range(0, n_sites, block):
            part = slice(start, min(start + block, n_sites))
            patches = dynamic[part].reshape(-1, first.shape[1])
            wide = torch.addmm(first_bias[:, None], first, patches.T).relu_()
            narrow = torch.addmm(second_bias[:, None], second, wide).relu_()
            maps = torch.addmm(third_bias[:, None], third, narrow).tanh_()
            weight = of_area.index_select(1, district[part]).add_(of_site[:, part, None])
            torch.sum(maps.view(len(maps), -1, n_months) * weight, 0, out=out[part])
            if any(ctx.needs_input_grad):
                kept.append((part, wide, narrow, maps))
        ctx.save_for_backward(dynamic, district, first, second, third, of_site, of_area)
        ctx.kept = kept
        return out

    @staticmethod
    def backward(ctx: Any, *gradients: Any) -> Any:
        (gradient,) = gradients
        dynamic, district, first, second, third, of_site, of_area = ctx.saved_tensors
        weights = [torch.zeros_like(part) for part in (first, second, third)]
        biases = [part.new_zeros(len(part)) for part in (first, second, third)]
        by_site, by_area = torch.empty_like(of_site), torch.zeros_like(of_area)
        for part, wide, narrow, maps in ctx.kept:
            own = gradient[part]
            weight = of_area.index_select(1, district[part]).add_(of_site[:, part, None])
            shaped = maps.view(weight.shape)
            share = shaped * own
            by_site[:, part] = share.sum(2)
            by_area.index_add_(1, district[part], share)
            back = weight.mul_(own).mul_(1 - shaped.square()).flatten(1)
            weights[2].addmm_(back, narrow.T)
            biases[2] += back.sum(1)
            back = (third.T @ back).mul_(narrow.sign_())  # where the threshold cut off, nothing goes back
            weights[1].addmm_(back, wide.T)
            biases[1] += back.sum(1)
            back = (second.T @ back).mul_(wide.sign_())
            weights[0].addmm_(back, dynamic[part].reshape(-1, first.shape[1]))
            biases[0] += back.sum(1)
        ctx.kept = []
        pairs = [value for pair in zip(weights, biases, strict=True) for value in pair]
        return None, None, None, *pairs, by_site.T, by_area.permute(1, 2, 0)
