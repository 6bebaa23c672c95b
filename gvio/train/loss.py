"""Learning from sums: published figures, whitened by what the prior already explains (generalised least squares).

The network's district output f enters log(G exp(x)) through the linearised sums H; what intercepts, seasons, walks and
reporting noise leave unexplained has covariance C = H K Hᵀ + R. With C = L Lᵀ the loss is a Huber loss on
L⁻¹(y − H m − H f): Aitken (1935) with Huber's (1964) robustness. No figure is ever copied to a factory.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
from scipy import sparse

from gvio.assimilate.covariance import JITTER, as_tensor, as_tensors, cholesky, light_kernels, output_kernels
from gvio.assimilate.hyper import Hyper
from gvio.assimilate.linearise import linearise
from gvio.assimilate.observed import Setting, months_of, prior_mean
from gvio.types import BoolArray, FloatArray

Tensor = torch.Tensor
_HUBER = 3.0  # whitened residuals are standard Gaussian: beyond three the loss grows linearly
LIGHT_ERRORS = Hyper(light_common=0.10, light_drift=0.0001, light_walk=0.005, light_season=0.03, light_shock=0.05)


@dataclasses.dataclass(frozen=True, eq=False)
class Whitened:
    """`target` (n,) whitened residual of the prior; `design` (n, D·T) whitened sums; float32."""

    target: Tensor
    design: Tensor


def whiten(setting: Setting, hyper: Hyper, log_output: FloatArray, rows: BoolArray) -> Whitened:
    """Whiten the figures in `rows` (n,) of `setting.sums`, linearised at `log_output` (D, T), against the prior."""
    H, y = linearise(setting.sums, log_output)
    H, y = H[rows], y[rows]
    factor = cholesky(as_tensor(_unexplained(setting, hyper, H)))
    flat = np.full(H.shape[1], prior_mean(setting).mean())  # districts' levels are the network's to explain
    # Target and design are whitened in one solve; float32 afterwards, because training only needs that.
    both = torch.cat([as_tensor(y - H @ flat)[:, None], as_tensor(H.toarray())], dim=1)
    white = torch.linalg.solve_triangular(factor, both, upper=False).to(torch.float32)
    return Whitened(target=white[:, 0], design=white[:, 1:].contiguous())


def _unexplained(setting: Setting, hyper: Hyper, H: sparse.csr_array) -> FloatArray:
    """(n, n) covariance of figures `H` (n, D·T) that neither the network nor noise-free light explains.

    Light's errors enter through the sums, at their typical size, because the network's output f is a reading of light.
    Without them the cheapest solution is to suppress what all districts' light shares, which the assimilation corrects
    anyway; with them the network learns what differs between districts.
    """
    n_areas, n_months = setting.sums.n_areas, setting.sums.n_months
    months, usual = months_of(setting), torch.ones(1, dtype=torch.float64)
    common, own = (kernel.numpy() for kernel in output_kernels(as_tensors(hyper, n_areas), months))
    errors = light_kernels(as_tensors(LIGHT_ERRORS, n_areas), months, usual)
    light_common, light_own = (kernel.numpy() for kernel in errors)
    own = own + light_own[0] + LIGHT_ERRORS.light_shock**2 * np.eye(n_months)
    found = np.diag(np.full(H.shape[0], hyper.noise**2 + JITTER))
    together = sum(H[:, d * n_months : (d + 1) * n_months] for d in range(n_areas))
    found += together @ (together @ (common + light_common)).T
    for d in range(n_areas):
        part = H[:, d * n_months : (d + 1) * n_months]
        rows = np.flatnonzero(np.diff(part.indptr))
        part = part[rows]
        found[np.ix_(rows, rows)] += part @ (part @ own).T
    return found


def figures_loss(whitened: Whitened, output: Tensor) -> Tensor:
    """Mean Huber loss of whitened figures for district output (D, T)."""
    error = whitened.target - whitened.design @ output.reshape(-1)
    return torch.nn.functional.huber_loss(error, torch.zeros_like(error), delta=_HUBER)
