"""The view "Why this number": what a district's estimate is made of, month by month, and what light changed."""

from __future__ import annotations

from functools import partial

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboards import address
from dashboards.chosen import month_titles, offered
from dashboards.data import Shown, news
from dashboards.language import key_of
from dashboards.saved import csv_button, png_button
from dashboards.style import LINE, OFFICIAL, PART_COLOURS, named_chart, png_of
from gvio.report.news import news_sentence, no_news
from gvio.report.numbers import signed_percent
from gvio.report.plain import plain
from gvio.report.reasons import MOVING, light_table, light_told, moving_parts, reason_sentence
from gvio.store.revisions import predecessor_named
from gvio.words import manner, marked, tr

_CHART_PX = 460
_HOVER = "%{customdata}"
_BAR_MS = 27 * 24 * 3600 * 1000  # a month's bar leaves a gap to the next


def show(view: Shown) -> None:
    """Draw the view."""
    why = view.release.explanations
    if why is None:
        st.info(tr("This release carries no explanations: it was made before they were published."))
        return
    names = view.about.names
    explained = set(why["area_id"])
    with st.container(horizontal=True, vertical_alignment="bottom", gap="medium"):
        areas = [area for area in offered(view) if area in explained]
        clicked = next((area for area in address.told_all("area") if area in explained), areas[0])
        address.start("why", "why", areas, clicked)
        area = st.selectbox(tr("District"), areas, format_func=lambda a: names[a], width=260, key="why")
        parts = moving_parts(why, area)
        months = parts["month"].tolist()[::-1]
        chosen = key_of("why-month")
        address.start(chosen, "month", months, months[0])
        month = st.selectbox(tr("Month"), months, format_func=month_titles(months), width=190, key=chosen)
        address.keep("why", area)
        address.keep("month", month)
    st.markdown(reason_sentence(parts, month, plain(names[area])))
    st.markdown(_change(view, area, month, plain(names[area])))
    st.plotly_chart(
        named_chart(build_figure(parts, month), tr("Why {area} moves, %", area=names[area]), view.identity),
        key=f"why-{view.key}-{area}",
        config=png_of(f"{view.key[0]}-{area}-why-{view.key[1]}"),
        alt=tr(
            "What the estimates of {area} are made of, month by month, in per cent of its own mean", area=names[area]
        ),
    )
    st.caption(tr(_READ_ME))
    rows = parts.drop(columns="date").assign(area_id=area, name=names[area])
    csv_button(view, tr("These parts"), f"{area}-why", lambda: rows)
    light = light_table(why, names)
    _light(light)
    with st.container(horizontal=True, gap="small"):
        csv_button(view, tr("What light does"), "light", lambda: light)
        told = partial(light_told, light)
        png_button(view, tr("What light does"), "light", lambda: tr("What light does in each district"), told)


_READ_ME = marked(
    "Bars: how far each part lies from its own mean over all months. Line: all parts together. Dotted: what light "
    "changed against the same figures without light; it is within the bars, not beside them. Public figures "
    "are honoured exactly only afterwards, so a published figure may differ from the line a little."
)


def _change(view: Shown, area: str, month: str, name: str) -> str:
    """Why the number is another than in the release before."""
    source, (region, release) = view.source, view.key
    found = news(source.url, source.endpoint_url, region, release)
    if found is None:
        return no_news(predecessor_named(view.release.manifest))
    return news_sentence(found.rows, area, month, name, found.together)


def build_figure(parts: pd.DataFrame, month: str) -> go.Figure:
    """Stacked parts of one district with their total, and light's change; the chosen month is marked."""
    figure = go.Figure()
    for part, title in MOVING.items():
        figure.add_bar(
            x=parts["date"],
            y=parts[part],
            width=_BAR_MS,
            name=tr(title),
            marker={"color": PART_COLOURS[part], "line": {"width": 0}},
            customdata=[signed_percent(value) for value in parts[part]],
            hovertemplate=_HOVER,
        )
    for column, title, line in (
        ("total", tr("all together"), {"color": OFFICIAL, "width": 1.5}),
        ("light", tr("changed by light"), {"color": LINE, "width": 1.5, "dash": "dot"}),
    ):
        figure.add_scatter(
            x=parts["date"],
            y=parts[column],
            mode="lines",
            name=title,
            line=line,
            customdata=[signed_percent(value) for value in parts[column]],
            hovertemplate=_HOVER,
        )
    figure.add_vline(x=pd.Timestamp(f"{month}-01"), line={"color": OFFICIAL, "width": 1, "dash": "dash"})
    figure.update_layout(
        barmode="relative",
        height=_CHART_PX,
        hovermode="x unified",
        yaxis={"title": tr("% against its own mean"), "zeroline": True},
        xaxis={"showgrid": False, "hoverformat": manner().month_pattern},
    )
    return figure


def _light(table: pd.DataFrame) -> None:
    st.subheader(tr("What light does in each district"), anchor=False)
    number = st.column_config.NumberColumn
    st.dataframe(
        table.assign(believed=100 * table["believed"])[["name", "moved", "believed"]],
        hide_index=True,
        width=560,
        column_config={
            "name": st.column_config.TextColumn(tr("District")),
            "moved": number(
                tr("Moved by"), format="%.2f %%", help=tr("Mean size of what light changed, over all months")
            ),
            "believed": number(
                tr("Settled"),
                format="%.0f %%",
                help=tr("Share of what the figures leave open that light settles, mean"),
            ),
        },
    )
