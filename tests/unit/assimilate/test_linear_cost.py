"""The estimate of every district by itself equals that of one dense Gaussian over all district-months."""

from __future__ import annotations

import dataclasses

import dense_oracle
import numpy as np
import pytest
import torch
from assimilate_worlds import FIRST, Row, world

from gvio.assimilate.calendar import calendar_features
from gvio.assimilate.condition import join, told_by_all, told_by_figures
from gvio.assimilate.covariance import as_tensors, kernels_of
from gvio.assimilate.explain import parts
from gvio.assimilate.hyper import NAMES, START
from gvio.assimilate.observed import Measurement, Setting, observe
from gvio.assimilate.posterior import COMPARED, condition
from gvio.ledger.sums import Sums

H = dataclasses.replace(START, noise=0.01)
KINDS = ("monthly", "joint", "quarterly", "annual", "year to date", "nothing")


def rows_of(kind: str, area: int, y: np.ndarray, rng: np.random.Generator) -> list[Row]:
    """Figures of one area in one way of publishing, some of them missing."""
    n = len(y)
    spans = {
        "monthly": [(t, t) for t in range(n)],
        "joint": [(t, t + 1) if t % 12 == 0 else (t, t) for t in range(n - 1) if t % 12 != 1],
        "quarterly": [(t, t + 2) for t in range(0, n - 2, 3)],
        "annual": [(t, t + 11) for t in range(0, n - 11, 12)],
        "year to date": [(t - t % 12, t) for t in range(n)],
        "nothing": [],
    }[kind]
    kept = [span for span in spans if rng.random() < 0.85]
    return [(area, s, e, float(y[s : e + 1].sum() * np.exp(0.01 * rng.standard_normal()))) for s, e in kept]


def mixed(seed: int, *, lit: bool = True, months: int | None = None) -> tuple[Setting, np.ndarray]:
    """A world with every way of publishing, groups, missing light, an opening, and a district without figures."""
    rng = np.random.default_rng(seed)
    n_areas, n_months = int(rng.integers(1, 6)), months or int(rng.integers(14, 40))
    x = world(n_areas, n_months, seed)
    y = np.exp(x)
    rows = [row for d in range(n_areas) for row in rows_of(str(rng.choice(KINDS)), d, y[d], rng)]
    rows += rows_of(str(rng.choice(KINDS[:-1])), -1, y.sum(0), rng)
    sums = grouped_figures(rows, n_areas, n_months, y, rng)
    z = np.where(rng.random(x.shape) < 0.8, 0.3 * x + 0.05 * rng.standard_normal(x.shape), np.nan)
    light = Measurement(z, rng.uniform(0.1, 1.0, x.shape), rng.uniform(1, 3, n_areas)) if lit else None
    calendar = calendar_features([FIRST + t for t in range(n_months)])
    openings = np.zeros(x.shape)
    openings[0, n_months // 2 :] = 0.2
    share = rng.dirichlet(np.full(n_areas, 5.0))
    return Setting(sums, light, share, calendar, openings), x


def grouped_figures(rows: list[Row], n_areas: int, n_months: int, y: np.ndarray, rng: np.random.Generator) -> Sums:
    from assimilate_worlds import table_of

    from gvio.ledger.rows import GROUP_SIGN
    from gvio.ledger.sums import sums_matrix

    ledger = table_of(rows, n_areas)
    if n_areas > 1:
        pair = table_of(rows_of("quarterly", 0, y[:2].sum(0), rng), n_areas).rows
        pair = pair.assign(area_id=GROUP_SIGN.join(("D0", "D1")))
        ledger = dataclasses.replace(ledger, rows=np_concat(ledger.rows, pair))
    return sums_matrix(ledger, [f"D{d}" for d in range(n_areas)], "CITY", [FIRST + t for t in range(n_months)])


def np_concat(*tables):
    import pandas as pd

    return pd.concat(tables, ignore_index=True)


def widened(seen, seed):
    """As after a robust pass: some figures believed less, some steps large."""
    draw = torch.Generator().manual_seed(seed)
    wide = {
        name: 1 + 4 * torch.rand(getattr(seen, name).shape, generator=draw, dtype=torch.float64)
        for name in ("relative", "shared_relative")
    }
    months = dataclasses.replace(seen.months, steps=1 + 9 * torch.rand(seen.n_months, generator=draw).double())
    return dataclasses.replace(seen, **wide, months=months)


@pytest.mark.parametrize("seed", range(12))
def test_mean_and_deviations_are_those_of_the_dense_form(seed: int) -> None:
    setting, x = mixed(seed, lit=seed % 4 != 3)
    seen = widened(observe(setting, x), seed)
    h = as_tensors(dataclasses.replace(H, sensitivity=tuple(np.linspace(0.5, 2, len(x)))), len(x))
    kernels = kernels_of(h, seen.months)
    got = condition(h, kernels, seen, told_by_figures(h, kernels, seen), full=True).posterior
    mean, sd, city_sd = dense_oracle.posterior(h, seen)
    np.testing.assert_allclose(got.mean, mean, rtol=0, atol=1e-8)
    np.testing.assert_allclose(got.sd, sd, rtol=0, atol=1e-8)
    np.testing.assert_allclose(got.city_sd, city_sd, rtol=0, atol=1e-8)
    for back in COMPARED:
        assert np.isnan(got.correlation[back][:, :back]).all()
        wanted = dense_oracle.correlation(h, seen, back)
        # A correlation of what is known almost exactly has the digits that are left.
        np.testing.assert_allclose(got.correlation[back][:, back:], wanted, rtol=0, atol=1e-6)


# Where hyperparameters may end: figures settle exactly what the prior leaves nearly free, and digits can cancel.
ENDS = {
    "levels": {"level": 5.0},
    "levels and trends": {"level": 5.0, "trend": 5.0, "common_trend": 5.0},
    "all else still": {"level": 5.0, "walk": 0.002} | dict.fromkeys(("shock", "season", "swing", "trend"), 1e-4),
    "all free": dict.fromkeys(("level", "trend", "season", "swing"), 5.0),
    "light believed": {"level": 5.0, "light_shock": 0.002, "light_common": 0.002, "gain": 5.0},
}


@pytest.mark.parametrize(("seed", "months"), [(2, None), (5, None), (5, 96)])
@pytest.mark.parametrize("end", ENDS)
def test_no_digits_cancel_at_the_ends_of_what_hyperparameters_may_be(seed: int, end: str, months: int | None) -> None:
    setting, x = mixed(seed, months=months)
    seen = widened(observe(setting, x), seed)
    h = as_tensors(dataclasses.replace(START, noise=0.004, **ENDS[end]), len(x))
    kernels = kernels_of(h, seen.months)
    done = condition(h, kernels, seen, told_by_figures(h, kernels, seen), full=True)
    mean, sd, city_sd = dense_oracle.posterior(h, seen)
    np.testing.assert_allclose(done.posterior.mean, mean, rtol=0, atol=1e-8)
    np.testing.assert_allclose(done.posterior.sd, sd, rtol=0, atol=1e-8)
    np.testing.assert_allclose(done.posterior.city_sd, city_sd, rtol=0, atol=1e-8)
    # The parts are made of what observations told, which is large where the prior is narrow: digits less, none to see.
    np.testing.assert_allclose(sum(parts(done).values()), done.posterior.mean, rtol=0, atol=1e-5)


@pytest.mark.parametrize("seed", range(6))
def test_evidence_and_its_gradient_are_those_of_the_dense_form(seed: int) -> None:
    setting, x = mixed(seed, lit=seed % 3 != 2)
    seen = observe(setting, x)
    free = {name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in H.as_dict().items()}
    own = torch.linspace(0.5, 2, len(x), dtype=torch.float64, requires_grad=True)
    h = {**free, "sensitivity": own}
    kernels = kernels_of(h, seen.months)
    wanted, got = (
        dense_oracle.evidence(h, seen),
        join(h, kernels, seen, told_by_all(h, kernels, seen, told_by_figures(h, kernels, seen))).fit,
    )
    np.testing.assert_allclose(float(got.detach()), float(wanted.detach()), rtol=1e-9)
    leaves = [free[name] for name in NAMES] + [own]
    pairs = [torch.autograd.grad(value, leaves, allow_unused=True) for value in (got, wanted)]
    for name, one, other in zip([*NAMES, "sensitivity"], *pairs, strict=True):
        if other is not None and one is not None:
            np.testing.assert_allclose(one, other, rtol=1e-6, atol=1e-6 * float(other.abs().max()), err_msg=name)
