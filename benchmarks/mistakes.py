"""Mistakes that people make in ledgers, for `bench_mistakes.py`, `bench_published.py` and the tests.

Every mistake takes an honest ledger and spoils it in one way, at a random place, area and strength.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd

from benchmarks.honest_ledgers import Honest, honest
from gvio.ledger.rows import Ledger
from gvio.simulate.statistics import CITY_ID
from gvio.types import FloatArray, Month

Spoil = Callable[[Honest, np.random.Generator], pd.DataFrame | None]
"""Rows with one mistake in them; None where the world has no place for it."""


def mistaken(kind: str, seed: int) -> tuple[Honest, Ledger] | None:
    """The world of a seed, and its ledger with the mistake; None where it has no place for it."""
    world = honest(seed)
    rows = MISTAKES[kind](world, np.random.default_rng([seed, 10]))
    if rows is None or len(rows) < 3:
        return None
    rows = rows.copy()
    rows.index = pd.RangeIndex(2, 2 + len(rows))
    return world, Ledger(rows)


def _an_area(world: Honest, rng: np.random.Generator, monthly: bool = False) -> str:
    """A district or the city; with `monthly` one that has figures of single months."""
    areas = [CITY_ID] if monthly and world.labels != "rich" else [*world.area_ids, CITY_ID]
    return str(rng.choice(areas))


def _year(ordinals: pd.Series) -> pd.Series:
    return ordinals // 12


def _from_year(world: Honest, rng: np.random.Generator, least: int = 2) -> int:
    """The first year of a mistake that goes on to the end; `least` whole years are in it, sometimes all are."""
    first, last = -(-world.first.ordinal // 12), (world.first.ordinal + world.truth.shape[1]) // 12 - 1
    return int(first if rng.random() < 0.5 else rng.integers(first, max(last - least + 2, first + 1)))


def _output(world: Honest, area: str) -> FloatArray:
    return world.truth.sum(axis=0) if area == CITY_ID else world.truth[world.area_ids.index(area)]


def _retyped(world: Honest, rng: np.random.Generator, months: Mapping[int, int], since: int, area: str) -> pd.DataFrame:
    """An area's figures from a year on become months: month m of each year is the sum of the last `months[m]`."""
    rows = world.ledger.rows
    keep = rows[(rows["area_id"] != area) | (_year(rows["start"]) < since)]
    output, typed = _output(world, area), []
    like = rows.iloc[0].to_dict()
    for t in range(len(output)):
        ordinal = world.first.ordinal + t
        m = ordinal % 12 + 1
        if ordinal // 12 >= since and m in months and months[m] <= t + 1:
            value = output[t - months[m] + 1 : t + 1].sum() * np.exp(rng.normal(0, 0.012))
            day = Month.from_ordinal(ordinal + 1).first_day.replace(day=17)
            own = {"area_id": area, "start": ordinal, "end": ordinal, "value": value, "kind": "current"}
            typed.append({**like, **own, "published": day})
    return pd.concat([keep, pd.DataFrame(typed)], ignore_index=True) if typed else None


def year_to_date_as_months(world: Honest, rng: np.random.Generator) -> pd.DataFrame | None:
    every = {
        "all": range(1, 13),
        "from February": range(2, 13),
        "from March": range(3, 13),
        "quarters": (3, 6, 9, 12),
    }[str(rng.choice(["all", "from February", "from March", "quarters"]))]
    return _retyped(world, rng, {m: m for m in every}, _from_year(world, rng), _an_area(world, rng))


def january_and_february_as_february(world: Honest, rng: np.random.Generator) -> pd.DataFrame | None:
    rows, area, since = world.ledger.rows.copy(), _an_area(world, rng, monthly=True), _from_year(world, rng)
    joint = (rows["end"] - rows["start"] == 1) & (_year(rows["start"]) >= since) & (rows["area_id"] == area)
    if joint.sum() < 2:
        return None
    rows.loc[joint, "start"] += 1
    return rows


def quarters_as_months(world: Honest, rng: np.random.Generator) -> pd.DataFrame | None:
    k = int(rng.choice([3, 6, 12]))
    return _retyped(world, rng, dict.fromkeys(range(k, 13, k), k), _from_year(world, rng), _an_area(world, rng))


def quarters_among_months(world: Honest, rng: np.random.Generator) -> pd.DataFrame | None:
    """Months of their own, but the last of every quarter (half-year, year) is the sum of it."""
    k = int(rng.choice([3, 6, 12]))
    months = {m: k if m % k == 0 else 1 for m in range(1, 13)}
    return _retyped(world, rng, months, _from_year(world, rng), _an_area(world, rng, monthly=True))


def _scaled(world: Honest, factor: float, chosen: pd.Series) -> pd.DataFrame | None:
    rows = world.ledger.rows
    return rows.assign(value=rows["value"].where(~chosen, rows["value"] * factor)) if chosen.any() else None


def _power(rng: np.random.Generator, least: int) -> float:
    return float(10.0 ** (int(rng.integers(least, 5)) * int(rng.choice([-1, 1]))))


def unit_of_some_rows(world: Honest, rng: np.random.Generator) -> pd.DataFrame | None:
    rows = world.ledger.rows
    chosen = pd.Series(np.isin(rows.index, rng.choice(rows.index, 2, replace=False)), rows.index)
    return _scaled(world, _power(rng, 1), chosen)


def unit_of_an_area(world: Honest, rng: np.random.Generator) -> pd.DataFrame | None:
    return _scaled(world, _power(rng, 2), world.ledger.rows["area_id"] == _an_area(world, rng))


def unit_ten_of_an_area(world: Honest, rng: np.random.Generator) -> pd.DataFrame | None:
    return _scaled(world, float(rng.choice([0.1, 10])), world.ledger.rows["area_id"] == _an_area(world, rng))


def unit_from_a_year_on(world: Honest, rng: np.random.Generator) -> pd.DataFrame | None:
    rows, area = world.ledger.rows, _an_area(world, rng)
    return _scaled(world, _power(rng, 1), (rows["area_id"] == area) & (_year(rows["end"]) >= _from_year(world, rng)))


def index_numbers(world: Honest, rng: np.random.Generator) -> pd.DataFrame | None:
    """Same period of last year = 100, in place of every figure of an area."""
    return _rates(world, rng, 100.0)


def growth_rates(world: Honest, rng: np.random.Generator) -> pd.DataFrame | None:
    """Percent over the same period of last year; negative ones cannot be entered."""
    return _rates(world, rng, 0.0)


def _rates(world: Honest, rng: np.random.Generator, plus: float) -> pd.DataFrame | None:
    area = _an_area(world, rng)
    rows = world.ledger.rows
    own, output = rows["area_id"] == area, _output(world, area)
    t = (rows["start"] - world.first.ordinal).to_numpy(), (rows["end"] - world.first.ordinal).to_numpy()
    values = rows["value"].to_numpy(copy=True)
    for i in np.flatnonzero(own):
        s, e = int(t[0][i]), int(t[1][i])
        before = output[s - 12 : e - 11].sum() if s >= 12 else np.nan
        values[i] = round(100 * (output[s : e + 1].sum() / before - 1) + plus, 1)
    return rows.assign(value=values)[np.isfinite(values) & (values > 0)]


def averages_for_sums(world: Honest, rng: np.random.Generator) -> pd.DataFrame | None:
    """The monthly average, where the sum of several months belongs."""
    rows, area = world.ledger.rows, _an_area(world, rng)
    months = rows["end"] - rows["start"] + 1
    chosen = (rows["area_id"] == area) & (months > 1)
    return rows.assign(value=rows["value"].where(~chosen, rows["value"] / months)) if chosen.sum() > 2 else None


def months_as_year_to_date(world: Honest, rng: np.random.Generator) -> pd.DataFrame | None:
    """Months of their own, entered as if they were year-to-date."""
    rows, area = world.ledger.rows, _an_area(world, rng, monthly=True)
    chosen = (rows["area_id"] == area) & (rows["start"] == rows["end"]) & (rows["start"] % 12 > 1)
    start = rows["start"].where(~chosen, rows["start"] // 12 * 12)
    return rows.assign(start=start, kind=rows["kind"].where(~chosen, "cumulative"))


def extent_exchanged(world: Honest, rng: np.random.Generator) -> pd.DataFrame | None:
    """Before a year a part of one district was counted with its neighbour, in whole figures."""
    return _extent(world, rng, exchanged=True)


def extent_of_one(world: Honest, rng: np.random.Generator) -> pd.DataFrame | None:
    """Before a year one district's figures are at a share of its later level; the rest is nowhere."""
    return _extent(world, rng, exchanged=False)


def _extent(world: Honest, rng: np.random.Generator, exchanged: bool) -> pd.DataFrame | None:
    rows = world.ledger.rows
    size = world.truth.sum(axis=1)
    one, other = (int(d) for d in rng.choice(len(world.area_ids), 2, replace=False))
    if size[one] > 4 * size[other]:
        one, other = other, one  # the part given must be seen in the neighbour, too
    since, lost = _from_year(world, rng), float(rng.uniform(0.4, 0.7))
    since = max(since, -(-world.first.ordinal // 12) + 2)
    before = _year(rows["end"]) < since
    given = lost * world.truth[one]
    t0, t1 = rows["start"] - world.first.ordinal, rows["end"] - world.first.ordinal + 1
    until = np.concatenate([[0.0], np.cumsum(given)])
    part = pd.Series(until[t1.to_numpy()] - until[t0.to_numpy()], rows.index)
    value = rows["value"] - part.where(before & (rows["area_id"] == world.area_ids[one]), 0.0)
    if exchanged:
        value = value + part.where(before & (rows["area_id"] == world.area_ids[other]), 0.0)
    span = (rows["area_id"] == world.area_ids[one]) & (value > 0)
    if len(set(_year(rows[span]["start"]))) < 4 or _year(rows[span]["end"]).max() - since < 1:
        return None
    return rows.assign(value=value)[value > 0]


def misprint(world: Honest, rng: np.random.Generator) -> pd.DataFrame | None:
    """One figure with a digit too many, too few, or two of another row."""
    rows = world.ledger.rows
    line = int(rng.choice(rows.index))
    return _scaled(world, float(rng.choice([2.0, 3.0, 10.0, 0.1])), pd.Series(rows.index == line, rows.index))


def some_months_year_to_date(world: Honest, rng: np.random.Generator) -> pd.DataFrame | None:
    """Months of their own, but June, September and December are year-to-date."""
    months = {m: m if m in (6, 9, 12) else 1 for m in range(1, 13)}
    return _retyped(world, rng, months, _from_year(world, rng), _an_area(world, rng, monthly=True))


def districts_exchanged(world: Honest, rng: np.random.Generator) -> pd.DataFrame | None:
    """From a year on two districts carry each other's id."""
    rows, since = world.ledger.rows, _from_year(world, rng)
    one, other = (str(area) for area in rng.choice(world.area_ids, 2, replace=False))
    years = _year(rows[rows["area_id"].isin([one, other])]["start"])
    if years.nunique() < 4 or since <= years.min() + 1 or since >= years.max():
        return None
    swapped = rows["area_id"].map({one: other, other: one}).fillna(rows["area_id"])
    return rows.assign(area_id=rows["area_id"].where(_year(rows["start"]) < since, swapped))


def months_one_early(world: Honest, rng: np.random.Generator) -> pd.DataFrame | None:
    """Start and end of every row, or of one area's rows, are one month too early."""
    rows = world.ledger.rows
    chosen = pd.Series(rng.random() < 0.5, rows.index) | (rows["area_id"] == _an_area(world, rng, monthly=True))
    early = chosen & (rows["kind"] == "current")
    return rows.assign(start=rows["start"] - early, end=rows["end"] - early)


def published_at_once(world: Honest, rng: np.random.Generator) -> pd.DataFrame | None:
    """Every day of publication is the last of the period, or the day on which the file was made."""
    rows = world.ledger.rows
    made = max(rows["published"])
    whole = rng.random() < 0.5
    return rows.assign(
        published=[made if whole else Month.from_ordinal(int(end)).last_day for end in rows["end"]]
    ).drop_duplicates(["area_id", "start", "end", "kind", "published"])


MISTAKES: Mapping[str, Spoil] = {
    spoil.__name__: spoil
    for spoil in (
        year_to_date_as_months,
        january_and_february_as_february,
        quarters_as_months,
        quarters_among_months,
        some_months_year_to_date,
        months_as_year_to_date,
        averages_for_sums,
        index_numbers,
        growth_rates,
        unit_of_some_rows,
        unit_of_an_area,
        unit_ten_of_an_area,
        unit_from_a_year_on,
        extent_exchanged,
        extent_of_one,
        districts_exchanged,
        misprint,
        months_one_early,
        published_at_once,
    )
}
