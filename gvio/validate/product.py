"""Checks of our own figures before they are published: complete, finite, positive, ordered, adding up, honouring
what is official, not jumping. Grids are in `grids`.

Estimates are a table with one row per area and month: area_id, month (YYYY-MM), estimate, lower80, upper80,
lower95, upper95, official (NaN where not public), in the pack's unit.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np
import pandas as pd

from gvio.types import ESTIMATE_COLUMNS, BoolArray, CheckResult, FloatArray, Month
from gvio.validate.verdicts import count, name_some, verdict

SUM_TOLERANCE = 1e-6
OFFICIAL_WARNING = 0.01
OFFICIAL_REFUSAL = 0.05
_ROUNDING = 1e-12


def check_estimates(
    estimates: pd.DataFrame,
    area_ids: Sequence[str],
    city_id: str,
    months: Sequence[Month],
    without_industry: Collection[str] = (),
) -> list[CheckResult]:
    """Checks of the table of estimates by itself, completeness and finiteness first.

    Args:
        estimates: See the module's docstring.
        area_ids: District ids.
        city_id: The id that means the union of all districts.
        months: Every month that must be there.
        without_industry: Districts that hold no factory: zero is right there, and only there.
    """
    return [
        _check_complete(estimates, [*area_ids, city_id], months),
        _check_finite(estimates),
        _check_positive(estimates, without_industry),
        _check_intervals(estimates),
        _check_city(estimates, area_ids, city_id, months),
        *_check_official(estimates),
    ]


def check_jumps(estimates: pd.DataFrame, previous: pd.DataFrame | None, factor: float) -> list[CheckResult]:
    """Compare with the last release: no figure of a month published before may move by more than `factor`.

    Args:
        estimates: See the module's docstring.
        previous: The last release's estimates, None on the very first run.
        factor: > 1; a ratio of the two figures beyond it, either way, is a jump.
    """
    if previous is None:
        found = "no earlier release"
        return [_verdict("product.jump", True, "figures near the last release's", found, required=False)]
    both = estimates.merge(previous, on=["area_id", "month"], suffixes=("", "_before"))
    with np.errstate(divide="ignore", invalid="ignore"):
        moved = np.abs(np.log(_column(both, "estimate") / _column(both, "estimate_before")))
    bad = ~(moved <= np.log(factor))
    rows = [
        f"{r.area_id} {r.month} {r.estimate_before:.4g} → {r.estimate:.4g}" for r in both[bad].itertuples(index=False)
    ]
    expected = f"figures within ×{factor:g} of the last release's"
    found = f"{len(rows)} of {len(both)} beyond: {name_some(rows)}"
    hint = "Look at what changed: a revised ledger or product, or a new model."
    return [_verdict("product.jump", not rows, expected, found, hint, required=False)]


def _check_complete(estimates: pd.DataFrame, areas: Sequence[str], months: Sequence[Month]) -> CheckResult:
    wanted = pd.MultiIndex.from_product([list(areas), [str(m) for m in months]])
    got = pd.MultiIndex.from_frame(estimates[["area_id", "month"]].astype(str))
    absent, extra = wanted.difference(got), got.difference(wanted)
    twice = got[got.duplicated()].unique()
    faults = [f"{a} {m} absent" for a, m in absent] + [f"{a} {m} unexpected" for a, m in extra]
    faults += [f"{a} {m} twice" for a, m in twice]
    return _verdict(
        "product.complete",
        len(wanted) > 0 and not faults,
        f"one figure for each of {len(areas)} areas in each of {len(months)} months",
        f"{len(got)} rows; faults: {name_some(faults)}",
        "A defect of the estimation, not of the data: report it with the workspace.",
    )


def _check_finite(estimates: pd.DataFrame) -> CheckResult:
    bad: BoolArray = np.asarray(~np.isfinite(_figures(estimates)).all(axis=1))
    hint = "The model or the assimilation failed for these rows: see the training log; do not fill them."
    found = f"{count(int(bad.sum()), 'row')} not finite: {_rows(estimates, bad)}"
    return _verdict("product.finite", len(estimates) > 0 and not bad.any(), "finite figures", found, hint)


def _check_positive(estimates: pd.DataFrame, without_industry: Collection[str]) -> CheckResult:
    figures = _figures(estimates)
    may_be_zero = estimates["area_id"].isin(list(without_industry)).to_numpy(dtype=bool)
    above = (figures[:, 0] > 0) | (may_be_zero & (figures[:, 0] == 0))
    bad = np.asarray(~(above & (figures[:, 1:] >= 0).all(axis=1)))
    found = f"{count(int(bad.sum()), 'row')} at or below zero: {_rows(estimates, bad)}"
    hint = "Output is a sum of non-negative pixels: report it with the workspace."
    return _verdict("product.positive", not bad.any(), "estimates above zero, limits not below", found, hint)


def _check_intervals(estimates: pd.DataFrame) -> CheckResult:
    ordered = _figures(estimates)[:, [3, 1, 0, 2, 4]]
    bad = np.asarray(~(np.diff(ordered, axis=1) >= 0).all(axis=1))
    expected = "lower95 ≤ lower80 ≤ estimate ≤ upper80 ≤ upper95"
    found = f"{count(int(bad.sum()), 'row')} out of order: {_rows(estimates, bad)}"
    return _verdict("product.intervals", not bad.any(), expected, found, "The calibration crossed its quantiles.")


def _check_city(estimates: pd.DataFrame, area_ids: Sequence[str], city_id: str, months: Sequence[Month]) -> CheckResult:
    unique = estimates.drop_duplicates(["area_id", "month"])
    table = unique.pivot(index="month", columns="area_id", values="estimate")
    table = table.reindex(index=[str(m) for m in months], columns=[*area_ids, city_id]).astype(np.float64)
    districts = table[list(area_ids)].to_numpy().sum(axis=1)
    city = table[city_id].to_numpy()
    off = relative_difference(districts, city)
    bad = [str(m) for m, o in zip(months, off, strict=True) if not o <= SUM_TOLERANCE]
    worst = float(np.fmax.reduce(off, initial=0.0))
    found = f"largest relative difference {worst:.2g}, months beyond: {name_some(bad)}"
    expected = f"the city equal to the sum of its districts to {SUM_TOLERANCE:g}"
    return _verdict("product.city_sum", not bad, expected, found, "Rake the districts to the city again.")


def _check_official(estimates: pd.DataFrame) -> list[CheckResult]:
    """Deviation from single-month official figures: the worst is a warning, the median or one that its interval does
    not hold a refusal.

    Official figures contradict each other a little (revisions, rounding), so a single row may be off; half of
    them being off means that the ledger was not assimilated.
    """
    public = estimates[~np.isnan(_column(estimates, "official"))] if "official" in estimates else estimates.iloc[:0]
    if public.empty:
        return [
            _verdict("product.official_held", True, "official figures inside their intervals", "none public"),
            _verdict("product.official", True, "official figures honoured", "none public"),
            _verdict("product.official_each", True, "each official figure honoured", "none public", required=False),
        ]
    off = relative_difference(_column(public, "estimate"), _column(public, "official"))
    middle = float(np.median(off))
    bad = ~(off <= OFFICIAL_WARNING)
    return [
        _check_held(public),
        _verdict(
            "product.official",
            middle <= OFFICIAL_REFUSAL,
            f"official figures honoured (median difference at most {OFFICIAL_REFUSAL:.0%})",
            f"median {middle:.2%} over {len(public)} figures",
            "The ledger was not assimilated: check its unit and series against the model's.",
        ),
        _verdict(
            "product.official_each",
            not bad.any(),
            f"each official figure honoured to {OFFICIAL_WARNING:.0%}",
            f"{int(bad.sum())} of {len(public)} beyond: {_rows(public, bad)}",
            "The ledger contradicts itself there (revisions, sums that do not add up): compare its rows.",
            required=False,
        ),
    ]


def _check_held(public: pd.DataFrame) -> CheckResult:
    """Every official monthly figure between the 95 % limits beside it, to rounding."""
    official = _column(public, "official")
    above = official >= _column(public, "lower95") * (1 - _ROUNDING)
    outside = ~(above & (official <= _column(public, "upper95") * (1 + _ROUNDING)))
    expected = "official figures inside their 95 % intervals"
    found = f"{int(outside.sum())} of {len(public)} outside: {_rows(public, outside)}"
    hint = "Where figures contradict each other, intervals must reach both: report it with the workspace."
    return _verdict("product.official_held", not outside.any(), expected, found, hint)


def relative_difference(found: FloatArray, wanted: FloatArray) -> FloatArray:
    """|found / wanted − 1|; 0 where both are 0, infinite where only `wanted` is, NaN where either is NaN."""
    with np.errstate(divide="ignore", invalid="ignore"):
        off = np.abs(found - wanted) / np.abs(wanted)
    return np.where((found == 0) & (wanted == 0), 0.0, off)


def _verdict(
    name: str, passed: object, expected: str, found: str, hint: str = "", *, required: bool = True
) -> CheckResult:
    return verdict(name, passed, required=required, subject="estimates", expected=expected, found=found, hint=hint)


def _column(table: pd.DataFrame, name: str) -> FloatArray:
    return table[name].to_numpy(dtype=np.float64, na_value=np.nan)


def _figures(estimates: pd.DataFrame) -> FloatArray:
    """(row, 5) float64 in the order of ESTIMATE_COLUMNS."""
    return estimates[list(ESTIMATE_COLUMNS)].to_numpy(dtype=np.float64, na_value=np.nan)


def _rows(table: pd.DataFrame, flags: BoolArray) -> str:
    return name_some(f"{r.area_id} {r.month}" for r in table[flags].itertuples(index=False))
