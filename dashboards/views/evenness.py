"""How evenly output is spread over districts, through time."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboards.data import Shown
from dashboards.placed import land
from dashboards.saved import csv_button
from dashboards.style import LINE, PART_COLOURS, named_chart, png_of
from gvio.report.balance import EXPLAINED, balance
from gvio.words import listed, manner, marked, sentences, tr

_CHART_PX = 440
_HOVER = "%{y:.3f}"
_COLUMNS = {
    "month": marked("Month"),
    "gini": marked("Gini"),
    "theil": marked("Theil"),
    "nowcast": marked("nowcast"),
    "between": marked("Theil between groups"),
    "within": marked("Theil within groups"),
}


def show(view: Shown) -> None:
    """Draw Gini and Theil, and what of Theil lies between groups and within them."""
    sizes = land(view)
    groups = {} if sizes is None else sizes.groups
    found = balance(view.release.estimates, view.about.city, groups)
    if found.empty:
        st.info(tr("This release has no twelve months of two districts or more."))
        return
    region, release = view.key
    st.plotly_chart(
        named_chart(balance_chart(found), tr("Balance between districts: Gini and Theil, 12 months"), view.identity),
        key=f"balance-{view.key}",
        config=png_of(f"{region}-balance-{release}"),
        alt=tr("Gini and Theil of the districts' output by month; the table under it has the numbers"),
    )
    grouped = tr("The pack names no groups of districts.")
    if groups:
        grouped = tr("Groups of the pack: {names}.", names=listed(sorted(set(groups.values()))))
    st.caption(sentences([tr(EXPLAINED), grouped]))
    csv_button(view, tr("These indices"), "balance", lambda: found.drop(columns="date"))
    with st.expander(tr("The numbers of this chart")):
        table = found.drop(columns="date").iloc[::-1].round(4)
        st.dataframe(table.rename(columns={name: tr(title) for name, title in _COLUMNS.items()}), hide_index=True)


def balance_chart(found: pd.DataFrame) -> go.Figure:
    """Gini above, Theil and its parts below; `found` of `gvio.report.balance`."""
    chart, dates = go.Figure(), found["date"]
    chart.add_scatter(x=dates, y=found["gini"], name=tr("Gini"), line={"color": LINE}, hovertemplate=_HOVER)
    below = {"x": dates, "yaxis": "y2", "hovertemplate": _HOVER}
    if "between" in found:
        parts = (("within", tr("Theil within groups"), "season"), ("between", tr("Theil between groups"), "calendar"))
        for name, title, colour in parts:
            line = {"width": 0, "color": PART_COLOURS[colour]}
            chart.add_scatter(**below, y=found[name], name=title, stackgroup="theil", line=line)
    chart.add_scatter(**below, y=found["theil"], name=tr("Theil"), line={"color": PART_COLOURS["own"], "width": 2})
    hover = tr("12 months to {month}", month=manner().month_pattern)
    chart.update_layout(
        height=_CHART_PX,
        hovermode="x unified",
        xaxis={
            "showgrid": False,
            "hoverformat": hover,
            "anchor": "y2",
        },
        yaxis={"title": tr("Gini"), "domain": [0.56, 1]},
        yaxis2={"title": tr("Theil"), "domain": [0, 0.44], "rangemode": "tozero"},
    )
    return chart
