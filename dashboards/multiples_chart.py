"""Small charts of many areas on one sheet: line, 80 % interval, official figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pandas as pd
import plotly.graph_objects as go
from markupsafe import escape

from dashboards.charts import measure_of
from dashboards.style import LINE, OFFICIAL, named_chart
from gvio.report.about import unit_words
from gvio.report.forms import FORMS, base_label
from gvio.report.identity import Identity
from gvio.words import manner, tr

_ROW_PX, _HEAD_PX = 165, 110
_NAME, _TICKS = 0.16, 0.16  # of a row's height for the name and for what stands below
_GAP_PER_COLUMN = {2: 0.11, 4: 0.04}  # of the width, between columns: there stand the figures of a scale
_SMALL = {"size": 10}
_BAND = "rgba(168, 60, 130, 0.22)"


def multiples_chart(
    told: Mapping[str, pd.DataFrame],
    names: Mapping[str, str],
    identity: Identity,
    *,
    form: str,
    base: str,
    columns: int,
) -> go.Figure:
    """The sheet; `told` as for `dashboards.charts.areas_chart`, read row by row."""
    rows = -(-len(told) // columns)
    data: list[dict[str, Any]] = []
    layout: dict[str, Any] = {"annotations": [], "showlegend": False, "height": _HEAD_PX + _ROW_PX * rows}
    percent = FORMS[form].percent
    for number, (area, series) in enumerate(told.items()):
        row, column = divmod(number, columns)
        axis = "" if number == 0 else str(number + 1)
        left, right = column / columns, (column + 1) / columns - _GAP_PER_COLUMN[columns]
        top, bottom = 1 - (row + _NAME) / rows, 1 - (row + 1 - _TICKS) / rows
        data += _traces(series, axis)
        layout[f"xaxis{axis}"] = {
            "domain": [left, right],
            "anchor": f"y{axis}",
            "showgrid": False,
            "nticks": 4,
            "tickfont": _SMALL,
        }
        layout[f"yaxis{axis}"] = {
            "domain": [bottom, top],
            "anchor": f"x{axis}",
            "nticks": 4,
            "tickfont": _SMALL,
        } | _range(axis, percent)
        layout["annotations"].append(_title(str(escape(names[area])), left, top))
    chart = go.Figure({"data": data, "layout": layout}, _validate=False)
    first = next(iter(told.values()))
    measure = measure_of(form, unit_words(identity.unit), base_label(first, base) if form == "index" else "")
    title = tr(FORMS[form].title).lower()
    subject = tr("{areas}: {form}, {measure}", areas=tr("All districts"), form=title, measure=measure)
    return named_chart(chart, subject, identity)


def _range(axis: str, percent: bool) -> dict[str, Any]:
    if not percent:
        return {"rangemode": "tozero"}
    return {"matches": "y"} if axis else {}


def _traces(series: pd.DataFrame, axis: str) -> list[dict[str, Any]]:
    dates = series["date"].to_numpy()
    place = {"type": "scatter", "x": dates, "xaxis": f"x{axis}", "yaxis": f"y{axis}"}
    edge = {**place, "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    hover = f"%{{x|{manner().short_pattern}}}: %{{y:,.4~g}}<extra></extra>"
    traces = [
        {**edge, "y": series["lower80"].to_numpy()},
        {**edge, "y": series["upper80"].to_numpy(), "fill": "tonexty", "fillcolor": _BAND},
        {**place, "y": series["estimate"].to_numpy(), "mode": "lines", "line": {"color": LINE, "width": 1.5}}
        | {"hovertemplate": hover},
    ]
    if series["official"].notna().any():
        dots = {"color": OFFICIAL, "size": 2, "opacity": 0.6}
        traces.append({**place, "y": series["official"].to_numpy(dtype=float), "mode": "markers", "marker": dots}
                      | {"hoverinfo": "skip"})  # fmt: skip
    return traces


def _title(name: str, left: float, top: float) -> dict[str, Any]:
    place = {"x": left, "y": top, "xref": "paper", "yref": "paper", "xanchor": "left", "yanchor": "bottom"}
    return {"text": name, "showarrow": False, "font": {"size": 12}, **place}
