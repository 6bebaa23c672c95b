"""What every column of a published table means, and its unit: in the Parquet files, and in docs/data-dictionary.md.

In a unit `{unit}` stands for the unit of the region's figures. "1" is a number without a unit, "" no number.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

FIGURE, LOGARITHM, SHARE, PERCENT = "{unit}", "natural logarithm", "1", "%"


class Column(NamedTuple):
    """What a column holds, in one line, and the unit of its numbers."""

    said: str
    unit: str = ""


_AREA = Column("district or city, as in the manifest's `inputs.areas`")
_MONTH = Column("calendar month, YYYY-MM")
_START = Column("first day of the month, a date")
_MONTHLY: Mapping[str, Column] = {"area_id": _AREA, "month": _MONTH}

TABLES: Mapping[str, Mapping[str, Column]] = MappingProxyType(
    {
        "estimates": {
            **_MONTHLY,
            "estimate": Column("output of the month", FIGURE),
            "lower80": Column("lower limit of the 80 % interval", FIGURE),
            "upper80": Column("upper limit of the 80 % interval", FIGURE),
            "lower95": Column("lower limit of the 95 % interval", FIGURE),
            "upper95": Column("upper limit of the 95 % interval", FIGURE),
            "official": Column("official figure of the area and month; empty where none was public", FIGURE),
            "official_published": Column("day on which that figure became public"),
            "kind": Column("`fitted`: an official figure was used; `nowcast`: there was none yet"),
            "month_start": _START,
        },
        "changes": {
            **_MONTHLY,
            "since": Column("month it is compared with, YYYY-MM: the month before, or the same month a year before"),
            "months_apart": Column("1 or 12", "months"),
            "change": Column("estimate against that of `since`; empty where that is 0", PERCENT),
            "lower80": Column("lower limit of the 80 % interval of the change, from the joint error of both", PERCENT),
            "upper80": Column("upper limit of the 80 % interval of the change", PERCENT),
            "lower95": Column("lower limit of the 95 % interval of the change", PERCENT),
            "upper95": Column("upper limit of the 95 % interval of the change", PERCENT),
            "sd": Column(
                "posterior standard deviation of the change, before intervals are calibrated; of months that share one "
                "official figure (January and February) it leaves out that nobody knows the split, which the limits "
                "hold",
                LOGARITHM,
            ),
            "month_start": _START,
        },
        "explanations": {
            **_MONTHLY,
            "level": Column("the district's own level, the same in every month", LOGARITHM),
            "season": Column("month of the year", LOGARITHM),
            "calendar": Column("working days and holidays", LOGARITHM),
            "common": Column("movement that all districts share", LOGARITHM),
            "own": Column("the district's own movement; these five parts sum to the estimate's logarithm", LOGARITHM),
            "light": Column("estimate with light minus estimate without it", LOGARITHM),
            "believed": Column("share of the variance left by the figures that light removes", SHARE),
            "month_start": _START,
        },
        "evidence": {
            **_MONTHLY,
            "light": Column("change of output that light shows; empty where nothing was seen", LOGARITHM),
            "precision": Column("how well the district's factories were seen, in (0, 1]", SHARE),
            "opening": Column("change of the prior by factories that open or close", LOGARITHM),
            "log_mean": Column("posterior mean, before official figures are honoured exactly", LOGARITHM),
            "month_start": _START,
        },
        "figures": {
            "area_id": Column("district, city, or districts joined by +"),
            "start": Column("first month of the period, YYYY-MM"),
            "end": Column("last month of the period, YYYY-MM"),
            "value": Column("official figure: a sum over area and period", FIGURE),
            "kind": Column("`current`: of the period; `cumulative`: since January"),
            "published": Column("day on which it became public"),
            "series": Column("name of the statistical series; may be empty"),
            "source": Column("where it was published; may be empty"),
            "period_start": Column("first day of the period, a date"),
            "period_end": Column("last day of the period, a date"),
        },
        "news": {
            **_MONTHLY,
            "change": Column("new estimate over that of the release before", LOGARITHM),
            "pack": Column("part by configuration, districts, factories, urban land", LOGARITHM),
            "reprocessed_light": Column("part by light of months seen before, whose pixels changed", LOGARITHM),
            "model": Column("part by weights, hyperparameters or program", LOGARITHM),
            "new_light": Column("part by months without light before", LOGARITHM),
            "revised_figures": Column("part by figures that were revised or withdrawn", LOGARITHM),
            "new_figures": Column("part by figures not used before", LOGARITHM),
            "raking": Column("part by the step that honours official figures exactly", LOGARITHM),
            "month_start": _START,
        },
        "vintages": {
            **_MONTHLY,
            "kind": Column("`estimate` (ours) or `official`"),
            "vintage": Column("1 for the first value said, counting on", SHARE),
            "value": Column("what was said", FIGURE),
            "release": Column("the release that said it; empty for this release's own rows and for official figures"),
            "day": Column("the release's as-of day, or the day the figure became public"),
            "age": Column("from the month to the release's month, or to that of publication", "months"),
            "revision80": Column("predicted 80 % half-width of the change within a year", LOGARITHM),
            "month_start": _START,
        },
        "counts": {
            **_MONTHLY,
            "observations": Column("cloud-free observations, mean of the area's pixels", SHARE),
            "seen": Column("share of the area's pixels with enough observations to be used", SHARE),
            "factories_seen": Column("the same of pixels that hold factories; empty where none does", SHARE),
            "regime": Column(
                "product/satellite/collection/processing of the month's light; empty where there was none"
            ),
            "month_start": _START,
        },
        "districts": {
            "area_id": Column("id of the district, as in every table"),
            "name": Column("name of the district"),
            "group": Column("group of districts; may be empty"),
            "code": Column("value of the district's pixels in `districts.tif`", SHARE),
            "geometry": Column("outline, EPSG:4326"),
        },
    }
)
"""Columns by table, both in the order of the files."""


def described(table: str, column: str, unit: str) -> dict[str, str]:
    """Metadata of a column's field: `description`, and `unit` where it holds numbers.

    Raises:
        KeyError: No such table or column.
    """
    said, of = TABLES[table][column]
    return {"description": said} | ({"unit": of.replace(FIGURE, unit)} if of else {})


def page() -> str:
    """The tables of docs/data-dictionary.md, in Markdown."""
    parts = []
    for table, columns in TABLES.items():
        rows = [f"| `{name}` | {said} | {of.replace(FIGURE, '*unit*')} |" for name, (said, of) in columns.items()]
        parts.append("\n".join([f"## {table}", "", "| Column | Holds | Unit |", "| --- | --- | --- |", *rows]))
    return "\n\n".join(parts) + "\n"
