"""An estimate and a step of learning: by districts, and as one dense Gaussian over all district-months.

The dense form is the tests' oracle, the textbook's formula (Rasmussen & Williams 2006, 2.22), which is what a library
for Gaussian processes does. How the cost grows is measured by `benchmarks.bench_estimate`, each case by itself.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import torch

from benchmarks.bench_estimate import elsewhere, setting_of
from benchmarks.sides import Limit, Row, Side, compared, largest_difference, seconds
from gvio.assimilate.condition import join, told_by_all, told_by_figures
from gvio.assimilate.covariance import as_tensors, kernels_of
from gvio.assimilate.hyper import NAMES, START
from gvio.assimilate.linearise import first_guess
from gvio.assimilate.observed import Observed, observe
from gvio.assimilate.posterior import condition

sys.path.insert(0, str(Path(__file__).parents[2] / "tests/unit/assimilate"))
import dense_oracle

SAME, SAME_GRADIENT = 1e-7, 1e-6  # log output; relative, of the largest
Grown = tuple[int, int]  # districts, months
FULL_GROWTH = [*((d, 155) for d in (8, 16, 32, 64, 128, 340)), *((16, t) for t in (48, 96, 300))]


def rows(*, quick: bool) -> Iterator[Row]:
    """One linear-Gaussian pass with standard deviations; likelihood and gradient."""
    torch.set_num_threads(1)
    for districts, months in [(4, 24), (8, 48)] if quick else [(16, 48), (16, 96), (16, 155)]:
        setting = setting_of(districts, months)
        seen = observe(setting, first_guess(setting.sums, setting.prior_share))
        yield _estimate(seen)
        if months <= 96:  # as many as learning looks at
            yield _learning(seen)


def growth(*, quick: bool) -> Iterator[Row]:
    """Whole estimates (three passes, with light and without) and learning, in a process each, beside nobody."""
    for districts, months in [(4, 24), (8, 24)] if quick else FULL_GROWTH:
        cost = elsewhere(districts, months)
        learning = "" if cost.learning is None else f"learning {cost.learning:.2f} s; "
        note = f"{learning}peak {cost.peak_mib:,.0f} MiB"
        dense = 8 * (districts * months) ** 2 / 2**30
        key, work = f"growth.{districts}x{months}", f"whole estimate, {districts} districts × {months} months"
        yield Row(key, work, f"one dense matrix: {dense:.2g} GiB", "no rival", cost.estimate, note=note)


def _estimate(seen: Observed) -> Row:
    h = as_tensors(START, seen.n_areas)

    def ours() -> np.ndarray:
        kernels = kernels_of(h, seen.months)
        found = condition(h, kernels, seen, told_by_figures(h, kernels, seen), full=True).posterior
        return np.vstack([found.mean, found.sd, found.city_sd])

    def dense() -> None:
        mean, sd, city = dense_oracle.posterior(h, seen)
        theirs.append(np.vstack([mean, sd, city]))

    theirs: list[np.ndarray] = []
    taken = seconds(dense, 1)
    side = Side("one dense Gaussian", taken, largest_difference(ours(), theirs[0]))
    work = f"one pass, {seen.n_areas} districts × {seen.n_months} months"
    return compared(f"estimate.{seen.n_areas}x{seen.n_months}", work, seconds(ours, 3), side, _floor(seen), SAME)


def _learning(seen: Observed) -> Row:
    def gradient(*, dense: bool) -> list[np.ndarray]:
        free = {n: torch.tensor(v, dtype=torch.float64, requires_grad=True) for n, v in START.as_dict().items()}
        h = {**free, "sensitivity": torch.ones(seen.n_areas, dtype=torch.float64)}
        if dense:
            value = dense_oracle.evidence(h, seen)
        else:
            kernels = kernels_of(h, seen.months)
            value = join(h, kernels, seen, told_by_all(h, kernels, seen, told_by_figures(h, kernels, seen))).fit
        return [value.detach().numpy(), *(g.numpy() for g in torch.autograd.grad(value, [free[n] for n in NAMES]))]

    theirs: list[np.ndarray] = []
    taken = seconds(lambda: theirs.append(np.hstack(gradient(dense=True))), 1)
    apart = largest_difference(np.hstack(gradient(dense=False)), theirs[0]) / float(np.abs(theirs[0]).max())
    side = Side("one dense Gaussian", taken, apart)
    work = f"likelihood and gradient, {seen.n_areas} districts × {seen.n_months} months"
    key = f"learning.{seen.n_areas}x{seen.n_months}"
    return compared(key, work, seconds(lambda: gradient(dense=False), 3), side, _floor(seen), SAME_GRADIENT)


def _floor(seen: Observed) -> Limit:
    """What no exact form avoids: a factor of every district's figures, of its light, and of what all share."""
    n = seen.n_months
    matrix = torch.eye(n, dtype=torch.float64).expand(2 * seen.n_areas + 3, n, n).contiguous()
    return Limit("the factorisations alone", seconds(lambda: torch.linalg.cholesky(matrix)))
