"""Checks of the monthly grids before they are published: they must say the same as the table, pixel by pixel.

A grid is (5, y, x) float32: estimate, lower80, upper80, raw, adjustment, in the pack's unit per pixel and month;
NaN outside every district, 0 where a district has no industry.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from gvio.types import BoolArray, CheckResult, FloatArray, IntArray, Month
from gvio.validate.product import SUM_TOLERANCE, relative_difference
from gvio.validate.verdicts import count, name_some, verdict


@dataclasses.dataclass(frozen=True, eq=False)
class GridSeen:
    """What was found in a month's grid, which need not be kept: numbers of faulty pixels by kind of fault, and by how
    much each district's sum is off, relative (D,).
    """

    month: Month
    faults: Mapping[str, int]
    off: FloatArray


def figures_of(estimates: pd.DataFrame) -> Mapping[tuple[str, str], float]:
    """The estimates by month (YYYY-MM) and area_id, the first where there are two: what grids are compared with."""
    rows = estimates.drop_duplicates(["area_id", "month"])
    keys = zip(rows["month"].astype(str), rows["area_id"].astype(str), strict=True)
    return dict(zip(keys, rows["estimate"].to_numpy(dtype=np.float64, na_value=np.nan).tolist(), strict=True))


def look_at_grid(
    month: Month,
    grid: FloatArray,
    figures: Mapping[tuple[str, str], float],
    owner: IntArray,
    area_ids: Sequence[str],
    industry: BoolArray,
) -> GridSeen:
    """Look for faults in one grid.

    Args:
        month: Of the grid.
        grid: Bands, see the module's docstring.
        figures: From `figures_of`.
        owner: (y, x) int, index into `area_ids`, −1 outside every district.
        area_ids: District ids in the order of `owner`'s indices.
        industry: (y, x) bool, pixels where there is industry in the month.
    """
    wanted = np.array([figures.get((str(month), area), np.nan) for area in area_ids])
    off = relative_difference(sum_districts(grid[0], owner, len(area_ids)), wanted)
    return GridSeen(month, _find_faults(grid, owner >= 0, industry), off)


def check_grids(seen: Sequence[GridSeen], area_ids: Sequence[str]) -> list[CheckResult]:
    """Checks of every grid that was looked at, finiteness first; `area_ids` in the order of each `off`."""
    faults, months = [one.faults for one in seen], [str(one.month) for one in seen]
    return [
        _verdict("grid.finite", _which(months, faults, "finite"), "every pixel of a district finite", _DEFECT),
        _verdict("grid.outside", _which(months, faults, "outside"), "no figure outside every district", _DEFECT),
        _verdict("grid.negative", _which(months, faults, "negative"), "no negative pixel", _DEFECT),
        _verdict("grid.industry", _which(months, faults, "industry"), "no output where there is no industry", _DEFECT),
        _verdict("grid.intervals", _which(months, faults, "intervals"), "lower80 ≤ estimate ≤ upper80", _DEFECT),
        _check_sums(seen, area_ids),
    ]


_DEFECT = "A defect of the mapping, not of the data: report it with the workspace."


def _find_faults(grid: FloatArray, inside: BoolArray, industry: BoolArray) -> dict[str, int]:
    """Number of faulty pixels of one month, by kind of fault."""
    estimate, lower, upper, raw = (grid[i] for i in range(4))
    known = np.isfinite(grid[:4]).all(axis=0)
    ordered = (lower <= estimate) & (estimate <= upper)
    return {
        "finite": int((inside & ~known).sum()),
        "outside": int((~inside & ~np.isnan(estimate)).sum()),
        "negative": int(((grid[:4] < 0).any(axis=0)).sum()),
        "industry": int((~industry & ((estimate > 0) | (raw > 0))).sum()),
        "intervals": int((inside & known & ~ordered).sum()),
    }


def _check_sums(seen: Sequence[GridSeen], area_ids: Sequence[str]) -> CheckResult:
    worst, bad = 0.0, []
    for one in seen:
        bad += [f"{one.month} {a}" for a, o in zip(area_ids, one.off, strict=True) if not o <= SUM_TOLERANCE]
        worst = float(np.fmax(worst, np.fmax.reduce(one.off, initial=0.0)))
    found = f"largest relative difference {worst:.2g} in {count(len(seen), 'grid')}, beyond: {name_some(bad)}"
    return verdict(
        "grid.sums",
        len(seen) > 0 and not bad,
        required=True,
        subject="grids",
        expected=f"each district's pixels summing to its estimate to {SUM_TOLERANCE:g}",
        found=found,
        hint=_DEFECT,
        observed={"largest_relative_difference": worst, "beyond": bad[:50]},
    )


def sum_districts(grid: FloatArray, owner: IntArray, n_areas: int) -> FloatArray:
    """(district,) float64 sums of a band (y, x) over the pixels of each district, accumulated in float64."""
    inside = owner >= 0
    weights = grid[inside].astype(np.float64)
    sums = np.bincount(owner[inside].astype(np.intp), weights=weights, minlength=n_areas)
    return sums.astype(np.float64)


def _which(months: Sequence[str], faults: Sequence[Mapping[str, int]], kind: str) -> list[str]:
    return [f"{m} ({count(f[kind], 'pixel')})" for m, f in zip(months, faults, strict=True) if f[kind]]


def _verdict(name: str, bad: Sequence[str], expected: str, hint: str) -> CheckResult:
    found = f"{count(len(bad), 'grid')} otherwise: {name_some(bad)}" if bad else "so in every grid"
    return verdict(
        name,
        not bad,
        required=True,
        subject="grids",
        expected=expected,
        found=found,
        hint=hint,
        observed={"grids": list(bad)},
    )
