"""The trends view: estimates of the city and its districts through time, with intervals and official figures."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboards.data import Shown
from dashboards.style import BAND80, BAND95, LINE, NOWCAST_SPAN, NOWCAST_STRIP, OFFICIAL, named_chart, png_of
from gvio.report.district_page import rows_csv
from gvio.report.new_year import january_with_february
from gvio.report.picture import figure
from gvio.report.tables import district_table, nowcast_spans, series

_CHART_PX = 400
_STRIP = 0.025  # of the chart's height
_EDGE = pd.Timedelta(days=20)
_FEW_MONTHS = 18  # up to here every month has its tick


def show(view: Shown) -> None:
    """Draw the view."""
    names = view.about.names
    districts = district_table(view.release.estimates, view.release.month, view.about.city)["area_id"].tolist()
    areas = [view.about.city, *districts] if view.about.city else districts
    chosen = st.multiselect("Areas", areas, default=areas[:2], format_func=lambda a: names[a], key=f"areas-{view.key}")
    joined = st.toggle("January and February as their mean", value=True, key="new-year", help=_WHY_JOINED)
    if not chosen:
        st.info("Choose at least one area.")
    for area in chosen:
        _chart(view, area, joined=joined)
    st.caption(
        "Line: estimate. Bands: 80 % and 95 % interval. Dots: official figures of single months, as published. "
        "Grey strip at the bottom: nowcast, months that no official figure covers; grey ground: since the last one."
    )
    _download(view, chosen)


_WHY_JOINED = (
    "Most offices publish January and February as one sum; how it is split is the model's guess. Switched off, the "
    "chart shows that split."
)


def _chart(view: Shown, area: str, *, joined: bool) -> None:
    name = view.about.names[area]
    st.plotly_chart(
        build_figure(view, area, joined=joined),
        key=f"trend-{view.key}-{area}-{joined}",
        config=png_of(f"{view.key[0]}-{area}-{view.key[1]}"),
        alt=f"Estimates of {name} by month with their intervals, {view.about.unit_text}",
    )


def build_figure(view: Shown, area: str, *, joined: bool = True) -> go.Figure:
    """The chart of one area; `joined` shows January and February as the mean of the two."""
    rows = series(view.release.estimates, area)
    rows = january_with_february(rows) if joined else rows
    chart = go.Figure()
    for level, colour in (("95", BAND95), ("80", BAND80)):
        _band(chart, rows["date"], rows[f"lower{level}"], rows[f"upper{level}"], level, colour)
    intervals = [f"{figure(low)} – {figure(high)}" for low, high in rows[["lower80", "upper80"]].to_numpy(dtype=float)]
    chart.add_scatter(
        x=rows["date"],
        y=rows["estimate"],
        mode="lines",
        line={"color": LINE, "width": 2},
        name="estimate",
        customdata=intervals,
        hovertemplate="%{y:,.4~g}, 80 % interval %{customdata}",
    )
    chart.add_scatter(
        x=rows["date"],
        y=rows["official"],
        mode="markers",
        marker={"color": OFFICIAL, "size": 5},
        name="official",
        hovertemplate="%{y:,.4~g}",
    )
    _mark_nowcasts(chart, rows)
    _lay_out(chart, rows, view)
    return named_chart(chart, view.about.names[area], view.identity)


def _lay_out(chart: go.Figure, rows: pd.DataFrame, view: Shown) -> None:
    months = {"dtick": "M1", "tickformat": "%b %Y"} if len(rows) <= _FEW_MONTHS else {}
    edges = [rows["date"].min() - _EDGE, rows["date"].max() + _EDGE]
    chart.update_layout(
        height=_CHART_PX,
        hovermode="x unified",
        yaxis={"title": view.about.unit_text, "separatethousands": True},
        xaxis={"showgrid": False, "range": edges, "hoverformat": "%B %Y", **months},
    )


def _download(view: Shown, areas: list[str]) -> None:
    if not areas:
        return
    estimates = view.release.estimates
    rows = estimates[estimates["area_id"].isin(areas)]
    rows = rows.assign(name=[view.about.names[a] for a in rows["area_id"]])
    st.download_button(
        "These series (CSV)",
        rows_csv(rows, view.identity),
        file_name=f"{view.key[0]}-series-{view.key[1]}.csv",
        mime="text/csv",
        on_click="ignore",
    )


def _mark_nowcasts(chart: go.Figure, rows: pd.DataFrame) -> None:
    """A strip along the bottom for every nowcast month, and grey ground since the last official figure."""
    spans = nowcast_spans(rows)
    for first, last in spans:
        chart.add_vrect(x0=first, x1=last, y1=_STRIP, fillcolor=NOWCAST_STRIP, line_width=0, layer="below")
    if spans and rows["kind"].iloc[-1] == "nowcast":
        chart.add_vrect(x0=spans[-1][0], x1=spans[-1][1], fillcolor=NOWCAST_SPAN, line_width=0, layer="below")


def _band(chart: go.Figure, x: object, lower: object, upper: object, level: str, colour: str) -> None:
    edge = {"x": x, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    chart.add_scatter(y=lower, showlegend=False, **edge)
    chart.add_scatter(y=upper, fill="tonexty", fillcolor=colour, name=f"{level} % interval", **edge)
