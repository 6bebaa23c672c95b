"""Invented samples of a small region for the tests of the model: two districts, five factories, 30 months."""

import dataclasses
from typing import Any

import numpy as np
from affine import Affine
from odc.geo.geobox import GeoBox
from scipy.sparse import csr_array

from gvio.model.normalisation import fit_normalisation
from gvio.model.panel import Panel, build_panel
from gvio.sample.samples import Samples
from gvio.sample.statistics import STATISTIC_NAMES
from gvio.types import Month

T, SIDE = 30, 16
MISSING = 5  # a month without a product
PLACES = [(3, 4, 0), (3, 4, 0), (9, 2, 0), (5, 12, 1), (12, 11, 1)]  # row, column, district; the first two share


def make_samples(seed: int = 0, **changes: Any) -> Samples:
    """Log-normal light, clouds over a fifth of the pixels, one month wholly missing."""
    rng = np.random.default_rng(seed)
    base = rng.lognormal(1, 1, (SIDE, SIDE))
    radiance = (base * rng.lognormal(0, 0.2, (T, SIDE, SIDE))).astype(np.float32)
    observations = np.where(rng.random(radiance.shape) < 0.2, 0, rng.integers(1, 9, radiance.shape)).astype(np.uint16)
    observations[MISSING] = 0
    radiance[observations == 0] = np.nan
    row, col, district = np.array(PLACES).T
    statistics = rng.normal(1, 0.1, (2, T, 4))
    statistics[:, MISSING] = np.nan
    owner = np.repeat([[0] * 8 + [1] * 8], SIDE, axis=0).astype(np.int16)
    n = len(PLACES)
    samples = Samples(
        months=tuple(Month(2018, 1) + t for t in range(T)),
        area_ids=("A", "B"),
        factory_ids=tuple(f"F{i}" for i in range(n)),
        categories=("",) * n,
        radii_m=(500.0, 1000.0),
        geobox=GeoBox((SIDE, SIDE), Affine(1 / 240, 0, 121.0, 0, -1 / 240, 31.5), "EPSG:4326"),
        district=district,
        weight=np.array([1.0, 0.5, 1.5, 0.8, 1.2]),
        row=row,
        col=col,
        active=np.ones((n, T), dtype=bool),
        light=np.ones((2, n, T)),
        seen=np.ones((2, n, T)),
        background=np.ones((n, T)),
        footprint=csr_array((np.ones(n), (np.arange(n), row * SIDE + col)), shape=(n, SIDE * SIDE)),
        statistics=statistics,
        city_statistics=statistics.mean(axis=0),
        region_light=statistics.mean(axis=(0, 2)),
        statistic_names=STATISTIC_NAMES,
        radiance=radiance,
        observations=observations,
        owner=owner,
        urban=(rng.random((SIDE, SIDE)) < 0.5).astype(np.float32),
        density=rng.gamma(1, 1, (SIDE, SIDE)).astype(np.float32),
        regimes=tuple("" if t == MISSING else "r" for t in range(T)),
        urban_derived=False,
    )
    return dataclasses.replace(samples, **changes)


def training(n: int, n_months: int = T) -> np.ndarray:
    """Mask of the first `n` months."""
    return np.arange(n_months) < n


def without_light(panel: Panel) -> Panel:
    """The panel of the same samples, had nobody seen light in any month: means and factories stay what they are."""
    nothing = {name: np.zeros_like(getattr(panel, name)) for name in ("dynamic", "around")}
    return dataclasses.replace(panel, **nothing)


def make_panel(seed: int = 0, dynamic_px: int = 5, **changes: Any) -> Panel:
    """Panel of `make_samples`, normalised over its first 24 months."""
    samples = make_samples(seed, **changes)
    return build_panel(samples, fit_normalisation(samples, training(24), dynamic_px), 9, dynamic_px)
