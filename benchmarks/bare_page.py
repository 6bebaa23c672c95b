"""As little of a page as answers a click: a word, a chart, a map, names. `benchmarks.bench_page` holds ours against it.

The chart has as many points and the map as many outlines as the demonstration's; nothing is read, nothing computed.
"""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
import pydeck as pdk
import streamlit as st

from dashboards.clicks import listen

_AREAS = [f"Area {number}" for number in range(16)]
_MONTHS = np.datetime64("2018-01") + np.arange(48)


def main() -> None:
    """Draw the page."""
    st.set_page_config(layout="wide")
    st.write("80 % interval")
    _answered()


@st.fragment
def _answered() -> None:
    area = st.session_state.setdefault("area", _AREAS[0])
    line = {"type": "scatter", "x": _MONTHS, "y": np.cos(np.arange(48.0) + _AREAS.index(area))}
    st.plotly_chart(go.Figure({"data": [line], "layout": {"title": {"text": area}}}), key="chart")
    st.html(" ".join(f'<a href="?" data-gvio-area="{name}">{name}</a>' for name in _AREAS))
    listen("clicked", lambda name, _: st.session_state.update(area=name))
    squares = [{"outline": [[x, y], [x + 1, y], [x + 1, y + 1], [x, y + 1]]} for x in range(4) for y in range(4)]
    layer = pdk.Layer("PolygonLayer", data=squares, get_polygon="outline", pickable=True)
    seen = pdk.ViewState(longitude=2, latitude=2, zoom=5)
    st.pydeck_chart(pdk.Deck([layer], seen, map_provider=None, map_style="__MAP_STYLE__"), key="map")


if __name__ == "__main__":
    main()
