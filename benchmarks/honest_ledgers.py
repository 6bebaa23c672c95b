"""Ledgers without mistakes, for `mistakes.py`, `bench_mistakes.py` and the tests.

A world is the statistics part of `gvio.simulate` alone: an economy, its districts, what an office publishes of it, and
how large the districts' industry looks by its factories and their light.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools

import numpy as np
import pandas as pd

from gvio.ledger.cross_section import DistrictSizes
from gvio.ledger.rows import COLUMNS, Ledger
from gvio.simulate.economy import Economy, simulate_economy
from gvio.simulate.presets import PRESETS, preset_spec
from gvio.simulate.spec import WorldSpec
from gvio.simulate.statistics import CITY_ID, publish_figures
from gvio.types import FloatArray, IntArray, Month


@dataclasses.dataclass(frozen=True, eq=False)
class Honest:
    """A ledger as published; `truth` (D, T) is what it sums, from `first` on; `sizes` as a pack and its light say."""

    ledger: Ledger
    area_ids: tuple[str, ...]
    truth: FloatArray
    first: Month
    labels: str
    sizes: DistrictSizes | None


@functools.lru_cache(maxsize=256)
def honest(seed: int) -> Honest:
    """A world of any preset: 4 to 10 years, 2 to 20 districts, small ones among them, lockdown, openings, growth."""
    rng = np.random.default_rng([seed, 7])
    spec = preset_spec(
        str(rng.choice(list(PRESETS))),
        labels=str(rng.choice(["rich", "few", "city"])),
        first_month=str(rng.choice(["2012-01", "2014-01", "2015-03", "2016-07"])),
        months=int(rng.integers(48, 121)),
        n_districts=int(rng.integers(2, 21)),
        n_factories=int(rng.integers(60, 600)),
        city_output=float(10 ** rng.uniform(1, 5)),
        growth=float(rng.choice([-0.05, 0.02, 0.05, 0.1, 0.2])),
        season=float(rng.choice([0.0, 0.04, 0.15, 0.3])),
        year_end_rush=float(rng.choice([0.0, 0.02, 0.08, 0.2])),
        new_year_dip=float(rng.choice([0.0, 0.3, 0.6, 0.9])),
        births_share=float(rng.choice([0.0, 0.05, 0.2])),
        closures_share=float(rng.choice([0.0, 0.05, 0.2])),
        common_shock_month=str(rng.choice(["2016-02", "2018-04", "2020-02"])) if rng.random() < 0.5 else None,
        common_shock=float(rng.uniform(0.1, 0.5)),
        missing_share=float(rng.choice([0.0, 0.03, 0.1])),
        revised_share=float(rng.choice([0.0, 0.1])),
        revision_spread=0.02,
    )
    # Uneven districts: the smallest have a handful of factories.
    share = rng.dirichlet(np.full(spec.n_districts, 1.5))
    district = np.concatenate(
        [np.arange(spec.n_districts), rng.choice(spec.n_districts, spec.n_factories - spec.n_districts, p=share)]
    )
    economy = simulate_economy(spec, district, np.random.default_rng([seed, 8]))
    truth = np.zeros((spec.n_districts, spec.months))
    np.add.at(truth, district, economy.output)
    area_ids = [f"D{d:02d}" for d in range(spec.n_districts)]
    table = publish_figures(spec, truth, area_ids, np.random.default_rng([seed, 9]))
    # Firms that belong to no district: the city is the larger, by up to 6 %.
    scope = 1.0 + (float(rng.uniform(0, 0.06)) if rng.random() < 0.3 else 0.0)
    table["value"] *= np.where(table["area_id"] == CITY_ID, scope, 1.0)
    sizes = _sizes(spec, economy, district, np.random.default_rng([seed, 11]))
    return Honest(as_ledger(table), tuple(area_ids), truth, spec.span[0], spec.labels, sizes)


def _sizes(spec: WorldSpec, economy: Economy, district: IntArray, rng: np.random.Generator) -> DistrictSizes:
    """What a map that lacks some factories and has some decoys says, and light as `gvio.simulate.light` makes it.

    Half of a factory's light stays in its pixel; what the surroundings leave there is in error by a share of theirs.
    """
    count = len(district)
    mapped = rng.random(count) >= spec.unmapped_share
    mapped[np.unique(district, return_index=True)[1]] = True  # a district without factories is refused elsewhere
    mean = (economy.size / economy.size.mean()) ** spec.light_size_exponent
    light = spec.factory_light * mean * np.exp(rng.normal(0, spec.efficiency_spread, count))
    light = np.where(economy.dark, 0.0, light * economy.alive.mean(axis=1))
    town = spec.urban_light * rng.random(spec.n_districts) ** 2
    light = 0.5 * light + rng.normal(0, 0.15, count) * town[district]
    decoys = rng.integers(spec.n_districts, size=spec.decoys)
    number = np.bincount(np.r_[district[mapped], decoys], minlength=spec.n_districts).astype(float)
    total = np.bincount(district[mapped], light[mapped], spec.n_districts)
    total += np.bincount(decoys, minlength=spec.n_districts) * 0.5 * spec.decoy_light
    return DistrictSizes(number, number, total)


def as_ledger(table: pd.DataFrame) -> Ledger:
    """Rows of `statistics.csv` as a ledger."""
    ordinal = {text: Month.parse(text).ordinal for text in {*table["start"], *table["end"]}}
    rows = table.assign(
        start=table["start"].map(ordinal),
        end=table["end"].map(ordinal),
        published=[dt.date.fromisoformat(day) for day in table["published"]],
        source="",
    )
    rows.index = pd.RangeIndex(2, 2 + len(rows))
    return Ledger(rows[list(COLUMNS)])
