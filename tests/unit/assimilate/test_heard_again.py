"""What observations told is worked out in another order and kept from pass to pass; it is the same."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import torch
from assimilate_worlds import FIRST, table_of, world
from test_linear_cost import H, mixed, widened

from gvio.assimilate import hear as module
from gvio.assimilate.calendar import calendar_features
from gvio.assimilate.condition import told_by_all, told_by_figures
from gvio.assimilate.covariance import as_tensors, kernels_of
from gvio.assimilate.hear import hear, told_dark, told_lit
from gvio.assimilate.observed import Measurement, Setting, observe
from gvio.assimilate.posterior import assimilate
from gvio.ledger.sums import sums_matrix

FIELDS = ("S", "R", "u", "W", "v", "fit", "V", "P", "Q", "m")


def alike(one, other, atol=1e-7):
    for name in FIELDS:
        np.testing.assert_allclose(getattr(one, name), getattr(other, name), rtol=1e-7, atol=atol, err_msg=name)


@pytest.mark.parametrize("seed", range(10))
def test_settled_figures_then_light_then_the_rest_tell_what_all_do(seed: int) -> None:
    setting, x = mixed(seed, lit=seed % 5 != 4)
    seen = observe(setting, x) if seed % 2 else widened(observe(setting, x), seed)
    h = as_tensors(H, len(x))
    kernels = kernels_of(h, seen.months)
    heard = hear(h, kernels, seen)
    figures = told_by_figures(h, kernels, seen)
    alike(told_dark(h, heard), figures)
    alike(told_lit(h, heard), told_by_all(h, kernels, seen, figures))
    elsewhere = observe(setting, x + 0.1 * np.sin(np.arange(x.shape[1])))
    for name in FIELDS:
        again, anew = (getattr(told_lit(h, hear(h, kernels, elsewhere, known)), name) for known in (heard, ()))
        assert torch.equal(again, anew), name


def monthly(n_areas: int, n_months: int) -> Setting:
    x = world(n_areas, n_months, 3)
    rows = [(d, t, t, float(np.exp(x[d, t]))) for d in range(n_areas) for t in range(n_months)]
    months = [FIRST + t for t in range(n_months)]
    sums = sums_matrix(table_of(rows, n_areas), [f"D{d}" for d in range(n_areas)], "CITY", months)
    light = Measurement(0.3 * x, np.full(x.shape, 0.8))
    return Setting(sums, light, np.full(n_areas, 1 / n_areas), calendar_features(months))


def test_monthly_figures_and_light_are_worked_out_once_in_an_estimate(monkeypatch) -> None:
    calls = []
    monkeypatch.setattr(module, "told_by_figures", lambda *a: calls.append(a) or told_by_figures(*a))
    assimilate(monthly(6, 30), H)
    assert len(calls) == 2, "once for four districts and once for two, not in each of three passes"


def test_a_district_that_observed_something_else_is_worked_out_anew() -> None:
    setting = monthly(6, 30)
    seen, h = observe(setting, np.zeros((6, 30))), as_tensors(H, 6)
    kernels = kernels_of(h, seen.months)
    heard = hear(h, kernels, seen)
    wide = seen.relative.clone()
    wide[5, 3] = 4.0
    less = dataclasses.replace(seen, relative=wide)
    again = hear(h, kernels, less, heard)
    assert again[0].every is heard[0].every
    assert again[1].figures is not heard[1].figures
    rougher = hear(h, kernels, dataclasses.replace(seen, rough=2 * seen.rough), heard)
    assert rougher[0].figures is heard[0].figures
    assert rougher[0].every is not heard[0].every
    alike(told_lit(h, again), told_by_all(h, kernels, less, told_by_figures(h, kernels, less)))
