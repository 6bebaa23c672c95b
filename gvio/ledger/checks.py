"""Whether the ledger's figures can be true beside one another: emptiness, unit, year-to-date that falls.

Every check returns a `CheckResult`; whether the run stops is the gate's decision. `check_ledger` is the door to all of
them: agreement of vintages and sums is in `agreement`, districts and city in `against_city`, the shape of a year in
`shapes`, levels over the years in `levels`, days, periods and series in `publication`. A row that is wrong by itself
(no positive number, an unknown area) is refused by `gvio.region.statistics`, and is not looked for again.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence

import numpy as np
import pandas as pd

from gvio.config import Params
from gvio.ledger.against_city import (
    CityTable,
    check_city_less_others,
    check_city_sum,
    check_group_sums,
    tabulate,
    too_large,
)
from gvio.ledger.agreement import check_contradictions, check_vintages
from gvio.ledger.cross_section import DistrictSizes, check_against_factories
from gvio.ledger.levels import check_level_breaks, check_outliers, check_scatter
from gvio.ledger.pieces import Pieces, cut_pieces
from gvio.ledger.publication import check_periods, check_publication, check_series
from gvio.ledger.relative import lone_levels, relative_levels
from gvio.ledger.rows import KEY, NO_GROUPS, Groups, Ledger, name_lines, span
from gvio.ledger.shapes import (
    check_joint_months,
    check_scales_with_period,
    check_sums_as_months,
    check_year_to_date_as_months,
)
from gvio.ledger.sum_moves import check_sum_moves
from gvio.types import CheckResult, Month

FEW = 10  # districts
SLIP, ROOM = 1000.0, 0.03  # the least slip of a unit; of the city, beside what its sums lack: errors of both
MIN_ROWS = 3  # fewer rows than this have no median of their own worth comparing with
STANDSTILL, ALIKE = 50.0, 3.0  # what a district loses at most while its plant stands still; figures of one standstill
ROUNDING = 0.001  # a year-to-date may fall by this share without falling: rounding of the last digit


def check_ledger(
    ledger: Ledger,
    area_ids: Sequence[str],
    city_id: str,
    params: Params,
    groups: Groups = NO_GROUPS,
    sizes: DistrictSizes | None = None,
) -> list[CheckResult]:
    """Every check of the ledger; each yields one result, passed or not.

    `ledger` may hold several vintages of a figure; `ledger.vintages` and `ledger.publication` look at all of them, the
    others at the newest. With `sizes` the districts' figures are compared with their factories and light as well.
    """
    public = check_rows(ledger)
    if not public.passed:
        return [public]  # no figures have no medians
    newest = Ledger(ledger.rows.sort_values("published", kind="stable").drop_duplicates(KEY, keep="last").sort_index())
    factor = params.validate_.unit_factor
    areas = cut_pieces(newest)
    table = tabulate(areas, area_ids, city_id)
    return [
        public,
        check_series(newest),
        check_unit(newest, factor),
        check_level(newest, area_ids, city_id, factor, table),
        check_year_to_date(newest),
        check_vintages(ledger),
        check_publication(ledger),
        check_periods(newest),
        check_contradictions(newest),
        *_check_areas(areas, table, city_id),
        *([check_group_sums(areas, groups)] if groups.keys() & areas.keys() else []),
        *([] if sizes is None else [check_against_factories(areas, area_ids, city_id, sizes)]),
    ]


def _check_areas(areas: Mapping[str, Pieces], table: CityTable, city_id: str) -> list[CheckResult]:
    """Checks of every area's figures beside one another in time, and beside the other areas'."""
    levels = relative_levels(areas, city_id)
    return [
        check_city_sum(table, areas),
        check_city_less_others(table, areas),
        check_sum_moves(table, areas),
        check_year_to_date_as_months(areas),
        check_joint_months(areas),
        check_sums_as_months(areas, functools.partial(too_large, table)),
        check_scales_with_period(areas),
        check_level_breaks(levels, table, city_id),
        check_outliers(levels | lone_levels(areas, levels)),
        check_scatter(areas),
    ]


def check_rows(ledger: Ledger) -> CheckResult:
    """`ledger.rows`: there is at least one public figure."""
    message = f"{len(ledger)} figures of {len(ledger.areas)} areas"
    if not len(ledger):
        message = "no official figure is public; add rows to the statistics file, or choose a later as-of date"
    return CheckResult("ledger.rows", len(ledger) > 0, True, "ledger", message, {"rows": len(ledger)})


def check_unit(ledger: Ledger, factor: float) -> CheckResult:
    """`ledger.unit`: no figure, per month, is off its area's median by `factor`; a unit slip is 10⁴.

    Areas with fewer than three rows have no median of their own and are judged by `check_level` alone. A low figure
    that is not alone in time is a plant that stood still; a unit that changes for good is a break of the level.
    """
    log = _log_per_month(ledger.rows)
    by_area = log.groupby(ledger.rows["area_id"])
    # In logarithms a slip of a factor is as far up as down, and the median is not moved by a few wrong rows.
    distance = (log - by_area.transform("median")).abs()
    comparable = by_area.transform("size") >= MIN_ROWS
    far = comparable & ~(distance <= np.log(factor))
    if far.any():
        far &= ~((log < by_area.transform("median")) & (distance <= np.log(STANDSTILL)) & _has_alike(ledger.rows, log))
    bad = ledger.rows[far]
    message = f"every figure is within a factor of {factor:g} of its area's median"
    if len(bad):
        row, off = bad.iloc[0], float(np.exp(distance[bad.index[0]]))
        message = (
            f"{name_lines(bad.index)}: {row['value']:g} of area {row['area_id']} ({_period(row['start'], row['end'])}) "
            f"is off the area's median by a factor of {off:,.0f}; correct the unit of these rows"
        )
    return CheckResult("ledger.unit", not len(bad), True, "ledger", message, {"lines": _lines(bad), "factor": factor})


def check_level(ledger: Ledger, area_ids: Sequence[str], city_id: str, factor: float, table: CityTable) -> CheckResult:
    """`ledger.level`: a district's typical month is a possible share of the city's, 1 / (max(D, 10) · factor²) to 2.

    Finds a whole area in another unit, which no median of its own would show. The city's typical month is the median
    of its rows or, without rows, D times the districts' median. A smaller one passes where `table` shows that the city
    has no room for a thousand times as much.
    """
    medians = _log_per_month(ledger.rows).groupby(ledger.rows["area_id"]).median()
    typical_month = medians.map(np.exp).astype(float)
    districts = typical_month[typical_month.index.isin(list(area_ids))]
    typical = districts.median() * len(area_ids) if len(districts) else float("nan")
    city = float(typical_month[city_id]) if city_id in typical_month.index else typical
    share = districts / city
    # An even split divided by factor² (400): a small district may lie that far below the mean, a slip of 10⁴ not. Of
    # few districts one may be as small as of ten.
    lowest = 1 / (max(len(area_ids), FEW) * factor**2)
    # Where the sums leave no room for a thousand times as much, a small district is a small district.
    lacking = max(1 - table.typical, 0.0)
    small = (share < lowest) & (share * SLIP > lacking + ROOM)
    bad = share[~((share <= 2) & ((share >= lowest) | small))]
    lines = ledger.rows.index[ledger.rows["area_id"].isin(list(bad.index))]
    message = f"every area's figures are a possible share of the city's ({lowest:.1e} to 2)"
    if len(bad):
        message = (
            f"{name_lines(lines)}: a typical month of area {bad.index[0]} is {bad.iloc[0]:.3g} times the city's; "
            "bring all figures to the unit of region.yaml"
        )
    return CheckResult("ledger.level", not len(bad), True, "ledger", message, {"areas": list(map(str, bad.index))})


def check_year_to_date(ledger: Ledger) -> CheckResult:
    """`ledger.year_to_date`: year-to-date figures of one area and year never fall as the year goes on."""
    rows = ledger.rows[ledger.rows["kind"] == "cumulative"].sort_values(["area_id", "series", "start", "end"])
    # Grouped by start: the next year's series begins anew and may begin lower.
    before = rows.groupby(["area_id", "series", "start"])["value"].shift()
    falls = rows["value"] < before * (1 - ROUNDING)
    bad = rows[falls]
    message = "no year-to-date figure falls within its year"
    if len(bad):
        row = bad.iloc[0]
        message = (
            f"{name_lines(bad.index)}: year-to-date of area {row['area_id']} ({_period(row['start'], row['end'])}) "
            f"falls to {row['value']:g} from {before[bad.index[0]]:g}; correct the row, or its kind"
        )
    return CheckResult("ledger.year_to_date", not len(bad), True, "ledger", message, {"lines": _lines(bad)})


def _log_per_month(rows: pd.DataFrame) -> pd.Series[float]:
    return pd.Series(np.log(rows["value"].to_numpy(dtype=float) / span(rows).to_numpy()), index=rows.index)


def _has_alike(rows: pd.DataFrame, log: pd.Series[float]) -> pd.Series[bool]:
    """Whether the figure before or after in time, of the same area, is of about the same size."""
    areas = rows.sort_values(["area_id", "start", "end"])["area_id"]
    ordered = log.loc[areas.index]
    steps = [(ordered - ordered.groupby(areas).shift(k)).abs() <= np.log(ALIKE) for k in (1, -1)]
    alike: pd.Series[bool] = (steps[0] | steps[1]).reindex(rows.index)
    return alike


def _period(start: int, end: int) -> str:
    first, last = Month.from_ordinal(int(start)), Month.from_ordinal(int(end))
    return str(first) if first == last else f"{first}..{last}"


def _lines(rows: pd.DataFrame) -> list[int]:
    return [int(line) for line in rows.index]
