"""What is expected of the four tables, as data: each `Rule` names an expectation of Great Expectations and its options.

Pure: the tables are shaped in `frames`, the engine that evaluates the rules is in `tables`. Great Expectations
skips missing values, so every column that must be there has its `…_known` rule beside the comparison.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
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
    fix = "Correct these rows of the factories file."
    crs = "Check factories.crs in region.yaml (gcj02 and swapped columns are the usual causes)."
    return (
        _some_rows("factories", "Check factories.path and factories.category in region.yaml."),
        _known("factories_table.id_known", "factory_id", fix),
        _unique("factories_table.id_unique", ["factory_id"], "every factory_id once", "Remove the doubles."),
        _known("factories_table.lon_known", "lon", fix),
        _known("factories_table.lat_known", "lat", fix),
        _between(
            "factories_table.lon_near", "lon", west, east, f"longitudes from {west:g} to {east:g}", crs, mostly=0.5
        ),
        _between(
            "factories_table.lat_near", "lat", south, north, f"latitudes from {south:g} to {north:g}", crs, mostly=0.5
        ),
        _known("factories_table.weight_known", "weight", fix),
        _between("factories_table.weight_positive", "weight", 0, 1e12, "weights above zero", fix, strict_min=True),
        _ordered(
            "factories_table.opened_before_closed", "closed", "opened", "factories that open before they close", fix
        ),
    )


def district_rules() -> tuple[Rule, ...]:
    """Rules of the districts."""
    fix = "Correct these districts in the districts file."
    return (
        _some_rows("districts", "Check districts.path in region.yaml."),
        _known("districts_table.id_known", "area_id", fix),
        _unique("districts_table.id_unique", ["area_id"], "every area_id once", "Merge or rename the doubles."),
        _known("districts_table.name_known", "name", fix),
        _between("districts_table.area", "area_km2", 0.1, 1e6, "areas from 0.1 to 1,000,000 km²", fix),
        Rule(
            "districts_table.geometry_valid",
            "ExpectColumnValuesToBeInSet",
            {"column": "valid", "value_set": [True]},
            "valid outlines",
            fix,
        ),
    )


def ledger_rules(areas: Sequence[str]) -> tuple[Rule, ...]:
    """Rules of the ledger; `areas` are the ids it may speak of, the city's among them."""
    fix = "Correct these rows of the statistics file."
    return (
        _some_rows("ledger", "Check statistics.path and statistics.series in region.yaml."),
        Rule(
            "ledger_table.area_in_region",
            "ExpectColumnValuesToBeInSet",
            {"column": "area_id", "value_set": list(areas)},
            "areas of the region",
            fix,
        ),
        _known("ledger_table.value_known", "value", fix),
        _between("ledger_table.value_positive", "value", 0, 1e15, "finite figures above zero", fix, strict_min=True),
        Rule(
            "ledger_table.kind_in_set",
            "ExpectColumnValuesToBeInSet",
            {"column": "kind", "value_set": ["current", "cumulative"]},
            "the kinds current and cumulative",
            fix,
        ),
        _between("ledger_table.months", "months", 1, 12, "periods of 1 to 12 months", fix),
        _known("ledger_table.published_known", "published", fix),
        _ordered("ledger_table.published_after", "published", "last_day", "figures public after their period", fix),
        _unique(
            "ledger_table.row_unique",
            ["area_id", "start", "end", "kind", "series", "published"],
            "one figure per area, period, kind, series and day",
            "Two figures of one day: keep the one that was published.",
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


def _some_rows(table: str, hint: str) -> Rule:
    return Rule(f"{table}_table.rows", "ExpectTableRowCountToBeBetween", {"min_value": 1}, "at least one row", hint)


def _unique(name: str, columns: list[str], what: str, hint: str) -> Rule:
    if len(columns) == 1:
        return Rule(name, "ExpectColumnValuesToBeUnique", {"column": columns[0]}, what, hint)
    return Rule(name, "ExpectCompoundColumnsToBeUnique", {"column_list": columns}, what, hint)
