"""Where plants stand and how bright they are: the region's own sites, moved as one to another place and turned over.

So plants have the density and the sizes of the region's factories. A moved site is kept where no factory blooms and the
ground is about as bright as under the site it comes from: what a plant stands on is then like what factories stand on.
"""

from __future__ import annotations

import dataclasses

import numpy as np

from gvio.model.normalisation import Normalisation
from gvio.model.sites import deblended_at, log_weight_of, sites_of
from gvio.plant.paths import own_light_paths
from gvio.sample.anomaly import LOG_OFFSET
from gvio.sample.rings import away_from
from gvio.sample.samples import Samples
from gvio.types import BoolArray, FloatArray, IntArray

_TRIES = 24  # places of the moved region, of which that with the most plants is taken
_ALIKE = 0.8  # log brightness by which the ground may differ
_DARKEST = 0.02  # share of a pixel's light that is ground, at the least
_FAINTEST = 0.2  # of a usual factory's light
_EFFICIENCY = 0.3  # spread of log light of plants of one size
_ASTRAY_PX = 0.6  # most that positions err by, standard deviation: addresses are off by up to some hundred metres
_UNLIT = 0.2  # most plants that make no light at all
LEAST = _DARKEST * LOG_OFFSET
"""nW cm⁻² sr⁻¹ below which a district of plants counts as dark."""


@dataclasses.dataclass(frozen=True, eq=False)
class Plants:
    """U sites: where they are said to be, `row`, `col`, and where they are, `true_row`, `true_col` (U,); `weight` (U,)
    of their factories, `light` (U, T) nW cm⁻² sr⁻¹ each emits, `district` (U,) in [0, `n_areas`); `blur_px` of the
    sensor.
    """

    row: IntArray
    col: IntArray
    true_row: IntArray
    true_col: IntArray
    weight: FloatArray
    light: FloatArray
    district: IntArray
    n_areas: int
    blur_px: float

    @property
    def target(self) -> FloatArray:
        """(D, T) log own light of the plants of every district: what is to be read."""
        return district_light(self.light, self.district, self.n_areas)


def district_light(light: FloatArray, district: IntArray, n_areas: int) -> FloatArray:
    """(D, T) log of what plants emit together, `light` (U, T) in `district` (U,); where they emit next to nothing, the
    log of `LEAST`."""
    total = np.zeros((n_areas, light.shape[1]))
    np.add.at(total, district, light)
    return np.asarray(np.log(np.maximum(total, LEAST)))


def draw_plants(ground: Ground, n_months: int, rng: np.random.Generator) -> Plants | None:
    """Plants of one image; None where no site finds a place.

    Args:
        ground: The region's, whose factories' places, sizes and light are those of the plants.
        n_months: T.
        rng: Source of everything random.
    """
    if not len(ground.row):
        return None
    row, col, kept = max((ground.moved(rng) for _ in range(_TRIES)), key=lambda place: int(place[2].sum()))
    if not kept.any():
        return None
    row, col, weight, district = row[kept], col[kept], ground.weight[kept], ground.district[kept]
    usual = np.maximum(ground.light[kept], _FAINTEST * ground.usual * weight)
    size = usual * np.exp(rng.normal(0, _EFFICIENCY, len(usual)))
    _, district = np.unique(district, return_inverse=True)
    paths = own_light_paths(rng, district, n_months)
    lit = rng.random(len(size)) >= rng.uniform(0, _UNLIT)
    astray = rng.uniform(0, _ASTRAY_PX)
    true_row, true_col = (
        np.clip(np.rint(at + rng.normal(0, astray, len(at))).astype(np.int64), 0, side - 1)
        for at, side in ((row, ground.shape[0]), (col, ground.shape[1]))
    )
    light = (size * lit)[:, None] * np.exp(paths - paths.mean(axis=1, keepdims=True))
    return Plants(row, col, true_row, true_col, weight, light, district, int(district.max()) + 1, ground.blur_px)


@dataclasses.dataclass(frozen=True, eq=False)
class Ground:
    """What plants of a region are drawn from: its sites with their own `light` and the log brightness of the `ground`
    under them (U,); `free` (y, x) pixels where plants may stand, of log brightness `mean`."""

    row: IntArray
    col: IntArray
    weight: FloatArray
    light: FloatArray
    district: IntArray
    ground: FloatArray
    usual: float
    blur_px: float
    free: BoolArray
    mean: FloatArray

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and columns of the region."""
        rows, columns = self.mean.shape
        return rows, columns

    @classmethod
    def of(cls, samples: Samples, normalisation: Normalisation) -> Ground:
        """Of a region and the normalisation of the same light."""
        site, first = sites_of(samples)
        most = np.exp(log_weight_of(samples.weight, samples.active, site, len(first))).max(axis=1)
        at = first[most > 0]  # a site whose factories open later has no light yet
        row, col, weight = samples.row[at], samples.col[at], most[most > 0]
        mean = normalisation.mean_log_light
        free = away_from(samples.row, samples.col, mean.shape) & np.isfinite(mean)
        _, inverse, count, deblended, share = deblended_at(mean, row, col, weight)
        left = (np.exp(mean) - LOG_OFFSET) * np.maximum(1 - share, _DARKEST)
        ground = np.log(np.maximum(left[row, col], 0) + LOG_OFFSET)
        light = deblended.light[inverse] * weight / count[inverse]
        return cls(
            row, col, weight, light, samples.district[at], ground, deblended.usual, deblended.blur_px, free, mean
        )

    def moved(self, rng: np.random.Generator) -> tuple[IntArray, IntArray, BoolArray]:
        """Rows, columns and whether each site has found ground like its own; beyond the edge it comes in again."""
        place = []
        for at, side in zip((self.row, self.col), self.shape, strict=True):
            turned = side - 1 - at if rng.random() < 0.5 else at
            place.append((turned + rng.integers(side)) % side)
        row, col = place
        alike = np.abs(np.nan_to_num(self.mean[row, col]) - self.ground) < _ALIKE
        return row, col, np.asarray(self.free[row, col] & alike)
