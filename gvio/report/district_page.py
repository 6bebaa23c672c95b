"""The districts of a month as an HTML table and as a CSV that says what it is."""

from __future__ import annotations

import dataclasses
import math

import pandas as pd

from gvio.report.basis import basis_of
from gvio.report.pages import render
from gvio.report.tables import decimals_for, signed_percent


@dataclasses.dataclass(frozen=True)
class Identity:
    """What a file that leaves the page says about itself."""

    region: str
    title: str
    unit: str
    release: str
    invented: bool

    @property
    def mark(self) -> str:
        """Release, and that the data are invented where they are."""
        return f"release {self.release}{' · INVENTED DATA' if self.invented else ''}"


@dataclasses.dataclass(frozen=True)
class _Row:
    name: str
    estimate: str
    interval: str
    share: str
    change: str
    basis: str


def districts_html(table: pd.DataFrame, caption: str) -> str:
    """A `gvio.report.tables.district_table` as an HTML table; every name is escaped."""
    decimals = decimals_for(table["estimate"])
    rows = [
        _Row(
            name=str(row["name"]),
            estimate=_number(row["estimate"], decimals),
            interval=f"{_number(row['lower80'], decimals)} – {_number(row['upper80'], decimals)}",
            share=f"{float(row['share']):.1f} %",
            change=signed_percent(float(row["yoy"])),
            basis=basis_of(float(row["official"]), str(row["kind"])),
        )
        for _, row in table.iterrows()
    ]
    return render("districts.html", rows=rows, caption=caption)


def rows_csv(rows: pd.DataFrame, identity: Identity) -> bytes:
    """Rows as CSV (UTF-8 with a mark that spreadsheets need); each names its region, release and unit."""
    told = rows.assign(
        region=identity.region, release=identity.release, unit=identity.unit, invented=str(identity.invented).lower()
    )
    return told.to_csv(index=False).encode("utf-8-sig")


def _number(value: float, decimals: int) -> str:
    return "–" if math.isnan(value) else f"{value:,.{decimals}f}"
