"""Conditioning on all that was observed, at a cost that is linear in districts.

Given what districts share, the common path c and the common error e of light, they are independent. So each district's
own path o is conditioned on its own figures and light, as a function of s = (c, e); what that says of s is summed over
the districts; figures of the city and of groups, which touch several districts, are conditioned on last; then s itself
(Rasmussen & Williams 2006, A.2; the same algebra as block elimination, Golub & Van Loan 2013, 4.5).

In a district, o has the prior covariance K. After some observations with s given, its mean is m − P c − Q e and its
covariance V: `Told` holds these, whatever it was that told them. Each observation's covariance with o is whitened by
the observation's own factor, as in one dense Gaussian. K times the information S of the observations, which is shorter,
loses half of all digits where a figure settles what the prior leaves nearly free.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import torch

from gvio.assimilate.covariance import JITTER, Kernels, cholesky, light_errors, light_gain, light_shock
from gvio.assimilate.observed import Observed

Tensor = torch.Tensor
_TOGETHER = 32  # districts whose arrays of (T, T) are in memory at once


@dataclasses.dataclass(frozen=True, eq=False)
class Told:
    """What districts' own observations say.

    Of s, summed over districts: of c information `S` (T, T) and evidence `u` (T,), of e `W` (k, k) and `v` (k,);
    `R` (T, k) ties both; k is T, or 0 where no light was seen. `fit` is the negative log density of the observations
    where s is zero, without its constant. Of o: `V`, `P` (D, T, T), `Q` (D, T, k) and `m` (D, T) as above.
    """

    S: Tensor
    R: Tensor
    u: Tensor
    W: Tensor
    v: Tensor
    fit: Tensor
    V: Tensor
    P: Tensor
    Q: Tensor
    m: Tensor

    def of(self, districts: slice) -> Told:
        """The same with the paths of some districts only."""
        own = {name: getattr(self, name)[districts] for name in _OWN}
        return dataclasses.replace(self, **own)


_OF_S, _OWN = ("S", "R", "u", "W", "v", "fit"), ("V", "P", "Q", "m")


@dataclasses.dataclass(frozen=True, eq=False)
class Joined:
    """What all observations together say.

    `common` (T,) mean of c, `own` (D, T) of o. `root` (T + k, T + k): root · rootᵀ is the covariance of s. `factor`
    (g, g) of the shared figures' covariance, `across` (g, T + k) their dependence on s, whitened. `fit` is the negative
    log density of all observations, without its constant.
    """

    common: Tensor
    own: Tensor
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


def told_by_all(
    h: Mapping[str, Tensor], kernels: Kernels, seen: Observed, told: Told, *, lit: bool | None = None
) -> Told:
    """What each district's own figures and light say; `told` is what the figures do (`told_by_figures`).

    Without light that is all there is; `lit` says whether light of other districts, which are not in `seen`, was.

    Raises:
        ModelError: A covariance cannot be factored.
    """
    if not (bool(seen.lit.any()) if lit is None else lit):
        return told
    gain, slices = light_gain(h), _slices(seen.n_areas)
    both = _joined_up([_light(h, kernels, gain[d], seen.part(d), told.of(d)) for d in slices])
    return dataclasses.replace(both, S=told.S + both.S, u=told.u + both.u, fit=told.fit + both.fit)


def told_together(parts: Sequence[Told]) -> Told:
    """What districts say, from what some of them do, in their order."""
    return _joined_up(parts)


def _figures(h: Mapping[str, Tensor], own: Tensor, seen: Observed) -> Told:
    noise = (h["noise"] * seen.relative) ** 2 + JITTER
    # Where a district has fewer figures than another, rows of nothing: variance one, no weight, no error.
    noise = torch.where(seen.mine, noise, 1.0)
    error = torch.where(seen.mine, seen.y - (seen.H @ seen.prior[..., None])[..., 0], 0.0)
    with_own = seen.H @ own
    factor = cholesky(with_own @ seen.H.mT + torch.diag_embed(noise))
    white = torch.linalg.solve_triangular(factor, torch.cat([seen.H, with_own, error[..., None]], -1), upper=False)
    H, with_own, error = white.tensor_split((seen.n_months, 2 * seen.n_months), -1)
    nothing = error.new_zeros(0)
    return Told(
        S=_gathered(H, H),
        R=nothing.expand(seen.n_months, 0),
        u=_gathered(H, error)[:, 0],
        W=nothing.expand(0, 0),
        v=nothing,
        fit=0.5 * (error**2).sum() + _log_root(factor),
        V=own - with_own.mT @ with_own,
        P=with_own.mT @ H,
        Q=nothing.expand(seen.n_areas, seen.n_months, 0),
        m=(with_own.mT @ error)[..., 0],
    )


def _light(h: Mapping[str, Tensor], kernels: Kernels, gain: Tensor, seen: Observed, before: Told) -> Told:
    """After the figures, so that only T readings are conditioned on at once."""
    lit = seen.lit.to(torch.float64)
    both = lit[:, :, None] * lit[:, None]
    shown = gain[:, None, None] * lit[..., None]
    # What a reading says of c: directly, less what the figures have told of it already.
    across, with_own = shown * (torch.eye(seen.n_months, dtype=torch.float64) - before.P), shown * before.V
    errors = light_errors(kernels, seen.rough)
    noise = torch.where(seen.lit, light_shock(h, seen.rough, seen.precision) + JITTER, 1.0)
    error = (lit * (seen.z - gain[:, None] * before.m))[..., None]
    covariance = both * (gain[:, None, None] ** 2 * before.V + errors) + torch.diag_embed(noise)
    factor = cholesky(covariance)
    white = torch.linalg.solve_triangular(factor, torch.cat([with_own, across, error], -1), upper=False)
    weights = torch.linalg.solve_triangular(factor.mT, white, upper=True)
    with_own, across, error = white.tensor_split((seen.n_months, 2 * seen.n_months), -1)
    Q, R, v = weights.tensor_split((seen.n_months, 2 * seen.n_months), -1)
    return Told(
        S=_gathered(across, across),
        R=R.sum(0).T,
        u=_gathered(across, error)[:, 0],
        W=(both * torch.cholesky_inverse(factor)).sum(0),  # without the rows of nothing of months that were not seen
        v=v.sum(0)[:, 0],
        fit=0.5 * (error**2).sum() + _log_root(factor),
        V=before.V - with_own.mT @ with_own,
        P=before.P + with_own.mT @ across,
        Q=Q.mT,
        m=before.m + (with_own.mT @ error)[..., 0],
    )


def _gathered(left: Tensor, right: Tensor) -> Tensor:
    """Sum over districts of leftᵀ · right, as one product."""
    return left.flatten(0, 1).T @ right.flatten(0, 1)


def join(h: Mapping[str, Tensor], kernels: Kernels, seen: Observed, told: Told) -> Joined:
    """Condition on the figures that districts share, then find what all share.

    Raises:
        ModelError: A covariance cannot be factored.
    """
    information = torch.cat([torch.cat([told.S, told.R], 1), torch.cat([told.R.T, told.W], 1)], 0)
    evidence = torch.cat([told.u, told.v])
    factor, across, error = _shared_figures(h, seen, told)
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
    own = told.m - told.P @ c - told.Q @ e + (heard[:, None] @ told.V)[:, 0]
    fit = (
        told.fit + 0.5 * ((error**2).sum() - ((root.T @ evidence) ** 2).sum()) + _log_root(factor) + _log_root(precise)
    )
    return Joined(c, own, root, factor, across, fit)


def _shared_figures(h: Mapping[str, Tensor], seen: Observed, told: Told) -> tuple[Tensor, Tensor, Tensor]:
    """Factor (g, g) of their covariance given s; whitened by it, their dependence on s (g, T + k) and error (g,)."""
    across = seen.G.new_zeros(len(seen.shared_y), seen.n_months + len(told.W))
    covariance = torch.diag((h["noise"] * seen.shared_relative) ** 2 + JITTER)
    error = seen.shared_y
    for d in _slices(seen.n_areas):
        G, of = seen.G[d], told.of(d)
        across = across + torch.cat([G - G @ of.P, -G @ of.Q], -1).sum(0)
        covariance = covariance + (G @ of.V @ G.mT).sum(0)
        error = error - (G @ (seen.prior[d] + of.m)[..., None]).sum((0, 2))
    factor = cholesky(covariance)
    white = torch.linalg.solve_triangular(factor, torch.cat([across, error[:, None]], 1), upper=False)
    return factor, white[:, :-1], white[:, -1]


@dataclasses.dataclass(frozen=True, eq=False)
class Spread:
    """Variances of log output: `districts` (D, T), `city` (T,) of the log of the districts' sum. `with_earlier` by
    months back: the covariance of each month with that many months before, of the same two shapes; NaN at the start.
    """

    districts: Tensor
    city: Tensor
    with_earlier: Mapping[int, tuple[Tensor, Tensor]]


def spread(seen: Observed, told: Told, joined: Joined, share: Tensor, back: Sequence[int] = ()) -> Spread:
    """Variances, and covariances of months `back` months apart, with the shares (D, T) as weights of the city.

    The log of a sum is linear in its logs to first order (delta method). Only the diagonals that are asked for are
    made: the cost stays linear in districts.
    """
    lags = (0, *back)
    every: dict[int, list[Tensor]] = {lag: [] for lag in lags}
    together = {lag: seen.prior.new_zeros(max(seen.n_months - lag, 0)) for lag in lags}
    with_s = seen.prior.new_zeros(seen.n_months, len(joined.root))
    with_figures = seen.prior.new_zeros(len(seen.shared_y), seen.n_months)
    eye = torch.eye(seen.n_months, dtype=torch.float64)
    for d in _slices(seen.n_areas):
        of = told.of(d)
        heard = torch.linalg.solve_triangular(joined.factor, seen.G[d] @ of.V, upper=False)
        on_s = (torch.cat([eye - of.P, -of.Q], -1) - heard.mT @ joined.across) @ joined.root
        with_s = with_s + (share[d][..., None] * on_s).sum(0)
        with_figures = with_figures + (share[d][:, None] * heard).sum(0)
        for lag in lags:
            alone = _diagonal(of.V, lag)
            every[lag].append(_lagged(on_s, lag).sum(-1) + alone - _lagged(heard.mT, lag).sum(-1))
            together[lag] = together[lag] + (_lagged(share[d].T, lag).T * alone).sum(0)
    of_city = {lag: together[lag] + _lagged(with_s, lag).sum(-1) - _lagged(with_figures.T, lag).sum(-1) for lag in lags}
    found = {lag: (_behind(torch.cat(every[lag]), lag), _behind(of_city[lag], lag)) for lag in lags}
    return Spread(*found[0], {lag: found[lag] for lag in back})


def _lagged(rows: Tensor, lag: int) -> Tensor:
    """Every row (…, T, n) times the one `lag` rows before it: (…, T − lag, n)."""
    return rows[..., lag:, :] * rows[..., : max(rows.shape[-2] - lag, 0), :]


def _diagonal(matrices: Tensor, lag: int) -> Tensor:
    """(D, T − lag) of (D, T, T): each month with the one `lag` months before."""
    if lag >= matrices.shape[-1]:
        return matrices.new_zeros(len(matrices), 0)
    return torch.diagonal(matrices, offset=-lag, dim1=1, dim2=2)


def _behind(values: Tensor, lag: int) -> Tensor:
    """Values behind as many NaN as months that have none before them."""
    return torch.nn.functional.pad(values, (lag, 0), value=torch.nan)


def _log_root(factor: Tensor) -> Tensor:
    """Half the log determinants of all matrices with these factors, summed."""
    return torch.log(torch.diagonal(factor, dim1=-2, dim2=-1)).sum()


def _slices(n: int) -> list[slice]:
    return [slice(first, min(first + _TOGETHER, n)) for first in range(0, n, _TOGETHER)]


def _joined_up(parts: Sequence[Told]) -> Told:
    own = {name: torch.cat([getattr(part, name) for part in parts]) for name in _OWN}
    of_s = {name: torch.stack([getattr(part, name) for part in parts]).sum(0) for name in _OF_S}
    return Told(**of_s, **own)
