"""What the assimilation conditions on, laid out so that a district's own observations lie together.

A figure of one district touches that district only; figures of the city and of groups touch several. Light is a reading
of one district. So everything but the shared figures is a batch of small problems, one a district.
"""

from __future__ import annotations

import dataclasses

import numpy as np
import torch
from scipy import sparse

from gvio.assimilate.covariance import Months, as_tensor
from gvio.assimilate.linearise import first_guess, linearise
from gvio.ledger.select import select_rows
from gvio.ledger.sums import Sums
from gvio.types import BoolArray, FloatArray, IntArray

Tensor = torch.Tensor


@dataclasses.dataclass(frozen=True, eq=False)
class Measurement:
    """Light as a measurement of log output: `z` (D, T) NaN where unseen, `precision` (D, T) in (0, 1]; `rough` (D,)
    errors of a district's own light against the usual one's, None for no difference.
    """

    z: FloatArray
    precision: FloatArray
    rough: FloatArray | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Setting:
    """What the assimilation conditions on, apart from hyperparameters.

    `sums` the visible figures; `light` the measurement or None; `prior_share` (D,) positive, sums to one: the share
    of a district before any figure; `calendar` (T, c) features; `openings` (D, T) log change of the prior that
    factories bring which open or close, None for none.
    """

    sums: Sums
    light: Measurement | None
    prior_share: FloatArray
    calendar: FloatArray
    openings: FloatArray | None = None


@dataclasses.dataclass(frozen=True, eq=False)
class Observed:
    """Linearised figures and the light measurement, as float64 tensors.

    Of districts, padded to the most figures n that one of them has: `H` (D, n, T) weights of its months in each figure,
    `y` (D, n) log figures minus what the weights leave over, `relative` (D, n) factors on their noise, `mine` (D, n)
    whether there is a figure. Shared by districts: `G` (D, g, T) weights, `shared_y` (g,), `shared_relative` (g,).
    Light: `z` (D, T), 0 where not `lit` (D, T), `precision` (D, T) in (0, 1], `rough` (D,) factor on a district's own
    errors. `prior` (D, T) the prior mean.
    """

    H: Tensor
    y: Tensor
    relative: Tensor
    mine: Tensor
    G: Tensor
    shared_y: Tensor
    shared_relative: Tensor
    prior: Tensor
    z: Tensor
    lit: Tensor
    precision: Tensor
    rough: Tensor
    months: Months

    @property
    def n_areas(self) -> int:
        """D."""
        return len(self.prior)

    @property
    def n_months(self) -> int:
        """T."""
        return self.prior.shape[1]

    def dark(self) -> Observed:
        """The same without light."""
        return dataclasses.replace(self, z=torch.zeros_like(self.z), lit=torch.zeros_like(self.lit))

    def part(self, districts: slice) -> Observed:
        """Some of the districts with their own observations; no shared figure."""
        names = ("H", "y", "relative", "mine", "prior", "z", "lit", "precision", "rough")
        own = {name: getattr(self, name)[districts] for name in names}
        nothing = self.shared_y[:0]
        return dataclasses.replace(self, **own, G=self.G[districts, :0], shared_y=nothing, shared_relative=nothing)


def observe(
    setting: Setting, log_output: FloatArray, steps: FloatArray | None = None, *, rows: BoolArray | None = None
) -> Observed:
    """Linearise the figures at `log_output` (D, T) and lay everything out.

    Args:
        setting: Figures, light and prior.
        log_output: (D, T) where to linearise.
        steps: (T,) factors on the variance of the common walk's steps; None: even steps.
        rows: (n,) which figures to take, with the prior mean of all of them; None: every one.
    """
    prior = prior_mean(setting)
    sums = setting.sums if rows is None else select_rows(setting.sums, rows)
    H, y = linearise(sums, log_output)
    light = setting.light or Measurement(np.full(prior.shape, np.nan), np.ones(prior.shape))
    lit = np.isfinite(light.z)
    rough = np.ones(sums.n_areas) if light.rough is None else light.rough
    return Observed(
        **_of_districts(sums, H, y),
        **_shared(sums, H, y),
        prior=as_tensor(prior),
        z=as_tensor(np.where(lit, light.z, 0.0)),
        lit=torch.from_numpy(lit),
        precision=as_tensor(np.where(lit, light.precision, 1.0)),
        rough=as_tensor(rough),
        months=months_of(setting, steps),
    )


def months_of(setting: Setting, steps: FloatArray | None = None) -> Months:
    """The setting's months, with even steps unless said."""
    usual = np.ones(setting.sums.n_months)
    return Months(as_tensor(usual if steps is None else steps), as_tensor(setting.calendar))


def prior_mean(setting: Setting) -> FloatArray:
    """(D, T) prior mean of log output: prior shares, and what openings are known to bring."""
    # The level is free in the prior covariance; a good centre only keeps the first linearisation near.
    level = first_guess(setting.sums, setting.prior_share).mean() - np.log(setting.prior_share).mean()
    prior = np.repeat(np.log(setting.prior_share)[:, None] + level, setting.sums.n_months, axis=1)
    # Openings are known from the pack: light is not asked, and its gain is not theirs.
    return prior if setting.openings is None else prior + setting.openings


def _of_districts(sums: Sums, H: sparse.csr_array, y: FloatArray) -> dict[str, Tensor]:
    rows = np.flatnonzero(sums.of_districts)
    area = sums.area[rows]
    place = _place_within(area)
    n = int(place.max(initial=-1)) + 1
    cells = H[rows].tocoo()
    weights = np.zeros((sums.n_areas, n, sums.n_months))
    weights[area[cells.row], place[cells.row], cells.col % sums.n_months] = cells.data
    values, mine = np.zeros((sums.n_areas, n)), np.zeros((sums.n_areas, n), dtype=bool)
    values[area, place], mine[area, place] = y[rows], True
    told = {"H": as_tensor(weights), "y": as_tensor(values), "mine": torch.from_numpy(mine)}
    return told | {"relative": torch.ones(mine.shape, dtype=torch.float64)}


def _place_within(area: IntArray) -> IntArray:
    """Of every row its number among the rows of the same district, in their order."""
    order = np.argsort(area, kind="stable")
    starts = np.searchsorted(area[order], area[order], side="left")
    place = np.empty_like(area)
    place[order] = np.arange(len(area)) - starts
    return place


def _shared(sums: Sums, H: sparse.csr_array, y: FloatArray) -> dict[str, Tensor]:
    rows = np.flatnonzero(~sums.of_districts)
    cells = H[rows].tocoo()
    weights = np.zeros((sums.n_areas, len(rows), sums.n_months))
    weights[cells.col // sums.n_months, cells.row, cells.col % sums.n_months] = cells.data
    ones = torch.ones(len(rows), dtype=torch.float64)
    return {"G": as_tensor(weights), "shared_y": as_tensor(y[rows]), "shared_relative": ones}
