"""Places that a survey of industry lists and that emit light without output: malls, ports, offices of factories."""

from __future__ import annotations

import dataclasses

import numpy as np

from gvio.simulate.economy import persistent
from gvio.simulate.geography import Places, map_positions
from gvio.simulate.spec import WorldSpec
from gvio.types import FloatArray, IntArray

SPREAD = 0.5  # of the brightness of one against another
DRIFT = 0.15  # of its brightness over time, in its own rhythm


@dataclasses.dataclass(frozen=True, eq=False)
class Decoys:
    """Per decoy: `row`, `col` (N,) int, `lon`, `lat` (N,) as mapped, `sector` (N,) int as listed, `light` (N, T)
    float64, radiance added to its pixel.
    """

    row: IntArray
    col: IntArray
    lon: FloatArray
    lat: FloatArray
    sector: IntArray
    light: FloatArray


def make_decoys(spec: WorldSpec, places: Places, rng: np.random.Generator) -> Decoys:
    """`spec.decoys` of them at pixels of districts, the brighter the background the likelier."""
    cells = np.argwhere(places.owner >= 0)
    bright = np.maximum(places.background[places.owner >= 0], 1e-9)
    row, col = cells[rng.choice(len(cells), spec.decoys, p=bright / bright.sum())].T
    lon, lat = map_positions(spec, places.geobox, row, col, rng)
    mean = spec.decoy_light * np.exp(rng.normal(0, SPREAD, (spec.decoys, 1)))
    light = mean * np.exp(persistent(rng, (spec.decoys, spec.months), DRIFT))
    return Decoys(row, col, lon, lat, rng.integers(spec.sectors, size=spec.decoys), light)
