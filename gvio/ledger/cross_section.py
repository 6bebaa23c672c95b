"""One district's figures beside those of the others, as far as its factories and their light let them be compared.

A district with figures of years only, a few per cent of its city, can be ten times too large without any sum or shape
that shows it. But districts with as many factories under as much light do not differ by ten: the ratio of figure to
factories, and of figure to light, has a spread over districts that is measured on the pack itself.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np

from gvio.ledger.pieces import Pieces
from gvio.ledger.rows import name_lines
from gvio.types import BoolArray, CheckResult, FloatArray

LEAST_OTHERS = 5  # districts; the spread of fewer is not known
LEAST_FACTOR = np.log(5.0)
SIGNIFICANT, CONFIRMED = 5.0, 4.0  # spreads, by one measure and by all; hardly an honest ledger in a hundred has both
FLOOR = 0.3  # log; factories of one kind differ at least so much
ALIKE = 30.0  # factories; of so many, chance in their sizes is as large as what districts differ by
BRIGHT = 0.3  # of the median district's light a factory; below, what the surroundings leave is no measure
TENFOLD = np.log(10.0)
_NAME = "ledger.against_factories"


@dataclasses.dataclass(frozen=True, eq=False)
class DistrictSizes:
    """What a pack and its light say of how large each district's industry is; D districts in the order of the pack.

    `number` (D,) factories; `weight` (D,) their summed weights, their number where the pack gives none; `light` (D,)
    nW cm⁻² sr⁻¹ of their pixels above the surroundings, NaN or not positive where it is not known.
    """

    number: FloatArray
    weight: FloatArray
    light: FloatArray

    @property
    def measures(self) -> tuple[FloatArray, ...]:
        """Logarithms (D,) of weight and of light, NaN where unknown; light of dim factories is unknown."""
        each = np.divide(self.light, self.number, out=np.full(len(self.light), np.nan), where=self.number > 0)
        lit = each[each > 0]
        bright = each > BRIGHT * np.median(lit) if len(lit) else np.zeros(len(each), dtype=bool)
        return _log(self.weight), np.where(bright, _log(self.light), np.nan)


@dataclasses.dataclass(frozen=True, eq=False)
class Comparison:
    """`off` (D,) log of a figure over what a measure says, the other districts' median removed; `spread` (D,) of it."""

    off: FloatArray
    spread: FloatArray

    @property
    def known(self) -> BoolArray:
        """(D,) whether the district can be compared."""
        return np.asarray(np.isfinite(self.off) & np.isfinite(self.spread))


def check_against_factories(
    areas: Mapping[str, Pieces], area_ids: Sequence[str], city_id: str, sizes: DistrictSizes
) -> CheckResult:
    """`ledger.against_factories`: no district's figures are far off what its factories and their light say.

    A warning: factories differ, and a pack may list only some of them. Every measure that is known must say so, one of
    them beyond doubt.
    """
    levels = typical_levels(areas, area_ids, city_id)
    compared = [compare(levels, measure, sizes.number) for measure in sizes.measures]
    compared = [one for one in compared if one.known.any()]
    if not compared:
        message = f"not judged: fewer than {LEAST_OTHERS + 1} districts have both figures and factories"
        return CheckResult(_NAME, True, False, "ledger", message)
    off, enough, least = _agreed(compared)
    bad: list[int] = np.flatnonzero(enough & (np.abs(off) > LEAST_FACTOR)).tolist()
    silent: list[int] = np.flatnonzero(~(least <= TENFOLD)).tolist()
    untold = [area_ids[d] for d in silent]
    observed = {"areas": [area_ids[d] for d in bad], "untold": untold, "lines": []}
    if not bad:
        return CheckResult(_NAME, True, False, "ledger", _sound(untold), observed)
    worst = max(bad, key=lambda d: abs(float(off[d])))
    lines = sorted({line for d in bad for line in areas[area_ids[d]].lines.values()})
    what = "factories and their light" if len(compared) > 1 else "factories"
    message = (
        f"{name_lines(lines)}: figures of area {area_ids[worst]} are {np.exp(abs(off[worst])):.2g} times "
        f"{'above' if off[worst] > 0 else 'below'} what its {what} say beside the other districts, which differ by a "
        f"factor of {np.exp(_usual(compared)):.2g}; enter sums of this district in the unit of region.yaml, not "
        "averages, index numbers or growth rates; if its factories are unlike the others', give them a weight; remove "
        "places that are none"
    )
    return CheckResult(_NAME, False, False, "ledger", message, {**observed, "lines": lines})


def typical_levels(areas: Mapping[str, Pieces], area_ids: Sequence[str], city_id: str) -> FloatArray:
    """(D,) log of a district's typical figure a month over the city's of the same period; NaN without figures.

    Where no period has both, or no figure of the city is public, over the median district's.
    """
    rates = {area: _yearly_rates(areas[area]) for area in (*area_ids, city_id) if area in areas}
    reference = rates.get(city_id, {})
    if not reference:
        years = {year for own in rates.values() for year in own}
        reference = {year: float(np.median([own[year] for own in rates.values() if year in own])) for year in years}
    levels = np.full(len(area_ids), np.nan)
    for d, area in enumerate(area_ids):
        shared = [rate - reference[year] for year, rate in rates.get(area, {}).items() if year in reference]
        if shared:
            levels[d] = np.median(shared)
    return levels


def compare(levels: FloatArray, measure: FloatArray, number: FloatArray) -> Comparison:
    """Every district against the others: median and median absolute deviation of log(figure / measure).

    Args:
        levels: (D,) log figures.
        measure: (D,) log of what they should be proportional to, NaN where unknown.
        number: (D,) factories: of few, chance in their sizes makes the ratio scatter more.
    """
    ratio = levels - measure
    scatter = np.sqrt(1 / np.maximum(number, 1) + 1 / ALIKE)
    off, spread = np.full(len(ratio), np.nan), np.full(len(ratio), np.nan)
    for d in np.flatnonzero(np.isfinite(ratio)):
        others = np.isfinite(ratio) & (np.arange(len(ratio)) != d)
        if others.sum() >= LEAST_OTHERS:
            middle = float(np.median(ratio[others]))
            own = 1.48 * float(np.median(np.abs(ratio[others] - middle) / scatter[others]))
            off[d] = ratio[d] - middle
            spread[d] = max(own * (1 + 2 / others.sum()) * scatter[d], FLOOR)  # of few districts it is uncertain
    return Comparison(off, spread)


def _agreed(compared: Sequence[Comparison]) -> tuple[FloatArray, BoolArray, FloatArray]:
    """(D,) smallest distance of all known measures, whether they are far enough together, and from what distance on.

    Where they point to different sides, or none is known, the distance is 0; the last is infinite where none is known.
    """
    known = np.array([one.known for one in compared])
    off = np.where(known, [one.off for one in compared], np.nan)
    spread = np.where(known, [one.spread for one in compared], np.nan)
    some = known.any(axis=0)
    up, down = np.where(known, off > 0, True).all(axis=0), np.where(known, off < 0, True).all(axis=0)
    nearest = np.min(np.where(known, np.abs(off), np.inf), axis=0)
    agreed = np.where(some & up, nearest, np.where(some & down, -nearest, 0.0))
    far = np.abs(off) / spread
    enough = (np.where(known, far, 0.0).max(axis=0) > SIGNIFICANT) & np.where(known, far > CONFIRMED, True).all(axis=0)
    narrow, wide = np.where(known, spread, np.inf).min(axis=0), np.where(known, spread, -np.inf).max(axis=0)
    least = np.maximum(np.maximum(SIGNIFICANT * narrow, CONFIRMED * np.abs(wide)), LEAST_FACTOR)
    return np.asarray(agreed), np.asarray(enough), np.asarray(least)


def _usual(compared: Sequence[Comparison]) -> float:
    return float(np.max([np.median(one.spread[one.known]) for one in compared]))


def _sound(untold: Sequence[str]) -> str:
    if not untold:
        return "every district's figures fit its factories and their light"
    more = f" and {len(untold) - 5} more" if len(untold) > 5 else ""
    return (
        "no district's figures are far off its factories and their light; the districts differ too much, or have too "
        f"few factories, to tell a figure ten times off of {', '.join(untold[:5])}{more}"
    )


def _yearly_rates(pieces: Pieces) -> dict[int, float]:
    """Log of the mean figure a month, by year; a year of which only some months are known has the mean of those."""
    found: dict[int, list[float]] = {}
    for end, span, value in zip(pieces.end, pieces.span, pieces.value, strict=True):
        found.setdefault(int(end) // 12, []).append(float(value / span))
    return {year: float(np.log(np.mean(rates))) for year, rates in found.items()}


def _log(values: FloatArray) -> FloatArray:
    positive = np.isfinite(values) & (values > 0)
    return np.log(values, out=np.full(len(values), np.nan), where=positive)
