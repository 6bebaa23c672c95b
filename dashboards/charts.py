"""The chart of one or several areas through time: line, interval, official figures as points, nowcasts marked."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
import plotly.graph_objects as go
from markupsafe import escape

from dashboards.style import NOWCAST_SPAN, NOWCAST_STRIP, OFFICIAL, named_chart
from gvio.report.about import unit_words
from gvio.report.forms import FORMS, LEVELS, base_label, joins_new_year
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
_TITLE_PX, _STANDOFF_PX, _FIGURE_PX = 34, 6, 7  # of the vertical axis: its title, how far off, a letter of its figures
_WHOLE, _FRACTION_LETTERS = 10.0, 6  # from here on its figures are whole; letters of others


def areas_chart(
    told: Mapping[str, pd.DataFrame], names: Mapping[str, str], identity: Identity, *, form: str, base: str
) -> go.Figure:
    """The chart of areas `shaped` in a form of `gvio.report.forms`; `base` is the month that is 100 of an index."""
    areas, single = list(told), len(told) == 1
    data: list[dict[str, Any]] = []
    for number, area in enumerate(areas if len(areas) <= _BANDS else ()):
        data += _bands(told[area], number, single=single)
    for number, area in enumerate(areas):
        data += _line(told[area], names[area], number, form, single=single)
    unit = unit_words(identity.unit)
    measure = measure_of(form, unit, base_label(told[areas[0]], base) if form == "index" else "")
    layout = _layout(list(told.values()), measure) | {"shapes": _nowcasts(told[areas[0]]) if single else []}
    shown = first_of([names[area] for area in areas], 3)
    subject = tr("{areas}: {form}, {measure}", areas=shown, form=tr(FORMS[form].title).lower(), measure=measure)
    # Unchecked: what the library checks of a figure was half of what the server does at a click.
    return named_chart(
        go.Figure({"data": data, "layout": layout}, _validate=False), subject, identity, left=_left_px(told.values())
    )


def _left_px(told: Iterable[pd.DataFrame]) -> int:
    """Room for the figures of the vertical axis and its title. A browser that measures it draws the axes twice."""
    drawn = np.concatenate([rows[[*LEVELS, "official"]].to_numpy(np.float64).ravel() for rows in told])
    drawn = drawn[np.isfinite(drawn)]
    most = np.abs(drawn).max(initial=0.0)
    letters = len(f"{most:,.0f}") if most >= _WHOLE else _FRACTION_LETTERS
    return _TITLE_PX + _FIGURE_PX * (letters + bool((drawn < 0).any()))


def measure_of(form: str, unit: str, base: str) -> str:
    """What the axis of a form says; `base` is what an index makes 100."""
    measures = {
        "index": f"{base} = 100",
        "year": tr("% on the year before"),
        "rolling": tr("{unit}, 12 months", unit=unit),
        "density": tr("{unit} a month and km²", unit=unit),
    }
    return measures.get(form) or tr("{unit} a month", unit=unit)


def _line(rows: pd.DataFrame, name: str, number: int, form: str, *, single: bool) -> list[dict[str, Any]]:
    colour = "rgb({}, {}, {})".format(*COLOURS[number % len(COLOURS)])
    place = {"type": "scatter", "x": rows["date"].to_numpy()}
    line = {
        **place,
        "y": rows["estimate"].to_numpy(dtype=float),
        "mode": "lines+markers" if len(rows) <= _FEW_MONTHS else "lines",
        "line": {"color": colour, "width": 2},
        "marker": {"size": 5, "symbol": "line-ew-open"},
        "name": tr("estimate") if single else str(escape(name)),
        "customdata": _hovers(rows, form),
        "hovertemplate": "%{customdata}",
    }
    if not rows["official"].notna().any():
        return [line]
    dots = {"color": OFFICIAL if single else colour, "size": 5, "symbol": "circle" if single else "circle-open"}
    official = {
        **place,
        "y": rows["official"].to_numpy(dtype=float),
        "mode": "markers",
        "marker": dots,
        "name": tr("official") if single else tr("{area}, official", area=escape(name)),
        "showlegend": single,
        "hovertemplate": "%{y:,.4~g}",
    }
    if form == "year":
        changes = [signed_percent(value) for value in rows["official"]]
        official |= {"customdata": changes, "hovertemplate": "%{customdata}"}
    return [line, official]


def _hovers(rows: pd.DataFrame, form: str) -> list[str]:
    """What is said where the pointer rests, month by month."""
    columns = (rows[name] for name in ("date", "estimate", "lower80", "upper80", "sum"))
    return [_hover(form, *values) for values in zip(*columns, strict=True)]


def _hover(form: str, date: pd.Timestamp, value: float, low: float, high: float, both: float) -> str:
    if form == "year":
        told = tr("{value} (80 %: {interval})", value=signed_percent(value), interval=interval_percent(low, high))
    else:
        shown, *bounds = level_and_bounds(value, low, high)
        told = tr("{value} (80 %: {interval})", value=shown, interval=" – ".join(bounds))
    if not joins_new_year(date):
        return told
    if pd.isna(both):
        return tr("{value}; January + February", value=told)
    return tr("{value}; January + February, sum {sum}", value=told, sum=level_and_bounds(both)[0])


def _bands(rows: pd.DataFrame, number: int, *, single: bool) -> list[dict[str, Any]]:
    red, green, blue = COLOURS[number % len(COLOURS)]
    edge = {"type": "scatter", "x": rows["date"].to_numpy(), "mode": "lines", "line": {"width": 0}, "hoverinfo": "skip"}
    data: list[dict[str, Any]] = []
    for level, shade in (("95", 0.10), ("80", 0.22)) if single else (("80", 0.15),):
        if rows[f"lower{level}"].isna().all():  # a pixel has one interval only
            continue
        lower, upper = (rows[f"{side}{level}"].to_numpy(dtype=float) for side in ("lower", "upper"))
        fill = {"fill": "tonexty", "fillcolor": f"rgba({red}, {green}, {blue}, {shade})", "showlegend": single}
        data.append({**edge, "y": lower, "showlegend": False})
        data.append({**edge, "y": upper, **fill, "name": tr("{level} % interval", level=level)})
    return data


def _nowcasts(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """A strip along the bottom for every nowcast month, and grey ground since the last official figure."""
    spans = nowcast_spans(rows)
    shapes = [_ground(first, last, _STRIP, NOWCAST_STRIP) for first, last in spans]
    if spans and rows["kind"].iloc[-1] == "nowcast":
        shapes.append(_ground(*spans[-1], 1.0, NOWCAST_SPAN))
    return shapes


def _ground(first: pd.Timestamp, last: pd.Timestamp, height: float, colour: str) -> dict[str, Any]:
    place = {"type": "rect", "xref": "x", "yref": "y domain", "x0": first, "x1": last, "y0": 0, "y1": height}
    return {**place, "fillcolor": colour, "line": {"width": 0}, "layer": "below"}


def _layout(told: Sequence[pd.DataFrame], measure: str) -> dict[str, Any]:
    dates = pd.concat([rows["date"] for rows in told])
    months = {"dtick": "M1", "tickformat": manner().short_pattern} if max(map(len, told)) <= _FEW_MONTHS else {}
    edges = [dates.min() - _EDGE, dates.max() + _EDGE] if len(dates) else None
    return {
        "height": _CHART_PX,
        "hovermode": "x unified",
        "yaxis": {
            "title": {"text": str(escape(measure)), "standoff": _STANDOFF_PX},
            "separatethousands": True,
            "automargin": False,
        },
        "xaxis": {"showgrid": False, "range": edges, "hoverformat": manner().month_pattern, "automargin": False}
        | months,
    }
