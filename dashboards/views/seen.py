"""How often each district was seen, and what stands behind each month."""

from __future__ import annotations

import pandas as pd
import plotly.graph_objects as go
import streamlit as st

from dashboards.chosen import offered
from dashboards.data import Shown, counts, drift, new_year_sums
from dashboards.saved import csv_button, png_button
from dashboards.style import named_chart, png_of
from gvio.report.seen import SeenMap, breaks_sentence, month_by_month, regime_breaks, seen_map
from gvio.words import sentences, tr

_ROW_PX, _HEAD_PX = 22, 150
_GAPS = 60  # months up to which they are told apart by a gap
_BREAK = "rgb(200, 60, 30)"


def show(view: Shown) -> None:
    """Draw the calendar of observations, then the months."""
    found = counts(view)
    st.header(tr("How often was each district seen?"), anchor=False)
    if found is None:
        st.caption(tr("This release was made before counts of observations were published."))
    else:
        _calendar(view, found)
    st.header(tr("Month by month"), anchor=False)
    table = _months(view)
    st.dataframe(table, hide_index=True, height=min(38 + 35 * len(table), 460))
    st.caption(
        tr(
            "Observations: cloud-free ones a pixel, mean of the region. Inside the interval: official figures of the "
            "month against the 80 % interval given before they came out, of the last 24 months. Alarms: of drift, "
            "below."
        )
    )
    with st.container(horizontal=True, gap="small"):
        csv_button(view, tr("These months"), "months", lambda: _months(view))
        png_button(view, tr("These months"), "months", lambda: tr("Month by month"), lambda: _months(view))


def _months(view: Shown) -> pd.DataFrame:
    seen = drift(view.source.url, view.source.endpoint_url, *view.key)
    return month_by_month(view.release.estimates, counts(view), seen, view.about.city, new_year_sums(view))


def _calendar(view: Shown, found: pd.DataFrame) -> None:
    breaks, region = regime_breaks(found), view.key[0]
    calendar = seen_map(found, offered(view), view.about.names)
    chart = calendar_chart(calendar, dict(view.about.names), breaks)
    st.plotly_chart(
        named_chart(chart, tr("Cloud-free observations a pixel, mean of the month"), view.identity),
        key=f"seen-{view.key}",
        config=png_of(f"{region}-observations-{view.key[1]}"),
        alt=tr("Cloud-free observations of every district by month; the file has the numbers"),
    )
    seldom = tr("Yellow: seldom seen, so that light says little of that month.")
    st.caption(sentences([seldom, breaks_sentence(breaks)]))
    csv_button(view, tr("These counts"), "observations", lambda: found)


def calendar_chart(calendar: SeenMap, names: dict[str, str], breaks: list[tuple[str, str]]) -> go.Figure:
    """Areas down, months across; a line before a month whose light was made otherwise."""
    values = calendar.observations
    months = pd.to_datetime(pd.Index(values.columns) + "-01")
    gap = 1 if len(months) <= _GAPS else 0  # narrower squares than the gap between them show nothing
    chart = go.Figure()
    chart.add_heatmap(
        x=months,
        y=[names.get(str(area), str(area)) for area in values.index],
        z=values.to_numpy(),
        text=calendar.told.to_numpy(),
        hovertemplate="%{text}<extra></extra>",
        colorscale="Cividis_r",
        zmin=0,
        xgap=gap,
        ygap=1,
        colorbar={"thickness": 12, "title": {"text": "", "side": "right"}},
    )
    half = pd.Timedelta(days=15)
    edge = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "line": {"color": _BREAK, "width": 2, "dash": "dot"}}
    places = [pd.Timestamp(f"{month}-01") - half for month, _ in breaks]
    chart.update_layout(
        height=_HEAD_PX + _ROW_PX * len(values),
        yaxis={"autorange": "reversed", "automargin": True, "ticksuffix": " "},
        xaxis={"showgrid": False},
        shapes=[{**edge, "x0": place, "x1": place} for place in places],
    )
    return chart
