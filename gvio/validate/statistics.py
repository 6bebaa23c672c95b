"""Whether what is published agrees with every official statistic: months, quarters, years, districts and city alike."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from gvio.ledger.rows import GROUP, GROUP_SIGN
from gvio.ledger.sums import Sums, log_misfit
from gvio.types import CheckResult, FloatArray, Month
from gvio.validate.verdicts import name_some, verdict


def check_districts_against_city(
    sums: Sums, estimate: FloatArray, area_ids: Sequence[str], months: Sequence[Month], tolerance: float
) -> CheckResult:
    """`statistics.districts_against_city`: every public figure equals the sum of the published estimates it covers.

    The city is published as the sum of its districts, and a district's own monthly figure stands as it is. So where
    districts and city, or a year and its months, contradict each other, one of the two figures is not the estimate.

    Args:
        sums: Public figures.
        estimate: (D, T) published estimates of the districts.
        area_ids: (D + 1,) ids, the city last.
        months: (T,) the months.
        tolerance: Largest difference of logarithms that noise explains.
    """
    misfit = log_misfit(sums, estimate)
    bad = np.flatnonzero(~(np.abs(misfit) <= tolerance))
    # What cannot be compared is worst.
    worst = bad[np.argsort(-np.nan_to_num(np.abs(misfit[bad]), nan=np.inf), kind="stable")]
    covered = sums.G @ estimate.ravel()
    periods = [(str(months[sums.start[i]]), str(months[sums.end[i]])) for i in worst]
    rows = [
        {"area_id": _name(sums, area_ids, i), "start": start, "end": end, "official": float(sums.values[i]),
         "estimate": float(covered[i])}
        for i, (start, end) in zip(worst, periods, strict=True)
    ]  # fmt: skip
    told = name_some(
        f"{_name(sums, area_ids, i)} {start if start == end else f'{start}..{end}'} official {sums.values[i]:.6g} "
        f"against {covered[i]:.6g}"
        for i, (start, end) in zip(worst, periods, strict=True)
    )
    return verdict(
        "statistics.districts_against_city",
        not rows,
        required=False,
        subject="estimates",
        expected=f"official figures that equal the sum of the estimates they cover to {np.expm1(tolerance):.1%}",
        found=f"{len(rows)} of {len(misfit)} that contradict other figures: {told}",
        hint="Compare the scope, unit and revision of these rows with those of the districts (or months) they sum, and "
        "correct or remove the wrong ones; until then the intervals there are widened to hold both.",
        observed={"rows": rows, "tolerance": tolerance},
    )


def _name(sums: Sums, area_ids: Sequence[str], row: int) -> str:
    """Id of the area of a figure; of a group's those of its districts."""
    if sums.area[row] != GROUP:
        return str(area_ids[int(sums.area[row])])
    return GROUP_SIGN.join(str(area_ids[d]) for d in sums.districts_of(row))
