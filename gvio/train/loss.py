"""Learning from sums: published figures, whitened by what the prior already explains (generalised least squares).

The network's district output f enters log(G exp(x)) through the linearised sums H; what intercepts, seasons, walks and
reporting noise leave unexplained has covariance C = H K Hᵀ + R. With C = L Lᵀ the loss is a Huber loss on
L⁻¹(y − H m − H f): Aitken (1935) with Huber's (1964) robustness. No figure is ever copied to a factory.

L is never made. Row by row of a Cholesky factor, what is whitened is what the rows before do not tell (an innovation).
With the figures district by district and the shared ones last, the rows before a district tell of it only through the
path s that all districts share: its mean and covariance are carried from one district to the next.
"""

from __future__ import annotations

import dataclasses

import torch

from gvio.assimilate.covariance import JITTER, as_tensors, cholesky, kernels_of, light_errors
from gvio.assimilate.hyper import Hyper
from gvio.assimilate.observed import Observed, Setting, observe
from gvio.types import BoolArray, FloatArray

Tensor = torch.Tensor
_HUBER = 3.0  # whitened residuals are standard Gaussian: beyond three the loss grows linearly
LIGHT_ERRORS = Hyper(light_common=0.10, light_drift=0.0001, light_walk=0.005, light_season=0.03, light_shock=0.05)


@dataclasses.dataclass(frozen=True, eq=False)
class Whitened:
    """Figures, ready to be compared with any district output; float32.

    Of districts, padded to n figures each: `target` (D, n), `design` (D, n, T), `mine` (D, n) whether there is a
    figure, `gain` (D, T, n) what a whitened figure tells of the shared path. Of shared figures: `shared_target` (g,)
    and `shared_design` (D, g, T).
    """

    target: Tensor
    design: Tensor
    mine: Tensor
    gain: Tensor
    shared_target: Tensor
    shared_design: Tensor

    def to(self, device: torch.device) -> Whitened:
        """The same on another device."""
        return Whitened(*(getattr(self, field.name).to(device) for field in dataclasses.fields(self)))


def whiten(setting: Setting, hyper: Hyper, log_output: FloatArray, rows: BoolArray) -> Whitened:
    """Whiten the figures in `rows` (n,) of `setting.sums`, linearised at `log_output` (D, T), against the prior.

    Light's errors count as unexplained, at their typical size, because the network's output f is a reading of light.
    Without them the cheapest solution is to suppress what all districts' light shares, which the assimilation corrects
    anyway; with them the network learns what differs between districts.
    """
    seen = observe(dataclasses.replace(setting, light=None), log_output, rows=rows)
    model = kernels_of(as_tensors(hyper, seen.n_areas), seen.months)
    light = kernels_of(as_tensors(LIGHT_ERRORS, seen.n_areas), seen.months)
    usual, eye = torch.ones(1, dtype=torch.float64), torch.eye(seen.n_months, dtype=torch.float64)
    own = model.own + light_errors(light, usual)[0] + LIGHT_ERRORS.light_shock**2 * eye
    flat = torch.full_like(seen.prior, float(seen.prior.mean()))  # districts' levels are the network's to explain
    found = _whitened(
        dataclasses.replace(seen, prior=flat), model.common + light.light_common, own, hyper.noise**2 + JITTER
    )
    parts = {field.name: getattr(found, field.name) for field in dataclasses.fields(found)}
    single = {name: part.to(torch.float32) for name, part in parts.items() if name != "mine"}
    return dataclasses.replace(found, **single)


def _whitened(seen: Observed, shared: Tensor, own: Tensor, noise: float) -> Whitened:
    H, mine = seen.H, seen.mine
    variance = torch.diag_embed(torch.where(mine, torch.full_like(seen.y, noise), 1.0))
    alone = H @ own @ H.mT + variance
    error = torch.where(mine, seen.y - (H @ seen.prior[..., None])[..., 0], 0.0)
    targets, designs, gains = [], [], []
    for d in range(seen.n_areas):
        # `shared` is the covariance of the shared path given the districts before
        factor = cholesky(alone[d] + H[d] @ shared @ H[d].T)
        white = torch.linalg.solve_triangular(factor, torch.cat([H[d], error[d][:, None]], 1), upper=False)
        gain = shared @ white[:, :-1].T
        shared = shared - gain @ gain.T
        targets.append(white[:, -1])
        designs.append(white[:, :-1])
        gains.append(gain)
    target, design, gain = torch.stack(targets), torch.stack(designs), torch.stack(gains)
    # Of the shared figures what districts' own tell, the shared path given: own paths are independent then.
    factor = cholesky(alone)
    told = torch.cholesky_solve(torch.cat([H, error[..., None]], -1), factor)
    carried = seen.G @ own @ H.mT
    across = seen.G - carried @ told[..., :-1]
    left = seen.shared_y - (seen.G @ seen.prior[..., None]).sum((0, 2)) - (carried @ told[..., -1:]).sum((0, 2))
    unexplained = seen.G @ own @ seen.G.mT - carried @ torch.cholesky_solve(carried.mT, factor)
    through = across.sum(0)
    covariance = unexplained.sum(0) + through @ shared @ through.T
    factor = cholesky(covariance + noise * torch.eye(len(covariance), dtype=torch.float64))
    white = torch.linalg.solve_triangular(factor, torch.cat([*across, left[:, None]], 1), upper=False)
    shared_design = white[:, :-1].reshape(len(left), seen.n_areas, seen.n_months).transpose(0, 1)
    return Whitened(target, design, mine, gain, white[:, -1], shared_design)


def whitened_error(whitened: Whitened, output: Tensor) -> tuple[Tensor, Tensor]:
    """What district output (D, T) leaves of the figures, whitened: (D, n), zero where there is none, and (g,)."""
    path, errors = torch.zeros_like(output[0]), []
    for target, design, gain, own in zip(whitened.target, whitened.design, whitened.gain, output, strict=True):
        error = target - design @ (own + path)
        path = path + gain @ error
        errors.append(error)
    shared = whitened.shared_target - (whitened.shared_design @ (output + path)[..., None]).sum((0, 2))
    return torch.stack(errors), shared


def figures_loss(whitened: Whitened, output: Tensor) -> Tensor:
    """Mean Huber loss of whitened figures for district output (D, T)."""
    own, shared = whitened_error(whitened, output)
    error = torch.cat([own[whitened.mine], shared])
    return torch.nn.functional.huber_loss(error, torch.zeros_like(error), delta=_HUBER)
