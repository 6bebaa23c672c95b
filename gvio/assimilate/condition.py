"""Conditioning on all that was observed, at a cost that is linear in districts.

Given what districts share, the common path c and the common error e of light, they are independent. So each district's
own path o is conditioned on its own figures and light, as a function of s = (c, e); what that says of s is summed over
the districts; figures of the city and of groups, which touch several districts, are conditioned on last; then s itself
(Rasmussen & Williams 2006, A.2; the same algebra as block elimination, Golub & Van Loan 2013, 4.5).

In a district, o has the prior covariance K. After some observations with s given, its mean is K(u − S c − R e) and its
covariance K − K S K: three arrays (`Told`) hold what was told, whatever it was that told it.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import torch

from gvio.assimilate.covariance import JITTER, Kernels, cholesky, light_errors, light_gain, light_shock
from gvio.assimilate.observed import Observed

Tensor = torch.Tensor
_TOGETHER = 32  # districts whose arrays of (T, T) are in memory at once


@dataclasses.dataclass(frozen=True, eq=False)
class Told:
    """What districts' own observations say: `S` (D, T, T), `R` (D, T, k), `u` (D, T) as above; of the common error of
    light also `W` (k, k) and `v` (k,), summed over districts; k is T, or 0 where no light was seen. `fit` is the
    negative log density of the observations where s is zero, without its constant. `carried` is K S and `left` is
    K − K S K.
    """

    S: Tensor
    R: Tensor
    u: Tensor
    W: Tensor
    v: Tensor
    fit: Tensor
    carried: Tensor
    left: Tensor

    def of(self, districts: slice) -> Told:
        """Of some districts what is theirs."""
        own = {name: getattr(self, name)[districts] for name in _OWN}
        return dataclasses.replace(self, **own)


_OWN = ("S", "R", "u", "carried", "left")


@dataclasses.dataclass(frozen=True, eq=False)
class Joined:
    """What all observations together say.

    `common` (T,) mean of c, `told` (D, T): the observations' weights carried back to district-months, so that any term
    of log output has as its mean its covariance times them. `root` (T + k, T + k): root · rootᵀ is the covariance of s.
    `factor` (g, g) of the shared figures' covariance, `across` (g, T + k) their dependence on s, whitened. `fit` is the
    negative log density of all observations, without its constant.
    """

    common: Tensor
    told: Tensor
    root: Tensor
    factor: Tensor
    across: Tensor
    fit: Tensor


def told_by_figures(h: Mapping[str, Tensor], kernels: Kernels, seen: Observed) -> Told:
    """What each district's own figures say of it.

    Raises:
        ModelError: Their covariance cannot be factored.
    """
    return _joined_up([_figures(h, kernels.own, seen.part(districts)) for districts in _slices(seen.n_areas)])


def told_by_all(h: Mapping[str, Tensor], kernels: Kernels, seen: Observed, told: Told) -> Told:
    """What each district's own figures and light say; `told` is what the figures do (`told_by_figures`).

    Raises:
        ModelError: A covariance cannot be factored.
    """
    if not bool(seen.lit.any()):
        return told
    gain, slices = light_gain(h), _slices(seen.n_areas)
    lit = _joined_up([_light(h, kernels, gain[d], seen.part(d), told.of(d)) for d in slices])
    return dataclasses.replace(lit, fit=told.fit + lit.fit)


def _figures(h: Mapping[str, Tensor], own: Tensor, seen: Observed) -> Told:
    noise = (h["noise"] * seen.relative) ** 2 + JITTER
    # Where a district has fewer figures than another, rows of nothing: variance one, no weight, no error.
    noise = torch.where(seen.mine, noise, 1.0)
    error = torch.where(seen.mine, seen.y - (seen.H @ seen.prior[..., None])[..., 0], 0.0)
    factor = cholesky(seen.H @ own @ seen.H.mT + torch.diag_embed(noise))
    white = torch.linalg.solve_triangular(factor, torch.cat([seen.H, error[..., None]], -1), upper=False)
    H, error = white[..., :-1], white[..., -1]
    S, u = H.mT @ H, (H.mT @ error[..., None])[..., 0]
    return _told(own, S, S[..., :0], u, S[0, :0, :0], u[0, :0], 0.5 * (error**2).sum() + _log_root(factor))


def _light(h: Mapping[str, Tensor], kernels: Kernels, gain: Tensor, seen: Observed, before: Told) -> Told:
    """After the figures, so that only T readings are conditioned on at once."""
    lit = seen.lit.to(torch.float64)
    both = lit[:, :, None] * lit[:, None]
    # What a reading says of c: directly, less what the figures have told of it already.
    across = gain[:, None, None] * lit[..., None] * (torch.eye(seen.n_months, dtype=torch.float64) - before.carried)
    errors = light_errors(kernels, seen.rough)
    noise = torch.where(seen.lit, light_shock(h, seen.rough, seen.precision) + JITTER, 1.0)
    error = lit * (seen.z - gain[:, None] * (before.u @ kernels.own))
    covariance = both * (gain[:, None, None] ** 2 * before.left + errors) + torch.diag_embed(noise)
    factor = cholesky(covariance)
    # Both what is said of c and of e is wanted: from the inverse in half the time that two solutions take.
    inverse = both * torch.cholesky_inverse(factor)  # without the rows of nothing of months that were not seen
    weights = (inverse @ error[..., None])[..., 0]
    R = across.mT @ inverse
    S, u = before.S + R @ across, before.u + (across.mT @ weights[..., None])[..., 0]
    return _told(
        kernels.own, S, R, u, inverse.sum(0), weights.sum(0), 0.5 * (error * weights).sum() + _log_root(factor)
    )


def _told(own: Tensor, S: Tensor, R: Tensor, u: Tensor, W: Tensor, v: Tensor, fit: Tensor) -> Told:
    carried = own @ S
    return Told(S, R, u, W, v, fit, carried, own - carried @ own)


def join(h: Mapping[str, Tensor], kernels: Kernels, seen: Observed, told: Told) -> Joined:
    """Condition on the figures that districts share, then find what all share.

    Raises:
        ModelError: A covariance cannot be factored.
    """
    own, R = kernels.own, told.R.sum(0)
    information = torch.cat([torch.cat([told.S.sum(0), R], 1), torch.cat([R.T, told.W], 1)], 0)
    evidence = torch.cat([told.u.sum(0), told.v])
    factor, across, error = _shared_figures(h, own, seen, told)
    information = information + across.T @ across
    evidence = evidence + across.T @ error
    # In units of the prior's factor the precision of s is one plus what was told: never worse conditioned than needed.
    prior = cholesky(kernels.common)
    if len(told.W):
        errors = cholesky(kernels.light_common)
        prior = torch.block_diag(prior, errors)  # type: ignore[no-untyped-call]
    precise = cholesky(prior.T @ information @ prior + torch.eye(len(prior), dtype=torch.float64))
    root = torch.linalg.solve_triangular(precise, prior.T, upper=False).T
    mean = root @ (root.T @ evidence)
    weights = torch.linalg.solve_triangular(factor.T, (error - across @ mean)[:, None], upper=True)[:, 0]
    heard = weights @ seen.G
    c, e = mean[: seen.n_months], mean[seen.n_months :]
    gathered = told.u - (told.S @ (c + heard @ own)[..., None])[..., 0] - told.R @ e + heard
    fit = (
        told.fit + 0.5 * ((error**2).sum() - ((root.T @ evidence) ** 2).sum()) + _log_root(factor) + _log_root(precise)
    )
    return Joined(c, gathered, root, factor, across, fit)


def _shared_figures(h: Mapping[str, Tensor], own: Tensor, seen: Observed, told: Told) -> tuple[Tensor, Tensor, Tensor]:
    """Factor (g, g) of their covariance given s; whitened by it, their dependence on s (g, T + k) and error (g,)."""
    across = seen.G.new_zeros(len(seen.shared_y), seen.n_months + len(told.W))
    covariance = torch.diag((h["noise"] * seen.shared_relative) ** 2 + JITTER)
    error = seen.shared_y
    for d in _slices(seen.n_areas):
        G, of = seen.G[d], told.of(d)
        across = across + torch.cat([G - G @ of.carried, -G @ (own @ of.R)], -1).sum(0)
        covariance = covariance + (G @ of.left @ G.mT).sum(0)
        error = error - (G @ (seen.prior[d] + of.u @ own)[..., None]).sum((0, 2))
    factor = cholesky(covariance)
    white = torch.linalg.solve_triangular(factor, torch.cat([across, error[:, None]], 1), upper=False)
    return factor, white[:, :-1], white[:, -1]


def variances(kernels: Kernels, seen: Observed, told: Told, joined: Joined, share: Tensor) -> tuple[Tensor, Tensor]:
    """Variance (D, T) of log output, and (T,) of the log of the districts' sum with the shares (D, T) as weights.

    The log of a sum is linear in its logs to first order (delta method).
    """
    own = kernels.own
    every, together = [], seen.prior.new_zeros(seen.n_months)
    with_s = seen.prior.new_zeros(seen.n_months, len(joined.root))
    with_figures = seen.prior.new_zeros(len(seen.shared_y), seen.n_months)
    eye = torch.eye(seen.n_months, dtype=torch.float64)
    for d in _slices(seen.n_areas):
        of = told.of(d)
        heard = torch.linalg.solve_triangular(joined.factor, seen.G[d] @ of.left, upper=False)
        on_s = (torch.cat([eye - of.carried, -own @ of.R], -1) - heard.mT @ joined.across) @ joined.root
        alone = torch.diagonal(of.left, dim1=1, dim2=2)
        every.append((on_s**2).sum(-1) + alone - (heard**2).sum(1))
        with_s = with_s + (share[d][..., None] * on_s).sum(0)
        with_figures = with_figures + (share[d][:, None] * heard).sum(0)
        together = together + (share[d] ** 2 * alone).sum(0)
    return torch.cat(every), together + (with_s**2).sum(-1) - (with_figures**2).sum(0)


def _log_root(factor: Tensor) -> Tensor:
    """Half the log determinants of all matrices with these factors, summed."""
    return torch.log(torch.diagonal(factor, dim1=-2, dim2=-1)).sum()


def _slices(n: int) -> list[slice]:
    return [slice(first, min(first + _TOGETHER, n)) for first in range(0, n, _TOGETHER)]


def _joined_up(parts: list[Told]) -> Told:
    own = {name: torch.cat([getattr(part, name) for part in parts]) for name in _OWN}
    W, v, fit = (torch.stack([getattr(part, name) for part in parts]).sum(0) for name in ("W", "v", "fit"))
    return Told(W=W, v=v, fit=fit, **own)
