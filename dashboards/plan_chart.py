"""The plan of the region on which places are chosen: a picture, borders of districts, points to be clicked on."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from dashboards.charts import COLOURS
from gvio.report.picture import Scale, legend_stops, palette_stops
from gvio.report.places import POINT, Place
from gvio.report.plan import Plan
from gvio.report.zones import Zone

_HEIGHT_PX = 640
_BORDER = "rgba(110, 110, 115, 0.8)"
_REACH_PX = 12
SQUARES = 0
"""Number of the trace that is clicked on."""


def plan_chart(
    plan: Plan, zones: Sequence[Zone], places: Mapping[str, Place], numbers: Mapping[str, int], *, narrow: bool
) -> go.Figure:
    """The plan with the places that are in the chart, each in its colour there.

    Args:
        plan: The picture and its points.
        zones: Districts, for their borders.
        places: In the chart, by key.
        numbers: Their places in the chart, by which colours go.
        narrow: On a phone a swipe scrolls the page and draws nothing.
    """
    west, south, east, north = plan.bounds
    chart = go.Figure()
    chart.add_scatter(
        x=plan.points["x"],
        y=plan.points["y"],
        text=plan.points["told"],
        mode="markers",
        marker={"size": 8, "opacity": 0},
        selected={"marker": {"opacity": 0}},
        unselected={"marker": {"opacity": 0}},
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
    x, y = _lines([ring for zone in zones for part in zone.parts for ring in part])
    chart.add_scatter(x=x, y=y, mode="lines", line={"color": _BORDER, "width": 1}, hoverinfo="skip", showlegend=False)
    for key, place in places.items():
        _mark(chart, place, "rgb({}, {}, {})".format(*COLOURS[numbers[key] % len(COLOURS)]))
    chart.add_scatter(x=[None], y=[None], mode="markers", marker=_legend(plan.scale), showlegend=False)
    image = {"source": plan.url, "xref": "x", "yref": "y", "x": west, "y": north, "sizex": east - west}
    chart.update_layout(
        images=[{**image, "sizey": north - south, "sizing": "stretch", "layer": "below"}],
        height=_HEIGHT_PX,
        plot_bgcolor="white",
        paper_bgcolor="white",
        dragmode=False if narrow else "pan",
        hovermode="closest",
        hoverdistance=_REACH_PX,
        xaxis={"visible": False, "range": [west, east], "constrain": "domain"},
        yaxis={
            "visible": False,
            "range": [south, north],
            "scaleanchor": "x",
            "scaleratio": 1 / math.cos(math.radians((south + north) / 2)),
            "constrain": "domain",
        },
    )
    return chart


def _legend(scale: Scale) -> dict[str, Any]:
    """A mark that is nowhere, for the bar of colours that it brings: the picture's own legend goes with its file."""
    stops, labels = palette_stops(scale), legend_stops(scale)
    return {
        "color": [0],
        "cmin": 0,
        "cmax": 1,
        "colorscale": [[place, stop] for place, stop in zip(np.linspace(0, 1, len(stops)), stops, strict=True)],
        "colorbar": {
            "orientation": "h",
            "thickness": 10,
            "len": 0.9,
            "y": 0,
            "yanchor": "top",
            "tickvals": [place for place, _ in labels],
            "ticktext": [text for _, text in labels],
        },
    }


def _mark(chart: go.Figure, place: Place, colour: str) -> None:
    if place.kind == POINT:
        (lon, lat), mode = place.rings[0][0], "markers"
        marker = {"color": colour, "size": 13, "symbol": "circle-open", "line": {"width": 3}}
        chart.add_scatter(x=[lon], y=[lat], mode=mode, marker=marker, hoverinfo="skip", showlegend=False)
        return
    x, y = _lines([(*ring, ring[0]) for ring in place.rings])
    chart.add_scatter(x=x, y=y, mode="lines", line={"color": colour, "width": 3}, hoverinfo="skip", showlegend=False)


def _lines(rings: Sequence[Sequence[tuple[float, float]]]) -> tuple[list[float | None], list[float | None]]:
    """Rings one after the other, apart by a gap."""
    x: list[float | None] = []
    y: list[float | None] = []
    for ring in rings:
        x += [*(corner[0] for corner in ring), None]
        y += [*(corner[1] for corner in ring), None]
    return x, y
