"""What several pages ask alike: the month, and the areas whose chart is open. Both stand in the address."""

from __future__ import annotations

import streamlit as st

from dashboards import address
from dashboards.data import Shown
from gvio.report.tables import month_text

AREAS, MONTH = "areas", "month"
"""Keys of the widgets."""
_MOST = 8  # lines that a chart still tells apart


def months_of(view: Shown) -> list[str]:
    """Months of the release, newest first."""
    return sorted(set(view.release.estimates["month"]), reverse=True)


def choose_month(view: Shown) -> str:
    """Ask for a month."""
    months = months_of(view)
    address.start(MONTH, "month", months, view.release.month)
    month: str = st.selectbox("Month", months, format_func=month_text, width=190, key=MONTH)
    address.keep("month", month)
    return month


def offered(view: Shown) -> list[str]:
    """Areas of the release: the city, then districts, largest first."""
    newest = view.release.estimates[view.release.estimates["month"] == view.release.month]
    ranked = newest.sort_values("estimate", ascending=False)["area_id"].tolist()
    city = view.about.city
    return ranked if city is None else [city, *(area for area in ranked if area != city)]


def take(view: Shown) -> list[str]:
    """The areas that are chosen, before anybody is asked."""
    areas = offered(view)
    address.start_all(AREAS, "area", areas, areas[:1])
    chosen: list[str] = st.session_state[AREAS]
    return chosen


def choose_areas(view: Shown) -> list[str]:
    """Ask for areas."""
    take(view)
    names = view.about.names
    chosen: list[str] = st.multiselect(
        "In the chart",
        offered(view),
        format_func=lambda a: names[a],
        key=AREAS,
        max_selections=_MOST,
        help="Click on a district of the map or on a name of the table; with Ctrl a name is added.",
    )
    address.keep("area", *chosen)
    return chosen
