"""The chart of one or several areas through time: line, interval, official figures as points, nowcasts marked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import pandas as pd
import plotly.graph_objects as go
from markupsafe import escape

from dashboards.style import NOWCAST_SPAN, NOWCAST_STRIP, OFFICIAL, named_chart
from gvio.report.about import unit_words
from gvio.report.forms import FORMS, base_label, joins_new_year
from gvio.report.identity import Identity
from gvio.report.numbers import interval_percent, level_and_bounds, signed_percent
from gvio.report.tables import nowcast_spans
from gvio.words import first_of, manner, tr

COLOURS = (
    (168, 60, 130),
    (0, 114, 178),
    (213, 94, 0),
    (0, 128, 94),
    (150, 110, 0),
    (70, 150, 200),
    (125, 125, 130),
    (190, 100, 155),
)
"""Of areas, after Okabe and Ito; the ninth begins again."""
_CHART_PX = 420
_STRIP = 0.025  # of the chart's height
_EDGE = pd.Timedelta(days=20)
_FEW_MONTHS = 18  # up to here every month has its tick
_BANDS = 3  # areas up to which intervals are drawn


def areas_chart(
    told: Mapping[str, pd.DataFrame], names: Mapping[str, str], identity: Identity, *, form: str, base: str
) -> go.Figure:
    """The chart of areas `shaped` in a form of `gvio.report.forms`; `base` is the month that is 100 of an index."""
    chart, areas = go.Figure(), list(told)
    for number, area in enumerate(areas):
        if len(areas) <= _BANDS:
            _bands(chart, told[area], number, single=len(areas) == 1)
    for number, area in enumerate(areas):
        _line(chart, told[area], names[area], number, form, single=len(areas) == 1)
    if len(areas) == 1:
        _mark_nowcasts(chart, told[areas[0]])
    unit = unit_words(identity.unit)
    measure = measure_of(form, unit, base_label(told[areas[0]], base) if form == "index" else "")
    _lay_out(chart, list(told.values()), measure)
    shown = first_of([names[area] for area in areas], 3)
    subject = tr("{areas}: {form}, {measure}", areas=shown, form=tr(FORMS[form].title).lower(), measure=measure)
    return named_chart(chart, subject, identity)


def measure_of(form: str, unit: str, base: str) -> str:
    """What the axis of a form says; `base` is what an index makes 100."""
    measures = {
        "index": f"{base} = 100",
        "year": tr("% on the year before"),
        "rolling": tr("{unit}, 12 months", unit=unit),
        "density": tr("{unit} a month and km²", unit=unit),
    }
    return measures.get(form) or tr("{unit} a month", unit=unit)


def _line(chart: go.Figure, rows: pd.DataFrame, name: str, number: int, form: str, *, single: bool) -> None:
    colour = "rgb({}, {}, {})".format(*COLOURS[number % len(COLOURS)])
    chart.add_scatter(
        x=rows["date"],
        y=rows["estimate"],
        mode="lines+markers" if len(rows) <= _FEW_MONTHS else "lines",
        line={"color": colour, "width": 2},
        marker={"size": 5, "symbol": "line-ew-open"},
        name=tr("estimate") if single else str(escape(name)),
        customdata=[_hover(row, form) for _, row in rows.iterrows()],
        hovertemplate="%{customdata}",
    )
    if rows["official"].notna().any():
        chart.add_scatter(
            x=rows["date"],
            y=rows["official"],
            mode="markers",
            marker={
                "color": OFFICIAL if single else colour,
                "size": 5,
                "symbol": "circle" if single else "circle-open",
            },
            name=tr("official") if single else tr("{area}, official", area=escape(name)),
            showlegend=single,
            customdata=[signed_percent(value) for value in rows["official"]] if form == "year" else None,
            hovertemplate="%{customdata}" if form == "year" else "%{y:,.4~g}",
        )


def _hover(row: pd.Series, form: str) -> str:
    value, low, high = (float(row[name]) for name in ("estimate", "lower80", "upper80"))
    if form == "year":
        told = tr("{value} (80 %: {interval})", value=signed_percent(value), interval=interval_percent(low, high))
    else:
        shown, *bounds = level_and_bounds(value, low, high)
        told = tr("{value} (80 %: {interval})", value=shown, interval=" – ".join(bounds))
    if not joins_new_year(row["date"]):
        return told
    if pd.isna(row["sum"]):
        return tr("{value}; January + February", value=told)
    return tr("{value}; January + February, sum {sum}", value=told, sum=level_and_bounds(float(row["sum"]))[0])


def _bands(chart: go.Figure, rows: pd.DataFrame, number: int, *, single: bool) -> None:
    red, green, blue = COLOURS[number % len(COLOURS)]
    edge = {"x": rows["date"], "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    for level, shade in (("95", 0.10), ("80", 0.22)) if single else (("80", 0.15),):
        if rows[f"lower{level}"].isna().all():  # a pixel has one interval only
            continue
        fill = f"rgba({red}, {green}, {blue}, {shade})"
        chart.add_scatter(y=rows[f"lower{level}"], showlegend=False, **edge)
        chart.add_scatter(
            y=rows[f"upper{level}"],
            fill="tonexty",
            fillcolor=fill,
            name=tr("{level} % interval", level=level),
            showlegend=single,
            **edge,
        )


def _mark_nowcasts(chart: go.Figure, rows: pd.DataFrame) -> None:
    """A strip along the bottom for every nowcast month, and grey ground since the last official figure."""
    spans = nowcast_spans(rows)
    for first, last in spans:
        chart.add_vrect(x0=first, x1=last, y1=_STRIP, fillcolor=NOWCAST_STRIP, line_width=0, layer="below")
    if spans and rows["kind"].iloc[-1] == "nowcast":
        chart.add_vrect(x0=spans[-1][0], x1=spans[-1][1], fillcolor=NOWCAST_SPAN, line_width=0, layer="below")


def _lay_out(chart: go.Figure, told: Sequence[pd.DataFrame], measure: str) -> None:
    dates = pd.concat([rows["date"] for rows in told])
    months = {"dtick": "M1", "tickformat": manner().short_pattern} if max(map(len, told)) <= _FEW_MONTHS else {}
    edges = [dates.min() - _EDGE, dates.max() + _EDGE] if len(dates) else None
    chart.update_layout(
        height=_CHART_PX,
        hovermode="x unified",
        yaxis={"title": str(escape(measure)), "separatethousands": True, "automargin": True},
        xaxis={"showgrid": False, "range": edges, "hoverformat": manner().month_pattern, **months},
    )
