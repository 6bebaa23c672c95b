"""What is expected of the four tables, as data: each `Rule` names an expectation of Great Expectations and its options.

Only what the reading of a file cannot say: distributions, completeness, facts of several rows or tables. What a single
cell must be is refused where it is parsed (`gvio.region`), with its line, and is not expected here again.

Pure: the tables are shaped in `frames`, the engine that evaluates the rules is in `tables`. Great Expectations
skips missing values, so a column of ours that could lack some has its `…_known` rule beside the comparison.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from gvio.config import ValidateParams
from gvio.validate.levels import MIN_RADIANCE


@dataclasses.dataclass(frozen=True)
class Rule:
    """One expectation.

    Attributes:
        name: As in docs/checks.md.
        expectation: Class of `great_expectations.expectations`.
        options: Its arguments.
        what: What is expected, for people.
        hint: Next action when it failed.
        required: Whether a failure refuses the run.
    """

    name: str
    expectation: str
    options: Mapping[str, Any]
    what: str
    hint: str
    required: bool = True


def factory_rules(bounds: tuple[float, float, float, float]) -> tuple[Rule, ...]:
    """Rules of the factories; `bounds` is the region's west, south, east, north in degrees."""
    west, south, east, north = bounds
    # Factories outside every district are refused before, so here it is mostly the bounds that are too small.
    crs = "Widen bounds in region.yaml to hold the districts; if they do, check factories.crs (gcj02, swapped columns)."
    return (
        _between(
            "factories_table.lon_near", "lon", west, east, f"longitudes from {west:g} to {east:g}", crs, mostly=0.5
        ),
        _between(
            "factories_table.lat_near", "lat", south, north, f"latitudes from {south:g} to {north:g}", crs, mostly=0.5
        ),
    )


def district_rules() -> tuple[Rule, ...]:
    """Rules of the districts."""
    fix = "Correct these districts in the districts file."
    return (_between("districts_table.area", "area_km2", 0.1, 1e6, "areas from 0.1 to 1,000,000 km²", fix),)


def ledger_rules() -> tuple[Rule, ...]:
    """Rules of the ledger."""
    return (
        _unique(
            "ledger_table.row_unique",
            ["area_id", "start", "end", "kind", "series", "published"],
            "one figure per area, period, kind, series and day",
            "Two figures of one day: remove the line that was not published, or give a revision the day of its own.",
        ),
    )


def light_rules(n_rows: int, params: ValidateParams) -> tuple[Rule, ...]:
    """Rules of the raster summary of `n_rows` months × districts."""
    fetch = "Check the product files of these months."
    top, low = params.max_radiance, MIN_RADIANCE
    columns = ("min_radiance", "median_radiance", "max_radiance")
    return (
        Rule(
            "light_table.rows",
            "ExpectTableRowCountToEqual",
            {"value": n_rows},
            "one row per month and district",
            "A defect of the summary: report it with the workspace.",
        ),
        _unique("light_table.row_unique", ["month", "area_id"], "every month and district once", fetch),
        _between("light_table.pixels", "pixels", 1, None, "pixels in every district", "Check bounds in region.yaml."),
        _known("light_table.seen_known", "seen_share", fetch),
        _between("light_table.seen_share", "seen_share", 0, 1, "shares from 0 to 1", fetch),
        Rule(
            "light_table.radiance_known",
            "ExpectColumnValuesToBeInSet",
            {"column": "radiance_if_seen", "value_set": [True]},
            "radiance wherever something was seen",
            fetch,
        ),
        *(_between(f"light_table.{c}", c, low, top, f"radiance from {low:g} to {top:g}", fetch) for c in columns),
        _ordered("light_table.median_above_min", "median_radiance", "min_radiance", "medians above minima", fetch),
        _ordered("light_table.max_above_p99", "max_radiance", "p99_radiance", "maxima above the 99 % quantile", fetch),
        _between("light_table.observations", "mean_observations", 0, 65535, "counts from 0 to 65535", fetch),
        Rule(
            "light_table.seen_mostly",
            "ExpectColumnQuantileValuesToBeBetween",
            {"column": "seen_share", "quantile_ranges": {"quantiles": [0.5], "value_ranges": [[0.5, 1.0]]}},
            "half of the district-months seen over half of their pixels or more",
            "A cloudy region or a poor product: read the intervals with care.",
            required=False,
        ),
    )


def _known(name: str, column: str, hint: str) -> Rule:
    return Rule(name, "ExpectColumnValuesToNotBeNull", {"column": column}, f"{column} in every row", hint)


def _between(name: str, column: str, low: float, high: float | None, what: str, hint: str, **options: Any) -> Rule:
    limits = {"column": column, "min_value": low, "max_value": high, **options}
    return Rule(name, "ExpectColumnValuesToBeBetween", limits, what, hint)


def _ordered(name: str, late: str, early: str, what: str, hint: str) -> Rule:
    options = {"column_A": late, "column_B": early, "or_equal": True, "ignore_row_if": "either_value_is_missing"}
    return Rule(name, "ExpectColumnPairValuesAToBeGreaterThanB", options, what, hint)


def _unique(name: str, columns: list[str], what: str, hint: str) -> Rule:
    return Rule(name, "ExpectCompoundColumnsToBeUnique", {"column_list": columns}, what, hint)
