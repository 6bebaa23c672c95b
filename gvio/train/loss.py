"""Learning from sums: published figures, whitened by what the prior already explains (generalised least squares).

The network's district output f enters log(G exp(x)) through the linearised sums H; what intercepts, seasons, walks and
reporting noise leave unexplained has covariance C = H K Hᵀ + R. With C = L Lᵀ the loss is a Huber loss on
L⁻¹(y − H m − H f): Aitken (1935) with Huber's (1964) robustness. No figure is ever copied to a factory.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import torch

from gvio.assimilate.covariance import (
    Observed,
    as_tensor,
    as_tensors,
    cholesky,
    joint_covariance,
    light_error_covariance,
    summed,
)
from gvio.assimilate.hyper import Hyper
from gvio.assimilate.posterior import Setting, observe
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
    keep = torch.from_numpy(np.flatnonzero(rows))
    seen = observe(dataclasses.replace(setting, light=None), log_output)
    seen = dataclasses.replace(seen, H=seen.H[keep], y=seen.y[keep], relative=seen.relative[keep])
    h = as_tensors(hyper, seen.n_areas)
    _, _, covariance = joint_covariance(h, seen)
    # Light's errors enter through the sums, too: the network's output f is a reading of light.
    factor = cholesky(covariance + summed(seen, summed(seen, _light_errors(seen)).T))
    flat = as_tensor(np.zeros(len(seen.prior))) + seen.prior.mean()  # districts' levels are the network's to explain
    # Target and design are whitened in one solve; float32 afterwards, because training only needs that.
    both = torch.cat([(seen.y - seen.H @ flat)[:, None], seen.H], dim=1)
    white = torch.linalg.solve_triangular(factor, both, upper=False).to(torch.float32)
    return Whitened(target=white[:, 0], design=white[:, 1:].contiguous())


def _light_errors(seen: Observed) -> Tensor:
    """(D·T, D·T) errors of light as a measurement of output, at their typical size.

    Without them the cheapest solution is to suppress what all districts' light shares, which the assimilation corrects
    anyway; with them the network learns what differs between districts.
    """
    everywhere = torch.arange(seen.n_areas * seen.n_months)
    ones = torch.ones(len(everywhere), dtype=torch.float64)
    whole = dataclasses.replace(seen, seen=everywhere, precision=ones)
    h = as_tensors(LIGHT_ERRORS, seen.n_areas)
    return light_error_covariance(h, whole)


def figures_loss(whitened: Whitened, output: Tensor) -> Tensor:
    """Mean Huber loss of whitened figures for district output (D, T)."""
    error = whitened.target - whitened.design @ output.reshape(-1)
    return torch.nn.functional.huber_loss(error, torch.zeros_like(error), delta=_HUBER)
