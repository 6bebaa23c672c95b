"""The estimates of a month as an HTML table: every name is escaped, every row leads to its chart."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection

import pandas as pd

from gvio.report.changes import Change
from gvio.report.month_table import change_in
from gvio.report.numbers import UNKNOWN, decimals_for, interval_percent, level, signed_percent
from gvio.report.pages import render
from gvio.words import marked, tr

_MARKS = {
    1: ("▲", marked("rise beyond noise")),
    -1: ("▼", marked("fall beyond noise")),
    0: ("", marked("within noise")),
}


@dataclasses.dataclass(frozen=True)
class _Changed:
    """A change in text; `mark` is seen, `means` is heard."""

    percent: str
    interval: str
    mark: str
    means: str


@dataclasses.dataclass(frozen=True)
class _Row:
    area: str
    name: str
    link: str
    chosen: bool
    whole: bool
    estimate: str
    interval: str
    share: str
    month: _Changed
    year: _Changed
    status: str


def districts_html(
    table: pd.DataFrame,
    caption: str,
    *,
    city: str | None = None,
    link: Callable[[str], str] = lambda _: "",
    chosen: Collection[str] = (),
) -> str:
    """A `gvio.report.month_table.month_table` as HTML.

    Args:
        table: Rows in the order of the page.
        caption: What the table holds: month and unit.
        city: The area that means the whole region.
        link: Address of the page with the chart of an area; "" where there is none.
        chosen: Areas whose chart is open.
    """
    decimals = decimals_for(table["estimate"])
    rows = [_row(row, decimals, city, link, chosen) for _, row in table.iterrows()]
    return render("districts.html", rows=rows, caption=caption)


def districts_told(table: pd.DataFrame) -> pd.DataFrame:
    """The same as texts in a frame, for a picture."""
    decimals = decimals_for(table["estimate"])
    rows = [_row(row, decimals, None, lambda _: "", ()) for _, row in table.iterrows()]
    names = {"district": tr("District"), "estimate": tr("Estimate"), "interval": tr("80 % interval")}
    names |= {"month": tr("On the month"), "year": tr("On the year"), "share": tr("Share"), "status": tr("status")}
    told = [
        (one.name, one.estimate, one.interval, _in_words(one.month), _in_words(one.year), one.share, one.status)
        for one in rows
    ]
    return pd.DataFrame(told, columns=list(names.values()))


def _in_words(change: _Changed) -> str:
    shown = f"{change.mark} {change.percent}".strip()
    return f"{shown} ({change.interval})" if change.interval else shown


def _row(row: pd.Series, decimals: int, city: str | None, link: Callable[[str], str], chosen: Collection[str]) -> _Row:
    area, share = str(row["area_id"]), float(row["share"])
    return _Row(
        area=area,
        name=str(row["name"]),
        link=link(area),
        chosen=area in chosen,
        whole=area == city,
        estimate=level(row["estimate"], decimals),
        interval=f"{level(row['lower80'], decimals)} – {level(row['upper80'], decimals)}",
        share=UNKNOWN if pd.isna(share) else f"{share:.1f} %",
        month=_changed(change_in(row, "month")),
        year=_changed(change_in(row, "year")),
        status=tr(str(row["status"])),
    )


def _changed(change: Change) -> _Changed:
    if not change.known:
        return _Changed(UNKNOWN, "", "", tr("nothing to compare with"))
    interval = interval_percent(change.low, change.high)
    mark, means = _MARKS[change.direction]
    return _Changed(signed_percent(change.percent), interval, mark, tr(means))
