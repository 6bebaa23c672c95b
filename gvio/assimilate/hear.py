"""What observations told, kept from one pass of an estimate to the next.

Passes differ in the steps of the common walk, which no district's own path knows of, and in where sums are linearised.
A figure of one month is linear as it is: what such figures told of a district, and its light after them, stays. Sums
of several months, and figures that are believed less than usual, come last, in every pass; they are few.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import torch

from gvio.assimilate.condition import Told, told_by_all, told_by_figures, told_together
from gvio.assimilate.covariance import JITTER, Kernels, cholesky
from gvio.assimilate.observed import Observed

Tensor = torch.Tensor
_TOGETHER = 4  # districts that are worked out again together when one of them observed something else
_FIGURES, _LIGHT = ("H", "y", "mine", "prior"), ("z", "lit", "precision", "rough")


@dataclasses.dataclass(frozen=True, eq=False)
class Heard:
    """What some districts observed (`seen`); of it what stays the same wherever sums are linearised (`settled`); what
    that told: `figures`, and figures and light (`every`).
    """

    seen: Observed
    settled: Observed
    figures: Told
    every: Told


def hear(h: Mapping[str, Tensor], kernels: Kernels, seen: Observed, before: Sequence[Heard] = ()) -> list[Heard]:
    """What districts' settled figures say, and these and light, a few districts at a time.

    Args:
        h: Hyperparameters.
        kernels: `kernels_of` the same.
        seen: What was observed.
        before: What was heard in another pass under the same hyperparameters: where a district observed the same, it
            is not worked out again.

    Raises:
        ModelError: A covariance cannot be factored.
    """
    slices = [slice(first, first + _TOGETHER) for first in range(0, seen.n_areas, _TOGETHER)]
    known: Sequence[Heard | None] = before if before else [None] * len(slices)
    return [_heard(h, kernels, seen, districts, one) for districts, one in zip(slices, known, strict=True)]


def _heard(h: Mapping[str, Tensor], kernels: Kernels, seen: Observed, districts: slice, before: Heard | None) -> Heard:
    own, here = {**h, "sensitivity": h["sensitivity"][districts]}, seen.part(districts)
    settled = _settled(here)
    same = before is not None and _same(before.settled, settled, _FIGURES)
    figures = before.figures if before is not None and same else told_by_figures(own, kernels, settled)
    if before is not None and same and _same(before.seen, here, _LIGHT):
        return Heard(here, settled, figures, before.every)
    # districts of which no light was seen say nothing of it, but in the form of those that do
    every = told_by_all(own, kernels, settled, figures, lit=bool(seen.lit.any()))
    return Heard(here, settled, figures, every)


def told_lit(h: Mapping[str, Tensor], heard: Sequence[Heard]) -> Told:
    """What all figures and light say of all districts."""
    return told_together([_with_rest(h, one, one.every) for one in heard])


def told_dark(h: Mapping[str, Tensor], heard: Sequence[Heard]) -> Told:
    """What all figures say of all districts, had nobody seen light."""
    return told_together([_with_rest(h, one, one.figures) for one in heard])


def _settled(seen: Observed) -> Observed:
    """With the figures of one month that are believed as usual, and no other: rows of nothing in their place."""
    alone = seen.mine & ((seen.H != 0).sum(-1) == 1) & (seen.relative == 1)
    return dataclasses.replace(
        seen, mine=alone, H=torch.where(alone[..., None], seen.H, 0.0), y=torch.where(alone, seen.y, 0.0)
    )


def _same(one: Observed, other: Observed, names: tuple[str, ...]) -> bool:
    return all(torch.equal(getattr(one, name), getattr(other, name)) for name in names)


def _with_rest(h: Mapping[str, Tensor], heard: Heard, told: Told) -> Told:
    """`told`, then the figures that are not settled."""
    seen, rest = heard.seen, heard.seen.mine & ~heard.settled.mine
    most = int(rest.sum(1).max())
    if not most:
        return told
    row = torch.argsort((~rest).to(torch.uint8), dim=1, stable=True)[:, :most]
    mine = rest.gather(1, row)
    H = torch.where(mine[..., None], seen.H.gather(1, row[..., None].expand(-1, -1, seen.n_months)), 0.0)
    noise = torch.where(mine, (h["noise"] * seen.relative.gather(1, row)) ** 2 + JITTER, 1.0)
    error = torch.where(mine, seen.y.gather(1, row) - (H @ (seen.prior + told.m)[..., None])[..., 0], 0.0)
    with_own = H @ told.V
    factor = cholesky(with_own @ H.mT + torch.diag_embed(noise))
    parts = [with_own, H - H @ told.P, -(H @ told.Q), error[..., None]]
    white = torch.linalg.solve_triangular(factor, torch.cat(parts, -1), upper=False)
    sizes = [part.shape[-1] for part in parts]
    with_own, c, e, error = white.split(sizes, -1)
    flat_c, flat_e, flat = c.flatten(0, 1), e.flatten(0, 1), error.flatten(0, 1)
    return Told(
        S=told.S + flat_c.T @ flat_c,
        R=told.R + flat_c.T @ flat_e,
        u=told.u + (flat_c.T @ flat)[:, 0],
        W=told.W + flat_e.T @ flat_e,
        v=told.v + (flat_e.T @ flat)[:, 0],
        fit=told.fit + 0.5 * (error**2).sum() + torch.log(torch.diagonal(factor, dim1=-2, dim2=-1)).sum(),
        V=told.V - with_own.mT @ with_own,
        P=told.P + with_own.mT @ c,
        Q=told.Q + with_own.mT @ e,
        m=told.m + (with_own.mT @ error)[..., 0],
    )
