"""The trends view: estimates of the city and its districts through time, with intervals and official figures."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboards.data import Shown
from dashboards.style import BAND80, BAND95, LINE, NOWCAST_SPAN, NOWCAST_STRIP, OFFICIAL
from gvio.report.tables import district_table, nowcast_spans, series

_CHART_PX = 330
_STRIP = 0.025  # of the chart's height
_EDGE = pd.Timedelta(days=20)


def show(view: Shown) -> None:
    """Draw the view."""
    names = view.about.names
    districts = district_table(view.release.estimates, view.release.month, view.about.city)["area_id"].tolist()
    areas = [view.about.city, *districts] if view.about.city else districts
    chosen = st.multiselect("Areas", areas, default=areas[:2], format_func=lambda a: names[a], key=f"areas-{view.key}")
    if not chosen:
        st.info("Choose at least one area.")
    for area in chosen:
        st.subheader(names[area], anchor=False)
        st.plotly_chart(build_figure(view, area), key=f"trend-{view.key}-{area}", config={"displaylogo": False})
    st.caption(
        "Line: estimate. Bands: 80 % and 95 % interval. Dots: official figures of single months, as published. "
        "Grey strip at the bottom: nowcast, months that no official figure covers; grey ground: since the last one."
    )


def build_figure(view: Shown, area: str) -> go.Figure:
    """The chart of one area."""
    rows = series(view.release.estimates, area)
    figure = go.Figure()
    for level, colour in (("95", BAND95), ("80", BAND80)):
        _band(figure, rows["date"], rows[f"lower{level}"], rows[f"upper{level}"], level, colour)
    hover = "%{x|%B %Y}: %{y:,.4~g}"
    figure.add_scatter(
        x=rows["date"],
        y=rows["estimate"],
        mode="lines",
        line={"color": LINE, "width": 2},
        name="estimate",
        hovertemplate=hover,
    )
    figure.add_scatter(
        x=rows["date"],
        y=rows["official"],
        mode="markers",
        marker={"color": OFFICIAL, "size": 5},
        name="official",
        hovertemplate=hover,
    )
    _mark_nowcasts(figure, rows)
    figure.update_layout(
        height=_CHART_PX,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        legend={"orientation": "h", "y": 1.02, "yanchor": "bottom", "x": 0},
        hovermode="x unified",
        yaxis={"title": view.about.unit_text, "separatethousands": True},
        xaxis={"showgrid": False, "range": [rows["date"].min() - _EDGE, rows["date"].max() + _EDGE]},
    )
    return figure


def _mark_nowcasts(figure: go.Figure, rows: pd.DataFrame) -> None:
    """A strip along the bottom for every nowcast month, and grey ground since the last official figure."""
    spans = nowcast_spans(rows)
    for first, last in spans:
        figure.add_vrect(x0=first, x1=last, y1=_STRIP, fillcolor=NOWCAST_STRIP, line_width=0, layer="below")
    if spans and rows["kind"].iloc[-1] == "nowcast":
        figure.add_vrect(x0=spans[-1][0], x1=spans[-1][1], fillcolor=NOWCAST_SPAN, line_width=0, layer="below")


def _band(figure: go.Figure, x: object, lower: object, upper: object, level: str, colour: str) -> None:
    edge = {"x": x, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    figure.add_scatter(y=lower, showlegend=False, **edge)
    figure.add_scatter(y=upper, fill="tonexty", fillcolor=colour, name=f"{level} % interval", **edge)
