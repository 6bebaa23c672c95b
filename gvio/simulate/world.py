"""A world whose truth is known: geography, economy, light and published figures from one specification and seed.

Nothing is written here (`gvio.simulate.pack`), and each part draws from its own stream of random numbers, so that
turning one knob leaves the other parts as they were.
"""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd

from gvio.simulate.decoys import Decoys, make_decoys
from gvio.simulate.economy import Economy, simulate_economy
from gvio.simulate.geography import Places, make_places
from gvio.simulate.light import plant_light, simulate_light
from gvio.simulate.onto import conform
from gvio.simulate.spec import WorldSpec
from gvio.simulate.statistics import publish_figures
from gvio.types import BoolArray, FloatArray, IntArray, LightStack, Provenance


@dataclasses.dataclass(frozen=True, eq=False)
class World:
    """A simulated region.

    Attributes:
        spec: What was asked for.
        places: Grid, districts, factories' positions.
        economy: Output of every factory and month.
        mapped: (F,) bool, whether the pack's map knows the factory; mapped ones come first.
        decoys: Places the map lists after them, which make nothing.
        factory_light: (F, T) radiance each factory adds to its pixel, before the sensor's optics.
        radiance: (T, y, x) float32, nW cm⁻² sr⁻¹, NaN where nothing was observed.
        observations: (T, y, x) uint16.
        statistics: Rows of `statistics.csv`.
        provenance: Per month the real files its light came from, () for a month without; () for invented light.
    """

    spec: WorldSpec
    places: Places
    economy: Economy
    mapped: BoolArray
    decoys: Decoys
    factory_light: FloatArray
    radiance: FloatArray
    observations: IntArray
    statistics: pd.DataFrame
    provenance: tuple[tuple[Provenance, ...], ...] = ()

    @property
    def truth(self) -> FloatArray:
        """(T, y, x) float32 output per pixel and month, factories unknown to the map included."""
        truth = np.zeros(self.radiance.shape)
        for t in range(self.spec.months):
            np.add.at(truth[t], (self.places.row, self.places.col), self.economy.output[:, t])
        return truth.astype(np.float32)

    @property
    def labels(self) -> FloatArray:
        """(D, T) float64 true output of every district and month."""
        return district_sums(self.economy.output, self.places)


def simulate_world(
    spec: WorldSpec, seed: int, districts: gpd.GeoDataFrame | None = None, base: LightStack | None = None
) -> World:
    """Simulate a world; equal arguments give equal worlds.

    Args:
        spec: The parameters. Those of atmosphere, sensor and city have no effect where `base` has its own.
        seed: Seed of every random number.
        districts: Real districts (area_id, name, group, geometry in EPSG:4326) instead of invented zones.
        base: Real light, to which the invented factories' light is added where and when something was observed; it
            decides months, bounds and product (`gvio.simulate.onto.conform`).
    """
    spec = spec if base is None else conform(spec, base)
    place, make, shine, report, survey, mislead = (np.random.default_rng([seed, stream]) for stream in range(6))
    places = make_places(spec, place, districts, base)
    places, mapped = _survey(spec, places, survey)
    economy = simulate_economy(spec, places.district, make)
    decoys = make_decoys(spec, places, mislead)
    if base is None:
        radiance, observations, factories = simulate_light(spec, places, economy, decoys, shine)
    else:
        radiance, factories = plant_light(spec, places, economy, decoys, base, shine)
        observations = base.observations
    area_ids = [str(area) for area in places.districts["area_id"]]
    statistics = publish_figures(spec, district_sums(economy.output, places), area_ids, report)
    sources = () if base is None else base.provenance
    return World(spec, places, economy, mapped, decoys, factories, radiance, observations, statistics, sources)


def _survey(spec: WorldSpec, places: Places, rng: np.random.Generator) -> tuple[Places, BoolArray]:
    """Decide at random which factories the map knows, anchors always, and put those first, in random order."""
    anchors = min(spec.least_factories * len(places.districts), spec.n_factories)
    known = max(round(spec.n_factories * (1 - spec.unmapped_share)), anchors)
    others = anchors + rng.permutation(spec.n_factories - anchors)
    on_map = rng.permutation(np.concatenate([np.arange(anchors), others[: known - anchors]]))
    order = np.concatenate([on_map, others[known - anchors :]])
    per_factory = {name: getattr(places, name)[order] for name in ("row", "col", "district", "lon", "lat")}
    return dataclasses.replace(places, **per_factory), np.arange(spec.n_factories) < known


def district_sums(values: FloatArray, places: Places) -> FloatArray:
    """(D, T) sums over the districts of what every factory has, (F, T)."""
    sums = np.zeros((len(places.districts), values.shape[1]))
    np.add.at(sums, places.district, values)
    return sums
