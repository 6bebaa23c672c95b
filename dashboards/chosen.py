"""What several pages ask alike: the month, and the areas whose chart is open. Both stand in the address.

Every page has widgets of its own, which begin with what the address says: a widget that moves from page to page would
come without its value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from dashboards import address
from dashboards.data import Shown
from dashboards.language import key_of
from gvio.report.tables import month_text
from gvio.words import tr

MOST = 8
"""Lines that a chart still tells apart."""


def months_of(view: Shown) -> list[str]:
    """Months of the release, newest first."""
    return sorted(set(view.release.estimates["month"]), reverse=True)


def month_titles(months: Sequence[str]) -> Callable[[str], str]:
    """Titles of months for a widget, in the language spoken now, whichever thread asks for them."""
    return {month: month_text(month) for month in months}.__getitem__


def month_key(page: str) -> str:
    """Key of a page's widget for the month."""
    return key_of(f"month-{page}")


def choose_month(view: Shown, page: str) -> str:
    """Ask for a month on a page."""
    months, key = months_of(view), month_key(page)
    address.start(key, "month", months, view.release.month)
    month: str = st.selectbox(tr("Month"), months, format_func=month_titles(months), width=190, key=key)
    address.keep("month", month)
    return month


def offered(view: Shown) -> list[str]:
    """Areas of the release: the city, then districts, largest first."""
    newest = view.release.estimates[view.release.estimates["month"] == view.release.month]
    ranked = newest.sort_values("estimate", ascending=False)["area_id"].tolist()
    city = view.about.city
    return ranked if city is None else [city, *(area for area in ranked if area != city)]


def areas_key(page: str) -> str:
    """Key of a page's widget for areas."""
    return f"areas-{page}"


def take(view: Shown, page: str) -> list[str]:
    """The areas that are chosen on a page, before anybody is asked."""
    areas, key = offered(view), areas_key(page)
    address.start_all(key, "area", areas, areas[:1])
    chosen: list[str] = st.session_state[key]
    return chosen


def choose_areas(view: Shown, page: str) -> list[str]:
    """Ask for areas on a page."""
    take(view, page)
    names = view.about.names
    chosen: list[str] = st.multiselect(
        tr("In the chart"),
        offered(view),
        format_func=lambda a: names[a],
        key=areas_key(page),
        max_selections=MOST,
        help=tr("Click on a district of the map or on a name of the table; with Ctrl a name is added."),
        placeholder=tr("Choose areas"),
    )
    address.keep("area", *chosen)
    return chosen
