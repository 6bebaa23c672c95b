"""The invented economy: what every factory makes in every month, and what of it its light could show."""

from __future__ import annotations

import dataclasses
import datetime as dt
from collections.abc import Sequence

import numpy as np
from scipy.signal import lfilter

from gvio.simulate.spec import WorldSpec
from gvio.types import BoolArray, FloatArray, IntArray, Month
from gvio.workdays import DEFAULT, LUNAR, lunar_new_year

HOLIDAY = (-5, 12)  # days around new year's day in which factories stand still, the last excluded
PERSISTENCE = 0.97  # of sectors' and districts' shocks from month to month; half gone after two years


@dataclasses.dataclass(frozen=True, eq=False)
class Economy:
    """`output` (F, T) float64, in the unit, ≥ 0; `size` (F,) its typical value; `sector` (F,) int;
    `visible` (F, T) float64, the log change of output that light responds to; `dark` (F,) bool, no light at all;
    `opened`, `closed` (F,) int, first month with the factory (0: always there) and first without (T: stays).
    """

    output: FloatArray
    size: FloatArray
    sector: IntArray
    visible: FloatArray
    dark: BoolArray
    opened: IntArray
    closed: IntArray

    @property
    def alive(self) -> BoolArray:
        """(F, T) whether the factory exists."""
        months = np.arange(self.output.shape[1])
        return np.asarray((self.opened[:, None] <= months) & (months < self.closed[:, None]))


def simulate_economy(spec: WorldSpec, district: IntArray, rng: np.random.Generator) -> Economy:
    """Sizes are lognormal; changes are trend, season, holiday, cycles and persistent shocks, added in logarithms.

    Args:
        spec: The world.
        district: (F,) int, district of each factory.
        rng: Source of everything random.
    """
    count, months = len(district), spec.span
    size = np.exp(rng.normal(0, spec.size_spread, count))
    size *= spec.city_output / size.sum()
    sector = rng.integers(spec.sectors, size=count)
    dark = rng.random(count) < spec.dark_share
    change = _change(spec, months, district, sector, rng)
    stopped, seen_stopped = _shutdowns(spec, (count, len(months)), rng)
    common = _common_shock(spec, months)
    output = size[:, None] * np.exp(change + stopped + common)
    visible = change + seen_stopped + spec.common_shock_visible * common
    economy = Economy(output, size, sector, visible, dark, *_lives(spec, district, size, rng.spawn(1)[0]))
    return dataclasses.replace(economy, output=np.where(economy.alive, output, 0.0))


def holiday_share(month: Month, calendar: str = DEFAULT) -> float:
    """Share of a month's days that fall into the standstill around lunar new year; 0 where the calendar has none."""
    new_year = lunar_new_year(month.year) if calendar in LUNAR else None
    if new_year is None:
        return 0.0
    days = (new_year + dt.timedelta(days=offset) for offset in range(*HOLIDAY))
    inside = sum(month.first_day <= day <= month.last_day for day in days)
    return inside / month.last_day.day


def persistent(
    rng: np.random.Generator, shape: tuple[int, int], spread: float, persistence: float = PERSISTENCE
) -> FloatArray:
    """(n, T) stationary first-order autoregressions with standard deviation `spread`."""
    steps = rng.normal(0, spread, shape)
    steps[:, 1:] *= np.sqrt(1 - persistence**2)
    return np.asarray(lfilter([1.0], [1.0, -persistence], steps, axis=1))


def _change(
    spec: WorldSpec, months: Sequence[Month], district: IntArray, sector: IntArray, rng: np.random.Generator
) -> FloatArray:
    """(F, T) log change against the typical month."""
    years = np.arange(len(months)) / 12 - len(months) / 24
    n_districts, T = int(district.max()) + 1, len(months)
    of_sector = rng.normal(spec.growth, spec.growth_spread, spec.sectors)[:, None] * years
    apart = spec.growth_spread if spec.district_growth_spread is None else spec.district_growth_spread
    of_district = rng.normal(0, apart, n_districts)[:, None] * years
    of_sector = of_sector + persistent(rng, (spec.sectors, T), spec.sector_cycle)
    of_district = of_district + persistent(rng, (n_districts, T), spec.district_shock)
    own = persistent(rng, (len(district), T), spec.factory_shock, spec.factory_persistence)
    calendar = np.array([month.month for month in months])
    phase = rng.normal(0, spec.season_phase_spread, spec.sectors)[:, None]
    season = spec.season * np.cos(2 * np.pi * (calendar - 6.5) / 12 + phase)
    season += spec.year_end_rush * (calendar == 12)
    idle = np.array([holiday_share(month, spec.calendar) for month in months])
    return np.asarray(
        of_sector[sector] + season[sector] + of_district[district] + own + np.log1p(-spec.new_year_dip * idle)
    )


def _lives(
    spec: WorldSpec, district: IntArray, size: FloatArray, rng: np.random.Generator
) -> tuple[IntArray, IntArray]:
    """(F,) month of opening and of closing; the largest factory of every district is always there."""
    count, months = len(district), spec.months
    born, ending = rng.random((2, count)) < np.array([[spec.births_share], [spec.closures_share]])
    largest = np.zeros(count, bool)
    largest[[np.flatnonzero(district == d)[size[district == d].argmax()] for d in np.unique(district)]] = True
    opened = np.where(born & ~largest, rng.integers(1, months, count), 0)
    end = np.minimum(opened + rng.integers(1, months, count), months)
    return opened, np.where(ending & ~largest, end, months)


def _shutdowns(spec: WorldSpec, shape: tuple[int, int], rng: np.random.Generator) -> tuple[FloatArray, FloatArray]:
    """Log change while a factory stands still, as it is and as its light shows it."""
    stopped, seen = np.zeros(shape), np.zeros(shape)
    starts = rng.random(shape) < spec.shutdowns_per_year / 12
    for factory, month in np.argwhere(starts):
        during = slice(int(month), int(month) + int(rng.integers(3, 10)))
        stopped[factory, during] = np.log(0.1)
        seen[factory, during] = 0.0 if rng.random() < spec.lights_on_share else np.log(0.1)
    return stopped, seen


def _common_shock(spec: WorldSpec, months: Sequence[Month]) -> FloatArray:
    """(T,) log change: the fall, then half of what is left every month."""
    if spec.common_shock_month is None:
        return np.zeros(len(months))
    since = np.array([month - Month.parse(spec.common_shock_month) for month in months], dtype=float)
    left = np.where(since >= 0, 0.5 ** np.maximum(since, 0), 0.0)
    return np.log1p(-spec.common_shock * left)
