"""The same model as one dense Gaussian over all district-months: slow, and simple enough to be believed.

Log output and observations have one joint covariance; conditioning is Rasmussen & Williams (2006), 2.22.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

import numpy as np
import torch

from gvio.assimilate.covariance import JITTER, kernels_of, output_components
from gvio.assimilate.covariance import light_errors as slow_errors
from gvio.assimilate.observed import Observed

Tensor = torch.Tensor


@dataclasses.dataclass(frozen=True, eq=False)
class Dense:
    """`H` (n, D·T), `noise` (n,) variances, `residual` (n + k,), `lit` flat indices of the light seen."""

    H: Tensor
    noise: Tensor
    residual: Tensor
    lit: Tensor


def dense(h: Mapping[str, Tensor], seen: Observed) -> Dense:
    """Figures as full rows over all district-months: a district's own, district by district, then the shared ones."""
    D, T = seen.prior.shape
    rows, relative, y = [], [], []
    for d in range(D):
        for i in torch.nonzero(seen.mine[d])[:, 0]:
            row = torch.zeros(D, T, dtype=torch.float64)
            row[d] = seen.H[d, i]
            rows.append(row.ravel())
            relative.append(seen.relative[d, i])
            y.append(seen.y[d, i])
    for i in range(len(seen.shared_y)):
        rows.append(seen.G[:, i].ravel())
        relative.append(seen.shared_relative[i])
        y.append(seen.shared_y[i])
    H = torch.stack(rows)
    lit = torch.nonzero(seen.lit.ravel())[:, 0]
    error = torch.stack(y) - H @ seen.prior.ravel()
    noise = (h["noise"] * torch.stack(relative)) ** 2
    return Dense(H, noise, torch.cat([error, seen.z.ravel()[lit]]), lit)


def kron(n_areas: int, common: Tensor, own: Tensor) -> Tensor:
    every, each = torch.ones(n_areas, n_areas, dtype=torch.float64), torch.eye(n_areas, dtype=torch.float64)
    blocks = torch.block_diag(*own) if own.dim() == 3 else torch.kron(each, own)
    return torch.kron(every, common) + blocks


def output_covariance(h: Mapping[str, Tensor], seen: Observed) -> Tensor:
    terms = output_components(h, seen.months)
    common, own = (sum(c.months for c in terms if c.own is o) for o in (False, True))
    return kron(len(seen.prior), common, own)


def light_errors(h: Mapping[str, Tensor], seen: Observed, lit: Tensor) -> Tensor:
    kernels = kernels_of(h, seen.months)
    common, own = kernels.light_common, slow_errors(kernels, seen.rough)
    errors = kron(len(seen.prior), common, own)[lit][:, lit]
    shock = (h["light_shock"] * seen.rough[:, None]) ** 2 / seen.precision
    return errors + torch.diag(shock.ravel()[lit])


def joint(h: Mapping[str, Tensor], seen: Observed) -> tuple[Tensor, Tensor, Tensor, Dense]:
    """Prior (D·T, D·T), observations × output, observations × observations with jitter."""
    of = dense(h, seen)
    prior = output_covariance(h, seen)
    T = seen.prior.shape[1]
    gain = h["gain"] * h["sensitivity"][of.lit // T]
    select = gain[:, None] * torch.eye(len(prior), dtype=torch.float64)[of.lit]
    design = torch.cat([of.H, select])
    noise = torch.block_diag(torch.diag(of.noise), light_errors(h, seen, of.lit))
    everything = design @ prior @ design.T + noise
    return prior, design @ prior, everything + JITTER * torch.eye(len(everything), dtype=torch.float64), of


def evidence(h: Mapping[str, Tensor], seen: Observed) -> Tensor:
    """Negative log density of all observations, without its constant."""
    _, _, covariance, of = joint(h, seen)
    factor = torch.linalg.cholesky(covariance)
    white = torch.linalg.solve_triangular(factor, of.residual[:, None], upper=False)
    return 0.5 * (white**2).sum() + torch.log(torch.diag(factor)).sum()


def posterior(h: Mapping[str, Tensor], seen: Observed) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and sd (D, T) of districts, sd (T,) of the log of the city."""
    mean, left, city = left_over(h, seen)
    sd = torch.sqrt(torch.diagonal(left.flatten(0, 1).flatten(1))).reshape(mean.shape)
    return mean.numpy(), sd.numpy(), np.sqrt(np.diag(city))


def left_over(h: Mapping[str, Tensor], seen: Observed) -> tuple[Tensor, Tensor, np.ndarray]:
    """Mean (D, T); covariance (D, T, D, T) of districts; (T, T) of the log of the city."""
    prior, cross, covariance, of = joint(h, seen)
    gain = torch.linalg.solve(covariance, cross)
    shape = seen.prior.shape
    mean = seen.prior + (gain.T @ of.residual).reshape(shape)
    left = (prior - cross.T @ gain).reshape(shape + shape)
    share = torch.softmax(mean, 0)
    return mean, left, torch.einsum("dt,dtes,es->ts", share, left, share).numpy()


def correlation(h: Mapping[str, Tensor], seen: Observed, back: int) -> np.ndarray:
    """(D + 1, T - back) of each month's error with that of the month `back` before it, the city last."""
    _, left, city = left_over(h, seen)
    every = [left[d, :, d].numpy() for d in range(len(left))] + [city]
    sd = [np.sqrt(np.diag(one)) for one in every]
    wanted = [np.diagonal(one, -back) / (s[back:] * s[: len(s) - back]) for one, s in zip(every, sd, strict=True)]
    return np.stack(wanted)
